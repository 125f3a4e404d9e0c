"""Tell Referral Factory that a referral qualified, or no longer does: once for each turn.

Reserved before the call and confirmed after it. A call whose answer was lost is never made again before Referral Factory
was asked what it holds, and not before 90 seconds have passed, for it answers slowly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shared.domain.qualification.qualification import Qualification, Stage
from shared.domain.signup.referral import Referral
from shared.domain.vendor.limits import Priority
from shared.errors import (
    BlockedError,
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
LONGEST_CALL = 25.0 + 3.0
FIRST_WAIT, LONGEST_WAIT = 30.0, 300.0
LONGEST_PAUSE = 900.0
"""Seconds that one wait lasts at most, however long a vendor's pause is: a person may end it."""
MOST_TURNS = 3


def tell_qualification(environment: Environment, row: Referral, qualification: Qualification) -> None:
    """Makes Referral Factory hold what is wanted, or lets the ledger ring again later. Raises TransientError when the ledger
    fails, which leaves the item due."""
    for _ in range(MOST_TURNS):
        if qualification.stage not in (Stage.WAITING, Stage.RESERVED):
            return
        after = _Step(environment, row, qualification).take()
        if after is None:
            return
        qualification = after


def note_by_hand(environment: Environment, row: Referral) -> None:
    """Referral Factory says that the person is qualified. A call of ours that is open is settled by asking, and what we told
    before comes back as an echo; whether it is one after we took that back, only Referral Factory can say."""
    now = environment.clock.now()
    changed: list[bool] = []

    def note(one: Qualification) -> Qualification:
        changed.clear()
        if one.stage is Stage.RESERVED or one.told:
            return one
        if one.told is False:
            return one if one.stage is not Stage.CONFIRMED else one.doubted(now, now + ASK_AFTER)
        changed.append(True)
        by_hand = replace(one, by_hand=True, wanted=True, generation=max(1, one.generation))
        return by_hand.confirmed(told=True, at=now, due_at=now)

    environment.qualifications.update(row.campaign_id, row.user_id, note)
    if changed:
        _tell_by_hand(environment, row, now)
    mark_referrer_of(environment, row)


def _tell_by_hand(environment: Environment, row: Referral, at: float) -> None:
    detail = "by hand in Referral Factory"
    environment.referrals.update(row.campaign_id, row.user_id, lambda one: one.told(at, "qualified", detail))


class _Step:
    """One call, or what is known without one."""

    def __init__(self, environment: Environment, row: Referral, qualification: Qualification) -> None:
        self._environment = environment
        self._row = row
        self._qualification = qualification

    def take(self) -> Qualification | None:
        """The item afterwards; None when it waits, was refused or is somebody else's."""
        qualification, now = self._qualification, self._environment.clock.now()
        if qualification.stage is Stage.RESERVED:
            asked_at = (qualification.reserved_at or now) + ASK_AFTER
            return self._calling(self._ask) if now >= asked_at else self._wait(asked_at, "An answer is still open.")
        if self._row.person.qualified_at and qualification.wanted and qualification.generation == 1:
            return self._confirm(told=True)
        return self._calling(self._tell)

    def _tell(self) -> Qualification | None:
        """Reserve, call, confirm."""
        now, wanted = self._environment.clock.now(), self._qualification.wanted
        try:
            self._qualification = self._change(lambda one: one.reserved(now, now + ASK_AFTER))
        except ConflictError:
            return None  # another worker is at it
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
            return self._wait(now + ASK_AFTER, str(error))
        except FailureError:  # refused unread, or never sent
            reserved_at = self._qualification.reserved_at
            self._change(lambda one: one.unreserved() if one.reserved_at == reserved_at else one, anyhow=True)
            raise
        return self._confirm(told=wanted)

    def _ask(self) -> Qualification | None:
        """What Referral Factory holds."""
        found = self._factory().user(self._row.user_id)
        if found is None:
            raise PermanentError("Referral Factory no longer knows this person.")
        told = found[1].qualified_at is not None
        return self._settle(told) if self._qualification.is_doubted else self._confirm(told=told)

    def _settle(self, told: bool) -> Qualification:
        """Whether somebody qualified there after we took it back."""
        now = self._environment.clock.now()
        after = self._change(lambda one: one.settled(told, now), anyhow=True)
        if told:
            _tell_by_hand(self._environment, self._row, now)
        return after

    def _calling(self, call: Callable[[], Qualification | None]) -> Qualification | None:
        if self._environment.time_left() < LONGEST_CALL:
            return self._wait(self._environment.clock.now() + 1.0, "No time was left for a call.")
        try:
            return call()
        except PermanentError as error:
            return self._fail(str(error))
        except (TransientError, ConnectionLostError, BlockedError) as error:
            pause = getattr(error, "retry_after", None)
            usual = min(FIRST_WAIT * 2 ** min(self._qualification.attempts, 8), LONGEST_WAIT)
            seconds = usual if pause is None else min(max(1.0, pause), LONGEST_PAUSE)
            spread = 1 + self._environment.chance.fraction() / 4
            return self._wait(self._environment.clock.now() + seconds * spread, str(error))

    # -- the ledger ---------------------------------------------------------------------------------------------------

    def _confirm(self, *, told: bool) -> Qualification:
        """The referrer's counts have changed; that is marked first, so that no crash forgets it."""
        now, wanted = self._environment.clock.now(), self._qualification.wanted
        mark_referrer_of(self._environment, self._row)
        after = self._change(lambda one: one.confirmed(told, now, now), anyhow=True)
        if told is wanted:
            what = "qualified" if told else "unqualified"
            self._environment.referrals.update(
                self._row.campaign_id, self._row.user_id, lambda one: _unqualified(one, told).told(now, what)
            )
            self._environment.metrics.count("ReferralQualified" if told else "ReferralUnqualified")
            logger.info(
                "qualification told",
                qualified=told,
                generation=after.generation,
                campaign_id=self._row.campaign_id,
                user_id=self._row.user_id,
            )
        return after

    def _wait(self, until: float, reason: str) -> Qualification | None:
        self._change(lambda one: one.waiting(until, reason), anyhow=True)
        return None

    def _fail(self, reason: str) -> Qualification | None:
        now = self._environment.clock.now()
        self._change(lambda one: one.failed(reason), anyhow=True)
        self._environment.referrals.update(
            self._row.campaign_id, self._row.user_id, lambda one: one.told(now, "qualification failed", reason)
        )
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


def _unqualified(row: Referral, told: bool) -> Referral:
    """A qualification that was taken back leaves no date behind."""
    return row if told or row.person.qualified_at is None else replace(row, person=replace(row.person, qualified_at=None))
