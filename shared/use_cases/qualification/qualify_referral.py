"""A contact changed: does that qualify a referral, or take a qualification back?

The ledger first, for most contacts are nobody's referral and cost no call. Everything seen is stored beside the referral
before anything is done about it, so that a message may come late, twice or never again.
"""

from __future__ import annotations

from dataclasses import replace

from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.campaign.rule import ROLE, Rule, rule_of
from shared.domain.contact import Value
from shared.domain.person import Audience, fold_email
from shared.domain.qualification.qualification import Qualification, Sighting, Stage
from shared.domain.qualification.verdict import Baseline, baseline_of, earns, is_older, is_wanted, may_qualify
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import QUALIFICATION, Event, Referral
from shared.domain.timing import QUALIFICATION_LEASE
from shared.domain.vendor.retry import put_off_until
from shared.errors import FailureError, PermanentError, TransientError
from shared.messages import ENQUEUED, QualifyReferral
from shared.observability import logger
from shared.use_cases.environment import Environment
from shared.use_cases.qualification.find_twin import find_twin, leave_to_twin
from shared.use_cases.qualification.follow_contact import follow_contact, follow_own_contact
from shared.use_cases.qualification.new_sighting import begins, new_sighting, saw, shows_another_user
from shared.use_cases.qualification.read_contact import read_contacts
from shared.use_cases.qualification.report_qualification import (
    OPEN,
    hear_of_qualification,
    report_qualification,
    tells_turn,
)

YOUNG = 600.0
"""Seconds after its creation in which a contact that nobody knows may be one whose delivery is not stored yet."""
UNKNOWN_AGAIN_AFTER = 60.0
DELIVERY_AGAIN_AFTER = 60.0
UNCOUNTED_AGAIN_AFTER = 300.0
UNCOUNTED = "The rule is new: who stood at its values before is still being counted."
PAUSED_AGAIN_AFTER = 300.0
"""Seconds: whoever lets the campaign go on need not wait for long."""
HEARD = {"qualified": True, "not qualified": False}
"""Topics that stand for a word of Referral Factory, and what it says."""


