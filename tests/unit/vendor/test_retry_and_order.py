"""When to try again, and how the order of a list is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.campaign_document import campaign_of
from shared.domain.campaign.campaign import Action, ArchivedPolicy, DuplicatePolicy, Status
from shared.domain.connection.connection import Breaker, BreakerKind
from shared.domain.contact import Contact, Role, preferred
from shared.domain.person import Audience, Person
from shared.domain.signup.reconcile import OVERLAP_IDS, Order, first_page_to_read, order_of, reaches_high_water
from shared.domain.signup.referral import MAX_HISTORY, Referral
from shared.domain.signup.state import State
from shared.domain.vendor.retry import (
    CONTRADICTORY,
    LONGEST_LONG_WAIT,
    LONGEST_SHORT_WAIT,
    MOST_PUT_OFF,
    REFUSED,
    UNANSWERED,
    Trouble,
    Wait,
    asks_for_fewer,
    next_wait,
    own_wait,
    pause_after,
    put_off_until,
)
from tests.support.documents import campaign_document

FINITE = st.floats(0, 86_400)


@pytest.mark.parametrize(("receive_count", "seconds"), list(enumerate((5, 10, 20, 30, 30, 45, 45), 1)))
def test_the_first_failures_wait_shortly_in_the_queue(receive_count: int, seconds: float) -> None:
    assert next_wait(receive_count, 0, None, 0.0) == Wait(seconds, in_ledger=False)
    assert next_wait(receive_count, 0, None, 1.0) == Wait(seconds * 1.25, in_ledger=False)


@pytest.mark.parametrize(("waits", "seconds"), [(0, 60), (1, 120), (2, 120), (3, 120), (50, 120)])
def test_later_failures_wait_longer_and_longer_in_the_ledger(waits: int, seconds: float) -> None:
    assert next_wait(8, waits, None, 0.0) == Wait(seconds, in_ledger=True)


def test_what_the_vendor_asks_for_is_waited_and_a_long_wait_belongs_to_the_ledger() -> None:
    assert next_wait(1, 0, 7.0, 0.0) == Wait(7.0, in_ledger=False)
    assert next_wait(1, 0, 60.0, 0.0) == Wait(60.0, in_ledger=False)
    assert next_wait(1, 0, 61.0, 0.0) == Wait(61.0, in_ledger=True)
    assert next_wait(1, 0, 0.0, 0.0) == Wait(1.0, in_ledger=False)
    assert next_wait(7, 0, 7.0, 0.0) == Wait(7.0, in_ledger=False)
    assert next_wait(8, 0, 7.0, 0.0) == Wait(7.0, in_ledger=True)


HOUR, DAY = 3_600, 86_400


def test_what_a_vendor_refused_is_tried_after_an_hour_then_twice_as_late_up_to_a_day_and_thirty_times() -> None:
    pauses = [pause_after(tries) for tries in range(MOST_PUT_OFF)]

    assert pauses == [HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR] + [DAY] * 25
    assert put_off_until(1_000.0, 0) == 1_000 + HOUR
    assert put_off_until(1_000.0, MOST_PUT_OFF - 1) == 1_000 + DAY
    assert put_off_until(1_000.0, MOST_PUT_OFF) is None, "only a person tries it again"


@pytest.mark.parametrize(
    ("trouble", "waits"),
    [
        (REFUSED, [60, 1_800, 1_800, 1_800, 1_800]),
        (CONTRADICTORY, [30, 60, 120, 240, 480, 960, 1_800, 1_800]),
        (UNANSWERED, [30, 60, 120, 240, 480, 960, *[1_800] * 6]),
    ],
)
def test_trouble_of_one_person_waits_longer_and_longer_and_is_given_up(trouble: Trouble, waits: list[int]) -> None:
    tries = range(1, len(waits) + 1)

    assert [trouble.wait(one) for one in tries] == waits
    assert [trouble.is_over(one) for one in tries] == [False] * (len(waits) - 1) + [True]


def test_what_is_not_answered_counts_as_one_persons_own_after_six_tries_and_what_is_refused_at_once() -> None:
    assert [own_wait(tries, 0.0, UNANSWERED) for tries in range(1, 7)] == [None] * 6, "it may still be an outage"
    assert own_wait(7, 0.0, UNANSWERED) == Wait(30.0, in_ledger=True)
    assert own_wait(8, 1.0, UNANSWERED) == Wait(75.0, in_ledger=True), "a quarter of jitter at most"
    assert own_wait(1, 0.0, REFUSED) == Wait(60.0, in_ledger=True)
    assert own_wait(2, 0.0, CONTRADICTORY) == Wait(60.0, in_ledger=True)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(2, 120), (3, 240), (4, 480), (11, 61_440), (12, DAY), (13, DAY), (2_000, DAY)]
)
def test_pages_that_do_not_come_are_read_in_parts_for_two_minutes_and_twice_as_long_each_time(
    failures: int, seconds: int
) -> None:
    assert asks_for_fewer(failures, 1_000.0, 1_000.0 + seconds - 1)
    assert not asks_for_fewer(failures, 1_000.0, 1_000.0 + seconds), "then one whole page is tried"


@pytest.mark.parametrize("failures", [0, 1])
def test_one_page_that_did_not_come_says_nothing_of_its_size(failures: int) -> None:
    assert not asks_for_fewer(failures, 1_000.0, 1_000.0)
    assert not asks_for_fewer(failures, 1_000.0, 1_001.0)


@given(st.integers(1, 1_000), st.integers(0, 1_000), st.one_of(st.none(), FINITE), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_never_shorter_than_asked_for_and_a_message_never_waits_long(
    receive_count: int, waits: int, retry_after: float | None, jitter: float
) -> None:
    wait = next_wait(receive_count, waits, retry_after, jitter)
    assert wait.seconds >= max(1.0, retry_after or 0.0)
    assert wait.in_ledger or wait.seconds <= LONGEST_SHORT_WAIT
    assert retry_after is not None or wait.seconds <= LONGEST_LONG_WAIT * 1.25


def test_the_order_of_a_list_shows_in_its_first_and_last_page() -> None:
    assert order_of([1, 2, 3], [8, 9]) is Order.ASCENDING
    assert order_of([9, 8], [2, 1]) is Order.DESCENDING
    assert order_of([1, 2, 3], []) is Order.ASCENDING
    assert order_of([3, 1, 2], [4]) is Order.UNKNOWN
    assert order_of([1, 2], [2, 1]) is Order.UNKNOWN


@pytest.mark.parametrize("ids", [[], [7], [7, 7]])
def test_too_few_ids_show_no_order(ids: list[int]) -> None:
    assert order_of(ids, ids) is Order.UNKNOWN


def test_a_descending_list_is_read_down_to_the_mark_and_its_overlap() -> None:
    assert not reaches_high_water([1_000, 999], 1_000)
    assert not reaches_high_water([1_001 - OVERLAP_IDS], 1_000)
    assert reaches_high_water([1_000 - OVERLAP_IDS], 1_000)
    assert reaches_high_water([], 0)


def test_an_ascending_list_is_read_from_one_page_before_the_last_known() -> None:
    assert [first_page_to_read(page) for page in (0, 1, 2, 9)] == [1, 1, 1, 8]


def test_of_several_contacts_the_user_is_preferred_then_the_oldest() -> None:
    young_lead = Contact("a", Role.LEAD, "e", 1)
    old_user, new_user = Contact("c", Role.USER, "e", 5), Contact("b", Role.USER, "e", 9)

    assert preferred([young_lead, new_user, old_user]) is old_user
    assert preferred([Contact("z", Role.LEAD, "e", 2), young_lead]) is young_lead
    assert preferred([Contact("b", Role.LEAD, "e", 1), young_lead]) is young_lead
    assert preferred([]) is None


def test_a_story_keeps_its_first_line_and_the_newest() -> None:
    row = Referral(1, 2, State.PENDING, Person(2), 0.0)
    for number in range(100):
        row = row.with_event(float(number), f"event {number}")
    assert len(row.history) == MAX_HISTORY
    assert [row.history[0].what, row.history[1].what, row.history[-1].what] == ["event 0", "event 61", "event 99"]


def test_only_pending_and_held_rows_are_unfinished_and_a_finished_row_is_never_due() -> None:
    row = Referral(1, 2, State.PENDING, Person(2), 0.0, due_at=5.0)

    assert not row.finished
    assert not row.held("why").finished
    assert row.held("why").due_at is None

    for state in set(State) - {State.PENDING, State.HELD}:
        done = row.done(state)
        assert done.finished is True
        assert done.due_at is None
        assert done.settle_since is None
        assert done.expires_at is None


def test_without_a_referrer_a_person_of_unknown_audience_is_one_who_refers() -> None:
    assert Referral(1, 2, State.PENDING, Person(2), 0.0).audience is Audience.PERSON_REFERRING


def test_a_breaker_is_open_until_its_time() -> None:
    breaker = Breaker(BreakerKind.FAILING, open_until=100.0, opened_at=70.0)
    assert breaker.is_open(99.9)
    assert not breaker.is_open(100.0)


def test_a_saved_document_becomes_a_campaign() -> None:
    campaign = campaign_of(campaign_document(), 3, activation_mark=9)
    invited = campaign.audience(Audience.PERSON_INVITED)

    assert campaign.campaign_id == 1
    assert campaign.status == Status.ACTIVE
    assert campaign.version == 3
    assert campaign.activation_mark == 9
    assert invited.action == Action.LEAD
    assert invited.duplicates == DuplicatePolicy.SKIP
    assert invited.archived == ArchivedPolicy.UNARCHIVE
    assert campaign.creation_values(Audience.PERSON_INVITED) == {
        "custom_attributes.lead_source": "referral",
        "custom_attributes.referral_status": "New",
    }
    assert campaign.creation_values(Audience.PERSON_REFERRING) == {}


def test_what_a_document_leaves_out_has_the_quiet_default() -> None:
    campaign = campaign_of({"campaign_id": 5}, 1)

    assert campaign.status == Status.DRAFT
    assert campaign.backfill is False
    assert campaign.trigger is None
    assert {campaign.audience(audience).action for audience in Audience} == {Action.NONE}

    with pytest.raises(ValueError, match="none"):
        _ = Action.NONE.role
