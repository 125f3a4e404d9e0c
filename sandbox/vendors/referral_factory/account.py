"""A Referral Factory account: who is in which campaign, and what follows when somebody joins or qualifies."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sandbox.vendors.referral_factory.api.refusals import invalid
from sandbox.vendors.referral_factory.limits import CallLimit
from sandbox.vendors.referral_factory.outbox import Outbox
from sandbox.vendors.referral_factory.people import People
from sandbox.vendors.referral_factory.records import Campaign, Person
from sandbox.vendors.referral_factory.rewards import Rewards
from sandbox.vendors.referral_factory.settings import ReferralFactorySettings

if TYPE_CHECKING:
    import random

CODE_LETTERS = string.ascii_letters + string.digits
CODE_LENGTH = 8
DUPLICATE = "The email has already been taken."


class Account:
    """Everything that one access token reaches. ``settings`` may be replaced at any time."""

    def __init__(self, *, clock: Callable[[], float], chance: random.Random, settings: ReferralFactorySettings) -> None:
        self.clock = clock
        self.chance = chance
        self.settings = settings
        self.campaigns: dict[int, Campaign] = {}
        self.people = People()
        self.limit = CallLimit()
        self.outbox = Outbox(self)
        self.rewards = Rewards(self)
        self._last_id = 0

    def next_id(self) -> int:
        """Above all ids given before, of people and rewards alike."""
        self._last_id += 1
        return self._last_id

    def campaign_with_code(self, code: str) -> Campaign | None:
        return next((campaign for campaign in self.campaigns.values() if campaign.code == code), None)

    def url(self, code: str) -> str:
        """The address of a campaign's or person's page."""
        return f"{self.settings.public_url.rstrip('/')}/{code}"

    def join(
        self,
        campaign: Campaign,
        *,
        first_name: str,
        email: str,
        source: str,
        referrer: Person | None = None,
        meta: Mapping[str, str] | None = None,
        ip: str | None = None,
        notify: bool = False,
        promotion_code: str | None = None,
    ) -> Person:
        """Add a person. An e-mail is in a campaign once, whatever its capitals: RefusedError (422)."""
        if self.people.with_email(campaign.id, email):
            raise invalid("email", DUPLICATE)
        person = Person(
            id=self.next_id(),
            campaign_id=campaign.id,
            first_name=first_name,
            email=email,
            code=self._new_code(),
            source=source,
            signed_up_at=self.clock(),
            referrer_id=referrer.id if referrer else None,
            ip=ip,
            meta=dict(meta or {}),
            notify=notify,
            promotion_code=promotion_code,
        )
        self.people.add(person)
        if referrer:
            referrer.referrals += 1
            campaign.referrals += 1
        self.outbox.announce("joined", person)
        self.rewards.earn("joined", person)
        return person

    def qualify(self, person: Person, *, qualified: bool) -> None:
        """Qualify a referral, or put it back to pending.

        RefusedError (422) for a person referring; a second qualification does what ``requalify`` says.
        Only a referral can qualify, and only once: https://referral-factory.com/help (qualification)
        """
        person.qualification_calls += 1
        if person.referrer_id is None:
            raise invalid("qualified", "A person referring can not be qualified.")
        if not qualified:
            self._unqualify(person)
            return
        if person.qualified_at is not None:
            if self.settings.requalify == "ignored":
                return
            if self.settings.requalify == "refused":
                raise invalid("qualified", "The user is already qualified.")
        else:
            self._count_qualified(person, 1)
        person.qualified_at = self.clock()
        person.qualified_times += 1
        self.outbox.announce("qualified", person)
        self.rewards.earn("qualified", person)

    def _unqualify(self, person: Person) -> None:
        if person.qualified_at is None:
            return
        person.qualified_at = None
        self._count_qualified(person, -1)
        self.rewards.take_back(person)

    def remove(self, person: Person) -> None:
        """Delete a person for good; their referrals stay and keep pointing at an id that is gone."""
        if person.referrer_id is not None:
            self.campaigns[person.campaign_id].referrals -= 1
            if referrer := self.people.with_id(person.referrer_id):
                referrer.referrals -= 1
            if person.qualified_at is not None:
                self._count_qualified(person, -1)
        self.people.remove(person)

    def _count_qualified(self, person: Person, change: int) -> None:
        self.campaigns[person.campaign_id].qualified_referrals += change
        referrer = self.people.with_id(person.referrer_id) if person.referrer_id is not None else None
        if referrer:
            referrer.qualified_referrals += change

    def _new_code(self) -> str:
        while True:
            code = "".join(self.chance.choices(CODE_LETTERS, k=CODE_LENGTH))
            if self.people.with_code(code) is None and self.campaign_with_code(code) is None:
                return code
