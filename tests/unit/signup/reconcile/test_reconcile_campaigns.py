"""Found by polling what no webhook brought, whatever the order of the list and however it shifts."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.reconcile import handler
from shared.domain.connection.connection import Breaker, BreakerKind, Vendor
from shared.domain.signup.reconcile import Order
from shared.domain.signup.referral import Origin, State
from shared.domain.timing import LONGEST_REFERRAL_FACTORY_CALL
from shared.errors import RateLimitedError, TransientError
from shared.messages import ReconcileCampaigns, body_of
from shared.use_cases.operations.reconcile_vendors import FAILED_AGAIN_AFTER, FOUND_AGAIN_AFTER, SLOT
from shared.use_cases.signup.check_delivered import OF_AGE_TO_VERIFY
from shared.use_cases.signup.compare_people import MOST_FAILURES
from shared.use_cases.signup.reconcile_progress import NAME, progress_of
from tests.support.builders import App, Context
from tests.support.clock import NOW
from tests.support.documents import mapping

ORDERS = ("ascending", "descending", "shuffled", "random")
CONTACTS_LOOKED_THROUGH = "POST /contacts/search"
"""What reconcile asks of Intercom in each pass."""


def app_with(people: int = 0, activation_mark: int | None = 0, **settings_: Any) -> App:
    """So many people in campaign 1 beside the four that are always there; all signups become contacts."""
    app = App(seed_people=people, **settings_)
    app.configure(activation_mark, backfill=settings_.pop("backfill", False))
    return app


def join(app: App, name: str, campaign: int = 1) -> int:
    account = app.referral_factory.account
    person = account.join(
        account.campaigns[campaign], first_name=name, email=f"{name}@example.com", source="Direct", ip="192.0.2.1"
    )
    return int(person.id)


def calls(app: App) -> list[str]:
    return [call.partition("page=")[2].partition("&")[0] for call in app.calls("referral_factory")]


def progress(app: App) -> Any:
    return progress_of(app.environment.progresses.find(NAME))


class Deadline(Context):
    """An invocation that has 60 s from now on."""

    def __init__(self, app: App) -> None:
        super().__init__()
        self._clock = app.clock
        self._ends_at = app.clock.now() + 60

    def get_remaining_time_in_millis(self) -> int:
        return int((self._ends_at - self._clock.now()) * 1000)


def newest(app: App) -> int:
    return int(app.referral_factory.account.people.ids()[-1])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("people", [0, 300])
def test_whoever_joined_without_a_webhook_is_found_by_the_next_pass(order: str, people: int) -> None:
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


def test_a_referral_factory_that_fails_stops_the_pass_and_keeps_what_was_found() -> None:
    app = app_with(300)
    app.wire.faults.add({"kind": "status", "status": 503, "path": "/users"})
    app.reconcile()
    assert app.metrics.counts["ReconcileFailed"] == 1
    assert app.metrics.counts["ReconcileSucceeded"] == 0
    app.wire.faults.clear()
    app.wait(300)
    app.reconcile(work=False)
    assert len(app.rows_of("REFERRAL#")) == 303


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
    campaign = app.environment.campaigns.find(1)
    assert campaign is not None
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


def test_a_queue_that_refuses_the_messages_delays_and_loses_nobody() -> None:
    app = app_with(0)
    app.sqs.refuse("send_message_batch", 2)
    app.reconcile()
    assert app.contacts("ada@example.com") == []
    app.wait(91)
    app.sweep()
    assert len(app.contacts("ada@example.com")) == 1


def test_a_small_list_without_order_is_no_day_behind() -> None:
    app = app_with(20, activation_mark=10_000, order="shuffled")
    for _ in range(3):
        app.reconcile()
        app.wait(300)
    assert app.metrics.gauges["ReconcileLagSeconds"] <= 300
    assert progress(app).scanned_at == NOW + 600


@given(
    st.lists(st.tuples(st.sampled_from(["join", "remove", "pass"]), st.integers(0, 10_000)), max_size=30),
    st.sampled_from(ORDERS[:3]),
)
@settings(max_examples=12, deadline=None)
def test_people_who_come_and_go_between_the_pages_are_all_found_in_the_end(steps: list[tuple[str, int]], order: str) -> None:
    app = app_with(260, activation_mark=None, order=order)
    app.environment.campaigns.set_activation_mark(1, newest(app))
    app.reconcile(work=False)
    joined = []
    for number, (step, which) in enumerate(steps):
        account = app.referral_factory.account
        if step == "join":
            joined += [join(app, f"n{number}x{extra}") for extra in range(which % 60)]
        elif step == "remove":
            for _ in range(which % 20):
                ids = account.people.ids()
                gone = ids[which % (len(ids) - len(joined))]
                account.remove(account.people.with_id(gone))
        else:
            app.reconcile(work=False)
        app.wait(60)
    app.reconcile(work=False)
    missing = [user_id for user_id in joined if app.environment.referrals.find(1, user_id) is None]
    assert missing == []


@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_new_people_that_a_pass_does_not_reach_are_read_by_the_scan_that_was_begun_before(order: str) -> None:
    """The daily scan is beyond them already, and would come there only tomorrow."""
    app = app_with(2_500, activation_mark=None, order=order)
    app.environment.campaigns.set_activation_mark(1, newest(app))
    app.reconcile(work=False)
    joined = [join(app, f"n{number}") for number in range(1_500)]
    stored = dict(app.environment.progresses.find(NAME) or {})
    app.environment.progresses.save(NAME, {**stored, "scan_page": 16, "scan_began_at": app.clock.now()})
    app.wire.faults.add({"kind": "delay", "path": "/users", "seconds": 12})
    app.wait(300)
    app.context = Deadline(app)
    app.reconcile(work=False)
    app.wire.faults.clear()
    app.context = Context()
    for _ in range(3):
        app.wait(300)
        app.reconcile(work=False)
    assert [user_id for user_id in joined if app.environment.referrals.find(1, user_id) is None] == []


def test_who_is_added_on_the_page_that_only_shows_the_order_costs_no_second_reading() -> None:
    app = app_with(1_200, activation_mark=10_000)
    app.reconcile(work=False)
    app.configure(None, campaign_id=2, backfill=True)
    app.reconcile(work=False)
    assert len(app.rows_of("REFERRAL#2#")) > 0
    app.forget_calls()
    app.reconcile(work=False)
    assert calls(app) == ["1", "5", "4"]


def test_a_scan_that_was_begun_beside_a_pass_is_not_forgotten_by_it() -> None:
    """Somebody reconnected: the whole list is read, in several passes, while a short one is under way."""
    app = app_with(1_200, activation_mark=10_000)
    app.reconcile(work=False)
    app.wait(300)
    real, others = app.environment.referral_factory(), [app.new_environment()]

    def users(page: int, smaller: int = 0, came: Any = None) -> Any:
        if others:
            app.wait(1)
            context, app.context = app.context, Context(LONGEST_REFERRAL_FACTORY_CALL - 1)
            app.invoke(handler, {"Records": [{"body": body_of(ReconcileCampaigns(app.clock.now(), full=True))}]}, others.pop())
            app.context = context
        return real.users(page)

    app.environment.referral_factory = lambda: SimpleNamespace(users=users, user=real.user)  # type: ignore[method-assign]
    app.reconcile(work=False)
    assert progress(app).scan_page == 1
    app.reconcile(work=False)
    assert progress(app).scanned_at == NOW + 301


def test_after_many_left_at_once_the_new_ones_are_found_all_the_same() -> None:
    """A campaign was deleted: the end of an ascending list is now two pages nearer."""
    app = app_with(1_200, activation_mark=None)
    app.environment.campaigns.set_activation_mark(1, newest(app))
    app.reconcile(work=False)
    people = app.referral_factory.account.people
    for user_id in people.ids()[100:819]:
        app.referral_factory.account.remove(people.with_id(user_id))
    joined = [join(app, f"n{number}") for number in range(20)]
    before_the_last_page = (len(people.ids()) - 1) // 250 * 250
    assert people.ids()[before_the_last_page - 1] in joined
    app.wait(300)
    app.reconcile(work=False)
    assert [user_id for user_id in joined if app.environment.referrals.find(1, user_id) is None] == []


@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_somebody_a_shift_hides_between_two_new_pages_is_found_by_the_next_pass(order: str) -> None:
    """No webhook came for 1,200 people. While their pages are read somebody leaves, and one of the new moves to a page that was
    read already, too far from the end for the overlap."""
    app = app_with(1_200, activation_mark=None, order=order)
    app.environment.campaigns.set_activation_mark(1, newest(app))
    app.reconcile(work=False)
    joined = {join(app, f"n{number}") for number in range(1_200)}
    account, real = app.referral_factory.account, app.environment.referral_factory()
    leavers = [account.people.ids()[0] if order == "ascending" else newest(app)]

    def users(page: int, smaller: int = 0, came: Any = None) -> Any:
        answer = real.users(page)
        if page == {"ascending": 6, "descending": 4}[order] and leavers:
            account.remove(account.people.with_id(leavers.pop()))
        return answer

    app.environment.referral_factory = lambda: SimpleNamespace(users=users, user=real.user)  # type: ignore[method-assign]
    app.wait(300)
    app.reconcile(work=False)
    hidden = [one for one in joined & set(account.people.ids()) if app.environment.referrals.find(1, one) is None]
    assert len(hidden) == 1
    app.wait(FOUND_AGAIN_AFTER)
    app.reconcile_rung()
    assert app.environment.referrals.find(1, hidden[0]) is not None
    app.wait(300)
    app.reconcile(work=False)
    app.forget_calls()
    app.wait(300)
    app.reconcile(work=False)
    assert len(calls(app)) <= 4, "nobody was hidden any more: the mark has moved on"


def refuse_rows_of(app: App, *unlucky: int) -> list[int]:
    """The ledger takes none of their rows; ``del app.environment.referrals.add`` mends it. Answers who was tried."""
    referrals = app.environment.referrals
    add = referrals.add
    tried: list[int] = []

    def added(row: Any) -> bool:
        if row.user_id in unlucky:
            tried.append(row.user_id)
            raise TransientError("the table does not answer", vendor="aws")
        return add(row)

    referrals.add = added  # type: ignore[method-assign]
    return tried


def test_one_row_that_cannot_be_written_delays_nobody_else() -> None:
    app = app_with(300)
    people = app.referral_factory.account.people.ids()
    refuse_rows_of(app, people[10])
    app.reconcile(work=False)
    assert len(app.rows_of("REFERRAL#")) == 302
    assert app.metrics.counts["ReconcileFailed"] == 1
    assert progress(app).high_water == 0, "the pass does not count: the next one reads the same again"
    del app.environment.referrals.add
    app.reconcile(work=False)
    assert len(app.rows_of("REFERRAL#")) == 303
    app.reconcile(work=False)
    assert progress(app).high_water == newest(app), "a pass that finds nobody moves the mark"


def test_somebody_a_pass_left_to_the_scan_is_not_taken_for_invented() -> None:
    """Referral Factory answers too slowly for one pass: it saw the newest people, and those before them only the scan will."""
    app = app_with(300, order="descending")
    app.reconcile()
    known_there = join(app, "ivana")
    app.sign_up(id=known_there, email="ivana@example.com")
    for number in range(300):
        join(app, f"p{number}")
    app.wait(OF_AGE_TO_VERIFY - 5)
    app.context.seconds = LONGEST_REFERRAL_FACTORY_CALL - 1
    app.reconcile(work=False)
    assert progress(app).succeeded_at == app.clock.now(), "the pass went well"
    app.wait(6)
    app.sweep()
    assert not app.row(known_there).unverified
    app.context.seconds = 60
    app.reconcile(work=False)
    assert app.row(known_there).verified_at == app.clock.now()


@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_of_a_page_in_smaller_parts_only_the_part_that_did_not_come_is_asked_for_again(order: str) -> None:
    app = app_with(200, order=order)
    breaks = {"kind": "status", "status": 502, "path": "/users", "times": 2}
    app.wire.faults.add(breaks)
    app.reconcile(work=False)
    app.forget_calls()
    app.wire.interrupt("GET /api/v2/users", lambda: app.wire.faults.add(breaks))
    app.reconcile(work=False)
    assert calls(app) == ["1", "2", "2", "2", "3", "4", "5"]
    assert len(app.rows_of("REFERRAL#")) == 203


def test_a_ledger_that_takes_nothing_stops_the_pass() -> None:
    app = app_with(300)
    tried = refuse_rows_of(app, *app.referral_factory.account.people.ids())
    app.reconcile(work=False)
    assert app.metrics.counts["ReconcileFailed"] == 1
    assert len(tried) == MOST_FAILURES + 1


def test_a_scan_stands_on_the_page_of_which_a_row_could_not_be_written() -> None:
    app = app_with(600, order="shuffled")
    page = [person.user_id for _, person in app.environment.referral_factory().users(2).people]
    refuse_rows_of(app, page[0])
    app.reconcile(work=False)
    assert progress(app).scan_page == 2
    del app.environment.referrals.add
    for _ in range(2):
        app.wait(300)
        app.reconcile(work=False)
    assert len(app.rows_of("REFERRAL#")) == 603


def test_a_page_that_our_own_limiter_could_not_judge_is_asked_for_again() -> None:
    app = app_with()
    real = app.environment.referral_factory()
    tries = []

    def users(page: int, smaller: int = 0, came: Any = None) -> Any:
        tries.append(page)
        if len(tries) == 1:
            raise RateLimitedError("the limiter does not answer", vendor="referral_factory")
        return real.users(page)

    app.environment.referral_factory = lambda: SimpleNamespace(users=users, user=real.user)  # type: ignore[method-assign]
    app.reconcile(work=False)
    assert tries == [1, 1]
    assert app.metrics.counts["ReconcileSucceeded"] == 1


# -- passes between two slots -----------------------------------------------------------------------------------------


def wakes(app: App) -> list[float]:
    """Seconds after now at which reconcile wakes itself, until it leaves that to the next slot."""
    began, times = app.clock.now(), []
    while app.queued("reconcile"):
        visible_at = app.sqs.real.next_visible_at(app.settings.reconcile_queue_url)
        assert visible_at is not None
        app.wait(max(0.0, visible_at - app.clock.now()))
        times.append(app.clock.now() - began)
        assert app.reconcile_rung() == 1
        assert len(times) < 30
    return times


def test_a_scheduled_pass_without_an_answer_is_made_again_soon_and_then_less_often_until_the_next_is_due() -> None:
    app = app_with()
    refuse_rows_of(app, *app.referral_factory.account.people.ids())
    app.reconcile(work=False)
    times = wakes(app)
    gaps = [later - earlier for earlier, later in pairwise([0.0, *times])]
    assert gaps[:3] == [FAILED_AGAIN_AFTER] * 3
    assert gaps == sorted(gaps)
    assert len(gaps) <= 10
    assert SLOT - 2 * gaps[-1] <= times[-1] <= SLOT - FAILED_AGAIN_AFTER


def test_no_pass_is_made_again_that_would_last_into_the_next_slot() -> None:
    app = app_with()
    app.wire.faults.add({"kind": "delay", "path": "/users", "seconds": 60})
    app.context.seconds = 120
    app.reconcile(work=False)
    first = app.clock.now() - NOW
    assert first > 50, "three calls without an answer"
    assert all(first + after + first <= SLOT for after in wakes(app))


def test_a_pass_that_was_stopped_by_a_short_pause_of_calls_is_made_again_after_it() -> None:
    app = app_with()
    app.environment.breakers.open(
        Vendor.REFERRAL_FACTORY, Breaker(BreakerKind.FAILING, app.clock.now() + 40.0, app.clock.now(), 1)
    )
    app.reconcile(work=False)
    assert wakes(app)[0] == 40.0
    assert app.metrics.counts["ReconcileSucceeded"] > 0
    assert len(app.rows_of("REFERRAL#")) == 3


@pytest.mark.parametrize("kind", [BreakerKind.STRIKE, BreakerKind.BLOCKED, BreakerKind.CONNECTION_LOST])
@pytest.mark.parametrize("left", [2.0, 300.0])
def test_calls_that_are_stopped_for_another_reason_are_left_to_the_next_slot(kind: BreakerKind, left: float) -> None:
    app = app_with()
    app.environment.breakers.open(Vendor.REFERRAL_FACTORY, Breaker(kind, app.clock.now() + left, app.clock.now(), 1))
    app.reconcile(work=False)
    assert app.queued("reconcile") == []


def test_a_pass_that_found_somebody_is_followed_by_another_until_one_finds_nobody() -> None:
    """Webhooks are missing: whoever joins now waits two minutes instead of five."""
    app = app_with(activation_mark=10_000)
    app.reconcile(work=False)
    assert app.queued("reconcile") == []
    app = app_with()
    app.reconcile(work=False)
    assert wakes(app) == [FOUND_AGAIN_AFTER]


def test_while_people_are_found_the_passes_between_two_slots_are_two() -> None:
    app = app_with()
    app.reconcile(work=False)
    for number in range(2):
        join(app, f"late{number}")
        app.wait(FOUND_AGAIN_AFTER)
        assert app.reconcile_rung() == 1
    assert app.queued("reconcile") == []
    assert app.metrics.counts["SignupFoundByReconcile"] == 5


def move_due(app: App, *, full: bool = False) -> None:
    app.environment.reconcile_queue.send(ReconcileCampaigns(app.clock.now(), full))


def test_a_hundred_webhooks_without_a_user_id_are_answered_by_one_pass() -> None:
    app = app_with(activation_mark=10_000)
    for _ in range(100):
        move_due(app)
    app.wait(1)
    while app.queued("reconcile"):
        app.reconcile_rung()
    assert calls(app) == ["1"]


def test_a_call_is_not_answered_by_a_pass_that_began_before_it_or_failed() -> None:
    app = app_with(activation_mark=10_000)
    app.reconcile(work=False)
    move_due(app)
    app.wait(1)
    app.wire.faults.add({"kind": "status", "status": 503, "path": "/users", "times": 3})
    app.reconcile_rung()
    assert app.metrics.counts["ReconcileFailed"] == 1
    move_due(app)
    app.reconcile_rung()
    assert app.metrics.counts["ReconcileSucceeded"] == 2


def test_a_call_is_not_lost_while_our_own_table_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_with(activation_mark=10_000)

    def find(_: str) -> None:
        raise TransientError("the table does not answer", vendor="aws")

    move_due(app)
    with monkeypatch.context() as patch:
        patch.setattr(app.environment.progresses, "find", find)
        app.reconcile_rung()
    assert app.metrics.counts["ReconcileFailed"] == 1
    app.wait(FAILED_AGAIN_AFTER)
    assert app.reconcile_rung() == 1
    assert app.metrics.counts["ReconcileSucceeded"] == 1


def test_a_call_for_the_whole_list_is_answered_by_no_other_pass() -> None:
    app = app_with(600, activation_mark=10_000)
    app.reconcile(work=False)
    move_due(app, full=True)
    app.wait(1)
    app.reconcile(work=False)
    app.forget_calls()
    app.reconcile_rung()
    assert sorted(calls(app)) == ["1", "2", "3"]


def join_through(app: App, name: str, referrer_id: int) -> int:
    account = app.referral_factory.account
    person = account.join(
        account.campaigns[1],
        first_name=name,
        email=f"{name}@example.com",
        source="Referred",
        ip="192.0.2.1",
        referrer=account.people[referrer_id],
    )
    return int(person.id)


def app_of_five_pages() -> tuple[App, int]:
    """And a referrer who stands on a page that a pass does not read."""
    app = App(seed_people=1_200, order="ascending")
    app.configure(newest(app))
    app.reconcile()
    app.forget_calls()
    return app, int(app.referral_factory.account.people.ids()[600])


def asked_for(app: App, user_id: int) -> int:
    return sum(call.partition("?")[0].endswith(f"/users/{user_id}") for call in app.calls("referral_factory"))


def test_a_polled_signup_gets_its_referrers_facts_and_each_referrer_is_asked_for_once() -> None:
    app, referrer = app_of_five_pages()
    for name in ("ivo", "jana"):
        join_through(app, name, referrer)
    app.reconcile()
    for name in ("ivo", "jana"):
        shown = app.contact(f"{name}@example.com").custom_attributes["referrer_first_name"]
        assert shown == app.referral_factory.account.people[referrer].first_name
    assert asked_for(app, referrer) == 1
    app.reconcile()
    assert asked_for(app, referrer) == 1


def test_a_referrer_who_cannot_be_asked_for_delays_nobody_and_is_added_by_a_later_pass() -> None:
    app, referrer = app_of_five_pages()
    app.wire.faults.add({"kind": "status", "status": 503, "path": f"/users/{referrer}$", "times": 1})
    join_through(app, "ivo", referrer)
    app.reconcile()
    assert "referrer_first_name" not in app.contact("ivo@example.com").custom_attributes
    app.reconcile()
    assert app.contact("ivo@example.com").custom_attributes["referrer_first_name"]


def test_a_referrer_who_was_deleted_is_asked_for_once_and_leaves_the_look_ups_to_others() -> None:
    app, deleted = app_of_five_pages()
    names = [f"friend{number}" for number in range(60)]
    for name in names:
        join_through(app, name, deleted)
    other = next(one for one in app.referral_factory.account.people.ids() if one not in (deleted, 1) and one > deleted)
    join_through(app, "jana", other)
    app.referral_factory.account.remove(app.referral_factory.account.people[deleted])
    app.reconcile()
    assert asked_for(app, deleted) == 1
    assert app.contact("jana@example.com").custom_attributes["referrer_first_name"]
    app.wait(300)
    app.reconcile()
    assert asked_for(app, deleted) == 1, "what Referral Factory said is remembered"
    assert app.contact("friend59@example.com")


def test_a_referrer_who_cannot_be_asked_for_is_asked_for_once_a_pass() -> None:
    app, referrer = app_of_five_pages()
    for name in ("ivo", "jana", "kim"):
        join_through(app, name, referrer)
    app.wire.faults.add({"kind": "status", "status": 503, "path": f"/users/{referrer}$"})
    app.reconcile()
    assert asked_for(app, referrer) == 1


def test_a_referrer_is_not_asked_for_when_no_mapping_needs_one() -> None:
    app, referrer = app_of_five_pages()
    app.configure(newest(app), person_invited={"action": "lead", "mapping": mapping()})
    join_through(app, "ivo", referrer)
    app.reconcile()
    assert app.contact("ivo@example.com")
    assert asked_for(app, referrer) == 0


def test_whole_pages_are_tried_again_after_two_minutes_and_then_ever_later() -> None:
    app = app_with(200, order="ascending")
    fails = {"kind": "status", "status": 504, "path": "/users", "times": 2}
    app.wire.faults.add(fails)
    app.reconcile(work=False)
    spans = []
    for _ in range(3):
        failed_at = progress(app).failed_at
        while progress(app).smaller(app.clock.now()):
            app.reconcile(work=False)
            assert app.calls("referral_factory")[-1].endswith("page=5&per_page=50&with=user.analytics")
            app.wait(60)
        spans.append(app.clock.now() - failed_at)
        app.wire.faults.add({**fails, "times": 1})
        app.reconcile(work=False)
    assert [round(span / 120) for span in spans] == [1, 2, 4]
    app.wait(8 * 120)
    app.reconcile(work=False)
    assert progress(app).page_failures == 0


def test_what_does_not_come_in_parts_either_is_no_matter_of_size() -> None:
    """Referral Factory is down; when it is back, whole pages are read at once."""
    app = app_with(200, order="ascending")
    app.wire.faults.add({"kind": "status", "status": 503, "path": "/users", "times": 6})
    app.reconcile(work=False)
    app.wait(60)
    app.reconcile(work=False)
    app.wait(60)
    app.forget_calls()
    app.reconcile(work=False)
    assert calls(app) == ["1"]
