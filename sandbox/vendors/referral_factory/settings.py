"""What the stand-in can be told to do differently.

Everything that Referral Factory's documents leave open is a setting here, so that both answers can be tried. The default
is the documented answer; where nothing is documented, the one that is harder for a caller.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

SOURCES = ("Direct", "Referred", "Api", "Added", "Zapier", "Widget", "Popup", "Embed", "Test")
MOST_HEADERS = 3


@dataclass(frozen=True, slots=True)
class WebhookRule:
    """One webhook of a campaign, as the vendor's form holds it.

    ``field_names`` maps the vendor's field to a name of the operator's choosing. ``format`` is ``query`` whatever it says
    when the method is GET. At most three ``headers``, else ValueError.
    https://referral-factory.com/help (outbound webhooks)
    """

    campaign_id: int
    event: Literal["joined", "qualified", "rewarded"]
    url: str
    method: Literal["POST", "GET"] = "POST"
    format: Literal["json", "form", "query"] = "json"
    headers: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = SOURCES
    field_names: Mapping[str, str] = field(default_factory=dict)
    payload: Literal["full", "minimal"] = "full"

    def __post_init__(self) -> None:
        _check(self)
        if len(self.headers) > MOST_HEADERS:
            raise ValueError(f"headers: at most {MOST_HEADERS}")
        for name, value in (*self.headers.items(), *self.field_names.items()):
            if not isinstance(name, str) or not isinstance(value, str):
                raise ValueError("headers and field_names map text to text")  # noqa: TRY004 - as all wrong settings
        if unknown := set(self.sources) - set(SOURCES):
            raise ValueError(f"sources: {sorted(unknown)} are not sources")


@dataclass(frozen=True, slots=True)
class ReferralFactorySettings:
    """All settings of the stand-in. Times are seconds, shares are 0 to 1. A wrong name, type or value is a ValueError."""

    token: str = "local-referral-factory-key"
    public_url: str = "http://127.0.0.1:8002"
    seed_people: int = 0
    """Synthetic people put into campaign 1 at the next reset, beside the few that are always there."""

    # Calls: rate limit and block.
    calls_per_minute: int = 600
    refused_calls_count: bool = True
    retry_after: bool = False
    strike_memory_seconds: float | None = None
    """How long a strike is remembered; None: until the block that it led to is over."""
    block_seconds: float = 7 * 24 * 3600.0
    blocked_answer: Literal["403", "429", "refused"] = "403"
    slow_share: float = 0.0
    slow_seconds: float = 25.0

    # The list of users, and paging.
    order: Literal["ascending", "descending", "random", "shuffled"] = "ascending"
    """``random`` is another order at each call, ``shuffled`` one order that stays but is not that of the ids."""
    per_page_above_250: Literal["refused", "clamped"] = "refused"
    next_link: Literal["absolute", "relative", "other_host", "same_page", "missing"] = "absolute"
    next_keeps_query: bool = True
    last_page_missing: bool = False
    """``meta`` does not say how many pages there are."""
    links_missing: bool = False
    campaign_filter: Literal["ignored", "honoured"] = "ignored"
    """What ``GET /users?campaign_id=`` does; v1 ignored it."""
    user_by_email: bool = False
    deleted_status: Literal[404, 410] = 404

    # The shape of objects.
    ids_as_strings: bool = False
    reach_as_string: bool = False
    analytics_as_strings: bool = False
    dates: Literal["date", "datetime", "iso", "epoch"] = "date"
    extra_fields: bool = False
    qualified_boolean: bool = False
    qualified_at: Literal["always", "when_qualified", "never"] = "always"
    """When a user's ``qualified_at`` is among the fields."""
    promotion_code: str | None = None
    """The code that ``promotion: true`` gives; None: Stripe is not connected, and asking for one is refused."""

    # Writing people.
    unknown_meta: Literal["refused", "ignored", "kept"] = "refused"
    notify_default: bool = False
    requalify: Literal["ignored", "applied", "refused"] = "ignored"
    """What qualifying a qualified referral does; ``applied`` earns the reward again."""
    qualification_answer: Literal["user", "message", "empty"] = "user"

    # Rewards.
    auto_issue: bool | None = None
    """None: as each campaign's reward says."""
    due_rewards_aggregated: bool = False
    """One due reward per recipient with a growing ``count`` and ``total``, instead of one per referral."""
    can_be_issued: bool = True
    issue_status: Literal["Issued", "Sending", "Sent", "Failed"] = "Issued"

    # Webhooks.
    webhook_base_url: str = ""
    webhook_secret: str = ""
    webhooks: tuple[WebhookRule, ...] | None = None
    """None: three for each campaign below ``webhook_base_url``, or none at all without one."""
    webhook_before_answer: bool = False
    webhook_delay_seconds: float = 0.0
    webhook_order: Literal["kept", "shuffled"] = "kept"
    webhook_loss: float = 0.0
    webhook_double: float = 0.0
    webhook_meta: Literal["top_level", "nested", "list", "none"] = "top_level"
    webhook_reward: Literal["flat", "nested"] = "flat"

    def __post_init__(self) -> None:
        _check(self)
        for name in ("slow_share", "webhook_loss", "webhook_double"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name}: a share is from 0 to 1")
        if self.calls_per_minute < 1 or self.seed_people < 0:
            raise ValueError("calls_per_minute is at least 1, seed_people at least 0")

    def document(self) -> dict[str, Any]:
        """The settings as JSON holds them."""
        return asdict(self)

    def changed(self, document: Mapping[str, Any]) -> ReferralFactorySettings:
        """These settings with those of the document instead."""
        if unknown := set(document) - {known.name for known in fields(self)}:
            raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
        changes = dict(document)
        if changes.get("webhooks") is not None:
            if not isinstance(changes["webhooks"], list | tuple):
                raise ValueError("webhooks: a list of objects, or null")
            changes["webhooks"] = tuple(_webhook_rule(rule) for rule in changes["webhooks"])
        return replace(self, **changes)


def _webhook_rule(document: Any) -> WebhookRule:
    if isinstance(document, WebhookRule):
        return document
    if not isinstance(document, Mapping):
        raise ValueError("webhooks: a list of objects")  # noqa: TRY004 - the settings call answers ValueError as 422
    if unknown := set(document) - {known.name for known in fields(WebhookRule)}:
        raise ValueError(f"webhooks: no such field: {', '.join(sorted(unknown))}")
    try:
        return WebhookRule(**{**document, "sources": tuple(document.get("sources", SOURCES))})
    except TypeError as error:
        raise ValueError(f"webhooks: {error}") from error


def _check(record: Any) -> None:
    for name, hint in get_type_hints(type(record)).items():
        if not _fits(getattr(record, name), hint):
            raise ValueError(f"{name}: {getattr(record, name)!r} is not allowed")


def _fits(value: Any, hint: Any) -> bool:
    origin = get_origin(hint)
    if origin is Literal:
        return value in get_args(hint) and not isinstance(value, bool)
    if origin in (Union, types.UnionType):
        return any(_fits(value, part) for part in get_args(hint))
    if origin is not None:
        return isinstance(value, origin)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)
