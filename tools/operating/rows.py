"""Referrals: the ones that wait or failed, one's story, and sending again. Stories hold personal data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from shared.domain.connection.connection import Vendor
from shared.domain.operations.story import advice_for, sentence_of, story_of
from shared.domain.signup.referral_filter import ReferralFilter
from shared.domain.signup.state import Replay, State
from shared.messages import ReconcileCampaigns
from shared.ports.operations import Change
from shared.runtime.bootstrap import Environment
from shared.use_cases.signup.replay_referrals import replay_referral
from tools.operating.operator import Operator

SHOWN = 50
_BECAME = {
    Replay.REPLAYED: "It is delivered again now.",
    Replay.ALREADY_WAITING: "It is waiting to be delivered already.",
    Replay.HELD: "It is held until the campaign is active; then it is delivered by itself.",
}


def when(at: float | None) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else "never"


def show_waiting(environment: Environment, limit: int) -> Iterator[str]:
    """Who waits longest, and why. No name and no address."""
    now = environment.clock.now()
    waiting = environment.referrals.longest_waiting(limit)
    rows = environment.referrals.find_all([one.key for one in waiting if one.key is not None])
    for one in waiting:
        waits = f"{now - one.since:.0f} s"
        if one.key is None:
            yield f"  waits {waits:>8}  in the inbox: SQS refused it, the sweep hands it on"
        elif (row := rows.get(one.key)) is not None and not row.finished:
            times = f", tried {row.attempts} time{'' if row.attempts == 1 else 's'}" if row.attempts else ""
            again = f", again {when(row.due_at)}" if row.due_at else ""
            reason = row.reason.rstrip(".") or "no reason yet: a worker has it, or none runs"
            yield f"  waits {waits:>8}  campaign {row.campaign_id}, user {row.user_id}: {reason}{times}{again}"


def list_referrals(environment: Environment, state: str, campaign: int | None) -> Iterator[str]:
    wanted = ReferralFilter(campaign_id=campaign, state=State(state))
    page = environment.referral_search.search(wanted, SHOWN)
    for row in page.items:
        yield f"campaign {row.campaign_id}, user {row.user_id}: {row.state}, {row.reason or 'no reason'}"
    if not page.items:
        yield f"No referral is {state}."
    elif page.cursor is not None:
        yield f"… and more: the console's Activity has them all; these are the newest {len(page.items)}."


def show_referral(environment: Environment, campaign: int, user: int) -> Iterator[str]:
    row = environment.referrals.get(campaign, user)
    breaker = environment.breakers.find(Vendor.INTERCOM)
    yield f"{row.state} · contact {row.contact_id or 'none'} · signed up {when(row.accepted_at)}"
    yield f"{row.reason or 'no reason'} · what to do: {advice_for(row, breaker.kind if breaker else None)}"
    yield from (f"left out: {drop.attribute}: {drop.reason}" for drop in row.dropped)
    for event in story_of(row, environment.rewards.of_person(campaign, user)):
        yield f"{when(event.at)}  {sentence_of(event)}{' ' + event.detail if event.detail else ''}"


def replay(environment: Environment, operator: Operator, campaign: int, user: int) -> Iterator[str]:
    yield _BECAME[replay_referral(environment, operator.name, campaign, user)]


def reconcile(environment: Environment, operator: Operator, *, full: bool) -> Iterator[str]:
    now = environment.clock.now()
    what = "whole list" if full else "newest entries of the list"
    environment.audit.add(Change(now, operator.name, f"Asked reconcile to read Referral Factory's {what}."))
    environment.reconcile_queue.send(ReconcileCampaigns(now, full=full))
    yield f"Reconcile reads the {what}, within the limits, and adds whoever is missing: `log reconcile` shows it."


def list_quarantine(environment: Environment) -> Iterator[str]:
    """Without the bodies, which hold personal data; the console shows them."""
    page = environment.quarantine_shelf.list(SHOWN)
    for one in page.items:
        yield f"{when(one.received_at)}  campaign {one.campaign_id}, {one.event}: {one.reason}"
    if not page.items:
        yield "Nothing is in quarantine."
