"""One referral's qualification: what was seen of its contacts, and what was reported to Referral Factory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from shared.domain.campaign.rule import Rule
from shared.domain.contact import Value

MOST_SIGHTINGS = 40
NEARLY = 20.0
"""Seconds by which a call that is open may be looked at too early: it is looked at once more."""
SIGNED_UP = "contact.lead.signed_up"


class Stage(StrEnum):
    """Where a qualification stands. WAITING: to be reported; RESERVED: reported, and not answered yet."""

    WATCHING = "watching"
    WAITING = "waiting"
    RESERVED = "reserved"
    CONFIRMED = "confirmed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A contact as it was at ``at`` (epoch seconds, by Intercom's ``updated_at``).

    ``read``: we asked Intercom ourselves, so it was the newest state then; else a notification reported it, maybe late.
    ``attribute``: whose value it is; None in what was stored before sightings said so, and then of whatever is tracked.
    """

    contact_id: str
    at: float
    value: Value
    read: bool = False
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class Qualification:
    """One referral's qualification. Times in epoch seconds.

    ``generation`` counts the turns: with ``wanted`` it makes each call to Referral Factory one of its kind. ``reported``: what
    Referral Factory is known to hold, None while nobody knows. ``by_hand``: somebody qualified there, not a contact's value,
    as was heard at ``by_hand_at``. ``taken_back_at``: when we heard that somebody had taken back there what a value earned;
    what was seen before counts no more. ``doubted_at``: when somebody said that Referral Factory holds something else
    than we believe; it is asked from ``reserved_at`` on.
    ``exact`` False: the value qualified although it was written differently. ``merged``: contacts that were merged, each with
    its survivor, which together count as one. ``tries``: that ended in trouble of this referral alone.
    """

    campaign_id: int
    user_id: int
    stage: Stage = Stage.WATCHING
    generation: int = 0
    wanted: bool = False
    reported: bool | None = None
    by_hand: bool = False
    value: Value = None
    exact: bool = True
    sightings: tuple[Sighting, ...] = ()
    merged: tuple[tuple[str, str], ...] = ()
    reserved_at: float | None = None
    confirmed_at: float | None = None
    due_at: float | None = None
    attempts: int = 0
    reason: str = ""
    version: int = 0
    by_hand_at: float | None = None
    taken_back_at: float | None = None
    doubted_at: float | None = None
    tries: int = 0

    def saw(self, sighting: Sighting) -> Qualification:
        """With one more sighting; one that adds nothing changes nothing."""
        kept = _collapsed([*self.sightings, sighting])
        return self if kept == self.sightings else replace(self, sightings=kept)

    def under(self, rule: Rule) -> Qualification:
        """With the sightings of that rule's attribute alone: the campaign may have tracked another one before."""
        return replace(self, sightings=tuple(one for one in self.sightings if one.attribute in (None, rule.attribute)))

    def joined(self, dead_id: str, survivor_id: str) -> Qualification:
        """With one more merge."""
        pair = (dead_id, survivor_id)
        return self if pair in self.merged or dead_id == survivor_id else replace(self, merged=(*self.merged, pair))

    def survivor_of(self, contact_id: str) -> str:
        """Whom the contact was merged into, at last; itself when it was not."""
        survivors = dict(self.merged)
        for _ in self.merged:
            contact_id = survivors.get(contact_id, contact_id)
        return contact_id

    def last_read(self, contact_id: str) -> Sighting | None:
        """What Intercom itself said last of the contact, or of whom it was merged into."""
        survivor_id = self.survivor_of(contact_id)
        read = [one for one in self.sightings if one.read and self.survivor_of(one.contact_id) == survivor_id]
        return max(read, key=time_of, default=None)

    def unread(self) -> list[Sighting]:
        """The newest sighting of each contact whose value may have moved on since Intercom was asked."""
        newest: dict[str, Sighting] = {}
        for one in sorted((one for one in self.sightings if not one.read), key=time_of):
            newest[self.survivor_of(one.contact_id)] = one
        return [one for one in newest.values() if _may_be_newer(one, self.last_read(one.contact_id))]

    def turned(self, wanted: bool, due_at: float) -> Qualification:
        """A turn: the next generation, to be reported by ``due_at``. Turned back before that, there is nothing
        to report any more."""
        turn = replace(
            self, wanted=wanted, generation=self.generation + 1, by_hand=False, doubted_at=None, attempts=0, reason="", tries=0
        )
        if self.stage is Stage.RESERVED:  # that call's answer is still open; the next one reads first
            return replace(turn, due_at=due_at if self.due_at is None else self.due_at)
        if self.reported is wanted or (not wanted and self.reported is None):
            return replace(turn, stage=Stage.CONFIRMED, due_at=None)
        return replace(turn, stage=Stage.WAITING, due_at=due_at)

    def waiting(self, until: float, reason: str) -> Qualification:
        """To be enqueued at ``until``; a call whose answer is open stays so."""
        return replace(self, due_at=until, reason=reason, attempts=self.attempts + 1)

    def tried(self, *, alone: bool) -> Qualification:
        """After a try in vain; not ``alone``: the vendor was away, and the count starts over, but for the first."""
        return replace(self, tries=self.tries + 1 if alone else min(self.tries, 1))

    def put_off(self, until: float | None, reason: str) -> Qualification:
        """To be enqueued at ``until``; None: what was seen stays, and only a person or a newer sighting goes on with it."""
        return replace(self, due_at=until, reason=reason, attempts=self.attempts + 1)

    def reserved(self, at: float, until: float) -> Qualification:
        """Due at ``until``, or where it stands already, a little before: another place in the due index costs two writes."""
        nearly = self.due_at is not None and until - NEARLY <= self.due_at <= until
        return replace(self, stage=Stage.RESERVED, reserved_at=at, due_at=self.due_at if nearly else until)

    def unreserved(self) -> Qualification:
        """The call was never made, or was refused unread."""
        return replace(self, stage=Stage.WAITING, reserved_at=None)

    def confirmed(self, reported: bool, at: float, due_at: float) -> Qualification:
        """Referral Factory holds ``reported``; if that is no longer what is wanted, the next call is due."""
        answered = replace(self, reported=reported, confirmed_at=at, reserved_at=None, doubted_at=None, reason="")
        if reported is self.wanted:
            return replace(answered, stage=Stage.CONFIRMED, due_at=None, attempts=0, tries=0)
        return replace(answered, stage=Stage.WAITING, due_at=due_at)

    def heard(self, reported: bool, at: float, ask_at: float) -> Qualification:
        """Somebody says that Referral Factory holds ``reported``. Where that is no news it changes nothing; else Referral
        Factory is asked at ``ask_at``, which is at once where nothing was known of it."""
        if self.reported is reported or self.stage is Stage.RESERVED or not (reported or self.reported):
            return self
        if self.stage is Stage.WAITING:
            return replace(self, reported=None)
        return self.in_doubt(at, at if self.reported is None else ask_at)

    def in_doubt(self, at: float, ask_at: float) -> Qualification:
        """Referral Factory is asked at ``ask_at`` what it holds."""
        return replace(self, stage=Stage.RESERVED, doubted_at=at, reserved_at=ask_at, due_at=ask_at, attempts=0)

    @property
    def is_doubted(self) -> bool:
        return self.doubted_at is not None

    def answered(self, reported: bool, at: float) -> Qualification:
        """The answer to a doubt. A hand at Referral Factory is believed in either direction: what it took back is earned again
        only by a later change; what it alone had given, by any value seen since."""
        heard_at = self.doubted_at
        if heard_at is None:
            return self
        if reported and not self.wanted:
            turn = replace(self, wanted=True, generation=self.generation + 1, by_hand=True, by_hand_at=heard_at)
            return turn.confirmed(reported, at, at)
        if reported:
            return replace(self, by_hand_at=self.by_hand_at if self.by_hand else None).confirmed(reported, at, at)
        rests = replace(self, wanted=False, by_hand=False, by_hand_at=None).confirmed(reported, at, at)
        if not self.wanted:
            return rests if self.generation else replace(rests, stage=Stage.WATCHING)
        taken_back_at = heard_at if self.by_hand_at is None else self.taken_back_at
        return replace(rests, generation=self.generation + 1, taken_back_at=taken_back_at, due_at=at)

    def due_again(self, at: float) -> Qualification:
        """A person asks for it again."""
        return replace(self, due_at=at, attempts=0, tries=0) if self.reason else self

    def reopened(self) -> Qualification:
        """Refused before, to be reported again."""
        return replace(self, stage=Stage.WAITING) if self.stage is Stage.FAILED else self

    def failed(self, reason: str, again_at: float | None) -> Qualification:
        """Refused, to be tried again at ``again_at``; None: no more by itself."""
        return replace(self.waiting(0, reason), stage=Stage.FAILED, reserved_at=None, doubted_at=None, due_at=again_at)


