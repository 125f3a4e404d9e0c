"""The ledger's row for one person in one campaign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile

from shared.domain.contact import Value
from shared.domain.mapping import Dropped
from shared.domain.person import Audience, Person, merge
from shared.domain.signup.happened import Happened
from shared.domain.signup.state import LEFT_BEHIND, TROUBLED, UNFINISHED, Origin, State

MAX_HISTORY = 40
ENQUEUE_AGAIN_AFTER = 180.0
"""Seconds after which an undelivered row is enqueued again, whatever happened to its message."""


FORGOTTEN = "The person asked to be erased."


COUNTS = ("referrals_count", "converted_referrals_count")
QUALIFICATION = "qualification"
CONTACT_COUNTS = "counts"
"""The names of a refused qualification, and of what the contact of somebody who refers could not be given, among a row's
refusals; a reward's is ``reward`` and its id."""
DOUBT = "doubt"
"""The name, among them, of a value: nobody can say whether the contact came to it or stood there before the rule."""
FIRST_LOOK, LONGEST_LOOK = 600.0, 3_600.0
"""Seconds between two looks whether Intercom takes what was left out; they grow with the time that the row has been so."""
LOOKS_FOR = 30 * 86_400.0
"""Seconds after which only a person sends it again."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a referral's story. ``at`` in epoch seconds."""

    at: float
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Referral:
    """One person in one campaign. Times are epoch seconds.

    ``due_at``: when the sweep enqueues the row; every unfinished row that is not held has one. ``written``: the values this
    row last sent to the contact. ``baseline``: the tracked attribute's value when the contact was adopted.
    ``baseline_at``: that contact's ``updated_at`` then; ``standing``: the value on each contact that had the e-mail then.
    ``look_at``: when it is seen whether Intercom takes now what was left out, or what it refused may have been mended.
    ``settle_since``: since when contacts with the e-mail are counted in the settle check, None when it is done;
    ``settle_at``: when it is made again.
    ``verified_at``: when Referral Factory's own list first held the person; ``unverified``: an hour passed without that.
    ``facts_at``: when the facts were reported that changed the person last, None: they are those of the beginning.
    ``tries``: that ended in trouble of this row alone.
    ``promised_at``: since when the person is to be delivered, None: since ``accepted_at``.
    ``synthetic``: we signed up ourselves, and nobody else has reported anything of the row.
    ``refusals``: what a vendor refused beside the delivery, each with its reason: ``qualification``, ``reward 7``.
    ``dealt_with``: the troubles that a person has marked as dealt with.
    ``forgotten``: the person was erased; the row keeps its ids, so that nobody is brought back, and never changes again.
    ``ours``: this application created the contact, for this row or another. ``asked_again``: replayed, and not done yet.
    ``address``: the folded e-mail under whose lease the contact is or was written first; ``workspace_id``: where it is.
    ``confirm_since``: since when Referral Factory is asked whether it knows the signup at all, for the sake of what would be
    written; None: nobody asked, or it does. ``overwritten``: what stood on ``overwritten_on``, a contact that this row did not
    create, before the row wrote to it.
    """

    campaign_id: int
    user_id: int
    state: State
    person: Person
    accepted_at: float
    origin: Origin = Origin.WEBHOOK
    due_at: float | None = None
    contact_id: str | None = None
    reason: str = ""
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[str, ...] = ()
    attempts: int = 0
    settings_version: int | None = None
    delivered_at: float | None = None
    written: Mapping[str, Value] = field(default_factory=dict)
    baseline: Value = None
    settle_since: float | None = None
    settle_at: float | None = None
    possibly_doubled: bool = False
    unverified: bool = False
    verified_at: float | None = None
    expires_at: float | None = None
    history: tuple[Event, ...] = ()
    version: int = 0
    baseline_at: float | None = None
    facts_at: float | None = None
    standing: Mapping[str, Value] = field(default_factory=dict)
    synthetic: bool = False
    refusals: Mapping[str, str] = field(default_factory=dict)
    dealt_with: tuple[str, ...] = ()
    forgotten: bool = False
    tries: int = 0
    look_at: float | None = None
    promised_at: float | None = None
    ours: bool = False
    asked_again: bool = False
    address: str = ""
    workspace_id: str = ""
    confirm_since: float | None = None
    overwritten: Mapping[str, Value] = field(default_factory=dict)
    overwritten_on: str = ""

    @property
    def is_confirmed(self) -> bool:
        """Whether Referral Factory itself named the person, or it is our own signup: no webhook proves that."""
        return self.verified_at is not None or self.synthetic

    def is_elsewhere(self, workspace_id: str) -> bool:
        """Whether what is known of its contact is about another workspace. Rows from before the mark are here."""
        both_named = bool(self.workspace_id) and bool(workspace_id)
        return both_named and self.workspace_id != workspace_id and self.state in LEFT_BEHIND

    @property
    def key(self) -> str:
        """What names the row beside a contact that was created for it. Our own synthetic signups are all of one person."""
        return f"{self.campaign_id}#{'synthetic' if self.synthetic else self.user_id}"

    @property
    def troubles(self) -> frozenset[str]:
        """What is wrong with the row, whether or not somebody has dealt with it: a state, a flag or a refusal."""
        flags = {"possibly_doubled": self.possibly_doubled, "unverified": self.unverified}
        state = {str(self.state)} if self.state in TROUBLED else set()
        return frozenset({*state, *(name for name, is_set in flags.items() if is_set), *self.refusals})

    @property
    def open_troubles(self) -> frozenset[str]:
        """Those that nobody has dealt with yet: a row with one needs attention."""
        return self.troubles - set(self.dealt_with)

    @property
    def converted(self) -> bool:
        """Whether it is qualified, by its last turn, else by what Referral Factory's API answered."""
        turns = [event.what for event in self.history if event.what in {Happened.QUALIFIED, Happened.UNQUALIFIED}]
        return turns[-1] == Happened.QUALIFIED if turns else bool(self.person.qualified)

    @property
    def audience(self) -> Audience:
        """The audience whose settings apply. Without a referrer a person can only be one who refers."""
        return self.person.audience or Audience.PERSON_REFERRING

    @property
    def finished(self) -> bool:
        return self.state not in UNFINISHED

    @property
    def waits(self) -> int:
        """How often the row has waited in the ledger, one try after the other."""
        latest = takewhile(lambda event: event.what in {Happened.TRIED, Happened.WAITS}, reversed(self.history))
        return sum(event.what == Happened.WAITS for event in latest)

    @property
    def waits_since(self) -> float:
        """When the promise of thirty minutes began: not while the campaign was held, nor while the row was finished."""
        return self.accepted_at if self.promised_at is None else self.promised_at

    def knowing(self, person: Person, at: float, *, listed: bool = False) -> Referral:
        """With what was reported about the person at that time; what is older than what is known only fills gaps, and so does a
        webhook's word once Referral Factory's own list held the person. Counts are the newest."""
        if self.verified_at is not None and not listed:
            counts = {name: getattr(person, name) for name in COUNTS if getattr(person, name) is not None}
            person = replace(merge(person, self.person), **counts)
        if at < (self.accepted_at if self.facts_at is None else self.facts_at):
            return replace(self, person=merge(person, self.person))
        merged = merge(self.person, person)
        return self if merged == self.person else replace(self, person=merged, facts_at=at)

    def looking(self, now: float) -> Referral:
        """To be looked at again, if something was left out, or all given up, that nobody has dealt with."""
        waited = now - (self.history[-1].at if self.history else self.accepted_at)
        if not self.open_troubles & {State.PARTIAL, State.FAILED, CONTACT_COUNTS} or waited >= LOOKS_FOR:
            return replace(self, look_at=None)
        look_at = now + min(max(FIRST_LOOK, waited / 4), LONGEST_LOOK)
        return replace(self, look_at=look_at, due_at=look_at if self.due_at is None else min(self.due_at, look_at))

    def with_event(self, at: float, what: str, detail: str = "") -> Referral:
        """With one more line of its story; the oldest lines but the first are forgotten past MAX_HISTORY."""
        history = (*self.history, Event(at, what, detail))
        if len(history) > MAX_HISTORY:
            history = (history[0], *history[-(MAX_HISTORY - 1) :])
        return replace(self, history=history)

    def waiting(self, until: float, reason: str) -> Referral:
        """Pending, to be enqueued at ``until``."""
        return replace(self, state=State.PENDING, due_at=until, reason=reason)

    def reopened(self, at: float, until: float, reason: str) -> Referral:
        """``waiting``, though it was finished."""
        return replace(self.waiting(until, reason), promised_at=at, confirm_since=None)

    def overwrites(self, contact_id: str, before: Mapping[str, Value]) -> Referral:
        """About to write to a contact that it did not create. What stood there first is kept."""
        kept = self.overwritten if self.overwritten_on == contact_id else {}
        return replace(self, overwritten={**before, **kept}, overwritten_on=contact_id)

    @property
    def filled(self) -> Mapping[str, Value]:
        """What it wrote where its contact, which it did not create, had nothing."""
        if self.overwritten_on != self.contact_id:
            return {}
        empty = (name for name, before in self.overwritten.items() if before in {None, ""})
        return {name: self.written[name] for name in empty if name in self.written}

    def held(self, reason: str) -> Referral:
        """Held until the campaign becomes active."""
        return replace(self, state=State.HELD, due_at=None, reason=reason)

    def done(self, state: State, reason: str = "") -> Referral:
        """Finished: nothing enqueues it any more."""
        again = tuple(one for one in self.dealt_with if one not in TROUBLED)
        return replace(
            self,
            state=state,
            due_at=None,
            reason=reason,
            settle_since=None,
            look_at=None,
            expires_at=None,
            dealt_with=again,
            tries=0,
        )

    def forgotten_at(self, at: float) -> Referral:
        """With nothing of the person but the ids."""
        return Referral(
            campaign_id=self.campaign_id,
            user_id=self.user_id,
            state=State.ERASED,
            person=Person(self.user_id, audience=self.person.audience),
            accepted_at=self.accepted_at,
            origin=self.origin,
            synthetic=self.synthetic,
            delivered_at=self.delivered_at,
            reason=FORGOTTEN,
            history=(Event(at, Happened.ERASED, FORGOTTEN),),
            version=self.version,
            forgotten=True,
        )

    def refused(self, what: str, reason: str) -> Referral:
        """A vendor refused something of this person for that reason; the same refusal again is no news."""
        return (
            self
            if self.refusals.get(what) == reason
            else replace(
                self,
                refusals={**self.refusals, what: reason},
                dealt_with=tuple(one for one in self.dealt_with if one != what),
            )
        )

    def accepted(self, what: str) -> Referral:
        """What was refused is no longer refused."""
        if what not in self.refusals:
            return self
        rest = {name: reason for name, reason in self.refusals.items() if name != what}
        return replace(self, refusals=rest, dealt_with=tuple(one for one in self.dealt_with if one != what))

    def closed(self, at: float, who: str) -> Referral:
        """Marked as dealt with. What goes wrong later opens the row again."""
        if not self.open_troubles:
            return self
        return replace(self, dealt_with=tuple(sorted(self.troubles))).with_event(at, Happened.DEALT_WITH, who)
