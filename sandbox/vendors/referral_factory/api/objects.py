"""How people, campaigns and rewards look in answers. https://referral-factory.com/developers (objects)"""

from __future__ import annotations

from collections.abc import Container
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.vendors.referral_factory.records import Campaign, FormField, Person, Reward, RewardRule
from sandbox.vendors.referral_factory.settings import ReferralFactorySettings

if TYPE_CHECKING:
    from sandbox.vendors.referral_factory.account import Account


def in_days(seconds: float) -> str:
    """The UTC day as ``Y-m-d``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def date(seconds: float | None, settings: ReferralFactorySettings) -> str | int | None:
    """A time as the settings want dates."""
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(seconds, UTC)
    match settings.dates:
        case "datetime":
            return moment.strftime("%Y-%m-%d %H:%M:%S")
        case "iso":
            return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case "epoch":
            return int(seconds)
        case _:
            return in_days(seconds)


def number_of_id(number: int | None, settings: ReferralFactorySettings) -> int | str | None:
    return str(number) if settings.ids_as_strings and number is not None else number


def user(account: Account, person: Person, with_: Container[str] = ()) -> dict[str, Any]:
    """A user; counts only with ``user.analytics``."""
    settings, url = account.settings, account.url(person.code)
    document: dict[str, Any] = {
        "id": number_of_id(person.id, settings),
        "campaign_id": number_of_id(person.campaign_id, settings),
        "referrer_id": number_of_id(person.referrer_id, settings),
        "first_name": person.first_name,
        "email": person.email,
        "code": person.code,
        "reach": str(person.reach) if settings.reach_as_string else person.reach,
        "source": person.source,
        "type": person.type,
        "ip": person.ip,
        "url": url,
        "promotion": {"code": person.promotion_code} if person.promotion_code else None,
        "qr": {"src": f"{url}/qr-code", "download": f"{url}/download-qr-code"},
        "signed_up_at": date(person.signed_up_at, settings),
        "qualified_at": date(person.qualified_at, settings),
        "unsubscribed_at": None,
        "meta": [{"field": label, "value": value} for label, value in person.meta.items()],
        "sharing": {
            "socials": [{"social": "email", "url": f"{url}/socials/email"}],
            "subject": None,
            "text": None,
        },
    }
    if settings.qualified_at == "never" or (settings.qualified_at == "when_qualified" and person.qualified_at is None):
        del document["qualified_at"]
    if settings.qualified_boolean:
        document["qualified"] = person.qualified_at is not None
    if settings.extra_fields:
        document |= {"tier": None, "labels": ["new"], "consent": {"marketing": False}}
    if "user.analytics" in with_:
        document["analytics"] = _counts(
            settings,
            reach=person.reach,
            referrals=person.referrals,
            qualified_referrals=person.qualified_referrals,
        )
    return document


def campaign(account: Account, of: Campaign, with_: Container[str] = ()) -> dict[str, Any]:
    """A campaign; counts only with ``campaign.analytics``."""
    settings = account.settings
    first = FormField(id=of.id * 100 + 1, type="input", label="First Name", required=True)
    email = FormField(id=of.id * 100 + 2, type="input", label="Email", required=True)
    form = [_form_field(form_field, settings) for form_field in (first, email, *of.extra_fields)]
    document: dict[str, Any] = {
        "id": number_of_id(of.id, settings),
        "name": of.name,
        "code": of.code,
        "lang": of.lang,
        "url": account.url(of.code),
        "reach": str(of.reach) if settings.reach_as_string else of.reach,
        "status": of.status,
        "starts_at": date(of.starts_at, settings),
        "ends_at": date(of.ends_at, settings),
        "created_at": date(of.created_at, settings),
        "fields": {"person_referring": form, "person_invited": [dict(form_field) for form_field in form]},
        "assets": {"logo": {"type": "image", "path": f"{account.url(of.code)}/logo.png"}},
    }
    if settings.extra_fields:
        document["theme"] = {"colour": "#204060"}
    if "campaign.analytics" in with_:
        document["analytics"] = _counts(
            settings,
            reach=of.reach,
            users=len(account.people.ids(of.id)),
            referrals=of.referrals,
            qualified_referrals=of.qualified_referrals,
        )
    return document


def reward_rule(account: Account, of: Campaign, rule: RewardRule) -> dict[str, Any]:
    """A reward definition, with the fields known of v1."""
    return {
        "id": number_of_id(rule.id, account.settings),
        "campaign_id": number_of_id(of.id, account.settings),
        "name": rule.name,
        "reward_for": "person_referring",
        "type": rule.metric,
        "value": rule.value,
        "when_referral": rule.when_referral,
    }


def due_reward(account: Account, reward: Reward) -> dict[str, Any]:
    return {**_reward(account, reward), "can_be_issued": account.settings.can_be_issued, **_worth(reward)}


def issued_reward(account: Account, reward: Reward) -> dict[str, Any]:
    return {
        **_reward(account, reward),
        **_worth(reward),
        "status": reward.status,
        "issued_at": in_days(reward.issued_at) if reward.issued_at is not None else None,
    }


def _reward(account: Account, reward: Reward) -> dict[str, Any]:
    settings = account.settings
    return {
        "id": number_of_id(reward.id, settings),
        "reward_id": number_of_id(reward.rule.id, settings),
        "recipient_id": number_of_id(reward.recipient_id, settings),
    }


def _worth(reward: Reward) -> dict[str, Any]:
    if reward.rule.metric == "coupon":
        return {"coupon": reward.rule.value}
    return {"count": len(reward.causes), "total": reward.total}


def _form_field(form_field: FormField, settings: ReferralFactorySettings) -> dict[str, Any]:
    return {
        "id": number_of_id(form_field.id, settings),
        "type": form_field.type,
        "label": form_field.label,
        "value": list(form_field.options) if form_field.type == "select" else None,
        "required": form_field.required,
    }


def _counts(settings: ReferralFactorySettings, **counts: int) -> dict[str, int | str]:
    return {name: str(count) if settings.analytics_as_strings else count for name, count in counts.items()}
