"""Answers that a sync lost, and vendors in trouble."""

from __future__ import annotations

from itertools import pairwise

import pytest

from functions.sync_page import handler as sync_page
from shared.domain.connection.connection import Vendor
from shared.domain.sync.member import SyncMember
from shared.domain.sync.run import Phase, RunState
from shared.messages import SyncPage, body_of
from tests.support.syncing import PER_PAGE, SyncApp, fault, posted


def test_a_lost_answer_is_followed_by_a_search_and_by_no_second_addition(app: SyncApp) -> None:
    (contact,) = app.add("ann@example.com")
    fault(app, "hang", method="POST", path="^/api/v2/users$", times=1, seconds=25)
    run = app.sync()

    assert run.state == RunState.DONE
    assert run.tally.created == 1
    assert run.tally.linked == 1
    assert (run.finished_at or 0.0) - (run.started_at or 0.0) < 125, "as soon as the lost answer has settled"

    calls = [call for call in app.calls("referral_factory") if call.startswith("POST")]
    assert calls == ["POST /api/v2/users", "POST /api/v2/users/search?with=user.analytics"]
    assert len(app.people("ann@example.com")) == 1

    app.assert_linked(contact)


def test_an_addition_that_never_arrived_is_searched_for_and_then_made(app: SyncApp) -> None:
    (contact,) = app.add("ann@example.com")
    fault(app, "reset", method="POST", path="^/api/v2/users$", times=1)
    run = app.sync()

    assert (run.state, run.tally.created) == (RunState.DONE, 1)

    calls = [call.partition("?")[0] for call in app.calls("referral_factory") if call.startswith("POST")]
    assert calls == ["POST /api/v2/users", "POST /api/v2/users/search", "POST /api/v2/users"]

    app.assert_linked(contact)


def test_another_run_too_waits_until_a_lost_answer_has_settled(app: SyncApp) -> None:
    """A worker died between its reservation and the answer, and its run was cancelled."""
    (contact,) = app.add("ann@example.com")
    reserved_at = app.clock.now()
    app.environment.sync_members.save(SyncMember(1, "ann@example.com", reserved_at=reserved_at, slot=5, contact_id=contact.id))
    app.wait(2)

    app.sync()

    asked = [call for call in app.wire.calls if call.method == "POST" and call.path.startswith("/api/v2/users")]
    assert ["search" in call.path for call in asked] == [True, False]
    assert asked[0].at >= reserved_at + 90

    app.assert_linked(contact)


def test_a_contact_that_nobody_answers_for_fails_at_last_and_the_run_ends(app: SyncApp) -> None:
    strange, *others = app.add_many(3)
    fault(app, "status", method="PUT", path=f"^/contacts/{strange.id}$", times=10_000, status=500)
    run = app.start()
    app.drain(4 * 3_600)

    run = app.run(run.slot)

    assert run.state == RunState.DONE
    assert run.tally.linked == 2
    assert run.tally.finished == 3
    assert run.tally.failed == {"a vendor gave no answer to this contact, many times": 1}

    app.assert_linked(*others)

    tried = [call.at for call in app.wire.calls if (call.method, call.path) == ("PUT", f"/contacts/{strange.id}")]
    pauses = [round((later - earlier) / 90) for earlier, later in pairwise(tried)]
    assert pauses == [1, 1, 1, 1, 1, 2, 4, 8, 16, 20, 20, 20], "90 seconds each, then twice as long, at most half an hour"


@pytest.mark.parametrize(
    ("count", "path"),
    [(1, "^/contacts/."), (1, "^/api/v2/users$"), (3, "^/api/v2/users$"), (3, "^/api/v2/")],
)
def test_an_outage_of_two_hours_fails_nobody(app: SyncApp, count: int, path: str) -> None:
    """Also where only some of the calls fail, and not the one contact that is left, which is the only one to be tried."""
    contacts = app.add_many(count)
    run = app.start()
    app.wire.interrupt("GET /api/v2/campaigns/1", lambda: fault(app, "status", path=path, times=10_000, status=503))

    app.drain(2 * 3_600)

    assert not app.run(run.slot).finished

    app.wire.faults.clear()
    app.drain()
    found = app.run(run.slot)

    assert found.state == RunState.DONE
    assert found.tally.linked == count
    assert found.tally.failed == {}
    assert set(posted(app).values()) == {1}

    app.assert_linked(*contacts)


def test_two_workers_with_one_e_mail_add_one_person(app: SyncApp) -> None:
    """A lead and a user in two chunks; what the first worker knows of them is old when it comes to its own."""
    contacts = app.add_many(10)
    contacts += app.add("ann@example.com")
    contacts += app.add_many(14, 10)
    contacts += app.add("ann@example.com", role="lead")
    run = app.start()

    def meanwhile() -> None:
        record = {"messageId": "m", "receiptHandle": "r", "attributes": {"ApproximateReceiveCount": "1"}}
        app.invoke(sync_page, {"Records": [{**record, "body": body_of(SyncPage(1, run.slot, 1))}]}, app.new_environment())

    app.wire.interrupt("POST /api/v2/users", meanwhile)

    assert app.step() == [], "it is no fault of a worker"

    app.drain()
    found = app.run(run.slot)

    assert found.state == RunState.DONE
    assert found.tally.created == 25
    assert found.tally.linked == 26
    assert found.tally.failed == {}
    assert set(posted(app).values()) == {1}

    app.assert_linked(*contacts)


