"""Where reconcile stands, and what its last whole pass proved, as it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from shared.domain.signup.completeness import Completeness, Tally, completeness_of, tally_of
from shared.domain.signup.reconcile import Order, Progress
from shared.observability import logger

if TYPE_CHECKING:
    from shared.domain.campaign.campaign import Campaign
    from shared.domain.signup.referral import Referral
    from shared.use_cases.environment import Environment
    from shared.use_cases.signup.compare_people import PeopleComparison

USERS_PROGRESS = "users"
"""The one list that is reconciled: all the people of the Referral Factory account."""
PROOFS = "completeness"


def progress_of(stored: Mapping[str, Any] | None) -> Progress:
    """What was stored; unknown fields of a newer version are ignored."""
    values = {name: value for name, value in (stored or {}).items() if name in Progress.__slots__}
    if "order" in values:
        values["order"] = Order(str(values["order"]))
    for name in ("high_water", "last_page", "scan_page", "page_failures"):
        if name in values:
            values[name] = int(values[name])
    if values.get("tally") is not None:
        values["tally"] = tally_of(values["tally"])
    return Progress(**values)


def proofs_of(stored: Mapping[str, Any] | None) -> dict[int, Completeness]:
    """Of each campaign whose people were counted, by its id."""
    return {int(campaign_id): completeness_of(one) for campaign_id, one in (stored or {}).items()}


def counted(
    environment: Environment,
    comparison: PeopleComparison,
    campaigns: Mapping[int, Campaign],
    tally: Tally,
    people: Iterable[tuple[int, int]],
    seen: Mapping[tuple[int, int], Referral],
) -> Tally:
    """With these people, as their rows are in the ledger now, or were a moment ago (``seen``)."""
    concerned = [one for one in people if comparison.concerns(one[0])]
    rows = {**seen, **environment.referrals.find_all([one for one in concerned if one not in seen])}
    connection = environment.connections.find()
    return tally.counting(campaigns, concerned, rows, connection.workspace_id if connection else "")


def prove_completeness(
    environment: Environment, comparison: PeopleComparison, campaigns: Mapping[int, Campaign], tally: Tally
) -> None:
    """At the end of the list. Whoever was not accounted for is looked up once more: a row that could not be written was
    perhaps written since."""
    tally = counted(environment, comparison, campaigns, tally.without_gaps(), tally.gaps, {})
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
