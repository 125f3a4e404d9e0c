"""What is wrong now and what to do, and how far the set-up is: one truth for the header, the badges and the overview.

Made of what is stored: no vendor is called, so it answers while they are down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.campaign.rule import rule_of
from shared.domain.operations.figures import day_of
from shared.domain.operations.health import Level
from shared.use_cases.connection.read_connection import ConnectionState, VendorState, read_connection
from shared.use_cases.environment import Environment
from shared.use_cases.operations.find_problems import CONNECTION, MOST, MOST_QUARANTINED, Problem, find_problems
from shared.use_cases.operations.judge_campaign import CampaignHealth, health_of, sends, syncs
from shared.use_cases.signup.reconcile_progress import PROOFS, proofs_of


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the set-up. ``what`` and ``do`` are for the person who sets it up."""

    kind: str
    is_done: bool
    what: str
    do: str
    where: str


@dataclass(frozen=True, slots=True)
class Health:
    """``oldest_undelivered`` in seconds. ``settings`` are those of ``campaigns``, in the same order."""

    connection: ConnectionState
    settings: Sequence[Campaign]
    campaigns: Sequence[CampaignHealth]
    problems: Sequence[Problem]
    steps: Sequence[Step]
    oldest_undelivered: float
    attention: int
    quarantined: int

    @property
    def next_step(self) -> Step | None:
        """None once the set-up is complete."""
        return next((step for step in self.steps if not step.is_done), None)

    @property
    def level(self) -> Level:
        if self.problems:
            return Level.BAD
        return Level.GOOD if self.next_step is None else Level.WAIT

    @property
    def sentence(self) -> str:
        if self.problems:
            more = f" And {len(self.problems) - 1} more." if len(self.problems) > 1 else ""
            return self.problems[0].what + more
        step = self.next_step
        return "All is well." if step is None else f"Set-up is not complete yet. Next: {step.what[0].lower()}{step.what[1:]}."


def read_health(environment: Environment) -> Health:
    """Raises TransientError when our own tables or secrets cannot be read."""
    oldest = environment.figures.waiting().get("oldest_at")
    connection = read_connection(environment)
    settings = environment.campaigns.list()
    proofs = proofs_of(environment.progresses.find(PROOFS))
    attention = environment.referral_search.count_attention(MOST)
    quarantined = len(environment.quarantine_shelf.list(MOST_QUARANTINED).items)
    totals = environment.figures.totals(day_of(environment.clock.now()))
    arrived = sum(counts.get("delivered", 0) for counts in totals.values())
    return Health(
        connection=connection,
        settings=settings,
        campaigns=[health_of(campaign, connection, proofs.get(campaign.campaign_id)) for campaign in settings],
        problems=find_problems(environment, connection, settings, proofs, attention, quarantined),
        steps=_steps(connection, settings, has_arrived=arrived > 0),
        oldest_undelivered=max(0.0, environment.clock.now() - oldest) if oldest else 0.0,
        attention=attention,
        quarantined=quarantined,
    )


def _steps(connection: ConnectionState, campaigns: Sequence[Campaign], *, has_arrived: bool) -> list[Step]:
    """In the order in which a person takes them. A webhook counts once it came; *rewarded* may not come for weeks."""
    first = campaigns[0] if campaigns else None
    page = f"#/campaigns/{first.campaign_id}" if first else "#/campaigns"
    awaited = _awaited(connection, campaigns)
    seen = sum(awaited.values())
    return [
        Step("intercom", connection.intercom.connected, "Connect Intercom", "Allow the app in Intercom.", CONNECTION),
        Step(
            "referral_factory",
            connection.referral_factory.connected,
            "Connect Referral Factory",
            "Paste the API key of your account.",
            CONNECTION,
        ),
        Step("campaign", bool(campaigns), "Choose a campaign", "Choose the first campaign to set up.", "#/campaigns"),
        Step(
            "fields",
            any(sends(campaign) or syncs(campaign) for campaign in campaigns),
            "Choose who is sent, with which fields",
            "Choose lead or user for people invited, and map the fields.",
            page,
        ),
        Step(
            "active",
            any(campaign.status is Status.ACTIVE for campaign in campaigns),
            "Activate the campaign",
            "Until then signups are kept and nothing is sent.",
            page,
        ),
        Step(
            "webhooks",
            seen == len(awaited),
            f"Set up the webhooks: {seen} of {len(awaited)} seen",
            f"Still to come: {', '.join(name for name, came in awaited.items() if not came)}."
            if seen < len(awaited)
            else "All came.",
            CONNECTION,
        ),
        Step(
            "person",
            has_arrived,
            "Sign up a test person",
            "Press Try it now there: a made-up person shows the way, or you sign up yourself.",
            page,
        ),
    ]


def _awaited(connection: ConnectionState, campaigns: Sequence[Campaign]) -> dict[str, bool]:
    """The webhooks that the settings need, and whether each has come."""
    came = {name.partition("/")[2] for name in connection.referral_factory.received}
    awaited = {"joined": "joined" in came}
    if any(rule_of(campaign) for campaign in campaigns):
        awaited["a contact's change (Intercom)"] = any(_about_contact(connection.intercom))
    return awaited


def _about_contact(intercom: VendorState) -> list[str]:
    return [name for name in intercom.received if name.startswith("contact.")]