def _collapsed(sightings: Sequence[Sighting]) -> tuple[Sighting, ...]:
    """In the order of what happened. Of a run of equal values the first and the last are kept, of what we read ourselves the
    newest; of too many the oldest go."""
    newest_read: dict[tuple[str, str], Sighting] = {}
    for one in sightings:
        if one.read and (_whose(one) not in newest_read or one.at >= newest_read[_whose(one)].at):
            newest_read[_whose(one)] = one
    reported = sorted({one for one in sightings if not one.read}, key=lambda one: (*_whose(one), one.at, str(one.value)))
    kept = [
        one
        for index, one in enumerate(reported)
        if not (
            0 < index < len(reported) - 1 and _is_same_run(reported[index - 1], one) and _is_same_run(one, reported[index + 1])
        )
    ]
    kept = sorted([*kept, *newest_read.values()], key=lambda one: (one.at, *_whose(one), one.read, str(one.value)))
    return tuple(kept[-MOST_SIGHTINGS:])


def _may_be_newer(reported: Sighting, read: Sighting | None) -> bool:
    """Intercom's answers tell whole seconds: of two changes within one, the answer may have shown the first."""
    return read is None or read.at < reported.at or (int(read.at) == int(reported.at) and read.value != reported.value)


def time_of(sighting: Sighting) -> float:
    return sighting.at


def _whose(sighting: Sighting) -> tuple[str, str]:
    return sighting.contact_id, sighting.attribute or ""


def _is_same_run(one: Sighting, other: Sighting) -> bool:
    return _whose(one) == _whose(other) and one.value == other.value
