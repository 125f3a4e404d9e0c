"""What a webhook says, and in which form.

Fields as in the vendor's sample of 2022; those of ``qualified`` and ``rewarded`` are not documented.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sandbox.vendors.referral_factory.api.objects import in_days, number_of_id
from sandbox.vendors.referral_factory.records import Person, Reward
from sandbox.vendors.referral_factory.settings import WebhookRule
from sandbox.vendors.wire import OutgoingWebhook

if TYPE_CHECKING:
    from sandbox.vendors.referral_factory.account import Account

VENDOR = "referral_factory"


def make_payload(account: Account, rule: WebhookRule, person: Person, reward: Reward | None) -> dict[str, Any]:
    """The fields under the operator's names. It never names the event."""
    settings = account.settings
    referrer = account.people.with_id(person.referrer_id) if person.referrer_id is not None else None
    facts: dict[str, Any] = {}
    if rule.payload == "full" and referrer:
        facts |= {
            "referrer_id": number_of_id(referrer.id, settings),
            "referrer_code": referrer.code,
            "referrer_first_name": referrer.first_name,
            "referrer_email": referrer.email,
        }
    facts |= {"id": number_of_id(person.id, settings), "code": person.code}
    if rule.payload == "full":
        facts["first_name"] = person.first_name
    facts["email"] = person.email
    if rule.payload == "full":
        facts |= {
            "url": account.url(person.code),
            "source": person.source,
            "date": in_days(person.signed_up_at),
            "referrals_count": person.referrals,
        }
    facts["campaign_id"] = number_of_id(person.campaign_id, settings)
    if rule.payload == "full":
        facts |= _meta(person, settings.webhook_meta)
    if reward:
        facts |= _reward(account, reward)
    return {rule.field_names.get(name, name): value for name, value in facts.items()}


def _meta(person: Person, form: str) -> dict[str, Any]:
    match form:
        case "top_level":
            return dict(person.meta)
        case "nested":
            return {"meta": dict(person.meta)}
        case "list":
            return {"meta": [{"field": label, "value": value} for label, value in person.meta.items()]}
        case _:
            return {}


def _reward(account: Account, reward: Reward) -> dict[str, Any]:
    settings = account.settings
    facts = {
        "reward_id": number_of_id(reward.rule.id, settings),
        "name": reward.rule.name,
        "amount": reward.rule.value if reward.rule.metric == "coupon" else reward.total,
        "status": reward.status,
    }
    issued_id = number_of_id(reward.id, settings)
    if settings.webhook_reward == "nested":
        return {"reward": {"id": issued_id, **facts}}
    flat = {f"reward_{name.removeprefix('reward_')}": value for name, value in facts.items()}
    return {"issued_reward_id": issued_id, **flat}


def make_webhook(rule: WebhookRule, payload: Mapping[str, Any], *, name: str, not_before: float) -> OutgoingWebhook:
    """The call that brings the payload: JSON, form-encoded, or in the query string."""
    headers, url, body = dict(rule.headers), rule.url, b""
    if rule.method == "GET" or rule.format == "query":
        url = f"{url}{'&' if '?' in url else '?'}{urlencode(_flat(payload))}"
    elif rule.format == "form":
        headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        body = urlencode(_flat(payload)).encode()
    else:
        headers = {"Content-Type": "application/json", **headers}
        body = json.dumps(payload, ensure_ascii=False).encode()
    return OutgoingWebhook(VENDOR, rule.method, url, headers, body, not_before=not_before, name=name)


def _flat(value: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Pairs as PHP's http_build_query names them: ``reward[id]``; null becomes nothing at all."""
    if isinstance(value, Mapping):
        items = [(f"{prefix}[{name}]" if prefix else str(name), inner) for name, inner in value.items()]
    elif isinstance(value, list):
        items = [(f"{prefix}[{index}]", inner) for index, inner in enumerate(value)]
    else:
        return [] if value is None else [(prefix, str(value))]
    return [pair for name, inner in items for pair in _flat(inner, name)]
