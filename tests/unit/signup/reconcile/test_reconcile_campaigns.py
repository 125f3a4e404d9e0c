"""Found by polling what no webhook brought, whatever the order of the list and however it shifts."""

from __future__ import annotations

import pytest

from shared.domain.signup.reconcile import Order
from shared.domain.signup.state import Origin, State
from shared.domain.timing import LONGEST_REFERRAL_FACTORY_CALL
from tests.support.builders import App
from tests.support.clock import NOW
from tests.unit.signup.reconcile.passes import ORDERS, Deadline, app_with, calls, join, newest, progress

CONTACTS_LOOKED_THROUGH = "POST /contacts/search"
"""What reconcile asks of Intercom in each pass."""


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("people", [0, 300])
def test_somebody_who_joined_without_a_webhook_is_found_by_the_next_pass(order: str, people: int) -> None:
    app = app_with(people, order=order)
    app.configure(None, campaign_id=1)

    app.environment.campaigns.set_activation_mark(1, newest(app))
    app.reconcile()
    ids = [join(app, f"new{number}") for number in range(3)]
    app.wait(300)
    for _ in range(1 if order != "random" else 12):
        app.reconcile(full=order in {"random", "shuffled"})

    assert [app.row(user_id).state for user_id in ids] == [State.DELIVERED] * 3

    row = app.row(ids[0])
    assert row.origin == Origin.RECONCILE
    assert row.verified_at is not None
    assert row.history[0].what == "found by reconcile"
    assert len(app.contacts("new0@example.com")) == 1


@pytest.mark.parametrize(
    ("order", "seen"), [("ascending", Order.ASCENDING), ("descending", Order.DESCENDING), ("shuffled", Order.UNKNOWN)]
)
def test_the_order_is_probed(order: str, seen: Order) -> None:
    app = app_with(300, activation_mark=10_000, order=order)
    app.reconcile()
    assert progress(app).order is seen


def test_an_ascending_list_is_read_from_its_end_and_a_descending_one_from_its_begin() -> None:
    for order, later in (("ascending", ["1", "5", "4"]), ("descending", ["1", "2", "3"])):
        app = app_with(1_200, activation_mark=10_000, order=order)
        app.reconcile()
        app.forget_calls()
        app.wait(300)
        app.reconcile()
        assert calls(app) == later, order


def test_a_list_without_order_is_scanned_on_and_on() -> None:
    app = app_with(600, activation_mark=10_000, order="shuffled")
    app.reconcile()

    assert progress(app).scanned_at == NOW

    app.forget_calls()
    app.wait(300)
    app.reconcile()

    assert sorted(calls(app)) == ["1", "2", "3"]
    assert progress(app).scanned_at == NOW + 300


def test_a_pass_that_runs_out_of_time_goes_on_where_it_stopped() -> None:
    app = app_with(1_200, activation_mark=10_000, order="shuffled")
    app.wire.faults.add({"kind": "delay", "seconds": 10, "path": "/users"})
    read = []

    for _ in range(2):
        app.context = Deadline(app)
        app.reconcile()
        read.append(calls(app))
        app.forget_calls()

    assert read == [["1", "5", "2", "3"], ["1", "4", "5"]]
    assert (progress(app).scan_page, progress(app).scanned_at) == (0, NOW + 20)


def test_a_scan_advances_when_each_page_takes_twenty_seconds() -> None:
    app = app_with(900, order="shuffled")
    app.wire.faults.add({"kind": "delay", "path": "/users", "seconds": 20})
    seen = []

    for _ in range(12):
        app.context = Deadline(app)
        app.reconcile(work=False)
        seen.append(progress(app).scanned_at)

    assert seen[-1] > 0


def test_a_pass_that_cannot_reach_all_new_people_begins_a_scan() -> None:
    app = app_with(0, order="descending")
    app.reconcile()

    for number in range(1_000):
        join(app, f"p{number}")
    app.context.seconds = LONGEST_REFERRAL_FACTORY_CALL - 1
    app.reconcile(work=False)

    assert progress(app).scan_page > 0

    app.context.seconds = 60
    app.reconcile(work=False)

    assert len(app.rows_of("REFERRAL#")) == 1_003


def test_a_whole_pass_is_made_once_a_day_and_when_it_is_asked_for() -> None:
    app = app_with(600, activation_mark=10_000)
    app.reconcile()

    assert sorted(calls(app)) == ["1", "2", "3"]

    for full, pages in ((False, 3), (True, 3)):
        app.forget_calls()
        app.wait(300)
        app.reconcile(full=full)
        assert len(calls(app)) == pages
    app.forget_calls()
    app.wait(86_400)
    app.reconcile()

    assert progress(app).scanned_at == NOW + 600 + 86_400


