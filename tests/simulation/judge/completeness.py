"""The proof that nobody is lost against the truth: who is at Referral Factory, and what the vendors know became of each."""

from __future__ import annotations

import json
from collections import Counter

from shared.domain.signup.completeness import Completeness, Place
from shared.use_cases.signup.reconcile_progress import PROOFS, proofs_of
from tests.simulation.world import World


def read_proof(world: World, campaign_id: int = 1) -> Completeness | None:
    """What the last whole pass wrote."""
    return proofs_of(world.environment("reconcile").progresses.find(PROOFS)).get(campaign_id)


def prove(world: World, campaign_id: int = 1) -> Completeness:
    """Has the whole list read, as every night."""
    began = world.now()
    for _ in range(40):
        body = json.dumps({"kind": "ReconcileCampaigns", "version": 1, "requested_at": world.now(), "full": True})
        world.functions["reconcile"].invoke_later({"Records": [{"body": body}]})
        world.run(120)
        proof = read_proof(world, campaign_id)
        if proof is not None and proof.checked_at > began:
            return proof
    raise AssertionError(f"no whole pass came to its end; faults:\n{world.crossing.trace}")


def judge_proof(world: World, proof: Completeness, campaign_id: int = 1) -> list[str]:
    """What the proof says otherwise than the vendors do; empty when it is true. Only for a world at rest."""
    people = [one for one in world.signups.values() if one.person.campaign_id == campaign_id]
    there = {one.email for one in world.contacts()}
    arrived = sum(one.person.email in there for one in people)
    campaign = world.environment("reconcile").campaigns.get(campaign_id)
    account = world.referral_factory.account.people
    mark = campaign.activation_mark or 0
    known = [one for one in account.ids() if account.with_id(one).campaign_id == campaign_id and one <= mark]
    counts, found = Counter(proof.counts), []
    if proof.people != len(people) + len(known):
        found.append(f"{proof.people} people, and there are {len(people) + len(known)}")
    if counts[Place.IN_INTERCOM] + counts[Place.SKIPPED] != arrived:
        found.append(f"{counts[Place.IN_INTERCOM]} in Intercom and {counts[Place.SKIPPED]} skipped, and there are {arrived}")
    if counts[Place.JOINED_BEFORE] != len(known):
        found.append(f"{counts[Place.JOINED_BEFORE]} joined before, and {len(known)} did")
    if proof.gaps:
        found.append(f"not accounted for: {proof.gaps}")
    return found
