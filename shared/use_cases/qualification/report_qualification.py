"""Report to Referral Factory that a referral qualified, or no longer does: once for each turn.

Where we do not know what it holds, it is asked before anything is reported: somebody may have qualified the person there. Each
call is reserved before and confirmed after. A call whose answer was lost is never made again before Referral Factory was asked
what it holds, and not before 90 seconds have passed, for it answers slowly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from shared.domain.qualification.qualification import Qualification, Stage
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import DOUBT, QUALIFICATION, Event, Referral
from shared.domain.timing import LONGEST_REFERRAL_FACTORY_CALL
from shared.domain.vendor.limits import Priority
from shared.domain.vendor.retry import UNANSWERED, own_wait, pause_after, put_off_until
from shared.errors import (
    BlockedError,
    BreakerOpenError,
    ConflictError,
    ConnectionLostError,
    FailureError,
    PermanentError,
    TransientError,
    UnavailableError,
)
from shared.observability import logger
from shared.ports.vendors import ReferralFactory
from shared.use_cases.environment import Environment
from shared.use_cases.referrer.mark_referrer import mark_referrer_of

ASK_AFTER = 90.0
"""Seconds from a call without an answer until Referral Factory's own record is believed."""
FIRST_WAIT, LONGEST_TRY_WAIT = 30.0, 300.0
LONGEST_VENDOR_PAUSE = 900.0
"""Seconds that one wait lasts at most, however long a vendor's pause is: a person may end it."""
MOST_TRIES = 12
"""Refusals after which nobody but a person tries again: more than a week."""
MOST_TURNS = 4
PERSON_UNKNOWN = "Referral Factory no longer knows this person."
OPEN = (Stage.WAITING, Stage.RESERVED)
BY_HAND = "by hand in Referral Factory"
TURNS = {
    True: (Happened.QUALIFIES, Happened.QUALIFIED),
    False: (Happened.NO_LONGER_QUALIFIES, Happened.UNQUALIFIED),
}
"""Lines of a story: it qualifies, or no longer does."""


def report_qualification(
    environment: Environment, row: Referral, qualification: Qualification, turn: Event | None = None
) -> None:
    """Makes Referral Factory hold what is wanted, or lets the ledger enqueue again later. ``turn``: a line that the row's story
    does not have yet; it is written with what Referral Factory answers. Raises TransientError when the ledger fails, which
    leaves the item due."""
    asked, untold = False, [turn] if turn else []
    try:
        for _ in range(MOST_TURNS):
            if qualification.stage not in OPEN:
                return
            after, asked = _Step(environment, row, qualification, untold, asked=asked).take(), True
            if after is None:
                return
            qualification = after
    finally:
        if untold:
            environment.referrals.update(row.campaign_id, row.user_id, lambda one: _with(one, untold))


def hear_of_qualification(environment: Environment, row: Referral, reported: bool) -> None:
    """A webhook or a list of Referral Factory says whether the person is qualified. That decides nothing: what we do not know
    already is asked for, a little later where it contradicts what we were answered, for it may be old."""
    now = environment.clock.now()
    heard = environment.qualifications.update(
        row.campaign_id, row.user_id, lambda one: one.heard(reported, now, now + ASK_AFTER)
    )
    if reported:
        mark_referrer_of(environment, row)
    if heard.reported is reported and row.converted is not reported:  # a worker died before it could write that
        if heard.stage is Stage.CONFIRMED:
            _note_turn(environment, row, reported, now)
        elif heard.stage is Stage.WATCHING:
            _show(environment, row, reported)
    report_qualification(environment, row, heard)


def tells_turn(row: Referral, wanted: bool) -> bool:
    """Whether the row's story tells already that it turned so: a worker may have died before it could write that."""
    return _last_turn(row) in TURNS[wanted]


def _last_turn(row: Referral) -> str | None:
    return next((event.what for event in reversed(row.history) if event.what in (*TURNS[True], *TURNS[False])), None)


def _with(row: Referral, untold: Sequence[Event]) -> Referral:
    """Without what another worker has written meanwhile."""
    for event in untold:
        if not tells_turn(row, event.what in TURNS[True]):
            row = row.with_event(event.at, event.what, event.detail)
    return row


def _note_turn(
    environment: Environment, row: Referral, reported: bool, at: float, detail: str = "", untold: Sequence[Event] = ()
) -> None:
    what = Happened.QUALIFIED if reported else Happened.UNQUALIFIED

    def note(one: Referral) -> Referral:
        noted = _shown(_with(one.accepted(DOUBT) if reported else one, untold), reported)
        return noted if _last_turn(noted) == what else noted.with_event(at, what, detail)

    environment.referrals.update(row.campaign_id, row.user_id, note)


