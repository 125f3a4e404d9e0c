"""Find by polling what a notification of Intercom should have reported: contacts at a qualified value whose referral is not
qualified, and where a reversal counts, those that have left it.

Search compares whole days in the workspace's zone (https://developers.intercom.com/docs/references/rest-api), so it looks two
days back, and what is older than the last reading is left out on our side (``search_contacts``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.campaign.rule import ROLE, Rule, rule_of
from shared.domain.contact import Contact
from shared.domain.mapping import STANDARD_TYPES
from shared.domain.person import Audience, fold_email
from shared.domain.qualification.qualification import Qualification, Sighting
from shared.domain.qualification.verdict import baseline_of, is_news, may_qualify
from shared.domain.signup.referral import Referral
from shared.errors import ConnectionLostError, FailureError, RejectedError
from shared.messages import QualifyReferral
from shared.observability import logger
from shared.use_cases.connection.resolve_doubt import resolve_doubt
from shared.use_cases.environment import Environment
from shared.use_cases.qualification.count_standing import count_standing
from shared.use_cases.qualification.new_sighting import RECONCILED, is_our_user
from shared.use_cases.qualification.qualify_referral import YOUNG
from shared.use_cases.qualification.search_contacts import ContactSearches, searches_of, value_of

CONTACTS_PROGRESS = "contacts"
FAILED_METRIC = "ContactReconcileFailed"
"""Counts passes that read nothing or were broken off, or in which a search was not done after an hour, and searches that
Intercom refused."""
OVERDUE = 300.0
"""Seconds after which a change's notification should have come; Intercom repeats a failed one after a minute."""


@dataclass(slots=True)
class Found:
    """What one pass saw; ``missed``: when the changes happened that no notification reported."""

    seen: int = 0
    queued: int = 0
    complete: bool = True
    missed: list[float] = field(default_factory=list)


