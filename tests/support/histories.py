"""Random histories of a campaign's people, through the handlers, against a small model of what is true.

Webhooks bring any of the person's facts, in any order and twice, or never; people edit contacts and people by hand on both
sides, delete and merge contacts, sign up again, save other rules, and connect another workspace. At the end everything that
waits has its turn, and the model says what must be, what may be and what must not.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sandbox.vendors.intercom.workspace import Contact
from sandbox.vendors.referral_factory.records import Person
from sandbox.vendors.wire import OutgoingWebhook
from shared.adapters.campaign_document import campaign_of
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.use_cases.campaign.save_campaign import save_campaign
from shared.use_cases.signup.reconcile_progress import PROOFS, proofs_of
from tests.support.console_api import Console
from tests.support.documents import campaign_document
from tests.support.qualifying import STATUS, Friendship, rules

VALUES = ("New", "Connected", "Lost")
RULES = (("Connected",), ("Connected", "Lost"), ("Lost",))
FIRST, LAST = ("Ada", "Bo", "Cleo"), ("Holm", "Iversen", "")
ALWAYS = frozenset({"id", "campaign_id"})
STEPS = 14
ATTRIBUTES = ("name", "referral_link", "referrer_first_name", "referral_campaign")


@dataclass(slots=True)
class Turn:
    """The contact came to a value. ``came``: out of one that does not qualify to one that does, by the rule of then or by one
    that was saved before the notification came in (``heard``); ``counts``: and that has done so since without a break.
    ``leaves``: it did not qualify by the rule of then, whatever was saved later."""

    value: str
    left: str | None
    came: bool
    counts: bool
    leaves: bool
    heard: bool = False


@dataclass(slots=True)
class Life:
    """One signup, as it is in truth. ``before``: what the contact held that was there when they signed up; ``edited``: what
    people changed on the contact since; ``blurred``: nobody can say any more what must be, only what must not."""

    person: Person
    before: dict[str, Any] | None
    policy: str
    stood: str | None = None
    webhooks: list[dict[str, Any]] = field(default_factory=list)
    expected: dict[str, set[Any]] = field(default_factory=dict)
    edited: set[str] = field(default_factory=set)
    turns: list[Turn] = field(default_factory=list)
    contact_id: str = ""
    value: str | None = None
    by_hand: bool = False
    ended: bool = False
    removed: bool = False
    blurred: bool = False
    merged: bool = False
    unknown: bool = False
    taken_back: int = 0


class History(Friendship):
    """``seed`` decides everything. ``played``: what happened, for whoever reads a failure."""

    def __init__(self, seed: int) -> None:
        self.random = Random(f"history {seed}")
        self.policy = self.random.choice(("skip", "fill", "update"))
        self.reversal = self.random.random() < 0.4
        self.role = self.random.choice(("lead", "user"))
        self.rule: tuple[str, ...] = ("Connected",)
        super().__init__(self._rules(), person_invited=self._invited())
        self.account.settings = self.account.settings.changed({"requalify": "applied"})
        self._count_reversals()
        self.lives: list[Life] = []
        self.held: list[OutgoingWebhook] = []
        self.carried: dict[bytes, Turn] = {}
        self.played: list[str] = [f"{self.policy}, {self.role}, {'reversal' if self.reversal else 'no reversal'}"]
        self.switched = False

    def _rules(self) -> dict[str, Any]:
        return rules(qualified_values=list(self.rule), unqualify_on_reversal=self.reversal)

    def _invited(self) -> dict[str, Any]:
        return {"action": self.role, "duplicates": self.policy}

    def _count_reversals(self) -> None:
        unqualify = self.account._unqualify

        def counted(person: Person) -> None:
            life = next((one for one in self.lives if one.person.id == person.id), None)
            if life is not None and person.qualified_at is not None:
                life.taken_back += 1
            unqualify(person)

        self.account._unqualify = counted  # type: ignore[method-assign]

    # -- what happens --------------------------------------------------------------------------------------------------

    def play(self, steps: int = STEPS) -> None:
        for _ in range(self.random.choice((1, 2, 3))):
            self.signs_up()
        acts: list[tuple[int, Callable[[], None]]] = [
            (6, self.brings_a_webhook),
            (8, self.turns),
            (6, self.notifies),
            (3, self.edits_the_contact),
            (3, self.edits_the_person),
            (2, self.qualifies_by_hand),
            (1, self.ends_the_contact),
            (1, self.merges),
            (1, self.signs_up_again),
            (2, self.saves_a_rule),
            (1, self.switches_the_workspace),
            (4, self.time_passes),
            (4, self.app.reconcile),
        ]
        for _ in range(steps):
            (act,) = self.random.choices([one for _, one in acts], [weight for weight, _ in acts])
            self.app.wait(self.random.choice((2, 3, 30, 400)))
            self.played.append(act.__name__)
            act()
        self.rests()

    def signs_up(self, email: str = "") -> None:
        """Half of them bring their webhook at once; a third had a contact before."""
        number = len(self.lives)
        address = email or f"person{number}@example.com"
        stood = None
        if not email and self.random.random() < 0.35:
            stood = self.random.choice(VALUES)
            fields = {"name": self.random.choice(("Old Name", None)), "custom_attributes": {STATUS: stood}}
            self.app.given(self.random.choice(("lead", "user")), email=address, **fields)
        there = self.app.contacts(address)
        before = _held(there[0]) if there else None
        person = self.account.join(
            self.account.campaigns[1],
            first_name=self.random.choice(FIRST),
            email=address,
            source="Referred",
            referrer=self.rita,
            meta={"Last Name": self.random.choice(LAST)},
        )
        life = Life(person, before, self.policy, stood, blurred=bool(email))
        self.lives.append(life)
        self._expect(life)
        life.webhooks += [json.loads(one.body) for one in self.app.referral_factory.take_webhooks(self.app.clock.now())]
        if self.random.random() < 0.5:
            self._bring(life, life.webhooks[-1])
        self.delivers()

    def signs_up_again(self) -> None:
        """Removed at Referral Factory, and there once more."""
        life = self._any(lambda one: not one.removed)
        if life is None:
            return
        self.account.remove(life.person)
        life.removed = life.blurred = True
        self.signs_up(life.person.email)

    def delivers(self) -> None:
        """Reconcile finds people that no webhook reported; then all of them have their contact."""
        self.app.reconcile()
        for _ in range(3):
            self.app.wait(100)
            self.app.sweep()
        for life in self.lives:
            if not life.contact_id and (row := self._row(life)) is not None and row.contact_id:
                contact = self.app.intercom.workspace.contacts.get(row.contact_id)
                if contact is not None:
                    life.contact_id, life.value = contact.id, contact.custom_attributes.get(STATUS)

    def brings_a_webhook(self) -> None:
        """An older or newer one, whole or thin."""
        life = self._any(lambda one: bool(one.webhooks))
        if life is not None:
            self._bring(life, self.random.choice(life.webhooks))
            self.app.work()

    def _bring(self, life: Life, whole: dict[str, Any]) -> None:
        thin = self.random.random() < 0.6
        body = {name: value for name, value in whole.items() if name in ALWAYS or not thin or self.random.random() < 0.6}
        for _ in range(self.random.choice((1, 1, 2))):
            assert self.app.post(body)["statusCode"] == 202
        self.app.work()

    def turns(self) -> None:
        """Somebody changes the tracked attribute."""
        life = self._any(lambda one: bool(one.contact_id) and not one.ended)
        if life is None:
            return
        self.held += self.taken()
        value = self.random.choice([one for one in VALUES if one != life.value])
        self.app.intercom.contacts.update(life.contact_id, {"custom_attributes": {STATUS: value}}, by_api=False)
        came = value in self.rule and life.value not in self.rule
        turn = Turn(value, life.value, came, counts=came, leaves=value not in self.rule)
        life.value = value
        life.turns.append(turn)
        new = self.taken()
        self.held += new
        self.carried |= {webhook.body: turn for webhook in new}
        self.played[-1] += f" {life.person.email} to {value}"

    def notifies(self) -> None:
        """What Intercom has sent comes in shuffled and partly twice, or never."""
        webhooks = [*self.held, *self.taken()]
        if self.random.random() < 0.2:
            self.held = []
            self.played[-1] += " (lost)"
            return
        self.random.shuffle(webhooks)
        self.held = webhooks[: len(webhooks) // 3]
        self._hear(webhooks[len(webhooks) // 3 :])

    def _hear(self, webhooks: list[OutgoingWebhook]) -> None:
        for webhook in [*webhooks, *webhooks[:1]]:
            self.notified(webhook)
            if webhook.body in self.carried:
                self.carried[webhook.body].heard = True
        self.app.qualify()

    def edits_the_contact(self) -> None:
        life = self._any(lambda one: bool(one.contact_id) and not one.ended)
        if life is None:
            return
        name = self.random.choice(("name", "referral_link"))
        change = {"name": "By Hand"} if name == "name" else {"custom_attributes": {name: "https://example.com/by-hand"}}
        self.app.intercom.contacts.update(life.contact_id, change, by_api=False)
        for one in self._sharing(life):
            one.edited.add(name)

    def edits_the_person(self) -> None:
        """At Referral Factory; its list shows it, and webhooks from before do not. What is emptied there stays with us."""
        life = self._any(lambda one: not one.removed)
        if life is None:
            return
        if self.random.random() < 0.5:
            life.person.first_name = self.random.choice(FIRST)
        else:
            life.person.meta["Last Name"] = self.random.choice([one for one in LAST if one])
        self._expect(life)
        self.played[-1] += f" {life.person.email}: {life.person.first_name} {life.person.meta['Last Name']}"

    def qualifies_by_hand(self) -> None:
        life = self._any(lambda one: not one.removed)
        if life is None:
            return
        qualified = life.person.qualified_at is None
        self.qualifies(life.person, webhook=self.random.random() < 0.5, qualified=qualified)
        life.by_hand = life.blurred = True
        self.played[-1] += f" {life.person.email} {qualified}"

    def ends_the_contact(self) -> None:
        life = self._any(lambda one: bool(one.contact_id) and not one.ended)
        if life is None:
            return
        how = self.random.choice(("delete", "archive"))
        getattr(self.app.intercom.contacts, how)(life.contact_id, by_api=False)
        for one in self._sharing(life):
            one.ended = one.blurred = True
        self.played[-1] += f" {life.person.email} {how}"

    def merges(self) -> None:
        """A support agent merges the lead into a user with the same address."""
        life = self._any(lambda one: bool(one.contact_id) and not one.ended)
        if life is None or self.app.intercom.workspace.contacts[life.contact_id].role != "lead":
            return
        user = self.app.given("user", email=life.person.email, age=0.0)
        self.app.intercom.contacts.merge({"from": life.contact_id, "into": user.id}, by_api=False)
        for one in self._sharing(life):
            one.contact_id, one.blurred, one.merged = user.id, True, True
            one.edited.update(ATTRIBUTES)

    def saves_a_rule(self) -> None:
        self.rule = self.random.choice(RULES)
        before = self.app.environment.campaigns.get(1)
        accepted = {"take_back_accepted": list(VALUES)} if self.reversal else {}
        document = campaign_document(qualification={**self._rules(), **accepted}, person_invited=self._invited())
        save_campaign(self.app.environment, campaign_of(document), before.version, "mara@example.com")
        for turn in (turn for life in self.lives for turn in life.turns):
            turn.counts = turn.counts and turn.value in self.rule
            turn.came |= not turn.heard and turn.value in self.rule and turn.left not in self.rule
        self.played[-1] += f" {self.rule}"

    def switches_the_workspace(self) -> None:
        """From test to production, where nobody is; then all are sent again, as the page offers."""
        if self.switched:
            return
        self.switched = True
        self.held, _ = [], self.taken()
        console = Console(self.app)
        console.post("/api/connection/disconnect", {"vendor": "intercom"})
        self.app.intercom.settings.workspace_id = "production"
        self.app.intercom.workspace.contacts.clear()
        self.app.intercom.workspace.by_email.clear()
        console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})
        for state in ("delivered", "partial", "skipped"):
            console.post("/api/replays", {"campaign_id": 1, "state": state})
        for life in self.lives:
            life.contact_id, life.value, life.before, life.stood, life.unknown = "", None, None, None, life.ended
            life.edited.clear()
            life.turns.clear()
            life.blurred = True
        self.delivers()

    def time_passes(self) -> None:
        self.app.wait(self.random.choice((61, 600, 4_000)))
        self.app.sweep()
        self.app.qualify()

    def rests(self) -> None:
        """All notifications come that are still under way; then everything that waits has its turn."""
        self._hear([*self.held, *self.taken()])
        for _ in range(4):
            self.app.wait(400)
            self.app.reconcile(full=True)
            for _ in range(4):
                self.app.wait(100)
                self._hear(self.taken())
                self.app.sweep()
                self.app.qualify()

    def _any(self, fits: Callable[[Life], bool]) -> Life | None:
        fitting = [one for one in self.lives if fits(one)]
        return self.random.choice(fitting) if fitting else None

    def _sharing(self, life: Life) -> list[Life]:
        return [one for one in self.lives if one.contact_id == life.contact_id]

    def _row(self, life: Life) -> Referral | None:
        return self.app.environment.referrals.find(1, life.person.id)

    def _expect(self, life: Life) -> None:
        for name, value in self._expected(life.person).items():
            life.expected.setdefault(name, set()).add(value)

    def _expected(self, person: Person) -> dict[str, Any]:
        return {
            "name": " ".join(filter(None, (person.first_name, person.meta.get("Last Name")))),
            "referral_link": self.account.url(person.code),
            "referrer_first_name": "Rita",
            "referral_campaign": "Friends of ours",
        }

    # -- what must be then ---------------------------------------------------------------------------------------------

    def wrong(self) -> list[str]:
        """What is not as it must be; empty when all is well."""
        found = [text for life in self.lives for text in (*self._of_contact(life), *self._of_money(life))]
        proof = proofs_of(self.app.environment.progresses.find(PROOFS)).get(1)
        people = len(self.account.people.ids(1))
        if proof is None or proof.people != people or proof.gaps:
            found.append(f"not proved: {proof}, and there are {people}")
        return found

    def _of_contact(self, life: Life) -> list[str]:
        row, email = self._row(life), life.person.email
        if life.removed or life.unknown:
            return []
        if row is not None and row.state in {State.PENDING, State.FAILED} and "still holds a deleted contact" in row.reason:
            return []  # that ends after days
        if row is None or not row.finished:
            return [f"{email}: {row.state if row else 'no row'} {row.reason if row else ''}"]
        live = self.app.contacts(email)
        if life.ended:
            return (
                [f"{email}: brought back"]
                if live and not any(one is not life and one.person.email == email for one in self.lives)
                else []
            )
        if len(live) != 1:
            return [f"{email}: {len(live)} contacts, {row.state}"]
        [contact] = live
        if row.contact_id != contact.id and not life.merged:
            return [f"{email}: the row's contact is {row.contact_id}, {row.state}"]
        held, found = _held(contact), []
        for name, value in self._expected(life.person).items():
            if name in life.edited or len([one for one in self.lives if one.person.email == email]) > 1:
                continue
            allowed = {value or None}
            if life.before is not None and self.policy == "skip":
                allowed = {life.before.get(name)}
            elif life.before is not None and self.policy == "fill":
                allowed = {life.before.get(name) or value or None}
            if held.get(name) not in allowed:
                found.append(f"{email}: {name} is {held.get(name)!r}, not {allowed} ({row.state})")
        return found

    def _of_money(self, life: Life) -> list[str]:
        person, row, found = life.person, self._row(life), []
        if person.qualified_times > 1 + life.taken_back:
            found.append(f"{person.email}: paid {person.qualified_times} times, taken back {life.taken_back} times")
        if life.removed or row is None:
            return found
        is_paid = person.qualified_at is not None
        item = self.app.environment.qualifications.find(1, person.id)
        if item is not None and item.reported is not None and bool(item.reported) is not is_paid:
            found.append(f"{person.email}: reported {item.reported}, and paid is {is_paid}")
        if row.converted is not is_paid:
            found.append(f"{person.email}: shown as {row.converted}, and paid is {is_paid}")
        came = any(turn.came for turn in life.turns)
        skipped = row.state is State.SKIPPED
        if is_paid and not life.by_hand and not life.blurred and (skipped or not came):
            found.append(f"{person.email}: paid for nothing")
        if not is_paid and not life.blurred and not skipped and self._has_earned(life):
            found.append(f"{person.email}: unpaid at {life.value}, {life.turns}")
        if is_paid and self.reversal and not life.blurred and life.turns and life.value == "New":
            found.append(f"{person.email}: paid though it was taken back")
        return found

    def _has_earned(self, life: Life) -> bool:
        """Without a doubt: it came to where it counts while that was the rule, and that was heard, or it is there at the end
        and had not stood at such a value before. Where leaving takes back, it has not left since; and back at the value at
        which it stood, it was heard to leave it."""
        if self.reversal and life.value not in self.rule:
            return False
        left, earned = False, False
        stood = life.stood in {value for rule in RULES for value in rule}
        for turn in life.turns:
            if self.reversal and (turn.leaves or turn.value not in self.rule):
                earned = False
            elif turn.counts and turn.value in self.rule:
                heard = turn.heard and (left or turn.value != life.stood)
                earned |= heard or (turn is life.turns[-1] and not stood)
            left |= turn.heard and turn.value != life.stood
        return earned


def _held(contact: Contact) -> dict[str, Any]:
    return {"name": contact.name, **contact.custom_attributes}
