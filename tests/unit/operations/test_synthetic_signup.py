"""The signup that we make ourselves once a day: posted, looked for, reported as a heartbeat, and of no use to a stranger."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.synthetic_signup import handler
from shared.adapters.dynamodb.signup.referral_items import item_of, referral_of
from shared.domain.connection.connection import Vendor
from shared.domain.person import Person
from shared.domain.signup.state import Origin, State
from shared.domain.signup.synthetic import SYNTHETIC_IDS_FROM, SyntheticSignup, is_synthetic
from shared.domain.timing import DAY, SEARCH_SURE
from shared.errors import TransientError
from shared.use_cases.operations.synthetic_signup import OWN_WITHIN, SYNTHETIC_PROGRESS
from shared.use_cases.signup.check_delivered import VERIFY_AFTER, VERIFY_AGAIN_AFTER
from shared.use_cases.signup.reconcile_progress import USERS_PROGRESS
from tests.support.builders import SYNTHETIC_EMAIL, WEBHOOK_SECRET, App, webhook_fields
from tests.support.clock import NOW

TODAY = SYNTHETIC_IDS_FROM + int(NOW // DAY)
EVERY = 600.0
SLOTS_A_DAY = int(DAY // EVERY)
REFUSED = {"kind": "status", "status": 503, "path": "^/webhooks"}


@pytest.fixture
def app(app: App) -> App:
    app.make_synthetic_signup()
    return app


def run(app: App, *, work: bool = True) -> bool:
    """The schedule fires, what was queued is worked off, ten minutes pass; whether the heartbeat was counted."""
    before = app.metrics.counts["SyntheticSignupWorks"]
    app.invoke(handler, {})
    if work:
        app.work()
    app.wait(EVERY)
    return app.metrics.counts["SyntheticSignupWorks"] > before


def posts(app: App) -> list[Any]:
    return app.bodies("POST", "/webhooks")


def stored(app: App) -> dict[str, Any]:
    return dict(app.environment.progresses.find(SYNTHETIC_PROGRESS) or {})


# -- one day ----------------------------------------------------------------------------------------------------------


def test_it_is_posted_as_referral_factory_posts_and_its_contact_is_looked_for_by_id(app: App) -> None:
    assert run(app)

    [call] = [one for one in app.wire.calls if one.vendor == "application"]
    assert call.status == 202
    assert call.headers["X-Webhook-Secret"] == WEBHOOK_SECRET
    assert call.headers["Content-Type"] == "application/json"

    day = TODAY - SYNTHETIC_IDS_FROM
    assert call.body == {
        "id": TODAY,
        "code": f"synthetic-{day}",
        "first_name": "Synthetic signup",
        "email": SYNTHETIC_EMAIL,
        "url": f"https://example.com/synthetic-{day}",
        "source": "Direct",
        "campaign_id": 1,
    }

    row = app.row(TODAY)
    assert row.state == State.DELIVERED
    assert row.audience == "person_referring"
    assert row.synthetic is True

    app.forget_calls()

    assert run(app)
    assert app.calls() == ["GET /contacts/<id>"]
    assert stored(app) == {"began_at": NOW, "accepted": True, "arrived_at": NOW + EVERY, "trusted": True}
    assert app.metrics.gauges["SyntheticSignupSeconds"] == 0.0

    app.forget_calls()

    assert run(app)
    assert app.calls("intercom", "application") == [], "what arrived is not asked for again"


def test_three_days_are_three_signups_and_one_contact(app: App) -> None:
    assert all(run(app) for _ in range(3 * SLOTS_A_DAY))
    assert [body["id"] for body in posts(app)] == [TODAY, TODAY + 1, TODAY + 2]
    assert len(app.contacts(SYNTHETIC_EMAIL)) == 1

    rows = [app.row(TODAY + number) for number in range(3)]
    assert {(row.state, row.contact_id) for row in rows} == {("delivered", app.contact(SYNTHETIC_EMAIL).id)}
    assert [row.history[-1].what for row in rows] == ["created", "unchanged", "unchanged"]
    assert app.bodies("PUT") == [], "the contact was read and has it all"


def test_the_answer_tells_how_it_stands(app: App) -> None:
    app.wire.faults.add(REFUSED | {"times": 1})

    assert app.invoke(handler, {}) == {"accepted": False, "arrived": False}
    assert app.invoke(handler, {}) == {"accepted": True, "arrived": False}

    app.work()

    assert app.invoke(handler, {}) == {"accepted": True, "arrived": True}


# -- when something does not work -------------------------------------------------------------------------------------


def test_one_that_is_refused_is_posted_again_with_the_same_id_and_missed_after_half_an_hour(app: App) -> None:
    app.wire.faults.add(REFUSED)

    assert [run(app) for _ in range(5)] == [True, True, True, False, False]

    app.wire.faults.clear()

    assert [run(app) for _ in range(2)] == [False, True]
    assert {body["id"] for body in posts(app)} == {TODAY}
    assert app.metrics.gauges["SyntheticSignupSeconds"] == 5 * EVERY, "since its first try"


@pytest.mark.parametrize("kind", ["reset", "hang"])
def test_one_whose_answer_is_lost_is_posted_again_and_is_one(app: App, kind: str) -> None:
    app.wire.faults.add({"kind": kind, "path": "^/webhooks", "times": 1})
    assert all(run(app) for _ in range(4))
    assert stored(app)["arrived_at"]
    assert len(app.contacts(SYNTHETIC_EMAIL)) == 1


def test_a_wrong_secret_is_reported(app: App) -> None:
    app.environment.webhook_secret.read()
    app.set_secret("webhook", current="", next="")

    assert [run(app) for _ in range(4)] == [True, True, True, False]
    assert stored(app)["accepted"] is False

    app.set_secret("webhook", current=WEBHOOK_SECRET, next="")

    assert [run(app) for _ in range(2)] == [False, True]


def test_a_secret_is_read_when_it_is_needed(app: App) -> None:
    app.environment.webhook_secret.read()
    app.set_secret("webhook", current="a new one", next="")
    run(app)
    assert stored(app)["accepted"] is True


def test_one_that_nobody_delivers_is_missed_until_it_arrives(app: App) -> None:
    assert [run(app, work=False) for _ in range(5)] == [True, True, True, False, False]
    assert len(posts(app)) == 1
    app.work()
    assert run(app)


def test_after_one_that_never_arrived_the_next_counts_only_once_it_is_there(app: App) -> None:
    for _ in range(SLOTS_A_DAY):
        run(app, work=False)

    assert not run(app, work=False), "the next one is posted, and not trusted"
    assert stored(app) == {"began_at": NOW + DAY, "accepted": True, "arrived_at": None, "trusted": False}

    app.work()

    assert run(app)


def test_after_one_that_was_refused_all_day_the_next_counts_only_once_it_is_there(app: App) -> None:
    app.wire.faults.add(REFUSED)
    for _ in range(SLOTS_A_DAY):
        run(app)
    app.wire.faults.clear()
    assert [run(app), run(app)] == [False, True]


def test_one_without_a_time_of_delivery_arrives_when_it_is_seen(app: App) -> None:
    run(app)
    app.environment.referrals.update(1, TODAY, lambda row: replace(row, delivered_at=None))

    assert run(app)
    assert app.metrics.gauges["SyntheticSignupSeconds"] == EVERY


@pytest.mark.parametrize("missing", [{"state": State.FAILED}, {"contact_id": None}])
def test_a_row_that_is_not_delivered_or_names_no_contact_is_not_it(app: App, missing: dict[str, Any]) -> None:
    run(app)
    app.environment.referrals.update(1, TODAY, lambda row: replace(row, **missing))
    app.forget_calls()

    app.invoke(handler, {})

    assert app.calls() == []
    assert stored(app)["arrived_at"] is None


@pytest.mark.parametrize(("before", "is_ours"), [(OWN_WITHIN, True), (OWN_WITHIN + 1, False)])
def test_a_row_may_be_an_hour_older_than_the_first_try_that_is_known(app: App, before: float, is_ours: bool) -> None:
    run(app)
    app.environment.referrals.update(1, TODAY, lambda row: replace(row, accepted_at=NOW - before))

    app.invoke(handler, {})

    assert (stored(app)["arrived_at"] is not None) is is_ours


def test_one_that_got_no_answer_is_stored_as_not_accepted(app: App) -> None:
    app.wire.faults.add({"kind": "reset", "path": "^/webhooks"})

    run(app)

    assert stored(app)["accepted"] is False


def test_a_contact_with_another_address_is_not_it(app: App) -> None:
    run(app)
    contact = app.contact(SYNTHETIC_EMAIL)
    app.intercom.contacts.update(contact.id, {"email": "somebody@example.com"}, by_api=False)
    assert [run(app) for _ in range(3)] == [True, True, False]


def test_a_contact_that_is_gone_is_not_it(app: App) -> None:
    run(app)
    app.intercom.contacts.delete(app.contact(SYNTHETIC_EMAIL).id, by_api=False)
    assert [run(app) for _ in range(3)] == [True, True, False]


def test_a_contact_that_somebody_else_made_is_not_it(app: App) -> None:
    app.given("user", email=SYNTHETIC_EMAIL)
    assert [run(app) for _ in range(4)] == [True, True, True, False]
    assert app.row(TODAY).state == "skipped"


def test_while_intercom_does_not_answer_nobody_knows(app: App) -> None:
    run(app)
    app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts"})

    assert [run(app) for _ in range(4)] == [True, True, False, False]

    app.wire.faults.clear()

    assert run(app)
    assert len(posts(app)) == 1


def test_calls_that_are_stopped_are_not_made(app: App) -> None:
    run(app)
    app.environment.intercom_guard.connection_lost()
    app.forget_calls()

    run(app)

    assert app.calls() == []
    assert stored(app)["arrived_at"] is None


def test_a_token_that_is_refused_opens_the_breaker(app: App) -> None:
    run(app)
    app.wire.faults.add({"kind": "status", "status": 401, "path": "^/"})
    run(app)
    assert app.metrics.counts["ConnectionLost"] == 1


def test_an_intercom_that_fails_again_and_again_opens_the_breaker(app: App) -> None:
    run(app)
    app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts"})
    for _ in range(8):
        run(app)
    assert app.metrics.counts["BreakerOpened"] == 1


def test_an_answer_closes_a_breaker_whose_pause_is_over(app: App) -> None:
    run(app)
    app.environment.intercom_guard.connection_lost()
    app.wait(120)

    run(app)

    assert app.environment.breakers.find("intercom") is None


@pytest.mark.parametrize("operation", ["get_item", "put_item"])
def test_progress_that_can_be_neither_read_nor_written_ends_the_run(app: App, operation: str) -> None:
    app.dynamodb.refuse(operation, 9)
    with pytest.raises(TransientError):
        app.invoke(handler, {})
    assert not app.metrics.counts["SyntheticSignupWorks"]


def test_progress_of_newer_code_is_read(app: App) -> None:
    app.environment.progresses.save(
        SYNTHETIC_PROGRESS, {"began_at": NOW, "accepted": True, "arrived_at": NOW, "trusted": True, "more": 1}
    )
    assert run(app)
    assert posts(app) == []


# -- what it is in the ledger -----------------------------------------------------------------------------------------


def check_after_an_hour(app: App, user_id: int) -> bool:
    app.wait(SEARCH_SURE + 1)
    app.sweep()
    app.wait(VERIFY_AFTER)
    app.reconcile(full=True)
    for _ in range(2):
        app.sweep()
        app.wait(VERIFY_AGAIN_AFTER)
    return app.row(user_id).unverified


def test_nobody_asks_referral_factory_for_our_own(app: App) -> None:
    run(app)
    assert not check_after_an_hour(app, TODAY)
    assert app.row(TODAY).due_at is None
    assert app.metrics.counts["SignupUnverified"] == 0


def stranger(app: App, user_id: int = TODAY, email: str = "stranger@example.com") -> None:
    app.post(webhook_fields(id=user_id, email=email, source="Direct", referrer_id=None, referrer_code=None))
    app.work()


def test_a_stranger_with_the_secret_and_such_an_id_is_flagged_after_an_hour(app: App) -> None:
    stranger(app)
    assert app.contacts("stranger@example.com")
    assert check_after_an_hour(app, TODAY)


def test_the_test_address_with_an_ordinary_id_is_flagged_after_an_hour(app: App) -> None:
    stranger(app, 4711, SYNTHETIC_EMAIL)
    assert check_after_an_hour(app, 4711)


@pytest.mark.parametrize("before", [True, False], ids=["before us", "after us"])
def test_a_stranger_who_shares_our_row_is_flagged(app: App, before: bool) -> None:
    if before:
        stranger(app)
    run(app)
    if not before:
        stranger(app)
    assert check_after_an_hour(app, TODAY)


def test_a_row_that_was_there_long_before_its_day_is_not_ours(app: App) -> None:
    """A stranger with the secret posts the coming days' ids, so that nobody hears of the worker's death."""
    run(app)
    for day in range(1, 4):
        stranger(app, TODAY + day, SYNTHETIC_EMAIL)

    beats = [run(app, work=False) for _ in range(2 * SLOTS_A_DAY)]
    assert beats[: SLOTS_A_DAY - 3].count(False) <= 1
    assert beats[-SLOTS_A_DAY // 2 :].count(True) == 0


def test_one_whose_progress_could_not_be_stored_for_a_while_arrives(app: App) -> None:
    save = app.environment.progresses.save

    def refuse(*_: Any) -> None:
        raise TransientError("the table does not answer", vendor="aws")

    app.environment.progresses.save = refuse  # type: ignore[method-assign]
    for _ in range(4):
        with pytest.raises(TransientError):
            app.invoke(handler, {})
        app.work()
        app.wait(EVERY)
    app.environment.progresses.save = save  # type: ignore[method-assign]
    run(app)

    assert run(app)
    assert stored(app)["arrived_at"]


def test_where_it_is_off_the_address_and_the_id_are_anybodys() -> None:
    app = App()
    app.configure()
    stranger(app, TODAY, SYNTHETIC_EMAIL)

    assert not app.row(TODAY).synthetic
    assert check_after_an_hour(app, TODAY)


def test_it_does_not_say_that_referral_factorys_webhooks_come(app: App) -> None:
    run(app)
    figures = app.environment.figures
    assert figures.last_received(Vendor.REFERRAL_FACTORY) == {}

    stranger(app, 4711)

    assert list(figures.last_received(Vendor.REFERRAL_FACTORY)) == ["1/joined"]


def test_a_contact_that_somebody_deletes_stops_the_heartbeat_and_another_address_helps(app: App) -> None:
    for _ in range(SLOTS_A_DAY):
        run(app)
    app.intercom.contacts.delete(app.contact(SYNTHETIC_EMAIL).id, by_api=False)

    heartbeats = [run(app) for _ in range(SLOTS_A_DAY)]
    assert (app.row(TODAY + 1).state, heartbeats[-1]) == ("pending", False), "Intercom holds a deleted user's place for a week"

    app.make_synthetic_signup("another@example.com")

    assert [run(app), run(app)] == [False, True]
    assert (app.contacts(SYNTHETIC_EMAIL), len(app.contacts("another@example.com"))) == ([], 1)


def test_reconcile_keeps_its_marks(app: App) -> None:
    app.reconcile(full=True)
    before = app.environment.progresses.find(USERS_PROGRESS)
    run(app)
    app.reconcile(full=True)
    app.configure(activation_mark=None, name="Activated anew", campaign_id=2)
    app.reconcile(full=True)
    after = app.environment.progresses.find(USERS_PROGRESS)

    highest = max(app.referral_factory.account.people.ids())

    assert before is not None
    assert after is not None
    assert before["high_water"] == after["high_water"] == highest < SYNTHETIC_IDS_FROM

    campaigns = app.environment.campaigns.list()
    assert {campaign.campaign_id: campaign.activation_mark for campaign in campaigns} == {1: 0, 2: highest}


def test_older_code_reads_its_row_and_keeps_the_mark(app: App) -> None:
    """An origin of its own would be none to code that was rolled back to, which then could not read the row."""
    run(app)
    [item] = [one for one in app.rows_of(f"REFERRAL#1#{TODAY}") if one["sk"] == {"S": "REFERRAL"}]
    assert item["synthetic"] == {"BOOL": True}

    before_us = {name: value for name, value in item.items() if name != "synthetic"}
    row = referral_of(before_us)

    assert (row.origin, row.synthetic) == (Origin.WEBHOOK, False)
    assert referral_of(item_of(referral_of(item), item)).synthetic


# -- the rules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user_id", "email", "configured", "ours"),
    [
        (SYNTHETIC_IDS_FROM, "a@example.com", "a@example.com", True),
        (SYNTHETIC_IDS_FROM + 20_000, " A@Example.com", "a@example.COM", True),
        (SYNTHETIC_IDS_FROM - 1, "a@example.com", "a@example.com", False),
        (SYNTHETIC_IDS_FROM, "b@example.com", "a@example.com", False),
        (SYNTHETIC_IDS_FROM, None, "a@example.com", False),
        (SYNTHETIC_IDS_FROM, None, "", False),
        (SYNTHETIC_IDS_FROM, "", "", False),
    ],
)
def test_only_a_reserved_id_with_the_test_address_is_ours(user_id: int, email: str | None, configured: str, ours: bool) -> None:
    assert is_synthetic(Person(user_id, email=email), configured) is ours


def test_a_browser_can_count_the_ids() -> None:
    person = SyntheticSignup(began_at=NOW + 36_500 * DAY).person("a@example.com")
    assert json.loads(json.dumps(float(person.user_id))) == person.user_id < 2**53


def test_two_signups_never_have_the_same_id() -> None:
    signup, seen = SyntheticSignup(), set()
    for number in range(400):
        signup = signup.to_post(NOW + number * (DAY + EVERY))
        seen.add(signup.person("a@example.com").user_id)
    assert len(seen) == 400