class ContactReconciliation:
    """One pass. Raises what the Intercom port raises; what was found until then is queued."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._found = Found()
        self._tracked: dict[int, tuple[Campaign, Rule]] = {}
        self._workspace_id = ""

    def run(self) -> Found:
        """Nothing happens while no campaign tracks anything (unless an uninstall is in doubt), or Intercom is not
        connected."""
        environment = self._environment
        tracked = {
            campaign.campaign_id: (campaign, rule)
            for campaign in environment.campaigns.list()
            if campaign.status is Status.ACTIVE and (rule := rule_of(campaign)) is not None
        }
        connection = environment.connections.find()
        if connection is None or not connection.connected or not (tracked or connection.doubted_at is not None):
            return self._found
        environment.intercom_guard.admit()
        self._workspace_id = connection.workspace_id
        try:
            resolve_doubt(environment, connection)
            self._tracked = {key: pair for key, pair in tracked.items() if self._is_trackable(*pair)}
            self._count_standing()
            self._compare(environment.clock.now())
        except ConnectionLostError:
            environment.intercom_guard.connection_lost()
            raise
        except FailureError as error:
            environment.intercom_guard.failed(error)
            raise
        environment.intercom_guard.succeeded()
        environment.metrics.count("ContactsReconciled")
        logger.info("contacts reconciled", seen=self._found.seen, queued=self._found.queued, complete=self._found.complete)
        return self._found

    def _count_standing(self) -> None:
        """What saving had no time for, or could not ask."""
        for key, (campaign, rule) in self._tracked.items():
            if not campaign.uncounted:
                continue
            try:
                if count_standing(self._environment, campaign).complete:
                    self._tracked[key] = (self._environment.campaigns.get(key), rule)
            except RejectedError as error:
                self._environment.metrics.count(FAILED_METRIC)
                logger.error("standing not counted", campaign_id=key, reason=str(error))

    def _compare(self, now: float) -> None:
        stored = self._environment.progresses.find(CONTACTS_PROGRESS) or {}
        searches = ContactSearches(self._environment, stored, now)
        undecided_at = stored.get("undecided_at")
        try:
            self._search(searches)
            undecided_at = self._listen(now, undecided_at)
        finally:
            self._found.seen, self._found.complete = searches.seen, searches.complete
            self._environment.progresses.save(CONTACTS_PROGRESS, {**searches.kept(), "undecided_at": undecided_at})
        if searches.failed:
            self._environment.metrics.count(FAILED_METRIC)

    def _search(self, searches: ContactSearches) -> None:
        queued: set[str] = set()
        attributes = self._environment.intercom().attributes()
        wanted = [
            one
            for campaign, rule in self._tracked.values()
            for one in searches_of(rule, attributes, others=rule.reversible or campaign.watches_departures)
        ]
        for search in searches.in_turn(wanted):
            try:
                for contact in searches.read(search):
                    if contact.id not in queued and self._is_news(contact):
                        queued.add(contact.id)
                        self._queue(contact)
            except RejectedError as error:
                self._environment.metrics.count(FAILED_METRIC)
                logger.error("contact search refused", attribute=search.attribute, others=search.others, reason=str(error))

    def _is_trackable(self, campaign: Campaign, rule: Rule) -> bool:
        """Whether the tracked attribute is still there. A campaign whose is not says so, and stops nothing else."""
        there = rule.attribute in (ROLE, *STANDARD_TYPES) or self._is_in_intercom(rule.attribute)
        problems = [] if there else [f"The tracked attribute {rule.attribute} is no longer in Intercom, so nobody qualifies."]
        if not there:
            self._environment.metrics.count("TrackedAttributeMissing")
            logger.error("tracked attribute missing", campaign_id=campaign.campaign_id)
        if list(campaign.noted_problems.get("qualification", ())) != problems:
            self._environment.campaigns.note_problems(campaign.campaign_id, "qualification", problems)
        return there

    def _is_in_intercom(self, name: str) -> bool:
        """By what is known of the workspace; before anybody is alarmed, by what it holds now."""
        intercom = self._environment.intercom()
        for read in (intercom.attributes, intercom.read_attributes):
            attribute = read().get(name)
            if attribute is not None and not attribute.archived:
                return True
        return False

    def _is_news(self, contact: Contact) -> bool:
        """Whether a referral of the contact should stand otherwise than it does, and nobody has reported it yet."""
        unchanged, shown = self._environment.unchanged_hits, self._shown(contact)
        if unchanged.has(contact.id, shown):
            return False
        referrals = self._environment.referrals
        keys = dict.fromkeys(referrals.referrals_of_contact(self._workspace_id, contact.id))
        if contact.email:
            keys |= dict.fromkeys(referrals.referrals_of_email(fold_email(contact.email)))
        rows = referrals.find_all([key for key in keys if key[0] in self._tracked]) if keys else {}
        news = missed = 0
        for key, row in rows.items():
            campaign, rule = self._tracked[key[0]]
            if row.audience is not Audience.PERSON_INVITED or row.is_elsewhere(self._workspace_id):
                continue
            if row.finished and not may_qualify(row, campaign):
                continue
            if self._is_news_for(row, rule, contact):
                news += 1
                if not campaign.uncounted:  # it may have stood there
                    missed += rule.attribute != ROLE or contact.id == row.contact_id  # else perhaps a user beside the lead
        self._found.missed += [float(contact.updated_at)] * missed
        is_finished = all(row.finished for row in rows.values()) if rows else self._is_nobodys(contact)
        if not news and is_finished:
            unchanged.note(contact.id, shown)
        return news > 0

    def _shown(self, contact: Contact) -> str:
        """What the comparison depends on, but for the ledger."""
        rules = [(key, rule, campaign.uncounted) for key, (campaign, rule) in sorted(self._tracked.items())]
        values = [value_of(contact, rule) for _, rule, _ in rules]
        return repr((contact.updated_at, contact.email, contact.role, values, rules))

    def _is_nobodys(self, contact: Contact) -> bool:
        """A younger change may be that of a signup whose delivery is not stored yet."""
        return self._environment.clock.now() - contact.updated_at >= YOUNG

    def _is_news_for(self, row: Referral, rule: Rule, contact: Contact) -> bool:
        if rule.attribute == ROLE and is_our_user(self._environment, row, contact.id):
            return False
        seen = self._environment.qualifications.find(row.campaign_id, row.user_id)
        shown = Sighting(contact.id, float(contact.updated_at), value_of(contact, rule), attribute=rule.attribute)
        return is_news(seen or Qualification(row.campaign_id, row.user_id), shown, rule, baseline_of(row, rule))

    def _queue(self, contact: Contact) -> None:
        self._environment.qualification_queue.send(
            QualifyReferral(
                topic=RECONCILED,
                received_at=self._environment.clock.now(),
                contact_id=contact.id,
                email=contact.email or None,
                role=str(contact.role),
                values={rule.attribute: value_of(contact, rule) for _, rule in self._tracked.values()},
                updated_at=float(contact.updated_at),
            )
        )
        self._found.queued += 1

    def _listen(self, now: float, undecided_at: object) -> float | None:
        """Changes that are overdue, and nothing was heard since the first of them: the notifications have stopped. Answers the
        first change whose notification may still come, for the next pass to judge."""
        missed = [*self._found.missed, *([float(str(undecided_at))] if undecided_at else [])]
        overdue = [at for at in missed if now - at >= OVERDUE]
        if overdue:
            self._environment.metrics.count("NotificationMissed", len(overdue))
            if self._environment.notification_heartbeat.heard_at() < min(overdue):
                self._environment.metrics.count("NotificationsSilent")
                logger.error("notifications silent", missed=len(overdue))
        return min((at for at in missed if now - at < OVERDUE), default=None)