# -- who it concerns --------------------------------------------------------------------------------------------------


def test_people_up_to_the_activation_mark_are_left_alone() -> None:
    app = app_with(10, activation_mark=None)
    app.environment.campaigns.set_activation_mark(1, newest(app))
    app.reconcile(full=True)

    assert app.rows_of("REFERRAL#") == []
    assert [call for call in app.calls() if call != CONTACTS_LOOKED_THROUGH] == []


def test_with_backfill_everybody_is_delivered() -> None:
    app = App(seed_people=3)
    app.configure(None, backfill=True)
    app.reconcile()

    assert len(app.rows_of("REFERRAL#")) == 6
    assert len(app.intercom.workspace.contacts) == 6


def test_drafts_and_campaigns_that_nobody_configured_are_ignored() -> None:
    app = App(seed_people=3)
    app.reconcile()

    app.configure(None, status="draft", backfill=True)
    app.reconcile()

    assert app.wire.calls == []
    assert app.metrics.counts["ReconcileSucceeded"] == 2

    app.configure(0, campaign_id=2)
    app.reconcile()

    assert {item["pk"]["S"].split("#")[1] for item in app.rows_of("REFERRAL#")} == {"2"}


def test_a_paused_campaigns_people_are_remembered_and_held() -> None:
    app = app_with(0)
    app.configure(status="paused")

    user_id = join(app, "new")
    app.reconcile()

    assert app.row(user_id).state is State.HELD


def test_while_the_activation_mark_is_missing_nobody_is_added_and_the_pass_sets_it() -> None:
    app = app_with(300, activation_mark=None, order="shuffled")
    app.reconcile()

    campaign = app.campaign()
    assert campaign.activation_mark == newest(app)
    assert app.rows_of("REFERRAL#") == []

    user_id = join(app, "new")
    app.wait(300)
    app.reconcile()

    assert app.row(user_id).state is State.DELIVERED


@pytest.mark.parametrize("people", [0, 300])
@pytest.mark.parametrize("order", ["ascending", "descending", "shuffled"])
def test_a_mark_that_is_missing_after_the_days_scan_is_set_by_the_next_pass(order: str, people: int) -> None:
    app = App(seed_people=people, order=order)
    app.configure(0, campaign_id=2)
    app.reconcile()
    app.configure(None)
    app.wait(300)
    app.reconcile()
    user_id = join(app, "new")
    app.wait(300)

    app.reconcile()

    assert app.row(user_id).state is State.DELIVERED
    assert len(app.rows_of("REFERRAL#1#")) == 1


# -- what is there already --------------------------------------------------------------------------------------------


def test_a_row_that_a_webhook_brought_is_verified_once_and_completed() -> None:
    app = app_with(0, activation_mark=10_000)
    user_id = join(app, "new")

    app.sign_up(id=user_id, email="new@example.com", first_name=None, source="Direct")
    app.forget_calls()
    app.reconcile()

    row = app.row(user_id)
    assert row.verified_at == NOW
    assert row.person.first_name == "new"
    assert row.origin == Origin.WEBHOOK
    assert [call for call in app.calls() if call != CONTACTS_LOOKED_THROUGH] == ["PUT /contacts/<id>"]

    version = row.version
    app.wait(300)
    app.reconcile()

    assert app.row(user_id).version == version or app.row(user_id).verified_at == NOW


def test_an_unchanged_person_costs_no_write() -> None:
    app = app_with(20)
    app.reconcile()
    before = app.dynamodb.real.items("referrals")
    app.forget_calls()
    app.wait(300)

    app.reconcile()

    assert app.dynamodb.real.items("referrals") == before
    assert [call for call in app.calls() if call != CONTACTS_LOOKED_THROUGH] == []


def test_a_small_list_without_order_is_no_day_behind() -> None:
    app = app_with(20, activation_mark=10_000, order="shuffled")
    for _ in range(3):
        app.reconcile()
        app.wait(300)
    assert app.metrics.gauges["ReconcileLagSeconds"] <= 300
    assert progress(app).scanned_at == NOW + 600


def test_the_log_says_how_many_a_pass_found_and_how_many_it_completed(caplog: pytest.LogCaptureFixture) -> None:
    def logged() -> tuple[int, int]:
        [record] = [one for one in caplog.records if one.message == "reconciled"]
        caplog.clear()
        return record.__dict__["added"], record.__dict__["completed"]

    caplog.set_level("INFO")
    app = app_with()
    by_webhook = join(app, "by.webhook")
    app.sign_up(id=by_webhook, email="by.webhook@example.com")
    app.reconcile()

    assert logged() == (3, 1), "those who are always there; the one whose webhook came is verified"

    join(app, "without.webhook")
    app.reconcile()

    assert logged() == (1, 0)
