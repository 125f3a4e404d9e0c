"""Two campaigns, one attribute: on a person's contact, the campaign that wrote it first keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.domain.campaign.campaign import Status
from shared.use_cases.environment import Environment


def claim_attributes(
    environment: Environment, workspace_id: str, email: str, campaign_id: int, names: Iterable[str]
) -> Mapping[str, int]:
    """Claims what nobody has, before it is written; answers whose campaign each attribute is. A campaign that no longer
    writes an attribute, is a draft again or is gone has given it up."""
    wanted = list(names)

    def still_writes(owner: int, name: str) -> bool:
        if owner == campaign_id:
            return True
        campaign = environment.campaigns.find(owner)
        return campaign is not None and campaign.status is not Status.DRAFT and name in campaign.written_to_referrers

    owners = environment.claims.attributes(workspace_id, email, campaign_id, wanted, {})
    given_up = {name: owner for name, owner in owners.items() if not still_writes(owner, name)}
    return environment.claims.attributes(workspace_id, email, campaign_id, wanted, given_up) if given_up else owners
