"""A sync in the simulated world: its campaign, its contacts, and the law that each ends with exactly one link."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sandbox.vendors.intercom.workspace import Contact
from shared.domain.person import fold_email
from shared.domain.sync.run import SyncRun
from shared.use_cases.sync.start_sync import start_once
from tests.simulation.judge.oracle import judge
from tests.simulation.settings import build_settings
from tests.simulation.world import World

WRITE_BACK = {
    "referral_link": "custom_attributes.referral_link",
    "referral_count": "custom_attributes.referral_count",
    "converted_referral_count": "custom_attributes.converted_referral_count",
}


def sync_settings(campaign_id: int = 1, **changes: Any) -> dict[str, Any]:
    """A campaign that syncs every contact. Whoever joins it is to be a user, except for people that the sync brings."""
    section = {
        "mode": "ongoing",
        "interval_minutes": 15,
        "source": {"kind": "all"},
        "mapping": [{"from": "name", "to": "first_name"}, {"from": "email", "to": "email"}],
        "write_back": WRITE_BACK,
        "notify": False,
        **changes,
    }
    if campaign_id == 2:  # whose form requires a company
        section["mapping"] = [*section["mapping"], {"from": "name", "to": "meta.Company"}]
    return build_settings(campaign_id, invited="user", referring="user", sync=section)


def add_contacts(world: World, count: int) -> list[Contact]:
    return [world.add_contact(f"contact-{number}@example.com", name=f"Ada Stone {number}") for number in range(count)]


def connect(world: World) -> None:
    """As connecting in the console does, so that nobody has to ask which workspace it is."""
    environment = world.environment("sync_page")
    environment.connections.save(environment.intercom().identify())


def begin(world: World, campaign_id: int = 1) -> SyncRun:
    """A run that a person asks for."""
    with world.looking():
        return start_once(world.environment("sync_page"), campaign_id, "a test")


def run_of(world: World, run: SyncRun) -> SyncRun:
    with world.looking():
        found = world.environment("sync_page").sync_runs.find(run.campaign_id, run.slot)
    assert found is not None
    return found


def run_to_the_end(world: World, run: SyncRun, longest: float = 86_400.0, step: float = 20.0) -> SyncRun:
    """Until the run has ended; AssertionError when it has not within ``longest`` seconds."""
    ends_at = world.now() + longest
    while world.now() < ends_at:
        world.run(step)
        found = run_of(world, run)
        if found.finished:
            return found
    raise AssertionError(f"the run is still {found.state}: {found.reason}\n{world.crossing.trace}")


@dataclass(slots=True)
class Linked:
    """What is wrong with the links; all empty when nothing is."""

    unlinked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    over_cap: list[str] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)


def judge_links(world: World, campaign_id: int = 1) -> dict[str, Any]:
    """Each contact with an e-mail holds the link of the campaign's one person with it; nobody is in Intercom or in the
    campaign twice; no limit was passed."""
    verdict, account = Linked(), world.referral_factory.account
    for contact in world.contacts():
        person = account.people.with_email(campaign_id, contact.email) if contact.email else None
        there = contact.custom_attributes.get("referral_link")
        if person is None or there is None:
            verdict.unlinked.append(contact.id)
        elif there != account.url(person.code):
            verdict.wrong.append(contact.id)
    folded = Counter(fold_email(contact.email) for contact in world.contacts())
    verdict.doubled = [email for email, count in folded.items() if count > 1]
    verdict.over_cap = judge(world).over_cap
    verdict.refused = {vendor: count for vendor, count in world.transport.refused.items() if count}
    return {name: value for name in Linked.__slots__ if (value := getattr(verdict, name))}