class QualificationAttempt:
    """One attempt at one message. ``shared.runtime.batch`` runs it and turns its errors into waits and reasons."""

    def __init__(self, environment: Environment, message: QualifyReferral) -> None:
        self._environment = environment
        self._message = message
        self._begun: dict[tuple[int, int], Qualification] = {}
        self._untold = False

    def prepare(self) -> None:
        """Nothing: the referral is in the ledger already, and ``run`` writes what was seen before reporting it."""

    def run(self) -> None:
        """Raises TransientError, ConnectionLostError and PermanentError of Intercom and the ledger. A referral for which
        Referral Factory has to be waited for waits in the ledger by itself, and delays no other."""
        rows = self._rows()
        if not rows:
            self._wait_for_delivery()
        if rows and self._message.notification_id:
            self._environment.notification_heartbeat.note()
        failures = [failure for row in rows if (failure := self._try(row))]
        for failure in sorted(failures, key=lambda one: isinstance(one, PermanentError)):
            raise failure

    @property
    def hurries(self) -> bool:
        """Nobody was promised this within minutes."""
        return False

    @property
    def own_tries(self) -> int:
        return max((one.tries for one in self._begun.values()), default=0)

    @property
    def waits_so_far(self) -> int:
        return max((one.attempts for one in self._begun.values()), default=0)

    def wait(self, until: float, reason: str) -> bool:
        """Lets the ledger enqueue what was begun; False when something is not stored there, so that the queue has to wait."""
        for key in self._begun:
            self._environment.qualifications.update(*key, lambda one: one.waiting(until, reason))
        return bool(self._begun) and not self._untold

    def tried(self, *, alone: bool) -> int:
        """One more try in vain of what was begun: the most of them. Not ``alone``: the count starts over."""
        tried = [self._environment.qualifications.update(*key, lambda one: one.tried(alone=alone)) for key in self._begun]
        return max((one.tries for one in tried), default=0)

    def fail(self, reason: str) -> None:
        """A refusal of Intercom is about one reading, not about the referral: what was seen stays, and is read again later."""
        for key in self._begun:
            self._put_off(key, reason)
        logger.error("qualification not judged", topic=self._message.topic, reason=reason)
        self._environment.metrics.count("QualificationFailed")

    # -- whose contact is it ------------------------------------------------------------------------------------------

    def _rows(self) -> list[Referral]:
        """The rows of people invited that the message is about: the one it names, else by contact and by e-mail."""
        environment, message = self._environment, self._message
        if message.user_id is not None:
            row = environment.referrals.find(message.campaign_id, message.user_id)
            return [row] if row and row.audience is Audience.PERSON_INVITED else []
        connection = environment.connections.find()
        if connection is None:
            return []
        keys: dict[tuple[int, int], None] = {}
        for contact_id in filter(None, (message.contact_id, message.merged_from)):
            keys |= dict.fromkeys(environment.referrals.referrals_of_contact(connection.workspace_id, contact_id))
        if message.email:
            keys |= dict.fromkeys(environment.referrals.referrals_of_email(fold_email(message.email)))
        found = environment.referrals.find_all(list(keys)) if keys else {}
        rows = [row for key in keys if (row := found.get(key)) and row.audience is Audience.PERSON_INVITED]
        return [row for row in rows if not row.is_elsewhere(connection.workspace_id)]

    def _wait_for_delivery(self) -> None:
        """Nobody's referral. A contact this young may be one that was just created for a signup: its notification can be
        faster than the ledger."""
        created_at, now = self._message.contact_created_at, self._environment.clock.now()
        if created_at is not None and now - created_at < YOUNG:
            wait = min(UNKNOWN_AGAIN_AFTER, created_at + YOUNG - now)
            raise TransientError("The contact is new, and in nobody's row yet.", retry_after=wait)

    def _try(self, row: Referral) -> FailureError | None:
        """One row's failure is not another's."""
        try:
            if self._message.topic in HEARD:
                hear_of_qualification(self._environment, row, HEARD[self._message.topic])
            else:
                self._see(follow_contact(self._environment, row, self._message))
        except FailureError as error:
            self._untold |= (row.campaign_id, row.user_id) not in self._begun
            return error
        return None

    # -- what was seen of it ------------------------------------------------------------------------------------------

    def _see(self, row: Referral) -> None:
        environment, key = self._environment, (row.campaign_id, row.user_id)
        campaign = environment.campaigns.find(row.campaign_id)
        rule = rule_of(campaign) if campaign and campaign.status is not Status.DRAFT else None
        if rule is not None and rule.attribute == ROLE and shows_another_user(self._message, row):
            row = follow_own_contact(environment, row)
        before = environment.qualifications.find(*key)
        if campaign is None or rule is None or (row.finished and not may_qualify(row, campaign)):
            if before is not None and before.due_at is not None:
                self._finish(row, before)
            return
        sighting = new_sighting(environment, self._message, row, rule, campaign)
        if before is None and not (sighting and (campaign.uncounted or begins(row, rule, sighting))):
            return
        if before is not None and self._rests(row, campaign, rule, before, sighting):
            return
        if not row.finished:
            self._enqueue_later(key, DELIVERY_AGAIN_AFTER, "The signup is not delivered yet.", sighting)
        elif campaign.status is Status.PAUSED:
            self._enqueue_later(key, PAUSED_AGAIN_AFTER, "The campaign is paused.", sighting)
        else:
            seen = saw(before or Qualification(*key), sighting)
            if rule.reversible:  # Intercom is asked, so what was seen is stored first, to be enqueued should nobody come back
                seen = self._begun[key] = environment.qualifications.update(*key, lambda one: self._noted(one, sighting))
                row, seen = read_contacts(environment, row, rule, seen)
            baseline = baseline_of(row, rule)
            wanted, value = is_wanted(seen, rule, baseline)
            if wanted and not seen.wanted and self._leaves_it(row, campaign, rule, value, sighting):
                return
            self._finish(row, *self._judge(row, rule, baseline, sighting))

    def _rests(self, row: Referral, campaign: Campaign, rule: Rule, before: Qualification, sighting: Sighting | None) -> bool:
        """Whether it was reported, or refused by Referral Factory, for good; a value may earn now what a hand gave."""
        if not before.wanted or before.due_at is not None:
            return False
        if before.by_hand and sighting and row.finished and earns(before, sighting, rule, baseline_of(row, rule)):
            if not self._is_uncounted(row, campaign, rule, sighting.value, sighting):
                self._doubt_hand(row, sighting)
            return True
        return not rule.reversible

    def _leaves_it(self, row: Referral, campaign: Campaign, rule: Rule, value: Value, sighting: Sighting | None) -> bool:
        """What a value earns is not earned yet, while nobody knows who stood at it before, or by another row."""
        if self._is_uncounted(row, campaign, rule, value, sighting):
            return True
        twin_id = find_twin(self._environment, row, campaign)
        if twin_id is None:
            return False
        self._begun.pop((row.campaign_id, row.user_id), None)
        leave_to_twin(self._environment, twin_id, row, sighting)
        return True

    def _is_uncounted(self, row: Referral, campaign: Campaign, rule: Rule, value: Value, sighting: Sighting | None) -> bool:
        """Whether nobody knows yet if the contact stood at the value before it became one that counts; then it waits."""
        waits = is_older(row, rule, value) and replace(rule, values=campaign.uncounted).matches(value)
        if waits:
            self._enqueue_later((row.campaign_id, row.user_id), UNCOUNTED_AGAIN_AFTER, UNCOUNTED, sighting)
        return waits

    def _noted(self, one: Qualification, sighting: Sighting | None) -> Qualification:
        """With what was seen, and due should this worker not come back."""
        seen = saw(one, sighting)
        if seen is one or seen.due_at is not None:
            return seen
        return replace(seen, due_at=self._environment.clock.now() + QUALIFICATION_LEASE)

    def _doubt_hand(self, row: Referral, sighting: Sighting) -> None:
        """A value now earns what a hand gave; should the hand have taken it back since, the value stands alone."""
        now = self._environment.clock.now()
        doubted = self._environment.qualifications.update(
            row.campaign_id, row.user_id, lambda one: replace(one.saw(sighting), by_hand=False).in_doubt(now, now)
        )
        self._finish(row, doubted)

    # -- what follows from it -----------------------------------------------------------------------------------------

    def _judge(
        self, row: Referral, rule: Rule, baseline: Baseline, sighting: Sighting | None
    ) -> tuple[Qualification, Event | None]:
        """The item as what was seen demands it, ``sighting`` included: one write for both. And the line of a turn that the
        row's story does not have yet."""
        environment, now = self._environment, self._environment.clock.now()
        turns: list[bool] = []

        def judge(one: Qualification) -> Qualification:
            turns.clear()
            one = self._noted(one, sighting)
            if one.stage not in OPEN:  # else the tries are those of telling
                one = replace(one, tries=0)
            wanted, value = is_wanted(one, rule, baseline)
            if wanted is one.wanted:
                return _at_rest(one)
            turns.append(wanted)
            exact = not wanted or rule.attribute == ROLE or rule.is_exact(value)
            return replace(one.turned(wanted, now + QUALIFICATION_LEASE), value=value if wanted else one.value, exact=exact)

        judged = environment.qualifications.update(row.campaign_id, row.user_id, judge)
        if turns:
            environment.metrics.count("ReferralQualifies" if judged.wanted else "QualificationReversed")
        elif judged.stage not in OPEN or tells_turn(row, judged.wanted):
            return judged, None
        what, detail = (Happened.QUALIFIES, _detail(rule, judged)) if judged.wanted else (Happened.NO_LONGER_QUALIFIES, "")
        return judged, Event(now, what, detail)

    def _finish(self, row: Referral, judged: Qualification, turn: Event | None = None) -> None:
        """What is wanted is reported to Referral Factory; what is not even begun rests. ``turn`` belongs in the row's story."""
        key = (row.campaign_id, row.user_id)
        self._begun.pop(key, None)
        if judged.stage is Stage.FAILED and judged.due_at is not None:
            if self._message.topic != ENQUEUED:
                return  # its own message tries again
            judged = self._environment.qualifications.update(*key, Qualification.reopened)
        if judged.stage in OPEN:
            report_qualification(self._environment, row, judged, turn)
        elif turn is not None:
            self._environment.referrals.update(*key, lambda one: one.with_event(turn.at, turn.what, turn.detail))
        elif judged.due_at is not None and judged.stage is not Stage.FAILED:
            self._environment.qualifications.update(row.campaign_id, row.user_id, lambda one: replace(one, due_at=None))
        if QUALIFICATION in row.refusals:
            after = self._environment.qualifications.find(*key) or judged
            if after.stage is not Stage.FAILED and not after.attempts:
                self._environment.referrals.update(*key, lambda one: one.accepted(QUALIFICATION))

    def _put_off(self, key: tuple[int, int], reason: str) -> None:
        """Tried again with growing pauses, and seen by a person meanwhile."""
        now = self._environment.clock.now()
        self._environment.qualifications.update(
            *key, lambda one: one.tried(alone=True).put_off(put_off_until(now, one.tries), reason)
        )
        self._environment.referrals.update(*key, lambda one: one.refused(QUALIFICATION, reason))

    def _enqueue_later(self, key: tuple[int, int], seconds: float, reason: str, sighting: Sighting | None) -> None:
        until = self._environment.clock.now() + seconds
        self._begun.pop(key, None)
        self._environment.qualifications.update(*key, lambda one: saw(one, sighting).waiting(until, reason))


def _at_rest(one: Qualification) -> Qualification:
    """Nothing turned, so nothing is due but what is being reported or was refused."""
    if one.stage is Stage.WATCHING:
        return replace(one, due_at=None, reason="", attempts=0)
    return replace(one, due_at=None) if one.stage is Stage.CONFIRMED else one


def _detail(rule: Rule, judged: Qualification) -> str:
    if rule.attribute == ROLE:
        return "the lead became a user"
    inexact = "" if judged.exact else " (written differently in the settings)"
    return f"{rule.attribute} is “{judged.value}”{inexact}"
