"""Deliver again what a person asks for: once, however often they press."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import CONTACT_COUNTS, QUALIFICATION, Event, Referral
from shared.domain.signup.referral_filter import ReferralFilter
from shared.domain.signup.state import TROUBLED, Replay, State
from shared.domain.timing import DELIVERY_LEASE
from shared.messages import DeliverContact
from shared.ports.operations import Change
from shared.ports.referrer import RewardKey
from shared.use_cases.contact.contact_of_row import in_workspace
from shared.use_cases.environment import Environment
from shared.use_cases.referrer.mark_referrer import mark_referrer

ONE_PRESS = 10.0
"""Seconds in which a second press means the first."""
REPLAYED_AT_ONCE = 100
"""Rows of one call."""
TIME_FOR_A_ROW = 8.0
"""Seconds left under which no further row is begun."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """``cursor``: where to go on, None when all that match were seen."""

    replayed: int
    already_waiting: int
    cursor: str | None


def replay_referral(environment: Environment, who: str, campaign_id: int, user_id: int) -> Replay:
    """Raises NotFoundError and TransientError. What the queue refuses is enqueued by the sweep."""
    became = _reopen(environment, who, campaign_id, user_id)
    if became is Replay.REPLAYED:
        now = environment.clock.now()
        environment.delivery_queue.send_all([DeliverContact(campaign_id, user_id, Happened.REPLAY, now)])
        environment.audit.add(Change(now, who, f"Replayed the referral of user {user_id} in campaign {campaign_id}."))
    return became


def replay_all(environment: Environment, who: str, wanted: ReferralFilter, cursor: str | None) -> Replayed:
    """One batch of what matches, from ``cursor`` on. Raises MalformedPayloadError for an unknown cursor, and
    TransientError."""
    page = environment.referral_search.search(wanted, REPLAYED_AT_ONCE, cursor)
    now = environment.clock.now()
    became = []
    for row in page.items:
        if environment.time_left() < TIME_FOR_A_ROW:  # the rest comes with the same cursor; what was replayed waits already
            break
        became.append((row, _reopen(environment, who, row.campaign_id, row.user_id)))
    again = [row for row, what in became if what is Replay.REPLAYED]
    environment.delivery_queue.send_all([DeliverContact(row.campaign_id, row.user_id, Happened.REPLAY, now) for row in again])
    if again:
        environment.audit.add(Change(now, who, f"Replayed {len(again)} referral{'' if len(again) == 1 else 's'} at once."))
    done = len(became) == len(page.items)
    return Replayed(len(again), len(became) - len(again), page.cursor if done else cursor or "")


def _reopen(environment: Environment, who: str, campaign_id: int, user_id: int) -> Replay:
    now, connection = environment.clock.now(), environment.connections.find()
    here = connection.workspace_id if connection else ""
    became = Replay.ALREADY_WAITING

    def change(row: Referral) -> Referral:
        nonlocal became
        if row.state is State.HELD:
            became = Replay.HELD
            return row
        if row.state is State.PENDING or now - _last_replay(row.history) < ONE_PRESS:
            became = Replay.ALREADY_WAITING
            return row
        became = Replay.REPLAYED
        moves = row.is_elsewhere(here)
        if moves:
            row = in_workspace(row, here)
        again = replace(row, attempts=0, dealt_with=()).with_event(now, Happened.REPLAY, who)
        if row.refusals and row.state not in TROUBLED and not moves:
            return again  # the delivery is well: only what was refused beside it is asked for
        return replace(again, asked_again=True).reopened(now, now + DELIVERY_LEASE, "Asked for again.")

    row = environment.referrals.update(campaign_id, user_id, change)
    if became is Replay.REPLAYED and row.refusals:
        _ask_again(environment, row)
    return became


def _ask_again(environment: Environment, row: Referral) -> None:
    """What a vendor refused beside the delivery is due now; the sweep enqueues it."""
    key, now = (row.campaign_id, row.user_id), environment.clock.now()
    if QUALIFICATION in row.refusals:
        environment.qualifications.update(*key, lambda one: one.due_again(now))
    resting = [reward for reward in environment.rewards.of_person(*key) if reward.again_at is not None]
    for reward in resting:
        environment.rewards.update(RewardKey(*key, *reward.key), lambda one: replace(one, again_at=None, tries=0))
    if resting or CONTACT_COUNTS in row.refusals:
        mark_referrer(environment, *key)


def _last_replay(history: tuple[Event, ...]) -> float:
    return max((event.at for event in history if event.what == Happened.REPLAY), default=float("-inf"))
