"""A referral's history in plain words, and what a person can do about its state."""

from __future__ import annotations

from collections.abc import Iterable

from shared.domain.connection.connection import BreakerKind
from shared.domain.qualification.qualification import Qualification, Stage
from shared.domain.referrer.reward import GIVEN, Kind, Reward, title_of
from shared.domain.signup.happened import happened_of
from shared.domain.signup.referral import DOUBT, Event, Referral
from shared.domain.signup.state import TROUBLED, State

_ADVICE = {
    State.PENDING: "Nobody has to do anything: it is tried again by itself.",
    State.HELD: "Activate the campaign: the signups that were kept go to Intercom then.",
    State.DELIVERED: "Nothing: it arrived.",
    State.PARTIAL: "Put right what was left out, in Intercom or in the campaign's fields. It is sent again within the hour.",
    State.SKIPPED: "Nothing. To update such contacts, choose so in the campaign's settings, then press Send again.",
    State.FAILED: "Put right what the reason names, then press Send again.",
    State.NOT_WANTED: "Nothing. To send such people, choose lead or user for them in the campaign, then press Send again.",
    State.KNOWN: "Nothing. To send people who joined before, choose so in the campaign under More.",
    State.ERASED: "Nothing: somebody deleted the contact on purpose. A new signup creates a new one.",
}


_WHILE_INTERCOM = {
    BreakerKind.CONNECTION_LOST: "Reconnect Intercom, under Connections: everything that waits is delivered then.",
    BreakerKind.DISCONNECTED: "Reconnect Intercom, under Connections: everything that waits is delivered then.",
    BreakerKind.REFUSED: (
        "Whoever looks after the Intercom app has to mend what Connections names, such as a lapsed plan or a missing "
        "permission. Everything that waits is delivered then."
    ),
    BreakerKind.FAILING: "Nobody has to do anything: Intercom does not answer, and is asked again every minute.",
    BreakerKind.BLOCKED: "Whoever runs this application has to find out why Intercom refuses the connection.",
}
"""What lets go on what waits for Intercom, by why calls to it are paused."""


def sentence_of(event: Event) -> str:
    """What happened. A word that is newer than this page stays as it is."""
    happened = happened_of(event.what)
    return happened.sentence if happened else event.what


def story_of(row: Referral, rewards: Iterable[Reward]) -> list[Event]:
    """All that happened, oldest first: the row's own history, and the person's rewards."""
    return sorted([*row.history, *(event for reward in rewards for event in _events_of(reward))], key=lambda event: event.at)


def _events_of(reward: Reward) -> Iterable[Event]:
    title = title_of(reward.facts)
    if reward.facts.kind is Kind.DUE:
        yield Event(reward.noted_at, "A reward is due to this person in Referral Factory.", title)
        if reward.note and not reward.assumed:
            yield Event(reward.changed_at, "Referral Factory refused to issue the due reward.", f"{title}: {reward.note}")
        elif reward.ended_at is not None:
            what = "Its issuing was never confirmed; it is no longer due." if reward.assumed else "The due reward was issued."
            yield Event(reward.ended_at, what, title)
        return
    was_there = " It was there before the campaign was set up here." if reward.preexisting else ""
    given = "A reward was issued to this person." if reward.facts.status in GIVEN else "A reward of this person was not given."
    yield Event(reward.noted_at, given + was_there, f"{title}: {reward.facts.status}")
    if reward.reported_at is not None:
        yield Event(reward.reported_at, "The reward was reported to Intercom as an event on the contact.", title)
    elif reward.note:
        yield Event(reward.changed_at, "Intercom refused the event that reports the reward.", reward.note)


_STANDS = {
    Stage.WATCHING: "Not qualified: the contact has not reached a qualified value.",
    Stage.WAITING: "It is reported to Referral Factory next.",
    Stage.RESERVED: "It was reported to Referral Factory, which has not answered; it is asked what it holds.",
    Stage.FAILED: "Referral Factory refused it.",
}


def standing_of(seen: Qualification) -> str:
    """Where a qualification stands, in plain words."""
    if seen.stage is Stage.CONFIRMED:
        return "Qualified in Referral Factory." if seen.reported else "Not qualified: it was taken back."
    return "It is not certain what Referral Factory holds; it is asked." if seen.is_doubted else _STANDS[seen.stage]


def advice_for(row: Referral, paused: BreakerKind | None = None) -> str:
    """What is to be done, and by whom if not by the reader. ``paused``: why Intercom is not called now."""
    if row.troubles and not row.open_troubles:
        return "Nothing: somebody has dealt with it. What goes wrong later shows here again."
    if row.possibly_doubled:
        return "Open the contacts in Intercom and merge them if they are the same person."
    if row.unverified:
        return "Look whether Referral Factory has the person. If not, somebody may have invented the signup: change the secret."
    if DOUBT in row.refusals and row.state not in TROUBLED:
        return "If it did, qualify the person in Referral Factory. If not, press Mark as dealt with."
    if row.refusals and row.state not in TROUBLED:
        return "Put right what the reason names, there or in the campaign's settings, then press Send again."
    if row.state is State.PENDING and paused in _WHILE_INTERCOM:
        return _WHILE_INTERCOM[paused]
    return _ADVICE[row.state]
