"""The steps, and what undoes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from shared.domain.campaign.campaign import Action, Campaign, Status
from shared.domain.campaign.rule import ROLE, Rule, rule_of
from shared.domain.contact import CUSTOM, Role, Value
from shared.domain.person import Audience, Person
from shared.domain.qualification.qualification import Stage
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.errors import ApplicationError, ContactGoneError
from shared.use_cases.operations.erase_person import erase_person
from tools.smoke.people import Smoker

PATIENCE = 420.0
"""Seconds for each outcome: without a webhook reconcile finds it, every five minutes."""
LOOK_EVERY = 1.0
WHO = "the smoke test"
Seen = TypeVar("Seen")


class NotReadyError(Exception):
    """The deployment or its campaign cannot be tried; the message says what to do."""


class SmokeError(Exception):
    """An outcome did not come."""


class Story:
    """One person who refers and one who is invited, with plus-addresses of ``address``. Raises NotReadyError."""

    def __init__(self, environment: Smoker, campaign_id: int, address: str, patience: float = PATIENCE) -> None:
        self._environment = environment
        self._patience = patience
        self._campaign = _fit(environment, campaign_id)
        self._rule = rule_of(self._campaign)
        self._account = environment.smoke_account()
        self._intercom = environment.smoke_workspace()
        name, _, domain = address.partition("@")
        stamp = f"{environment.clock.now():.0f}"
        self._emails = [f"{name}+smoke-{stamp}-{who}@{domain}" for who in ("referrer", "friend")]
        self._people: list[Person] = []

    def steps(self) -> Iterator[tuple[str, Callable[[], str]]]:
        yield "Somebody joins the campaign, and a friend signs up through that link", self.sign_up
        yield "The friend arrives in Intercom", self.arrive
        if self._rule is None:
            return
        yield "The friend's contact changes as the campaign wants it, and Referral Factory knows", self.qualify
        if self._rule.reversible:
            yield "The change is taken back, and Referral Factory knows", self.take_back

    def sign_up(self) -> str:
        referrer, friend = self._emails
        number = self._campaign.campaign_id
        self._people.append(self._account.create_user(number, referrer, "Smoke", {}, notify=False))
        self._people.append(self._account.invite(number, friend, "Friend", self._people[0].user_id))
        return f"users {self._people[0].user_id} and {self._people[1].user_id} at Referral Factory"

    def arrive(self) -> str:
        if self._campaign.audience(Audience.PERSON_REFERRING).action is not Action.NONE:
            self._delivered(self._people[0])
        self._friend = row = self._delivered(self._people[1])
        contact = self._intercom.get_contact(row.contact_id or "")
        action = self._campaign.audience(Audience.PERSON_INVITED).action
        wrong = {name: value for name, value in row.written.items() if name.startswith(CUSTOM) and contact.value(name) != value}
        if (contact.email, str(contact.role)) != (self._emails[1], str(action)) or wrong:
            raise SmokeError(
                f"contact {contact.id}, a {contact.role}, is not what was wanted: {', '.join(wrong) or 'address or role'}"
            )
        return f"{row.state}, reported by {row.origin}: contact {contact.id}, a {contact.role}"

    def qualify(self) -> str:
        rule = self._known_rule()
        self._change(rule.values[0])
        self._wait_for(
            lambda: self._is_qualified() is True or None,
            "it was not reported to Referral Factory; Activity in the console says why",
        )
        if not self._is_qualified():
            raise SmokeError("it was reported to Referral Factory, which does not say that the friend is qualified")
        return f"{rule.attribute} = {rule.values[0]!r}"

    def take_back(self) -> str:
        self._change(self._campaign.trigger.initial_value if self._campaign.trigger else None)
        self._wait_for(lambda: self._is_qualified() is False or None, "the qualification was not taken back")
        if self._is_qualified():
            raise SmokeError("we took it back, and Referral Factory still says that the friend is qualified")
        return "not qualified any more"

    def undo(self) -> Iterator[str]:
        """Takes both people away everywhere, as far as they came; yields what is left over and why."""
        for what, take_away in list(self._traces()):
            try:
                take_away()
            except ContactGoneError:
                continue
            except ApplicationError as error:
                yield f"{what}: {error}"

    def _traces(self) -> Iterator[tuple[str, Callable[[], object]]]:
        for person in reversed(self._people):
            row = self._environment.referrals.find(self._campaign.campaign_id, person.user_id)
            if row is not None and row.contact_id and row.ours:
                yield f"contact {row.contact_id} in Intercom", partial(self._intercom.remove, row.contact_id)
            yield f"user {person.user_id} at Referral Factory", partial(self._account.remove, person.user_id)
        for email in self._emails[: len(self._people)]:
            yield f"the rows of {email}", partial(erase_person, self._environment, WHO, email)

    def _delivered(self, person: Person) -> Referral:
        key = (self._campaign.campaign_id, person.user_id)

        def look() -> Referral | None:
            row = self._environment.referrals.find(*key)
            return row if row is not None and row.finished else None

        row = self._wait_for(look, f"the signup {key[1]} is not delivered; Activity in the console says why")
        if row.state not in (State.DELIVERED, State.PARTIAL):
            raise SmokeError(f"the signup {key[1]} ended as {row.state}: {row.reason}")
        return row

    def _change(self, value: Value) -> None:
        rule, contact_id = self._known_rule(), self._friend.contact_id or ""
        if rule.attribute == ROLE:
            self._intercom.put_contact(contact_id, {}, role=Role.USER)
        else:
            self._intercom.put_contact(contact_id, {rule.attribute: value})

    def _known_rule(self) -> Rule:
        if self._rule is None:
            raise SmokeError("the campaign does not qualify by Intercom")
        return self._rule

    def _is_qualified(self) -> bool | None:
        """What our own item says that Referral Factory holds: it costs no call there."""
        item = self._environment.qualifications.find(self._campaign.campaign_id, self._friend.user_id)
        if item is not None and item.stage is Stage.FAILED:
            raise SmokeError(f"Referral Factory refused: {item.reason}")
        return item.reported if item is not None else None

    def _is_qualified(self) -> bool:
        found = self._account.user(self._friend.user_id)
        return found is not None and bool(found[1].qualified or found[1].qualified_at)

    def _wait_for(self, look: Callable[[], Seen | None], otherwise: str) -> Seen:
        clock = self._environment.clock
        ends_at = clock.now() + self._patience
        while (seen := look()) is None:
            if clock.now() > ends_at:
                raise SmokeError(f"after {self._patience:.0f} s: {otherwise}")
            clock.sleep(LOOK_EVERY)
        return seen


def _fit(environment: Smoker, campaign_id: int) -> Campaign:
    """Raises NotReadyError."""
    for name, secret, key in (
        ("Intercom", environment.intercom_secret, "access_token"),
        ("Referral Factory", environment.referral_factory_secret, "api_key"),
    ):
        if not secret.read().get(key):
            raise NotReadyError(f"{name} is not connected: open the console, page Connection.")
    campaign = environment.campaigns.find(campaign_id)
    if campaign is None or campaign.status is not Status.ACTIVE:
        raise NotReadyError(f"Campaign {campaign_id} is not active: open the console, Campaigns, or name another.")
    if campaign.audience(Audience.PERSON_INVITED).action is Action.NONE:
        raise NotReadyError(f"Campaign {campaign_id} sends no people invited to Intercom: choose lead or user for them.")
    return campaign
