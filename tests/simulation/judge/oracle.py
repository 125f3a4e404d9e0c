"""The conservation law over the whole world: nothing lost, doubled, invented or wrong; no limit passed; no secret shown."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

from sandbox.vendors.intercom.workspace import Contact
from shared.domain.person import fold_email
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import Origin, State
from tests.simulation.settings import NAME
from tests.simulation.world import Signup, World

REFERRAL_FACTORY_CAP = 300
INTERCOM_WINDOW = 10.0
INTERCOM_SHARE = 0.9
LATE = 1_800.0
LAG_WAIT = 600.0 + 90.0
"""From a lost create to the next look: ten minutes until search shows every lead, and the sweep's minute with a fault."""


@dataclass(slots=True)
class Verdict:
    """What is wrong; empty lists are what every world must end with. ``delays``: seconds from signing up to the contact."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    overwritten: list[str] = field(default_factory=list)
    """Under ``skip``: a contact that was there before and changed, or one that another signup's values replaced. Under any
    policy: one with an e-mail with which nobody signed up at Referral Factory, whatever a webhook said."""
    failed: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    over_cap: list[str] = field(default_factory=list)
    delays: dict[str, list[float]] = field(default_factory=lambda: {"lead": [], "user": []})
    late: list[str] = field(default_factory=list)
    net: dict[int, float] = field(default_factory=dict)
    """User id → delay, less the wait for Intercom's search after each lost create of a lead."""
    arrived: dict[int, float] = field(default_factory=dict)
    """User id → when the contact was in Intercom."""
    unalarmed: list[str] = field(default_factory=list)
    """Late, and the alarm on the oldest undelivered signup was silent when they became so. Of one whose webhook never came
    nobody knows when it signed up."""
    incomplete: list[str] = field(default_factory=list)
    """Found by polling, and without the facts of the referrer, which the list of users does not bring."""

    def broken(self) -> dict[str, list[str]]:
        """What may never be: each broken law with its first cases."""
        laws = ("lost", "doubled", "invented", "wrong", "overwritten", "failed", "leaked", "over_cap")
        return {law: getattr(self, law)[:5] for law in laws if getattr(self, law)}


def judge(world: World, *, campaign_name: str = NAME, apart: Container[int] = ()) -> Verdict:
    """Looks at everything. Signups are those at Referral Factory, whether or not their webhook ever came. ``apart``: the user
    ids of people who may fail, with a reason, and late."""
    verdict = Verdict()
    by_email: dict[str, list[Contact]] = {}
    for contact in world.contacts():
        by_email.setdefault(fold_email(contact.email), []).append(contact)
    for signup in world.signups.values():
        _judge_signup(world, signup, by_email, verdict, campaign_name, may_fail=signup.person.id in apart)
    known_emails = {fold_email(signup.person.email) for signup in world.signups.values()} | {world.synthetic}
    for email, contacts in by_email.items():
        new = [one for one in contacts if one.id not in world.known_contacts]
        if email not in known_emails | world.invented and new:
            verdict.invented.append(f"{len(new)} contacts nobody signed up for")
        if email not in known_emails:
            verdict.overwritten += [f"{one.id}, who never signed up, changed" for one in contacts if _is_changed(world, one)]
        if len(new) > 1 or (new and len(new) < len(contacts)):
            verdict.doubled.append(f"{[one.id for one in contacts]}: {len(new)} made by us")
    verdict.over_cap += [f"referral_factory {count} in a minute" for count in _over_minute(world)]
    verdict.over_cap += [f"intercom {count} in 10 s" for count in _over_window(world)]
    verdict.leaked += world.logs.leaks
    verdict.leaked += [name for name in world.metrics if world.logs.leaks_in(name)]
    return verdict


def assert_kept(world: World, *, campaign_name: str = NAME) -> Verdict:
    """Fails with the seed and the faults that were played."""
    verdict = judge(world, campaign_name=campaign_name)
    broken = verdict.broken()
    assert not broken, f"{broken}\nseed {world.seed}, faults:\n{world.crossing.trace}"
    return verdict


