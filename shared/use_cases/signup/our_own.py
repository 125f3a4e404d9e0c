"""Which signups are our own: the daily one, and a made-up person whom somebody tries a campaign with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.person import Person
from shared.domain.signup.synthetic import SYNTHETIC_IDS_FROM, Trial, is_synthetic
from shared.use_cases.environment import Environment


def find_trial(environment: Environment, campaign_id: int) -> Trial:
    """The campaign's last one. Raises TransientError."""
    stored = environment.progresses.find(trial_name(campaign_id)) or {}
    return Trial(**{name: value for name, value in stored.items() if name in Trial.__slots__})  # type: ignore[arg-type]


def trial_name(campaign_id: int) -> str:
    return f"trial_{campaign_id}"


def is_our_own(environment: Environment, campaign_id: int, person: Person) -> bool:
    """Raises TransientError."""
    return person.user_id >= SYNTHETIC_IDS_FROM and (
        is_synthetic(person, environment.synthetic_email) or find_trial(environment, campaign_id).is_of(person)
    )


def tells_of_our_own(environment: Environment, campaign_id: int, fields: Mapping[str, Any]) -> bool:
    """Whether a webhook reports a signup of our own, and so nothing of whether Referral Factory's webhooks come. Ours has both
    fields plainly; what strangers send is not read here."""
    user_id, email = fields.get("id"), fields.get("email")
    if not isinstance(user_id, int) or not isinstance(email, str):
        return False
    return is_our_own(environment, campaign_id, Person(user_id, email=email))
