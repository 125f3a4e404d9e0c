"""Counts on the contact of a person who refers: absolute, coalesced, only when changed."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.signup.state import State
from shared.domain.timing import LONGEST_INTERCOM_CALL
from shared.domain.vendor.limits import Priority, reserve_of
from shared.messages import UpdateReferrer
from shared.use_cases.referrer.mark_referrer import mark_referrer
from shared.use_cases.vendor.guard_referral_factory import FIRST_BLOCK_PAUSE
from tests.support.referring import CONVERTED, RITA, Story

PUT, SEARCH = "PUT /contacts/<id>", "POST /contacts/search"


def puts(story: Story) -> list[Any]:
    return [body["custom_attributes"] for body in story.app.bodies("PUT", "/contacts")]


def test_a_signup_shows_on_the_referrers_contact_within_a_minute(story: Story) -> None:
    story.invites()
    story.passes()

    assert story.counts() == (1, 0)
    assert story.mark() is not None
    assert not story.mark().is_marked


def test_the_numbers_are_referral_factorys_own(story: Story) -> None:
    story.rita.referrals, story.rita.qualified_referrals = 40, 12
    story.invites()
    story.passes()
    assert story.counts() == (41, 12)


def test_an_update_asks_referral_factory_once_and_writes_once(story: Story) -> None:
    story.invites()
    story.app.forget_calls()
    story.passes()

    assert story.asked() == [f"GET /api/v2/users/{story.rita.id}?with=user.analytics"]
    assert story.app.calls("intercom") == [SEARCH, PUT]


def test_who_is_due_already_is_not_marked_again_and_who_is_being_updated_is(story: Story) -> None:
    story.invites()
    marked = story.mark()
    mark_referrer(story.app.environment, 1, story.rita.id, RITA)

    assert story.mark() == marked

    referrers, now = story.app.environment.referrers, story.app.clock.now()
    assert referrers.lease(1, story.rita.id, "somebody", now, 90.0)

    mark_referrer(story.app.environment, 1, story.rita.id, RITA)

    assert story.mark().marks == marked.marks + 1

    referrers.release(1, story.rita.id, "somebody")
    story.passes()

    assert story.counts() == (1, 0)


def test_a_thousand_signups_in_a_minute_make_three_writes_at_most(story: Story) -> None:
    for number in range(1_000):
        story.invites(webhook=False)
        mark_referrer(story.app.environment, 1, story.rita.id, RITA)
        if number % 100 == 99:
            story.passes(6, step=6)

    story.passes(180)

    assert len(story.writes()) <= 3
    assert story.counts() == (1_000, 0)
    assert not story.mark().is_marked


def test_nothing_is_written_when_nothing_changed(story: Story) -> None:
    story.invites()
    story.passes()
    story.app.forget_calls()
    story.app.environment.referrers.mark(1, story.rita.id, story.app.clock.now())

    story.passes(120)

    assert story.writes() == []
    assert not story.mark().is_marked


def test_a_reversal_lowers_the_number(story: Story) -> None:
    friend = story.invites()
    story.qualifies(friend, webhook=False)

    story.app.environment.referrers.mark(1, story.rita.id, story.app.clock.now())
    story.passes(120)

    assert story.counts() == (1, 1)

    story.qualifies(friend, qualified=False, webhook=False)
    story.app.environment.referrers.mark(1, story.rita.id, story.app.clock.now())
    story.passes(120)

    assert story.counts() == (1, 0)


def test_only_what_changed_is_sent(story: Story) -> None:
    story.invites()
    story.passes()
    story.app.forget_calls()

    story.invites()
    story.passes(120)

    assert puts(story) == [{"referral_count": 2}]


def test_a_signup_between_the_reading_and_the_clearing_is_not_forgotten(story: Story) -> None:
    story.invites()

    def another() -> None:
        with story.account.outbox.silent():
            story.invites(webhook=False)
        story.app.environment.referrers.mark(1, story.rita.id, story.app.clock.now())

    story.app.wire.interrupt(f"PUT /contacts/{story.before.id}", another)
    story.passes(20)

    assert story.counts() == (1, 0)
    assert story.mark().is_marked

    story.passes(60)

    assert story.counts() == (2, 0)
    assert not story.mark().is_marked


def test_killed_between_the_row_and_the_mark_the_next_attempt_marks(story: Story) -> None:
    story.app.dynamodb.refuse("update_item", 2)
    story.invites()

    assert story.mark() is None

    story.app.wait(300)
    story.app.work()
    story.passes(180)

    assert story.counts() == (1, 0)


def test_a_queue_that_refuses_the_message_leaves_it_to_the_sweep(story: Story) -> None:
    story.app.environment.referrers.mark(1, story.rita.id, story.app.clock.now(), RITA)
    story.passes(120)
    assert story.counts() == (0, 0)


def test_referral_factory_down_waits_in_the_ledger_and_goes_on(story: Story) -> None:
    story.app.wire.faults.add({"kind": "status", "status": 503, "path": "^/api/v2/users", "id": "down"})
    story.invites()
    story.passes(600)

    assert story.counts() == (None, None)
    assert story.mark().is_marked

    story.app.wire.faults.remove("down")
    story.passes(900)

    assert story.counts() == (1, 0)


def test_a_blocked_address_delays_no_signup_and_no_count_is_lost(story: Story) -> None:
    story.app.wire.faults.add({"kind": "status", "status": 403, "path": "^/api/v2/users", "id": "blocked"})
    friend = story.invites()
    story.passes(FIRST_BLOCK_PAUSE - 30)

    assert len(story.asked()) == 1, "nobody knocks again while the breaker is open"

    story.passes(FIRST_BLOCK_PAUSE + 30)

    assert len(story.asked()) == 2, "one try after five minutes, the next an hour later"
    assert story.app.row(friend.id).state is State.DELIVERED
    assert story.mark().is_marked

    story.app.wire.faults.remove("blocked")
    story.passes(2 * 3_600, step=60)

    assert story.counts() == (1, 0)


def test_a_refused_api_key_does_not_stop_intercom(story: Story) -> None:
    story.app.set_secret("referral_factory", api_key="wrong")
    story.invites()
    story.passes(120)

    friend = story.invites()

    assert story.app.row(friend.id).state is State.DELIVERED
    assert story.mark().is_marked

    story.app.set_secret("referral_factory", api_key="local-referral-factory-key")
    story.passes(900)

    assert story.counts() == (2, 0)


def test_the_limiter_refuses_and_the_update_waits(story: Story) -> None:
    limiter = story.app.environment.referral_factory_limiter
    for _ in range(limiter.limit - reserve_of(limiter.limit, Priority.RECONCILE)):
        limiter.finish(limiter.acquire(), 200, {})

    story.invites()
    story.passes(20)

    assert (story.asked(), story.counts()) == ([], (None, None))

    story.passes(180)

    assert story.counts() == (1, 0)


def test_a_lost_answer_of_intercom_is_written_again(story: Story) -> None:
    story.app.wire.faults.add({"kind": "hang", "method": "PUT", "path": "^/contacts", "times": 1, "seconds": 10})
    story.invites()
    story.passes(120)

    assert story.counts() == (1, 0)
    assert not story.mark().is_marked


def test_a_person_gone_from_referral_factory_changes_nothing(story: Story) -> None:
    story.invites()
    story.passes()
    story.account.remove(story.rita)
    story.app.environment.referrers.mark(1, story.rita.id, story.app.clock.now())

    story.passes(120)

    assert story.counts() == (1, 0)
    assert not story.mark().is_marked


def test_a_paused_campaign_waits(story: Story) -> None:
    story.invites()
    story.app.configure(status="paused")
    story.passes(120)

    assert story.counts() == (None, None)

    story.app.configure(status="active")
    story.passes(1_200, step=60)

    assert story.counts() == (1, 0)


def test_an_attribute_that_is_gone_does_not_cost_the_other(story: Story) -> None:
    story.app.configure(
        sync={
            "mode": "off",
            "write_back": {"referral_count": "custom_attributes.nowhere", "converted_referral_count": CONVERTED},
        }
    )
    story.invites()

    story.passes()

    assert story.counts() == (None, 0)
    assert "nowhere" in story.mark().note


def test_two_updates_at_once_write_once(story: Story) -> None:
    story.invites()
    story.app.environment.referrer_queue.send(UpdateReferrer(1, story.rita.id, 0.0))

    story.app.environment.referrer_queue.send(UpdateReferrer(1, story.rita.id, 0.0))
    story.passes(120)

    assert len(story.writes()) == 1


def test_another_worker_at_it_makes_this_one_wait(story: Story) -> None:
    story.invites()
    story.app.environment.referrers.lease(1, story.rita.id, "somebody", story.app.clock.now(), 90)
    story.app.wait(15)

    story.app.update_referrers()

    assert story.writes() == []
    assert story.mark().is_marked

    story.passes(240)

    assert story.counts() == (1, 0)


def test_an_update_that_failed_for_a_moment_is_tried_again_within_seconds(story: Story) -> None:
    """The worker that failed gives its lease back, so the next try need not wait until it ends."""
    story.app.wire.faults.add({"kind": "status", "status": 503, "method": "PUT", "path": "^/contacts", "times": 1})
    story.invites()
    story.passes(45, step=5)
    assert story.counts() == (1, 0)


@pytest.mark.parametrize("known", [True, False])
def test_no_call_to_intercom_is_begun_that_there_is_no_time_for(story: Story, known: bool) -> None:
    """``known``: its contact is written to, else it is searched for first."""
    if known:
        story.invites()
        story.passes()
    story.invites()
    story.app.forget_calls()

    def little_is_left() -> None:
        story.app.context.seconds = LONGEST_INTERCOM_CALL - 0.1

    story.app.wire.interrupt(f"GET /api/v2/users/{story.rita.id}", little_is_left)
    story.app.wait(40)
    story.app.update_referrers()

    assert len(story.asked()) == 1
    assert story.app.calls("intercom") == []
    assert story.mark().is_marked

    story.app.context.seconds = 45.0
    story.passes(120)

    assert story.counts() == (2 if known else 1, 0)
