"""Who was paid against who had earned it: random lives of contacts, and what happened to them as the stand-in knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from sandbox.vendors.intercom.seed import add_contact
from sandbox.vendors.referral_factory.records import Person
from shared.domain.signup.happened import Happened
from tests.simulation.play.referral_stories import INTERCOM_WEBHOOK, as_event, notify
from tests.simulation.settings import build_settings
from tests.simulation.world import OF_A_SIGNUP, Signup, World

QUALIFIED = "Connected"
TURNS = (Happened.QUALIFIES, Happened.QUALIFIED, Happened.NO_LONGER_QUALIFIES, Happened.UNQUALIFIED)
VALUES = (QUALIFIED, "New", "Lost")
FUNCTIONS = (*OF_A_SIGNUP, "intercom_webhook", "qualify_referral", "update_referrer")


@dataclass(slots=True)
class Life:
    """One person's contact: ``stood``: it was at the qualified value when they signed up and has not left it since;
    ``came``: it came to that value after the signup; ``value``: where it is now."""

    signup: Signup
    contact_id: str
    stood: bool
    value: str | None
    came: bool = False

    def turns(self, value: str) -> None:
        self.came |= value == QUALIFIED and self.value != QUALIFIED
        self.stood = self.stood and value == QUALIFIED
        self.value = value

    def earned(self, *, reversal: bool) -> bool:
        return self.came and (self.value == QUALIFIED or not reversal)


@dataclass(slots=True)
class Books:
    """Empty lists are what each world must end with."""

    paid_for_nothing: list[str] = field(default_factory=list)
    unpaid: list[str] = field(default_factory=list)
    paid_twice: list[str] = field(default_factory=list)
    noted_twice: list[str] = field(default_factory=list)
    """Whose story has one turn two times, one after the other."""


def live(seed: int, *, reversal: bool, people: int = 6, turns: int = 5) -> tuple[World, list[Life]]:
    """Half of them were in Intercom before, some at the qualified value. Notifications come late, twice, in any order or,
    where nothing else happens before reconcile looks, never."""
    random = Random(f"money {seed}")
    world = World(seed, sweep=False, reconcile=False, functions=FUNCTIONS)
    document = build_settings()
    document["qualification"]["unqualify_on_reversal"] = reversal
    document["person_invited"]["duplicates"] = "update"
    world.configure(document)
    lives = [_signs_up(world, f"person{number}@example.com", random) for number in range(people)]
    world.intercom.change_settings({"webhook_url": INTERCOM_WEBHOOK})
    world.intercom.take_webhooks(world.now())
    for _ in range(turns):
        for life in random.sample(lives, people // 2):
            value = random.choice([one for one in VALUES if one != life.value])
            world.run(random.choice((2, 30)))
            world.intercom.contacts.update(life.contact_id, {"custom_attributes": {"referral_status": value}}, by_api=False)
            life.turns(value)
        _notify(world, random)
        _settle(world)
    return world, lives


def judge_money(world: World, lives: list[Life], *, reversal: bool) -> Books:
    books = Books()
    for life in lives:
        person = life.signup.person
        is_paid, earned = person.qualified_at is not None, life.earned(reversal=reversal)
        if is_paid and not earned:
            books.paid_for_nothing.append(person.email)
        if earned and not is_paid:
            books.unpaid.append(person.email)
        if person.qualified_times > 1 and not reversal:
            books.paid_twice.append(person.email)
        if repeated := repeated_turns(world, person):
            books.noted_twice.append(f"{person.email}: {repeated}")
    return books


def repeated_turns(world: World, person: Person) -> list[str]:
    """Turns that the person's story tells two times, one after the other."""
    row = world.environment("qualify_referral").referrals.find(person.campaign_id, person.id)
    turns = [event.what for event in row.history if event.what in TURNS] if row else []
    return [turn for before, turn in pairwise(turns) if turn == before]


def _signs_up(world: World, email: str, random: Random) -> Life:
    before = random.choice((None, None, "New", QUALIFIED))
    if before is not None:
        fields = {"role": "user", "email": email, "custom_attributes": {"referral_status": before}}
        made = add_contact(world.intercom.workspace, fields, age=86_400.0)
        world.known_contacts.add(made.id)
    signup = world.sign_up(email)
    world.run(90)
    world.fire("sweep")
    world.run(30)
    [contact] = world.contacts(email)
    value = contact.custom_attributes.get("referral_status")
    return Life(signup, contact.id, before == QUALIFIED, value)


def _notify(world: World, random: Random) -> None:
    """Lost altogether, or shuffled and doubled."""
    if random.random() < 0.3:
        world.intercom.take_webhooks(world.now())
        return
    webhooks = list(world.intercom.take_webhooks(world.now()))
    random.shuffle(webhooks)
    doubled = webhooks[:1]
    for webhook in [*webhooks, *doubled]:
        world.functions["intercom_webhook"].invoke(as_event(webhook), lambda _answer, _ended: None)
    world.run(random.choice((0.1, 0.3, 0.6)))  # two workers at one referral
    for webhook in doubled:
        world.functions["intercom_webhook"].invoke(as_event(webhook), lambda _answer, _ended: None)


def _settle(world: World) -> None:
    for _ in range(8):
        world.run(120)
        notify(world)
        world.fire("sweep")
        world.fire("reconcile")
