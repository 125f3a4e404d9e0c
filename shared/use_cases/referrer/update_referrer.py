"""Bring the contact of a person who refers up to date: counts, reward attributes, an event for each reward.

The counts are Referral Factory's own, absolute, never our arithmetic. https://developers.referral-factory.com (users,
``with=user.analytics``)
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.connection.connection import Vendor
from shared.domain.contact import Value
from shared.domain.mapping import Dropped
from shared.domain.person import Person, fold_email
from shared.domain.referrer.referrer import AGAIN_DELAY, ReferrerRecord
from shared.domain.referrer.reward import Reward, attributes_of_rewards
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import CONTACT_COUNTS, FORGOTTEN, Referral
from shared.domain.signup.state import State
from shared.domain.timing import LONGEST_REFERRAL_FACTORY_CALL, REFERRER_LEASE
from shared.domain.vendor.retry import put_off_until
from shared.errors import BlockedError, ConnectionLostError, FailureError, TransientError
from shared.observability import logger
from shared.use_cases.connection.find_connection import find_connection
from shared.use_cases.environment import Environment
from shared.use_cases.leases import give_back
from shared.use_cases.referrer.issue_rewards import RewardIssue
from shared.use_cases.referrer.mark_referrer import enqueue_referrer
from shared.use_cases.referrer.report_rewards import NO_CONTACT, report_rewards, wait_for_contact
from shared.use_cases.referrer.write_referrer import NoContactError, ReferrerWriter
from shared.use_cases.sync.learn_people import teach_member

NOT_ACTIVE_AGAIN = 900.0
VENDOR_AGAIN = 300.0
"""Seconds until Referral Factory is asked again after it refused us."""


class ReferrerUpdateAttempt:
    """One attempt at one person. ``shared.runtime.batch`` runs it and turns its errors into waits and reasons."""

    def __init__(self, environment: Environment, campaign_id: int, user_id: int) -> None:
        self._environment = environment
        self._key = (campaign_id, user_id)
        self._owner = environment.chance.token()
        self._referrer: ReferrerRecord | None = None
        self._row: Referral | None = None
        self._left_out: tuple[Dropped, ...] = ()

    @property
    def hurries(self) -> bool:
        """Nobody was promised this within minutes."""
        return False

    @property
    def own_tries(self) -> int:
        return self._referrer.tries if self._referrer else 0

    @property
    def waits_so_far(self) -> int:
        return self._referrer.attempts if self._referrer else 0

    def prepare(self) -> None:
        """Nothing: the mark of the person is there already, and the sweep enqueues it."""

    def run(self) -> None:
        """Raises TransientError, ConnectionLostError (Intercom's) and PermanentError."""
        environment = self._environment
        referrer = environment.referrers.find(*self._key)
        if referrer is None or not referrer.is_marked:
            return
        self._referrer = environment.referrers.lease(*self._key, self._owner, environment.clock.now(), REFERRER_LEASE)
        if self._referrer is None:
            return
        campaign = environment.campaigns.find(self._key[0])
        if campaign is None or campaign.status is not Status.ACTIVE:
            self.wait(environment.clock.now() + NOT_ACTIVE_AGAIN, "The campaign is not active.")
            return
        try:
            self._update(self._referrer, campaign)
        except (BlockedError, ConnectionLostError) as error:
            if error.vendor != Vendor.REFERRAL_FACTORY:
                raise
            self.wait(environment.clock.now() + VENDOR_AGAIN, str(error))
        except TransientError:
            if self.waits_so_far == 0:  # what failed for a moment goes on in seconds; who fails for long is asked less
                # The next try is another attempt: it would wait for this one's lease to end.
                give_back(lambda: self._environment.referrers.release(*self._key, self._owner))
            raise

    def wait(self, until: float, reason: str) -> bool:
        """Lets the sweep enqueue at ``until``; False when nothing is marked, so that only the queue can wait."""
        return self._environment.referrers.wait(*self._key, until, reason, self._owner)

    def tried(self, *, alone: bool) -> int:
        """One more try in vain: how many by now. Not ``alone``: the count starts over."""
        return self._environment.referrers.tried(*self._key, alone=alone)

    def fail(self, reason: str) -> None:
        """Seen by a person, and tried again with growing pauses; in the end only by the next mark, or by a person."""
        now = self._environment.clock.now()
        tries = self.tried(alone=True)
        until = put_off_until(now, tries)
        if until is not None:
            self.wait(until, reason)
        elif self._referrer is not None:
            self._finish(replace(self._referrer, note=reason))
        self._show(reason)
        logger.error("referrer not updated", reason=reason, campaign_id=self._key[0], user_id=self._key[1])
        self._environment.metrics.count("ReferrerFailed")

    def _show(self, reason: str, *, left_out: bool = False) -> None:
        """In the row of the person, if they have one: what their contact was not given. Empty: it has all."""
        now, row = self._environment.clock.now(), self._row or self._environment.referrals.find(*self._key)
        if row is None or (not reason and CONTACT_COUNTS not in row.refusals):
            return

        def note(fresh: Referral) -> Referral:
            if not reason:
                return fresh.accepted(CONTACT_COUNTS)
            refused = fresh.refused(CONTACT_COUNTS, reason)
            if refused is fresh:
                return fresh
            counted = refused.with_event(now, Happened.COUNTS_REFUSED, reason)
            return counted.looking(now) if left_out and fresh.finished else counted

        self._environment.referrals.update(*self._key, note)

    # -- what it comes to ---------------------------------------------------------------------------------------------

    def _update(self, referrer: ReferrerRecord, campaign: Campaign) -> None:
        environment = self._environment
        if not referrer.is_marked:
            self._finish(referrer)
            return
        breaker = environment.intercom_guard.check()
        row = self._row = environment.referrals.find(*self._key)
        rewards = environment.rewards.of_person(*self._key)
        problem = self._issue(campaign, rewards)
        person, asked = self._ask(referrer, campaign, row)
        if _is_erased(environment, row, person, referrer):
            self._finish(replace(referrer, email=None, note=FORGOTTEN))
            return
        if campaign.rewards.issue_due and any(one.wants_issuing for one in rewards):  # they may be issued by now
            rewards = environment.rewards.of_person(*self._key)
        wanted = {**_counts(person, campaign), **attributes_of_rewards(rewards, campaign.rewards.attributes)}
        now = environment.clock.now()
        events = [one for one in rewards if one.wants_event and (one.note == NO_CONTACT or not one.rests(now))]
        later: float | None = None
        if wanted or events:
            environment.intercom_guard.take_try(breaker)
            referrer, later = self._report(referrer, campaign, row, person, wanted, events)
        problem = problem or asked
        if problem is not None:
            environment.referrers.save(referrer)
            raise problem
        if later is not None:
            environment.referrers.save(referrer)
            self.wait(later, "Another event has this second.")
            enqueue_referrer(environment, *self._key, later - environment.clock.now())
            return
        absent = tuple(drop.attribute for drop in self._left_out if drop.absent)
        self._note_lack(campaign, wanted, absent)
        self._finish(replace(referrer, updated_at=environment.clock.now(), left_out=absent))
        self._show(_note(self._left_out), left_out=bool(absent))
        environment.metrics.count("ReferrerUpdated")

    def _note_lack(self, campaign: Campaign, wanted: Collection[str], absent: Collection[str]) -> None:
        """An attribute that Intercom does not have costs everybody the same: it is the campaign's problem, until it is back or
        the settings name another."""
        parts = {"rewards": campaign.rewards.attributes.values(), "counts": campaign.count_attributes.values()}
        for part, chosen in parts.items():
            gone = sorted({*chosen} & {*absent})
            problems = [f"No longer in Intercom, so {part} cannot be written to it: {', '.join(gone)}."] if gone else []
            if {*chosen} & {*wanted} and list(campaign.noted_problems.get(part, ())) != problems:
                self._environment.campaigns.note_problems(campaign.campaign_id, part, problems)

    def _issue(self, campaign: Campaign, rewards: Sequence[Reward]) -> FailureError | None:
        """Issues what is due; that Referral Factory does not answer costs the contact nothing else."""
        try:
            RewardIssue(self._environment, campaign).run(rewards)
        except FailureError as error:
            return error
        return None

    def _ask(
        self, referrer: ReferrerRecord, campaign: Campaign, row: Referral | None
    ) -> tuple[Person | None, FailureError | None]:
        """Referral Factory's own facts of the person, when counts are wanted or nobody else knows the e-mail address."""
        email = (row.person.email if row else None) or referrer.email
        if row is not None and row.forgotten:
            return None, None
        if not campaign.count_attributes and email:
            return None, None
        try:
            if self._environment.time_left() < LONGEST_REFERRAL_FACTORY_CALL:
                raise TransientError("Not enough time left for a call to Referral Factory.", retry_after=1.0)
            found = self._environment.referral_factory().user(self._key[1])
        except FailureError as error:
            return None, error
        if found is None or _is_erased(self._environment, row, found[1], referrer):
            return (found[1] if found else None), None
        teach_member(self._environment.sync_members, self._key[0], found[1])
        return found[1], None

    def _report(
        self,
        referrer: ReferrerRecord,
        campaign: Campaign,
        row: Referral | None,
        person: Person | None,
        wanted: dict[str, Value],
        events: Sequence[Reward],
    ) -> tuple[ReferrerRecord, float | None]:
        """Attributes, then events, so that what an event starts in Intercom finds the newest ones."""
        environment = self._environment
        connection = find_connection(environment)
        email = (row.person.email if row else None) or (person.email if person else None) or referrer.email or ""
        referrer = referrer.in_workspace(connection.workspace_id)
        here = row is not None and not row.is_elsewhere(connection.workspace_id)
        ledger_id = row.contact_id if row and here and row.state is not State.ERASED else None
        intercom = environment.intercom(connection)
        writer = ReferrerWriter(environment, intercom, connection, campaign, referrer, fold_email(email), ledger_id)
        note = ""
        later = None
        try:
            dropped, self._left_out = writer.write(wanted)
            note = _note(dropped)
            later = report_rewards(environment, writer, campaign, events)
        except NoContactError:
            note = NO_CONTACT
            wait_for_contact(environment, events)
            environment.metrics.count("ReferrerWithoutContact")
        return replace(writer.referrer, note=note), later

    def _finish(self, referrer: ReferrerRecord) -> None:
        now = self._environment.clock.now()
        if not self._environment.referrers.finish(referrer, now + AGAIN_DELAY):
            enqueue_referrer(self._environment, *self._key, AGAIN_DELAY)
        logger.info("referrer finished", campaign_id=self._key[0], user_id=self._key[1], note=referrer.note)


def _counts(person: Person | None, campaign: Campaign) -> dict[str, Value]:
    """What Referral Factory reported, by the campaign's attributes."""
    if person is None:
        return {}
    counted = {name: getattr(person, name) for name in campaign.count_attributes}
    return {campaign.count_attributes[name]: value for name, value in counted.items() if value is not None}


def _is_erased(environment: Environment, row: Referral | None, person: Person | None, referrer: ReferrerRecord) -> bool:
    """Whether they asked for it; a row that is not forgotten is a signup of their own, made afterwards."""
    if row is not None:
        return row.forgotten
    return environment.erasures.erased_at((person.email if person else None) or referrer.email) is not None


def _note(dropped: Sequence[Dropped]) -> str:
    return "; ".join(drop.reason for drop in dropped)
