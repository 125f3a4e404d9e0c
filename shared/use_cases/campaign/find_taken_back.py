"""Settings under which a change takes qualifications back: whose would go with the values that are no longer qualified ones?"""

from __future__ import annotations

from shared.domain.campaign.campaign import Campaign
from shared.domain.campaign.rule import ROLE, rule_of
from shared.domain.campaign.settings_check import Problem
from shared.domain.contact import Value
from shared.use_cases.environment import Environment

MOST_ROWS = 2_000
"""Looked at while somebody waits for the answer."""
AT_ONCE = 200
PLACE = "qualification.trigger.qualified_values"


def find_taken_back(environment: Environment, campaign: Campaign, before: Campaign | None) -> list[Problem]:
    """Nothing where nobody qualified by a value that goes, or the settings accept that by its name. Raises TransientError."""
    after = rule_of(campaign)
    old = rule_of(before) if before else None
    if before is None or old is None or after is None or not after.reversible or old.attribute == ROLE:
        return []
    gone = [value for value in old.values if after.attribute != old.attribute or not after.matches(value)]
    unaccepted = [value for value in gone if value not in campaign.take_back_accepted]
    count, is_all = _count(environment, before, unaccepted) if unaccepted else (0, True)
    if not count:
        return []
    values = ", ".join(f"“{value}”" for value in unaccepted)
    many = f"{'' if is_all else 'at least '}{count} {'person' if count == 1 else 'people'}"
    sentence = (
        f"{values} made {many} of this campaign successful. Saving takes that back at Referral Factory when their contact next "
        f"changes. Keep the value, switch off taking back, or accept it (in a file: take_back_accepted lists {values})."
    )
    return [(PLACE, sentence)]


def _count(environment: Environment, campaign: Campaign, values: list[Value]) -> tuple[int, bool]:
    """How many count by one of the values, and whether all rows were looked at."""
    count, seen, cursor = 0, 0, None
    while seen < MOST_ROWS:
        page = environment.referrals.of_campaign(campaign.campaign_id, AT_ONCE, cursor)
        for row in page.items:
            if row.person.qualified:
                found = environment.qualifications.find(row.campaign_id, row.user_id)
                count += bool(found and found.wanted and not found.by_hand and found.value in values)
        seen, cursor = seen + AT_ONCE, page.cursor
        if cursor is None:
            return count, True
    return count, False