def _show(environment: Environment, row: Referral, reported: bool) -> None:
    """Without a line in its story: nothing turned but what a webhook or a list had said."""
    environment.referrals.update(row.campaign_id, row.user_id, lambda one: _shown(one, reported))


def _shown(row: Referral, reported: bool) -> Referral:
    qualified_at = row.person.qualified_at if reported else None
    return replace(row, person=replace(row.person, qualified=reported, qualified_at=qualified_at))


def _refused(row: Referral, at: float, reason: str) -> Referral:
    """The same refusal again is no news."""
    refused = row.refused(QUALIFICATION, reason)
    return row if refused is row else refused.with_event(at, Happened.QUALIFICATION_FAILED, reason)


class _Step:
    """One call, or what is known without one."""

    def __init__(
        self, environment: Environment, row: Referral, qualification: Qualification, untold: list[Event], *, asked: bool
    ) -> None:
        self._environment = environment
        self._row = row
        self._qualification = qualification
        self._untold = untold
        self._asked = asked

    def take(self) -> Qualification | None:
        """The item afterwards; None when it waits, was refused or is somebody else's."""
        qualification, now = self._qualification, self._environment.clock.now()
        if qualification.is_doubted:
            ask_at = qualification.reserved_at or now
            return self._calling(self._ask_in_doubt) if now >= ask_at else self._wait(ask_at, "Referral Factory is asked.")
        if qualification.stage is Stage.RESERVED:
            asked_at = (qualification.reserved_at or now) + ASK_AFTER
            return self._calling(self._ask) if now >= asked_at else self._wait(asked_at, "An answer is still open.")
        is_known = qualification.reported is not None and (self._asked or not qualification.wanted)
        return self._calling(self._report if is_known else self._ask)

    def _report(self) -> Qualification | None:
        now = self._environment.clock.now()
        try:
            self._qualification = self._change(lambda one: one.reserved(now, now + ASK_AFTER))
        except ConflictError:
            return None  # another worker is at it
        return self._call(now)

    def _call(self, now: float) -> Qualification | None:
        """What was reserved, and what came of it."""
        wanted = self._qualification.wanted
        try:
            self._factory().qualify(self._row.user_id, wanted)
        except UnavailableError as error:
            logger.warning(
                "qualification unanswered",
                error=type(error).__name__,
                status=error.status,
                campaign_id=self._row.campaign_id,
                user_id=self._row.user_id,
            )
            if self._is_over(error):
                return self._put_off(str(error))
            return self._wait(now + self._grown(ASK_AFTER), str(error))
        except FailureError as error:  # refused unread, or never sent
            reserved_at = self._qualification.reserved_at
            self._qualification = self._change(
                lambda one: one.unreserved() if one.reserved_at == reserved_at else one, anyhow=True
            )
            if (
                isinstance(error, PermanentError)
                and self._environment.time_left() >= LONGEST_REFERRAL_FACTORY_CALL
                and self._holds() is wanted
            ):
                return self._confirm(reported=wanted)  # somebody there was faster
            raise
        return self._confirm(reported=wanted)

    def _ask(self) -> Qualification | None:
        """What Referral Factory holds, before anything is reported to it or after a call without an answer. An answer from
        before another worker's report is not believed: the person would be reported twice."""
        reported = self._holds()
        if reported is None:
            raise PermanentError(PERSON_UNKNOWN)
        now = self._environment.clock.now()
        try:
            if reported is self._qualification.wanted or self._environment.time_left() < LONGEST_REFERRAL_FACTORY_CALL:
                return self._confirm(reported=reported, anyhow=False)
            self._qualification = self._change(  # known and reserved in one write
                lambda one: one.confirmed(reported, now, one.due_at or now).reserved(now, now + ASK_AFTER)
            )
        except ConflictError:
            return None  # whoever was faster goes on, or the ledger enqueues
        return self._call(now)

    def _ask_in_doubt(self) -> Qualification | None:
        """What Referral Factory holds, against what somebody said or what we believed."""
        holds, now = self._holds(), self._environment.clock.now()
        if holds is None and self._qualification.wanted:
            raise PermanentError(PERSON_UNKNOWN)
        reported, turned = bool(holds), self._qualification.wanted is not bool(holds)
        if turned:
            mark_referrer_of(self._environment, self._row)
        try:
            after = self._change(lambda one: one.answered(reported, now))
        except ConflictError:
            return None  # something was seen meanwhile; whoever wrote that goes on, or the ledger enqueues
        if turned:
            _note_turn(self._environment, self._row, reported, now, BY_HAND)
        elif self._row.converted is not reported:
            _show(self._environment, self._row, reported)
        if after.taken_back_at is not None:  # its contact has to leave the value first
            self._environment.campaigns.watch_departures(self._row.campaign_id, now)
        return after

    def _holds(self) -> bool | None:
        """Whether Referral Factory holds the person as qualified; None: it does not know the person. An answer without the
        field says that they are not: where it is always left out, telling it loses nothing, for it qualifies a person once."""
        found = self._factory().user(self._row.user_id)
        return None if found is None else bool(found[1].qualified)

    def _calling(self, call: Callable[[], Qualification | None]) -> Qualification | None:
        if self._environment.time_left() < LONGEST_REFERRAL_FACTORY_CALL:
            return self._wait(self._environment.clock.now() + 1.0, "No time was left for a call.")
        try:
            return call()
        except PermanentError as error:
            return self._fail(str(error))
        except (TransientError, ConnectionLostError, BlockedError) as error:
            if self._is_over(error):
                return self._put_off(str(error))
            pause = getattr(error, "retry_after", None)
            usual = self._grown(min(FIRST_WAIT * 2 ** min(self._qualification.attempts, 8), LONGEST_TRY_WAIT))
            seconds = usual if pause is None else min(max(1.0, pause), LONGEST_VENDOR_PAUSE)
            spread = 1 + self._environment.chance.fraction() / 4
            return self._wait(self._environment.clock.now() + seconds * spread, str(error))

    def _is_over(self, error: FailureError) -> bool:
        """Whether Referral Factory has answered nothing but errors about this person, while others were answered, for too
        long. A stop of all calls starts the count over."""
        alone = isinstance(error, UnavailableError) and error.status is not None
        if alone or isinstance(error, BreakerOpenError):
            self._qualification = self._change(lambda one: one.tried(alone=alone), anyhow=True)
        return alone and UNANSWERED.is_over(self._qualification.tries)

    def _grown(self, seconds: float) -> float:
        """The usual pause, or the longer one of somebody whom nothing but errors were answered for, many times."""
        own = own_wait(self._qualification.tries, 0.0, UNANSWERED)
        return max(seconds, own.seconds) if own else seconds

    # -- the ledger ---------------------------------------------------------------------------------------------------

    def _confirm(self, *, reported: bool, anyhow: bool = True) -> Qualification:
        """The referrer's counts have changed; that is marked first, so that no crash forgets it. Raises ConflictError unless
        ``anyhow``."""
        now, wanted = self._environment.clock.now(), self._qualification.wanted
        if reported is wanted:
            mark_referrer_of(self._environment, self._row)
        after = self._change(lambda one: one.confirmed(reported, now, now), anyhow=anyhow)
        if reported is wanted:
            _note_turn(self._environment, self._row, reported, now, untold=self._untold)
            self._untold.clear()
            self._environment.metrics.count("ReferralQualified" if reported else "ReferralUnqualified")
            logger.info(
                "qualification reported",
                qualified=reported,
                generation=after.generation,
                campaign_id=self._row.campaign_id,
                user_id=self._row.user_id,
            )
        return after

    def _wait(self, until: float, reason: str) -> Qualification | None:
        self._change(lambda one: one.waiting(until, reason), anyhow=True)
        return None

    def _fail(self, reason: str) -> Qualification | None:
        tries = self._qualification.attempts
        return self._end(reason, self._environment.clock.now() + pause_after(tries) if tries < MOST_TRIES else None)

    def _put_off(self, reason: str) -> Qualification | None:
        return self._end(reason, put_off_until(self._environment.clock.now(), self._qualification.tries))

    def _end(self, reason: str, again_at: float | None) -> Qualification | None:
        now = self._environment.clock.now()
        self._change(lambda one: one.failed(reason, again_at), anyhow=True)
        self._environment.referrals.update(self._row.campaign_id, self._row.user_id, lambda one: _refused(one, now, reason))
        self._environment.metrics.count("QualificationFailed")
        logger.error("qualification failed", reason=reason, campaign_id=self._row.campaign_id, user_id=self._row.user_id)
        return None

    def _change(self, change: Callable[[Qualification], Qualification], *, anyhow: bool = False) -> Qualification:
        """Under the version that this step began with, unless ``anyhow``. Raises ConflictError."""
        version = self._qualification.version

        def guarded(one: Qualification) -> Qualification:
            if not anyhow and one.version != version:
                raise ConflictError("another worker was faster")
            return change(one)

        return self._environment.qualifications.update(self._row.campaign_id, self._row.user_id, guarded)

    def _factory(self) -> ReferralFactory:
        return self._environment.referral_factory(Priority.QUALIFICATION)