def test_answers_in_25_seconds_make_no_storm(app: SyncApp) -> None:
    contacts = app.add_many(4)
    fault(app, "delay", method="POST", path="^/api/v2/users$", times=4, seconds=24.9)
    run = app.sync()

    assert (run.state, run.tally.created) == (RunState.DONE, 4)
    assert app.calls("referral_factory").count("POST /api/v2/users") == 4
    assert app.environment.breakers.find(Vendor.REFERRAL_FACTORY) is None

    app.assert_linked(*contacts)


def test_time_outs_in_a_row_open_the_breaker_and_the_run_waits_and_goes_on(app: SyncApp) -> None:
    contacts = app.add_many(12)
    fault(app, "hang", method="POST", path="^/api/v2/users$", times=9, seconds=60)
    run = app.sync()

    assert run.state is RunState.DONE
    assert app.metrics.counts["BreakerOpened"] >= 1
    assert set(posted(app).values()) <= {1}
    assert run.tally.finished == 12

    app.assert_linked(*contacts)


def test_a_connection_that_never_came_about_leaves_no_reservation(app: SyncApp) -> None:
    (contact,) = app.add("ann@example.com")
    app.wire.refuse_connection("POST /api/v2/users")
    run = app.start()

    app.step()

    member = app.member("ann@example.com")
    assert member is not None
    assert not member.reserved

    app.drain()

    assert app.run(run.slot).state is RunState.DONE
    assert [call for call in app.calls("referral_factory") if "search" in call] == []

    app.assert_linked(contact)


def test_a_429_of_referral_factory_is_a_strike_and_the_run_waits(app: SyncApp) -> None:
    contacts = app.add_many(3)
    fault(app, "status", method="POST", path="^/api/v2/users$", times=1, status=429)
    run = app.start()

    app.step()

    assert app.run(run.slot).state is RunState.WAITING
    assert app.environment.strikes.find(Vendor.REFERRAL_FACTORY).count == 1

    app.drain()

    assert app.run(run.slot).state is RunState.DONE

    app.assert_linked(*contacts)


@pytest.mark.parametrize("path", ["^/contacts$", "^/contacts/."])
def test_an_intercom_that_fails_for_a_while_is_waited_for(app: SyncApp, path: str) -> None:
    contacts = app.add_many(3)
    fault(app, "status", path=path, times=4, status=503)
    run = app.sync()

    assert run.state is RunState.DONE

    app.assert_linked(*contacts)


@pytest.mark.usefixtures("small_pages")
def test_a_token_that_is_revoked_while_pages_are_read_is_waited_for(app: SyncApp) -> None:
    contacts = app.add_many(PER_PAGE + 10)
    run = app.start()
    app.wire.interrupt("GET /contacts", app.intercom.settings.tokens.clear)
    app.step()

    waiting = app.run(run.slot)

    assert waiting.state == RunState.WAITING
    assert waiting.phase == Phase.CONTACTS
    assert waiting.page == 1
    assert "token" in waiting.reason

    app.drain(600)

    assert not app.run(run.slot).finished

    app.intercom.settings.tokens.append("local-intercom-token")
    app.drain()

    assert app.run(run.slot).state is RunState.DONE

    app.assert_linked(*contacts)


def test_a_token_that_is_revoked_while_links_are_written_is_waited_for(app: SyncApp) -> None:
    contacts = app.add_many(30)
    run = app.start()
    app.wire.interrupt(f"PUT /contacts/{contacts[10].id}", app.intercom.settings.tokens.clear)
    app.drain(300)

    waiting = app.run(run.slot)

    assert not waiting.finished
    assert waiting.tally.linked == 11

    app.intercom.settings.tokens.append("local-intercom-token")
    app.drain()
    done = app.run(run.slot)

    assert (done.state, done.tally.linked) == (RunState.DONE, 30)
    assert set(posted(app).values()) == {1}

    app.assert_linked(*contacts)


def test_trouble_of_a_vendor_is_no_try_of_a_contact(app: SyncApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long somebody needs to reconnect, nobody has failed meanwhile."""
    monkeypatch.setattr("shared.use_cases.sync.work_chunk.MOST_TRIES", 3)
    contacts = app.add_many(3)
    run = app.start()
    app.wire.interrupt("POST /api/v2/users", app.intercom.settings.tokens.clear)

    app.drain(1_200)

    assert not app.run(run.slot).finished

    app.intercom.settings.tokens.append("local-intercom-token")
    app.drain()

    assert (app.run(run.slot).tally.linked, app.run(run.slot).tally.failed) == (3, {})

    app.assert_linked(*contacts)
