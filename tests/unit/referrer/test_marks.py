"""The mark on a person who refers: who enqueues an update, who holds its lease, and what is due afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.referrer.referrer import AGAIN_DELAY, FIRST_DELAY, LONG_REST, QUIET, ReferrerRecord
from shared.errors import BusyError
from shared.ports.referrer import Referrers
from tests.support.builders import App
from tests.support.clock import NOW

RITA = (1, 41)


@pytest.fixture
def marks(app: App) -> Referrers:
    return app.environment.referrers


def marked(marks: Referrers) -> ReferrerRecord:
    found = marks.find(*RITA)
    assert found is not None
    return found


def leased(marks: Referrers, owner: str = "worker", now: float = NOW, seconds: float = 90) -> ReferrerRecord:
    found = marks.lease(*RITA, owner, now, seconds)
    assert found is not None
    return found


# -- who enqueues ------------------------------------------------------------------------------------------------------


def test_the_first_mark_is_enqueued_and_marks_meanwhile_need_no_message_of_their_own(marks: Referrers) -> None:
    assert marks.mark(*RITA, NOW, "rita@example.com") == FIRST_DELAY
    assert marked(marks).due_at == NOW + FIRST_DELAY

    assert marks.mark(*RITA, NOW + 5, "rita@example.com") is None
    assert marks.mark(*RITA, NOW + 5) is None
    assert marked(marks).marks == 1, "an update that nobody has begun sees what happened"


def test_another_address_is_kept_though_an_update_is_due_already(marks: Referrers) -> None:
    marks.mark(*RITA, NOW, "rita@example.com")

    assert marks.mark(*RITA, NOW + 5, "rita@new.example.com") is None

    assert marked(marks).email == "rita@new.example.com"
    assert marked(marks).due_at == NOW + FIRST_DELAY


@pytest.mark.parametrize(("lease_ends", "marks_then"), [(NOW + 6, 2), (NOW + 5, 1)])
def test_a_mark_beside_an_update_that_has_begun_counts_and_after_its_lease_ended_it_does_not(
    marks: Referrers, lease_ends: float, marks_then: int
) -> None:
    marks.mark(*RITA, NOW)
    leased(marks, seconds=lease_ends - NOW)

    marks.mark(*RITA, NOW + 5)

    assert marked(marks).marks == marks_then


@pytest.mark.parametrize(("since", "delay"), [(QUIET - 1, AGAIN_DELAY), (QUIET, FIRST_DELAY)])
def test_a_referrer_who_was_updated_a_moment_ago_waits_a_little_longer(marks: Referrers, since: float, delay: float) -> None:
    marks.mark(*RITA, NOW)
    marks.finish(replace(leased(marks), updated_at=NOW), NOW + 30)

    assert marks.mark(*RITA, NOW + since) == delay


@pytest.mark.parametrize(("rest", "delay"), [(LONG_REST + 1, FIRST_DELAY), (LONG_REST, None)])
def test_a_mark_does_not_wait_for_an_update_that_was_put_off_for_long(
    marks: Referrers, rest: float, delay: float | None
) -> None:
    marks.mark(*RITA, NOW)
    leased(marks)

    marks.tried(*RITA, alone=True)
    marks.wait(*RITA, NOW + rest, "Intercom refused it.", "worker")

    assert marks.mark(*RITA, NOW) == delay


def test_a_long_wait_without_a_try_in_vain_is_nobodys_rest(marks: Referrers) -> None:
    marks.mark(*RITA, NOW)
    leased(marks)
    marks.wait(*RITA, NOW + LONG_REST + 1, "The campaign is not active.", "worker")

    assert marks.mark(*RITA, NOW) is None
    assert marked(marks).due_at == NOW + LONG_REST + 1


# -- the lease ---------------------------------------------------------------------------------------------------------


def test_nobody_who_was_never_marked_is_updated(marks: Referrers) -> None:
    assert marks.lease(*RITA, "worker", NOW, 90) is None
    assert marks.find(*RITA) is None


@pytest.mark.parametrize(("left", "retry_after"), [(40.0, 40.0), (0.2, 1.0)])
def test_a_second_worker_hears_how_long_the_first_one_has_it(marks: Referrers, left: float, retry_after: float) -> None:
    marks.mark(*RITA, NOW)
    leased(marks, "first", seconds=90)

    with pytest.raises(BusyError) as refused:
        marks.lease(*RITA, "second", NOW + 90 - left, 90)

    assert refused.value.retry_after == pytest.approx(retry_after)
    assert leased(marks, "first").lease_owner == "first", "its own lease stops nobody"


def test_a_lease_that_ended_is_anybodys_and_the_first_one_writes_nothing_more(marks: Referrers) -> None:
    marks.mark(*RITA, NOW)
    first = leased(marks, "first")
    leased(marks, "second", NOW + 90)

    with pytest.raises(BusyError):
        marks.save(first)
    with pytest.raises(BusyError):
        marks.finish(first, NOW + 120)

    assert marked(marks).is_marked


def test_a_lease_that_was_given_back_is_free_at_once_and_still_lets_its_owner_write(marks: Referrers) -> None:
    marks.mark(*RITA, NOW)
    first = leased(marks, "first")

    marks.release(*RITA, "another")
    with pytest.raises(BusyError):
        marks.lease(*RITA, "second", NOW + 1, 90)
    marks.release(*RITA, "first")
    marks.save(replace(first, note="one more word"))

    assert marked(marks).note == "one more word"
    assert leased(marks, "second", NOW + 1).lease_owner == "second"


# -- what is due then --------------------------------------------------------------------------------------------------


def test_an_update_that_saw_every_mark_ends_it_and_resets_all_counts(marks: Referrers) -> None:
    marks.mark(*RITA, NOW)
    referrer = leased(marks)
    marks.tried(*RITA, alone=True)

    assert marks.finish(replace(referrer, written={"referral_count": 3}, contact_id="c1"), NOW + 30)

    after = marked(marks)
    assert not after.is_marked
    assert after.tries == 0
    assert after.attempts == 0
    assert after.written == {"referral_count": 3}
    assert after.contact_id == "c1"
    assert after.marked_at is None
    assert leased(marks, "another").lease_owner == "another", "the lease is free"


def test_a_mark_that_came_meanwhile_is_due_again(marks: Referrers) -> None:
    marks.mark(*RITA, NOW)
    referrer = leased(marks)
    marks.mark(*RITA, NOW + 1)

    assert not marks.finish(referrer, NOW + 30)

    assert marked(marks).due_at == NOW + 30
    assert leased(marks, "another", NOW + 2).lease_owner == "another"


def test_a_wait_counts_says_why_and_gives_back_its_own_lease_alone(marks: Referrers) -> None:
    marks.mark(*RITA, NOW)
    leased(marks, "worker")

    assert marks.wait(*RITA, NOW + 300, "Referral Factory does not answer.", "another")

    with pytest.raises(BusyError):
        marks.lease(*RITA, "another", NOW, 90)
    assert marks.wait(*RITA, NOW + 600, "Referral Factory does not answer.", "worker")

    waiting = leased(marks, "another")
    assert waiting.due_at == NOW + 600
    assert waiting.attempts == 2
    assert waiting.note == "Referral Factory does not answer."


def test_nothing_waits_and_nothing_is_counted_of_somebody_who_is_not_marked(marks: Referrers) -> None:
    marks.mark(*RITA, NOW)
    marks.finish(leased(marks), NOW + 30)

    assert not marks.wait(*RITA, NOW + 300, "Too late.", "worker")
    assert marks.tried(*RITA, alone=True) == 0
    assert not marked(marks).is_marked
    assert marked(marks).note == ""


def test_tries_of_a_person_alone_are_counted_and_trouble_of_all_leaves_one(marks: Referrers) -> None:
    marks.mark(*RITA, NOW)

    assert [marks.tried(*RITA, alone=True) for _ in range(3)] == [1, 2, 3]
    assert marks.tried(*RITA, alone=False) == 0
    assert marked(marks).tries == 1, "so that it still rests"
    assert marks.tried(*RITA, alone=True) == 2
