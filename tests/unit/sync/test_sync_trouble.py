"""Bad days of a sync: workers die, contacts and lists go, tokens and answers are lost, pages lead astray."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from functions.sync_page import handler as sync_page
from sandbox.vendors.intercom.lists import add_segment, save_tag
from shared.adapters.dynamodb.vendor.limiter_intercom import IntercomLimiter
from shared.domain.connection.connection import Vendor
from shared.domain.operations.story import sentence_of
from shared.domain.signup.referral import State
from shared.domain.sync.member import SyncMember
from shared.domain.sync.run import Phase, RunState
from shared.domain.vendor.limits import Priority
from shared.messages import SyncPage, body_of
from shared.use_cases.sync.read_syncs import cancel_run
from tests.support.syncing import COUNT, LINK, SyncApp, change

PER_PAGE = 6
"""Of ``small_pages``; the real ones are in ``tests/contract/test_sync_clients.py``."""


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.adapters.intercom.client.SMALLER_PAGES", (PER_PAGE,))


class KilledError(BaseException):
    """The process ends here."""


def die() -> None:
    raise KilledError


@pytest.fixture
def app() -> SyncApp:
    made = SyncApp()
    made.choose()
    return made


def drain_past_deaths(app: SyncApp, deaths: Callable[[], None] = lambda: None) -> int:
    """Drains the queue, with ``deaths`` ordered before each invocation; how many workers died."""
    died = 0
    while True:
        deaths()
        try:
            app.drain()
        except KilledError:
            died += 1
            continue
        return died


def fault(app: SyncApp, kind: str, **order: Any) -> None:
    """The next such calls go wrong."""
    app.wire.faults.add({"kind": kind, **order})


def posted(app: SyncApp) -> Counter[str]:
    """How often each e-mail was added by us."""
    calls = app.wire.calls
    return Counter(
        call.body["email"] for call in calls if (call.method, call.path) == ("POST", "/api/v2/users") and call.status == 201
    )


# -- killed -----------------------------------------------------------------------------------------------------------


def test_killed_on_every_page_of_ninety_each_contact_is_linked_once(app: SyncApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.adapters.intercom.client.SMALLER_PAGES", (1,))
    contacts = app.add_many(90)
    seen = set[str]()

    def die_on_the_next_page() -> None:
        def once() -> None:
            path = app.wire.calls[-1].path
            if path not in seen:
                seen.add(path)
                die()
            app.wire.interrupt("GET /contacts", once)

        app.wire._interruptions.clear()
        app.wire.interrupt("GET /contacts", once)

    run = app.start()
    died = drain_past_deaths(app, die_on_the_next_page)
    run = app.run(run.slot)
    assert died >= 90
    assert run.state == RunState.DONE
    assert run.tally.seen == 90
    assert run.tally.linked == 90
    assert run.tally.created == 90
    assert set(posted(app).values()) == {1}
    app.assert_linked(*contacts)


@pytest.mark.parametrize("call", ["POST /api/v2/users", "GET /api/v2/users"])
def test_killed_after_each_call_of_a_kind_each_contact_is_linked_once(app: SyncApp, call: str) -> None:
    contacts = app.add_many(6)
    orders = iter(range(6))

    def die_next() -> None:
        if next(orders, None) is not None:
            app.wire.interrupt(call, die)

    run = app.start()
    drain_past_deaths(app, die_next)
    run = app.run(run.slot)
    assert run.state is RunState.DONE
    assert run.tally.finished == 6
    assert set(posted(app).values()) == {1}
    app.assert_linked(*contacts)


def test_a_reader_that_lost_its_lease_stores_no_place(app: SyncApp) -> None:
    contacts = app.add_many(3)
    run = app.start()

    def another_worker() -> None:
        app.wait(91)
        app.environment.sync_runs.lease(1, run.slot, "another worker", app.clock.now(), 90)

    app.wire.interrupt("GET /contacts", another_worker)
    app.step()
    found = app.run(run.slot)
    assert found.phase == Phase.CONTACTS
    assert found.page == 0
    assert found.chunks == 0
    assert found.tally.seen == 0
    app.drain()
    found = app.run(run.slot)
    assert found.state == RunState.DONE
    assert found.tally.seen == 3
    assert found.tally.linked == 3
    app.assert_linked(*contacts)


def test_killed_between_link_and_record_nothing_is_written_twice_over(app: SyncApp) -> None:
    contacts = app.add_many(3)
    app.wire.interrupt(f"PUT /contacts/{contacts[1].id}", die)
    run = app.start()
    assert drain_past_deaths(app) == 1
    assert app.run(run.slot).state is RunState.DONE
    assert set(posted(app).values()) == {1}
    app.assert_linked(*contacts)


@pytest.mark.parametrize("operation", ["put_item", "update_item", "transact_write_items"])
def test_aws_in_trouble_delays_and_loses_nothing(app: SyncApp, operation: str) -> None:
    contacts = app.add_many(30)
    run = app.start()
    for happens in (False, True):
        app.dynamodb.refuse(operation, 3, happens=happens)
    app.drain()
    assert app.run(run.slot).state is RunState.DONE
    assert set(posted(app).values()) == {1}
    app.assert_linked(*contacts)


def test_two_workers_with_one_message_work_side_by_side(app: SyncApp) -> None:
    contacts = app.add_many(60)
    run = app.start()
    other = app.new_environment()

    def meanwhile() -> None:
        record = {"messageId": "m", "receiptHandle": "r", "attributes": {"ApproximateReceiveCount": "1"}}
        app.invoke(sync_page, {"Records": [{**record, "body": body_of(SyncPage(1, run.slot))}]}, other)

    app.wire.interrupt("GET /contacts", meanwhile)
    app.wire.interrupt("POST /api/v2/users", meanwhile)
    app.drain()
    assert app.run(run.slot).tally.finished == 60
    assert set(posted(app).values()) == {1}
    app.assert_linked(*contacts)


# -- answers ----------------------------------------------------------------------------------------------------------


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


# -- contacts and lists that go ---------------------------------------------------------------------------------------


def at_work(app: SyncApp, act: Callable[[], Any]) -> None:
    """Between the reading of the contacts and the first link."""
    app.wire.interrupt("POST /api/v2/users", act)


@pytest.mark.parametrize("condition", ["archived", "deleted"])
def test_a_contact_that_goes_meanwhile_is_skipped_and_not_brought_back(app: SyncApp, condition: str) -> None:
    stays, goes = app.add_many(2)
    path = f"/contacts/{goes.id}/archive" if condition == "archived" else f"/contacts/{goes.id}"
    at_work(app, lambda: intercom_call(app, "POST" if condition == "archived" else "DELETE", path))
    run = app.sync()
    assert (run.state, run.tally.linked) == (RunState.DONE, 1)
    assert run.tally.skipped == {"archived, merged or deleted in Intercom meanwhile": 1}
    app.assert_linked(stays)
    assert app.intercom.workspace.contacts.get(goes.id) is None or (
        app.intercom.workspace.contacts[goes.id].condition != "live"
    )


def test_a_contact_that_is_merged_meanwhile_is_linked_where_it_lives_on(app: SyncApp) -> None:
    (lead,) = app.add("ann@example.com", role="lead")
    (user,) = app.add("")
    body = {"from": lead.id, "into": user.id, "skip_duplicate_validation": True}
    at_work(app, lambda: intercom_call(app, "POST", "/contacts/merge", body))
    run = app.sync()
    assert (run.state, run.tally.linked) == (RunState.DONE, 1)
    (person,) = app.people("ann@example.com")
    assert app.link_of(user) == app.referral_factory.account.url(person.code)


def test_a_contact_that_lives_on_where_the_link_is_already_is_not_written_again(app: SyncApp) -> None:
    user, lead = app.add("ann@example.com")[0], app.add("ann@example.com", role="lead")[0]
    app.wire.interrupt(
        f"PUT /contacts/{user.id}",
        lambda: intercom_call(app, "POST", "/contacts/merge", {"from": lead.id, "into": user.id}),
    )
    run = app.sync()
    assert run.state == RunState.DONE
    assert run.tally.created == 1
    assert run.tally.failed == {}
    assert [call.path for call in app.wire.calls if call.method == "PUT"] == [f"/contacts/{one.id}" for one in (user, lead)]
    app.assert_linked(user)


def test_a_contact_that_changes_meanwhile_keeps_what_it_has(app: SyncApp) -> None:
    (contact,) = app.add("ann@example.com")
    at_work(app, lambda: change(app, contact.id, name="New Name", custom_attributes={"lead_source": "fair"}))
    app.sync()
    there = app.intercom.workspace.contacts[contact.id]
    assert (there.name, there.custom_attributes["lead_source"]) == ("New Name", "fair")
    app.assert_linked(contact)


def intercom_call(app: SyncApp, method: str, path: str, body: Any = None) -> None:
    headers = {"Authorization": "Bearer local-intercom-token", "Accept": "application/json", "Intercom-Version": "2.16"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    answer = app.wire.send(method, f"http://intercom.test{path}", headers, json.dumps(body).encode() if body else None, 10)
    assert answer.status == 200, answer.body


@pytest.mark.parametrize("write_back", [{"referral_link": LINK}, {"referral_link": LINK, "referral_count": COUNT}])
def test_a_write_back_attribute_that_is_gone_is_the_campaigns_problem_until_it_is_back(
    app: SyncApp, write_back: dict[str, str]
) -> None:
    """Whether it costs the contacts nothing else, or all of them fail."""
    app.choose(write_back=write_back)
    app.add_many(3)
    attribute = next(one for one in app.intercom.workspace.attributes.values() if one.name == "referral_link")
    path = f"/data_attributes/{attribute.id}"
    intercom_call(app, "PUT", path, {"archived": True})
    app.sync()
    problems = app.environment.campaigns.get(1).problems
    assert len(problems) == 1
    assert LINK in problems[0]
    intercom_call(app, "PUT", path, {"archived": False})
    app.wait(700)
    app.sync()
    assert app.environment.campaigns.get(1).problems == ()


def test_a_deleted_segment_ends_the_run_with_the_reason_and_marks_the_campaign(app: SyncApp) -> None:
    app.add_many(3)
    workspace = app.intercom.workspace
    segment = add_segment(workspace, "All", "contact", {"field": "name", "operator": "=", "value": "Ada Stone"})
    app.choose(source={"kind": "segments", "ids": [segment.id]})
    app.sync()
    del workspace.segments[segment.id]
    app.wait(60)
    run = app.sync()
    assert run.state is RunState.FAILED
    assert segment.id in run.reason
    assert "no longer in Intercom" in run.reason
    campaign = app.environment.campaigns.find(1)
    assert campaign is not None
    assert campaign.problems == (run.reason,)
    workspace.segments[segment.id] = segment
    app.wait(60)
    assert app.sync().state is RunState.DONE
    campaign = app.environment.campaigns.find(1)
    assert campaign is not None
    assert campaign.problems == ()


@pytest.mark.usefixtures("small_pages")
def test_a_segment_that_is_deleted_between_two_pages_ends_the_run(app: SyncApp) -> None:
    app.add_many(PER_PAGE + 5)
    workspace = app.intercom.workspace
    segment = add_segment(workspace, "All", "contact", {"field": "name", "operator": "=", "value": "Ada Stone"})
    app.choose(source={"kind": "segments", "ids": [segment.id]})

    def delete() -> None:
        del workspace.segments[segment.id]

    app.wire.interrupt("POST /contacts/search", delete)
    run = app.sync()
    assert (run.state, run.tally.linked) == (RunState.FAILED, 0)


def test_a_deleted_tag_shows_as_an_empty_list_and_is_told_from_one(app: SyncApp) -> None:
    app.choose(source={"kind": "tags", "ids": ["424242"]})
    run = app.sync()
    assert run.state is RunState.FAILED
    assert "The tag 424242 is no longer in Intercom" in run.reason


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_deleted_list_is_told_from_a_refusal_of_any_kind(app: SyncApp, status: int) -> None:
    """How Intercom answers a search for a list that is gone, it does not document."""
    fault(app, "status", path="^/contacts/search$", times=10_000, status=status)
    app.choose(source={"kind": "segments", "ids": ["656565656565656565656565"]})
    run = app.sync()
    assert run.state is RunState.FAILED
    assert "The segment 656565656565656565656565 is no longer in Intercom" in run.reason


def test_a_search_that_is_not_found_while_its_list_is_there_is_waited_for(app: SyncApp) -> None:
    contacts = app.add_many(3)
    query = {"field": "name", "operator": "=", "value": "Ada Stone"}
    app.choose(source={"kind": "segments", "ids": [add_segment(app.intercom.workspace, "All", "contact", query).id]})
    fault(app, "status", path="^/contacts/search$", times=1, status=404)
    assert app.sync().state is RunState.DONE
    app.assert_linked(*contacts)


def test_one_deleted_list_among_several_ends_the_run_before_the_others_are_worked_on(app: SyncApp) -> None:
    (member,) = app.add("ann@example.com")
    tag = save_tag(app.intercom.workspace, {"name": "vip"}).id
    change(app, member.id, tags={tag: int(app.clock.now())})
    app.choose(source={"kind": "tags", "ids": [tag, "424242"]})
    run = app.sync()
    assert (run.state, run.tally.seen) == (RunState.FAILED, 0)
    assert "The tag 424242 is no longer in Intercom" in run.reason
    assert app.writes() == []


# -- campaigns that stop ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [{"status": "paused"}, {"status": "draft"}, {"mode": "off"}])
def test_a_campaign_that_is_paused_midway_stops_its_run_cleanly(app: SyncApp, changes: dict[str, str]) -> None:
    app.add_many(60)
    run = app.start()
    app.wire.interrupt("POST /api/v2/users", lambda: (app.choose(**changes), app.wait(4)))
    app.drain()
    stopped = app.run(run.slot)
    assert stopped.state is RunState.CANCELLED
    assert stopped.reason
    assert len(posted(app)) == 1
    assert app.environment.sync_runs.head(1).open_slot is None
    app.choose()
    app.wait(60)
    assert app.sync().tally.finished == 60
    assert set(posted(app).values()) == {1}


def test_a_campaign_that_is_deleted_midway_stops_its_run_cleanly(app: SyncApp) -> None:
    app.add_many(60)
    run = app.start()

    def delete() -> None:
        app.dynamodb.delete_item(TableName="campaigns", Key={"pk": {"S": "CAMPAIGNS"}, "sk": {"S": f"{1:012d}"}})
        app.wait(4)

    app.wire.interrupt("POST /api/v2/users", delete)
    app.drain()
    stopped = app.run(run.slot)
    assert (stopped.state, stopped.reason) == (RunState.CANCELLED, "The campaign was deleted.")


def test_a_waiting_run_of_a_paused_campaign_is_ended_by_the_schedule(app: SyncApp) -> None:
    app.add_many(3)
    app.intercom.settings.tokens.clear()
    run = app.start()
    app.step()
    assert app.run(run.slot).state is RunState.WAITING
    app.choose(status="paused")
    app.tick()
    assert app.run(run.slot).state is RunState.CANCELLED


@pytest.mark.parametrize(("status", "times", "longest_wait"), [(429, 1, 300), (403, 2, 3_600)])
def test_a_run_that_waits_long_ends_by_itself_once_its_campaign_is_deleted(
    app: SyncApp, status: int, times: int, longest_wait: int
) -> None:
    """The schedule sees to campaigns, and this one is none any more."""
    app.add_many(3)
    run = app.start()
    fault(app, "status", path="^/api/v2/users", times=times, status=status)
    app.drain(100 if times == 1 else 2_000)
    waiting = app.run(run.slot)
    left = (waiting.due_at or 0.0) - app.clock.now()
    assert (waiting.state, longest_wait / 2 < left < longest_wait) == (RunState.WAITING, True)
    app.dynamodb.delete_item(TableName="campaigns", Key={"pk": {"S": "CAMPAIGNS"}, "sk": {"S": f"{1:012d}"}})
    app.drain(905)
    stopped = app.run(run.slot)
    assert (stopped.state, stopped.reason) == (RunState.CANCELLED, "The campaign was deleted.")


def test_a_cancelled_run_stops_within_seconds_and_the_next_one_begins_where_it_was(app: SyncApp) -> None:
    contacts = app.add_many(60)
    run = app.start()

    def cancel() -> None:
        cancel_run(app.environment, 1, str(run.slot), "mara@example.com")
        app.wait(4)

    app.wire.interrupt(f"PUT /contacts/{contacts[4].id}", cancel)
    app.drain()
    stopped = app.run(run.slot)
    assert (stopped.state, stopped.reason) == (RunState.CANCELLED, "Cancelled by mara@example.com.")
    assert sum(app.link_of(contact) is not None for contact in contacts) == 5
    assert cancel_run(app.environment, 1, str(run.slot), "x").reason == stopped.reason, "it stays as it ended"
    app.wait(60)
    assert app.sync().tally.finished == 60
    assert set(posted(app).values()) == {1}
    app.assert_linked(*contacts)


def test_a_run_whose_first_message_was_refused_is_rung_by_the_schedule(app: SyncApp) -> None:
    contacts = app.add_many(3)
    app.sqs.refuse("send_message")
    run = app.start()
    assert not app.queued("sync")
    app.wait(200)
    assert app.tick()["enqueued"] == 1
    app.drain()
    assert app.run(run.slot).state is RunState.DONE
    app.assert_linked(*contacts)


def test_a_head_that_points_to_a_finished_run_is_mended(app: SyncApp) -> None:
    run = app.sync()
    app.environment.sync_runs._runs.update("SYNC#1", "HEAD", "SET open_slot = :s", "attribute_exists(pk)", {":s": run.slot})
    app.tick()
    assert app.environment.sync_runs.head(1).open_slot is None


# -- pages that lead astray -------------------------------------------------------------------------------------------


def answered(app: SyncApp, turn: Callable[[dict[str, Any]], None]) -> None:
    """Changes what Intercom answers to a list of contacts."""
    real = app.intercom.answer

    def answer(request: Any) -> Any:
        response = real(request)
        if request.path in {"/contacts", "/contacts/search"} and response.status == 200:
            document = json.loads(response.body)
            turn(document)
            return replace(response, body=json.dumps(document).encode())
        return response

    app.intercom.answer = answer  # type: ignore[method-assign]


def read_whatever_cursor(app: SyncApp, turn: Callable[[dict[str, Any]], None]) -> None:
    """Each cursor is answered with the first page, changed."""
    answered(app, turn)
    real = app.intercom.answer

    def without_cursor(request: Any) -> Any:
        return real(replace(request, query={}) if request.path == "/contacts" else request)

    app.intercom.answer = without_cursor  # type: ignore[method-assign]


@pytest.mark.usefixtures("small_pages")
def test_a_cursor_that_comes_again_ends_the_run_with_the_reason(app: SyncApp) -> None:
    app.add_many(PER_PAGE * 2)
    cursors = list[Any]()

    def repeat(document: dict[str, Any]) -> None:
        cursors.append(document["pages"].get("next"))
        document["pages"]["next"] = cursors[0]

    answered(app, repeat)
    run = app.sync()
    assert (run.state, run.phase) == (RunState.FAILED, Phase.CONTACTS)
    assert "circle" in run.reason


@pytest.mark.parametrize(("length", "pages"), [(1, 2), (3, 7)])
def test_a_circle_of_cursors_ends_at_once_or_at_the_most_pages(
    app: SyncApp, monkeypatch: pytest.MonkeyPatch, length: int, pages: int
) -> None:
    """A → B → A: no cursor comes twice in a row."""
    monkeypatch.setattr("shared.use_cases.sync.enumerate_contacts.MOST_PAGES", 6)
    app.add_many(3)
    count = itertools.count()

    def turn(document: dict[str, Any]) -> None:
        document["pages"]["next"] = {"page": 2, "starting_after": f"cursor-{next(count) % length}"}

    read_whatever_cursor(app, turn)
    run = app.sync()
    assert (run.state, run.tally.linked) == (RunState.FAILED, 0)
    assert "circle" in run.reason
    assert len([call for call in app.calls() if call.startswith("GET /contacts")]) == pages


def test_pages_without_end_end_the_run(app: SyncApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.use_cases.sync.enumerate_contacts.MOST_PAGES", 6)
    app.add_many(3)
    count = itertools.count()
    cursors = iter(lambda: {"page": 2, "starting_after": f"cursor-{next(count)}"} if next(count) < 60 else None, 0)
    read_whatever_cursor(app, lambda document: document["pages"].update(next=next(cursors)))
    assert app.sync().state is RunState.FAILED
    assert len([call for call in app.calls() if call.startswith("GET /contacts")]) == 7


def test_empty_pages_among_others_do_not_end_the_run(app: SyncApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.adapters.intercom.client.SMALLER_PAGES", (2,))
    app.add_many(20)
    count = itertools.count()

    def every_second(document: dict[str, Any]) -> None:
        if next(count) % 2:
            document["data"] = []

    answered(app, every_second)
    run = app.sync()
    assert (run.state, run.tally.seen) == (RunState.DONE, 10)


@pytest.mark.usefixtures("small_pages")
def test_an_empty_page_with_a_next_one_is_passed_over(app: SyncApp) -> None:
    contacts = app.add_many(PER_PAGE + 10)
    pages = list[int]()

    def empty_second(document: dict[str, Any]) -> None:
        pages.append(len(document["data"]))
        if len(pages) == 1:
            document["data"] = []

    answered(app, empty_second)
    run = app.sync()
    assert (run.state, run.tally.seen) == (RunState.DONE, len(app.intercom.workspace.contacts) - PER_PAGE)
    assert contacts


def test_empty_pages_without_end_end_the_run(app: SyncApp) -> None:
    app.add_many(3)
    count = iter(range(10_000))

    def empty(document: dict[str, Any]) -> None:
        document["data"] = []
        document["pages"]["next"] = {"page": 2, "starting_after": f"cursor-{next(count)}"}

    read_whatever_cursor(app, empty)
    run = app.sync()
    assert run.state is RunState.FAILED
    assert len([call for call in app.calls() if call.startswith("GET /contacts")]) <= 5


@pytest.mark.usefixtures("small_pages")
def test_a_next_page_on_another_host_is_not_followed(app: SyncApp) -> None:
    app.add_many(PER_PAGE + 1)
    answered(app, lambda document: document["pages"].update(next="https://evil.example/contacts?starting_after=x"))
    run = app.sync()
    assert run.state is RunState.FAILED
    assert "another host" in run.reason
    assert {call.path.partition("?")[0] for call in app.wire.calls if call.vendor == "intercom"} == {"/contacts"}


@pytest.mark.usefixtures("small_pages")
def test_a_next_page_as_an_address_of_the_same_host_is_read_by_its_cursor(app: SyncApp) -> None:
    contacts = app.add_many(PER_PAGE + 10)

    def as_address(document: dict[str, Any]) -> None:
        following = document["pages"].get("next")
        if following:
            document["pages"]["next"] = f"http://intercom.test/contacts?starting_after={following['starting_after']}"

    answered(app, as_address)
    assert app.sync().tally.linked == len(contacts)


@pytest.mark.usefixtures("small_pages")
def test_contacts_that_come_on_two_pages_are_linked_once(app: SyncApp) -> None:
    contacts = app.add_many(PER_PAGE + 10)
    first = list[Any]()

    def shifted(document: dict[str, Any]) -> None:
        if first:
            document["data"] = [*first, *document["data"]]
        first.extend(document["data"][-5:])

    answered(app, shifted)
    app.sync()
    assert set(posted(app).values()) == {1}
    app.assert_linked(*contacts)


def test_every_call_of_a_sync_goes_behind_those_of_others(app: SyncApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app.add_many(3)
    asked = list[Priority]()
    for limiter in (IntercomLimiter, type(app.environment.referral_factory_limiter)):

        def acquire(self: Any, priority: Priority = Priority.RECONCILE, real: Any = limiter.acquire) -> str:
            asked.append(priority)
            return str(real(self, priority))

        monkeypatch.setattr(limiter, "acquire", acquire)
    app.sync()
    assert len(asked) == len(app.wire.calls) == 9
    assert set(asked) == {Priority.SYNC}


# -- our own people come back -----------------------------------------------------------------------------------------


def test_people_we_added_come_back_as_webhooks_and_are_known_by_the_reservation(app: SyncApp) -> None:
    (contact,) = app.add("ann@example.com")
    before = len(app.intercom.workspace.contacts)

    def come_back() -> None:
        """Before our own answer is stored."""
        person = app.people("ann@example.com")[0]
        row = app.sign_up(
            id=person.id, email="ann@example.com", source="Api", code=person.code, referrer_id=None, referrer_code=None,
            referrer_first_name=None, referrer_email=None,
        )  # fmt: skip
        assert (row.state, row.contact_id) == (State.DELIVERED, contact.id)
        assert row.history[-1].what == "from sync"
        assert sentence_of(row.history[-1]) == "The sync added this person from a contact in Intercom."

    app.wire.interrupt("POST /api/v2/users", come_back)
    app.sync()
    person = app.people("ann@example.com")[0]
    app.reconcile(full=True)
    row = app.row(person.id)
    assert (row.state, row.contact_id) == (State.DELIVERED, contact.id)
    assert len(app.intercom.workspace.contacts) - before == 3, "reconcile brought the seeded three, and nobody twice"
    assert len(app.contacts("ann@example.com")) == 1
    app.forget_calls()
    app.wait(60)
    app.sync()
    assert app.calls("referral_factory").count("POST /api/v2/users") == 0 or "ann@example.com" not in posted(app)


def test_people_we_added_are_known_when_reconcile_finds_them_first(app: SyncApp) -> None:
    (contact,) = app.add("ann@example.com")
    app.sync()
    person = app.people("ann@example.com")[0]
    app.reconcile(full=True)
    row = app.row(person.id)
    assert (row.state, row.contact_id) == (State.DELIVERED, contact.id)
    assert "PUT /contacts/<id>" in app.calls()


def test_a_person_invited_by_somebody_is_no_signup_of_ours(app: SyncApp) -> None:
    app.add("ann@example.com")
    app.sync()
    member = app.member("ann@example.com")
    assert member is not None
    row = app.sign_up(id=member.user_id + 1000 if member.user_id else 1, email="ann@example.com")
    assert row.state is State.SKIPPED, "as every contact that was there before"


@pytest.mark.parametrize("learned_by", ["a page of people", "a search"])
def test_who_was_invited_while_our_own_addition_is_in_doubt_is_no_signup_of_ours(app: SyncApp, learned_by: str) -> None:
    """Our call was lost on its way; a friend's link was quicker than our next try."""
    (contact,) = app.add("ann@example.com")
    fault(app, "reset", method="POST", path="^/api/v2/users$", times=1)
    run = app.start()
    app.step()
    member = app.member("ann@example.com")
    assert member is not None
    assert member.reserved
    invited = app.joined("ann@example.com", source="Referred", referrer=app.joined("friend@example.com"))
    if learned_by == "a page of people":
        cancel_run(app.environment, 1, str(run.slot), "a test")
        app.wait(5)
        run = app.start()
    app.drain()
    found = app.run(run.slot)
    assert found.state == RunState.DONE
    assert found.tally.created == 0
    assert found.tally.linked == 1
    app.assert_linked(contact)
    row = app.sign_up(id=invited.id, email="ann@example.com", code=invited.code)
    assert row.state is State.SKIPPED, "as every contact that was there before"
