"""A value has become a qualified one: who stood at it before? Their contacts have to leave it first.

Each is kept as a sighting from before the rule. While that count is not done, who comes to such a value waits, for nobody
can say yet whether they came to it or stood there (``qualify_referral``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from shared.domain.campaign.campaign import Campaign
from shared.domain.campaign.rule import ROLE, Rule, rule_of
from shared.domain.contact import Contact, Value
from shared.domain.person import Audience, fold_email
from shared.domain.qualification.qualification import Sighting
from shared.domain.qualification.verdict import is_older, may_qualify
from shared.domain.signup.referral import DOUBT, Referral
from shared.domain.timing import LONGEST_INTERCOM_CALL
from shared.observability import logger
from shared.use_cases.connection.find_connection import find_connection
from shared.use_cases.environment import Environment
from shared.use_cases.qualification.search_contacts import Search, searches_of, value_of

PAGES_AT_SAVE = 3
"""Read while somebody waits for the answer; reconcile reads on."""
DOUBTFUL = (
    "The contact stands at “{value}”, and changed while was counted who stood there before that made a referral successful. If "
    "it came to it after that, qualify the person in Referral Factory by hand."
)


@dataclass(frozen=True, slots=True)
class Standing:
    """``people``: of the campaign, who stand at a new qualified value and do not count; ``complete`` False: so far."""

    people: int = 0
    complete: bool = True


def count_standing(environment: Environment, campaign: Campaign, most_pages: int | None = None) -> Standing:
    """Reads on where the last call ended, until the time is up or ``most_pages`` are read. Raises what the Intercom port
    raises, and TransientError."""
    rule = rule_of(campaign)
    if rule is None or not campaign.uncounted:
        return Standing()
    return _Count(environment, campaign, replace(rule, values=campaign.uncounted)).run(most_pages)


class _Count:
    """``rule``: with the uncounted values alone."""

    def __init__(self, environment: Environment, campaign: Campaign, rule: Rule) -> None:
        self._environment = environment
        self._campaign = campaign
        self._rule = rule
        self._name = f"standing-{campaign.campaign_id}"
        self._workspace_id = find_connection(environment).workspace_id

    def run(self, most_pages: int | None) -> Standing:
        stored = self._environment.progresses.find(self._name) or {}
        is_same = stored.get("version") == self._campaign.version
        done: list[str] = [str(one) for one in stored.get("done", ())] if is_same else []  # type: ignore[attr-defined]
        cursor = str(stored["cursor"]) if is_same and stored.get("cursor") else None
        people = int(str(stored.get("people", 0))) if is_same else 0
        pages = 0
        attributes = self._environment.intercom().attributes()
        for search in (one for one in searches_of(self._rule, attributes) if one.name not in done):
            while True:
                if pages == most_pages or self._environment.time_left() < LONGEST_INTERCOM_CALL:
                    return Standing(people, complete=False)
                contacts, cursor = self._page(search, cursor)
                pages += 1
                people += sum(self._keep(contact) for contact in contacts)
                if cursor is None:
                    done.append(search.name)
                place = {"version": self._campaign.version, "done": done, "cursor": cursor, "people": people}
                self._environment.progresses.save(self._name, place)
                if cursor is None:
                    break
        self._environment.campaigns.counted(self._campaign.campaign_id, self._campaign.version)
        logger.info("standing counted", campaign_id=self._campaign.campaign_id, people=people)
        return Standing(people)

    def _page(self, search: Search, cursor: str | None) -> tuple[Sequence[Contact], str | None]:
        return self._environment.intercom().search_changed(search.attribute, search.values, 0, cursor)

    def _keep(self, contact: Contact) -> int:
        """How many referrals it keeps from counting."""
        value = value_of(contact, self._rule)
        if not self._rule.matches(value):
            return 0
        kept = [row for row in self._rows(contact) if self._stands(row, contact, value)]
        now = self._environment.clock.now()
        if kept and not self._campaign.watches_since_lately(now):
            self._environment.campaigns.watch_departures(self._campaign.campaign_id, now)
        return len(kept)

    def _rows(self, contact: Contact) -> Iterator[Referral]:
        referrals = self._environment.referrals
        keys = dict.fromkeys(referrals.referrals_of_contact(self._workspace_id, contact.id))
        if contact.email:
            keys |= dict.fromkeys(referrals.referrals_of_email(fold_email(contact.email)))
        own = [key for key in keys if key[0] == self._campaign.campaign_id]
        for row in referrals.find_all(own).values() if own else ():
            invited = row.audience is Audience.PERSON_INVITED and not row.is_elsewhere(self._workspace_id)
            if invited and row.finished and may_qualify(row, self._campaign):
                yield row

    def _stands(self, row: Referral, contact: Contact, value: Value) -> bool:
        since = self._rule.since_of(value)
        if not is_older(row, self._rule, value) or (self._rule.attribute == ROLE and contact.id != row.contact_id):
            return False
        seen_at = min(float(contact.updated_at), since - 1)
        sighting = Sighting(contact.id, seen_at, value, attribute=self._rule.attribute)
        key = (row.campaign_id, row.user_id)
        seen = self._environment.qualifications.update(
            *key, lambda one: one.saw(sighting) if one.by_hand or not one.wanted else one
        )
        if seen.wanted:
            return False
        if contact.updated_at >= int(since):
            self._environment.referrals.update(*key, lambda one: one.refused(DOUBT, DOUBTFUL.format(value=value)))
        return True
