"""A reward out of whatever Referral Factory sends: its webhook, and the lists of its API v2.

The webhook's payload is not documented, so its facts are read flat (``reward_status``) and nested (``reward.status``); the
lists are those of https://developers.referral-factory.com (due and issued rewards).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.adapters.referral_factory.reading import (
    count_of,
    date_of,
    first,
    id_of,
    look_up,
    text_of,
    unfold_brackets,
    without_entities,
)
from shared.domain.referrer.reward import Kind, RewardFacts, Status, status_of

MAX_NAME = 255
FLAT = frozenset(
    {
        "issued_reward_id", "reward", "reward_id", "reward_name", "reward_amount", "reward_value", "reward_total",
        "reward_status", "reward_coupon", "reward_count", "reward_type", "reward_metric", "reward_issued_at", "recipient_id",
    }
)  # fmt: skip
"""Fields of a webhook that describe a reward, not the person."""
OF_A_BARE_REWARD = frozenset({"status", "amount", "total", "count", "coupon", "issued_at", "can_be_issued", "metric"})
"""Those that it has at the top when it names its recipient apart, as the lists do."""


def is_reward(fields: Mapping[str, Any]) -> bool:
    """Whether a webhook's fields describe a reward."""
    return any(name in fields for name in ("issued_reward_id", "reward", "reward_id", "recipient_id"))


def reward_of(fields: Mapping[str, Any]) -> RewardFacts | None:
    """The reward that a ``rewarded`` webhook reports; None when it names no issued reward: the lists will."""
    sent = unfold_brackets(without_entities(fields))
    inner = sent.get("data")
    if isinstance(inner, Mapping) and is_reward(inner):
        sent = {**sent, **inner}
    nested = sent.get("reward")
    reward: Mapping[str, Any] = nested if isinstance(nested, Mapping) else {}
    bare = "recipient_id" in sent
    number = id_of(first([sent.get("issued_reward_id"), reward.get("id"), reward.get("issued_reward_id")]))
    if number is None and bare:
        number = id_of(sent.get("id"))
    if number is None:
        return None

    def value(*names: str) -> Any:
        return first(_values(sent, reward, bare, names))

    recipients = ("recipient_id", "reward.recipient_id", "user_id", "user.id")
    recipient = first(look_up(sent, name) for name in recipients)
    return RewardFacts(
        kind=Kind.ISSUED,
        id=number,
        recipient_id=id_of(first([recipient, None if bare else sent.get("id")])),
        reward_id=id_of(first([reward.get("reward_id"), sent.get("reward_id")])),
        status=status_of(text_of(value("status")), Status.ISSUED),
        name=_short(first([value("name"), nested if isinstance(nested, str) else None])),
        amount=_short(value("amount", "total", "value")),
        coupon=_short(value("coupon")),
        count=count_of(value("count")),
        issued_at=date_of(value("issued_at")),
    )


def issued_reward_of(entry: Mapping[str, Any], metric: str | None) -> RewardFacts | None:
    """An entry of ``/rewards/issued/{metric}``; None without ids."""
    return _listed(entry, metric, Kind.ISSUED, status_of(text_of(entry.get("status")), Status.ISSUED))


def due_reward_of(entry: Mapping[str, Any], metric: str) -> RewardFacts | None:
    """An entry of ``/rewards/due/{metric}``; None without ids."""
    return _listed(entry, metric, Kind.DUE, Status.DUE)


def definition_of(entry: Mapping[str, Any]) -> tuple[int, tuple[str | None, int | None]] | None:
    """An entry of ``/rewards/dashboard/{metric}``: id, name and campaign."""
    number = id_of(entry.get("id"))
    campaign = first([entry.get("campaign_id"), look_up(entry, "campaign.id")])
    return None if number is None else (number, (_short(entry.get("name")), id_of(campaign)))


def _listed(entry: Mapping[str, Any], metric: str | None, kind: Kind, status: Status) -> RewardFacts | None:
    number, recipient = id_of(entry.get("id")), id_of(entry.get("recipient_id"))
    if number is None or recipient is None:
        return None
    coupon = entry.get("coupon")
    return RewardFacts(
        kind=kind,
        id=number,
        recipient_id=recipient,
        reward_id=id_of(entry.get("reward_id")),
        status=status,
        name=_short(first([entry.get("name"), look_up(entry, "reward.name")])),
        amount=_short(first([entry.get("total"), entry.get("amount"), entry.get("value")])),
        coupon=_short(look_up(coupon, "code") if isinstance(coupon, Mapping) else coupon),
        count=count_of(entry.get("count")),
        issued_at=date_of(entry.get("issued_at")),
        metric=metric,
        can_be_issued=text_of(entry.get("can_be_issued")) not in {"false", "0"},
    )


def _values(sent: Mapping[str, Any], reward: Mapping[str, Any], bare: bool, names: tuple[str, ...]) -> Iterator[Any]:
    for name in names:
        yield reward.get(name)
        yield sent.get(f"reward_{name}")
        if bare:
            yield sent.get(name)


def _short(value: Any) -> str | None:
    text = text_of(value)
    return text[:MAX_NAME] if text else None
