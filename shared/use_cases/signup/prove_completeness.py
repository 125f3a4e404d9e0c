"""At the end of a whole pass: was everybody in Referral Factory's list accounted for here?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace

from shared.domain.campaign.campaign import Campaign
from shared.domain.signup.completeness import Completeness, Tally
from shared.observability import logger
from shared.use_cases.environment import Environment
from shared.use_cases.signup.compare_people import PeopleComparison
from shared.use_cases.signup.reconcile_progress import PROOFS, proofs_of


def counted(
    environment: Environment,
    comparison: PeopleComparison,
    campaigns: Mapping[int, Campaign],
    tally: Tally,
    people: Iterable[tuple[int, int]],
) -> Tally:
    """With these people, as their rows are in the ledger now."""
    concerned = [one for one in people if comparison.concerns(one[0])]
    rows = environment.referrals.find_all(concerned)
    connection = environment.connections.find()
    return tally.counting(campaigns, concerned, rows, connection.workspace_id if connection else "")


def prove_completeness(
    environment: Environment, comparison: PeopleComparison, campaigns: Mapping[int, Campaign], tally: Tally
) -> None:
    """At the end of the list. Whoever was not accounted for is looked up once more: a row that could not be written was
    perhaps written since."""
    tally = counted(environment, comparison, campaigns, tally.without_gaps(), tally.gaps)
    now = environment.clock.now()
    proofs = proofs_of(environment.progresses.find(PROOFS))
    none = dict.fromkeys(filter(comparison.concerns, campaigns), Completeness())
    for campaign_id, proof in {**none, **tally.campaigns}.items():
        proofs[campaign_id] = replace(proof, checked_at=now)
    kept = {str(campaign_id): asdict(proof) for campaign_id, proof in proofs.items() if comparison.concerns(campaign_id)}
    environment.progresses.save(PROOFS, kept)
    unaccounted = sum(proof.unaccounted for proof in tally.campaigns.values())
    environment.metrics.gauge("PeopleUnaccounted", unaccounted, "Count")
    if unaccounted:
        logger.warning("people not accounted for", count=unaccounted)
