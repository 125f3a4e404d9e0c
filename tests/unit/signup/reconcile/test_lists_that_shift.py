"""Whoever joins or leaves while the list is read moves the others from page to page: nobody is hidden for long."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.reconcile import handler
from shared.domain.timing import LONGEST_REFERRAL_FACTORY_CALL
from shared.messages import ReconcileCampaigns, body_of
from shared.use_cases.operations.reconcile_vendors import FOUND_AGAIN_AFTER
from shared.use_cases.signup.check_delivered import OF_AGE_TO_VERIFY
from shared.use_cases.signup.reconcile_progress import USERS_PROGRESS
from tests.support.builders import App, Context
from tests.support.clock import NOW
from tests.unit.signup.reconcile.passes import ORDERS, Deadline, app_with, calls, join, newest, progress


def meanwhile(app: App, page: int, happens: Callable[[], object]) -> None:
    """It happens once, just after the page was answered."""
    real, left = app.environment.referral_factory(), [happens]

    def users(number: int, smaller: int = 0, came: Any = None) -> Any:
        answer = real.users(number)
        if number == page and left:
            left.pop()()
        return answer

    app.environment.referral_factory = lambda: SimpleNamespace(users=users, user=real.user)  # type: ignore[method-assign]


def leave(app: App, user_id: int) -> None:
    account = app.referral_factory.account
    account.remove(account.people.with_id(user_id))


def missing(app: App, joined: Iterable[int]) -> list[int]:
    there = set(app.referral_factory.account.people.ids())
    return [one for one in joined if one in there and app.environment.referrals.find(1, one) is None]


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
    stored = dict(app.environment.progresses.find(USERS_PROGRESS) or {})
    app.environment.progresses.save(USERS_PROGRESS, {**stored, "scan_page": 16, "scan_began_at": app.clock.now()})
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


def test_somebody_a_shift_hides_between_two_new_pages_is_found_by_the_next_pass() -> None:
    """No webhook came for 1,200 people. While their pages are read somebody leaves, and one of the new moves to a page that was
    read already, too far from the end for the overlap."""
    app = app_with(1_200, activation_mark=None, order="descending")
    app.environment.campaigns.set_activation_mark(1, newest(app))
    app.reconcile(work=False)
    joined = {join(app, f"n{number}") for number in range(1_200)}
    meanwhile(app, 4, lambda: leave(app, newest(app)))
    app.wait(300)
    app.reconcile(work=False)

    hidden = missing(app, joined)

    assert len(hidden) == 1

    app.wait(FOUND_AGAIN_AFTER)
    app.reconcile_enqueued()

    assert app.environment.referrals.find(1, hidden[0]) is not None

    app.wait(300)
    app.reconcile(work=False)
    app.forget_calls()
    app.wait(300)
    app.reconcile(work=False)

    assert len(calls(app)) <= 4, "nobody was hidden any more: the mark has moved on"


def test_somebody_who_leaves_while_an_ascending_list_is_read_hides_nobody() -> None:
    app = app_with(1_200, activation_mark=None, order="ascending")
    app.environment.campaigns.set_activation_mark(1, newest(app))
    app.reconcile(work=False)
    joined = {join(app, f"n{number}") for number in range(1_200)}
    meanwhile(app, 6, lambda: leave(app, app.referral_factory.account.people.ids()[0]))

    app.wait(300)
    app.reconcile(work=False)

    assert missing(app, joined) == []


@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_pages_that_a_list_gains_while_it_is_read_are_read_by_the_next_pass(order: str) -> None:
    app = app_with(1_200, activation_mark=None, order=order)
    app.environment.campaigns.set_activation_mark(1, newest(app))
    app.reconcile(work=False)
    joined: set[int] = set()
    meanwhile(app, {"ascending": 5, "descending": 1}[order], lambda: joined.update(join(app, f"n{n}") for n in range(800)))

    for _ in range(2):
        app.wait(300)
        app.reconcile(work=False)

    assert len(joined) == 800
    assert missing(app, joined) == []


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