def _judge_signup(
    world: World,
    signup: Signup,
    by_email: dict[str, list[Contact]],
    verdict: Verdict,
    campaign_name: str,
    *,
    may_fail: bool = False,
) -> None:
    row, who = world.row_of(signup), f"campaign {signup.person.campaign_id} user {signup.person.id}"
    contacts = by_email.get(fold_email(signup.person.email), [])
    if row is None or not row.finished:
        verdict.lost.append(f"{who}: {row.state if row else 'no row'} {row.reason if row else ''}")
        return
    if row.state is State.FAILED:
        explained = bool(row.reason and world.counted("ContactFailed"))
        if not (may_fail and explained):
            (verdict.failed if explained else verdict.lost).append(f"{who}: {row.reason}")
        return
    if row.state not in {State.DELIVERED, State.PARTIAL, State.SKIPPED}:
        return
    contact = next((one for one in contacts if one.id == row.contact_id), None)
    if contact is None:
        verdict.lost.append(f"{who}: {row.state}, but contact {row.contact_id} is not there")
        return
    if may_fail:
        return
    verdict.overwritten += [f"{who}: {what}" for what in _overwritten(world, signup, row, contact, campaign_name)]
    if row.state is State.DELIVERED:
        for name in _differences(world, signup, row, contact, campaign_name):
            polled = row.origin is Origin.RECONCILE and name.startswith("referrer_")
            (verdict.incomplete if polled else verdict.wrong).append(f"{who}: {name} is not as signed up")
    at = contact.created_at if contact.id not in world.known_contacts else row.delivered_at or world.now()
    verdict.arrived[signup.person.id] = at
    delay = max(0.0, at - signup.at)
    verdict.delays[contact.role].append(delay)
    lost_creates = world.crossing.lost_creates.times[fold_email(signup.person.email)] if contact.role == "lead" else 0
    verdict.net[signup.person.id] = delay - lost_creates * LAG_WAIT
    if delay > LATE:
        verdict.late.append(f"{who}: {delay:.0f} s, {lost_creates} creates lost")
        if row.origin is Origin.WEBHOOK and not _rang(world, signup.at, at):
            verdict.unalarmed.append(who)


def _rang(world: World, begins: float, ends: float) -> bool:
    """Whether the age of the oldest undelivered signup was over its alarm's threshold in that time."""
    [alarm] = [one for one in world.blueprint.alarms if one.name == "OldestUndeliveredAlarm"]
    return any(begins < at < ends and age >= alarm.threshold for at, age in world.metrics.get(alarm.stats[0].metric, ()))


def expected_values(world: World, signup: Signup, campaign_name: str = NAME) -> dict[str, Any]:
    """What the contact must hold, said in plain words and not by the application's own mapping."""
    person = signup.person
    account = world.referral_factory.account
    values: dict[str, Any] = {
        "name": " ".join(filter(None, (person.first_name, person.meta.get("Last Name")))),
        "referral_link": account.url(person.code),
        "referral_campaign": campaign_name,
    }
    referrer = account.people.with_id(person.referrer_id) if person.referrer_id is not None else None
    if referrer:
        values |= {"referrer_first_name": referrer.first_name, "referrer_email": referrer.email}
    return values


def _differences(world: World, signup: Signup, row: Referral, contact: Contact, campaign_name: str) -> list[str]:
    if len(world.referral_factory.account.people.everywhere_with_email(signup.person.email)) > 1:
        return []  # several write to one contact: ``_overwritten`` says who may
    expected = expected_values(world, signup, campaign_name)
    if contact.id not in world.known_contacts:
        expected["lead_source"] = "referral"
        if signup.person.referrer_id is not None:
            expected["referral_status"] = "New"
    there = {"name": contact.name, **contact.custom_attributes}
    return [name for name, value in expected.items() if there.get(name) != value]


def _is_changed(world: World, contact: Contact) -> bool:
    before = world.before.get(contact.id)
    return before is not None and {"name": contact.name, **contact.custom_attributes} != before


def _overwritten(world: World, signup: Signup, row: Referral, contact: Contact, campaign_name: str) -> list[str]:
    """Whether somebody's values replaced those that were there, though every campaign in which the e-mail signed up skips."""
    sharing = world.referral_factory.account.people.everywhere_with_email(signup.person.email)
    policies = set().union(*(world.policies.get(person.campaign_id, set()) for person in sharing))
    if policies != {"skip"}:
        return []
    there, mapped = {"name": contact.name, **contact.custom_attributes}, expected_values(world, signup, campaign_name)
    if contact.id in world.known_contacts:
        before = world.before.get(contact.id, there)
        return [f"{name} of the customer's contact changed" for name in mapped if there.get(name) != before.get(name)]
    if len(sharing) == 1 or not any(event.what == Happened.CREATED for event in row.history):
        return []
    # Campaigns have names of their own, and a list without a webhook does not bring the referrer.
    own = [name for name in ("name", "referral_link") if there.get(name) != mapped[name]]
    return [f"{name} is another signup's" for name in own]


def _over_minute(world: World) -> list[int]:
    """Referral Factory's sliding minutes that hold more calls than the cap."""
    times = sorted(world.transport.calls["referral_factory"])
    counts = (index + 1 - bisect_left(times, at - 60.0) for index, at in enumerate(times))
    return [count for count in counts if count > REFERRAL_FACTORY_CAP]


def _over_window(world: World) -> list[int]:
    """Intercom's windows of 10 s that hold more than our share."""
    windows = Counter(at // INTERCOM_WINDOW for at in world.transport.calls["intercom"])
    most = world.intercom.settings.limit_per_window * INTERCOM_SHARE
    return [count for count in windows.values() if count > most]
