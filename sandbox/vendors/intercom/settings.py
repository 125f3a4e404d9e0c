"""What can be chosen about the stand-in, also while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any
from zoneinfo import ZoneInfo

TOPICS = (
    "contact.user.created",
    "contact.user.updated",
    "contact.lead.created",
    "contact.lead.updated",
    "contact.lead.signed_up",
    "contact.lead.added_email",
    "contact.email.updated",
    "contact.user.tag.created",
    "contact.user.tag.deleted",
    "contact.lead.tag.created",
    "contact.lead.tag.deleted",
    "contact.archived",
    "contact.unarchive",
    "contact.deleted",
    "contact.merged",
    "contact.subscribed",
    "contact.unsubscribed",
)
"""The contact topics; ``ping`` is always subscribed."""

MAX_LAG_SECONDS = 600.0


@dataclass(slots=True)
class IntercomSettings:
    """Every field can be read and changed under ``/__admin/settings``; see the comment beside each."""

    # the workspace and its app
    workspace_id: str = "local-workspace"
    workspace_name: str = "Local workspace"
    region: str = "US"  # US, EU or AU
    timezone: str = "Europe/Berlin"  # search compares dates by this zone's days
    admin_id: str = "991267459"
    tokens: list[str] = field(default_factory=lambda: ["local-intercom-token"])  # take one out to revoke it
    client_id: str = "local-client-id"
    client_secret: str = "local-client-secret"  # signs the webhooks
    redirect_uris: list[str] = field(default_factory=list)  # empty: any loopback address
    app_version: str = "2.16"  # of a call without Intercom-Version

    # limits
    limit_per_window: int = 1667  # calls in each 10 s
    search_lag_seconds: float = 120.0  # 0 to 600; creates and updates show up in search this late

    # webhooks
    webhook_url: str = ""  # empty: none are sent
    uninstall_url: str = ""  # empty: none is sent
    topics: list[str] = field(default_factory=lambda: list(TOPICS))
    webhook_delay_seconds: float = 0.0
    webhook_shuffle_seconds: float = 0.0  # up to this much is added by chance, so that order is lost
    webhook_duplicate_share: float = 0.0  # this share is sent twice
    webhook_loss_share: float = 0.0  # this share is never sent
    api_writes_notify: bool = True  # our own API writes come back as webhooks
    merged_webhook_names_source: bool = False  # contact.merged has merged_from

    # what Intercom does not document
    long_strings: str = "refuse"  # custom strings over 255 characters: refuse, cut
    unknown_options: str = "refuse"  # values outside a list attribute's options: refuse, accept
    same_email_other_external_id: str = "refuse"  # creating such a user: refuse (409), accept (a second user)
    null_attribute_of_lead: str = "refuse"  # clearing a lead's custom attribute: refuse, clear
    unknown_fields: str = "refuse"  # fields a contact does not have: refuse, ignore

    # contacts at the start and after a reset
    seed: bool = True  # a few people, segments and tags
    seed_contacts: int = 0  # and so many more, person-1@example.com and on; every third is a lead

    def to_document(self) -> dict[str, Any]:
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: list(value) if isinstance(value, list) else value for name, value in values.items()}

    def change(self, changes: dict[str, Any]) -> None:
        """Raises ValueError with the reason, and then changes nothing."""
        known = {one.name: one for one in fields(self)}
        checked: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"no setting {name}; there are {', '.join(known)}")
            checked[name] = _check(name, getattr(self, name), value)
        for name, value in checked.items():
            setattr(self, name, value)


def _check(name: str, present: Any, value: Any) -> Any:
    if isinstance(present, bool):
        good = isinstance(value, bool)
    elif isinstance(present, int | float):
        good = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        value = type(present)(value) if good else value
    elif isinstance(present, list):
        good = isinstance(value, list) and all(isinstance(one, str) for one in value)
        value = list(value) if good else value
    else:
        good = isinstance(value, str)
    if not good:
        raise ValueError(f"{name} takes a value like {present!r}")
    is_allowed = _ALLOWED.get(name)
    if is_allowed is not None and not is_allowed(value):
        raise ValueError(f"{name} may not be {value!r}")
    return value


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


_ALLOWED: dict[str, Callable[[Any], bool]] = {
    "region": lambda value: value in {"US", "EU", "AU"},
    "timezone": _is_zone,
    "search_lag_seconds": lambda value: value <= MAX_LAG_SECONDS,
    "limit_per_window": lambda value: value >= 1,
    "topics": lambda value: set(value) <= set(TOPICS),
    "webhook_url": lambda value: not value or value.startswith(("http://", "https://")),
    "uninstall_url": lambda value: not value or value.startswith(("http://", "https://")),
    "webhook_duplicate_share": lambda value: value <= 1,
    "webhook_loss_share": lambda value: value <= 1,
    "long_strings": lambda value: value in {"refuse", "cut"},
    "unknown_options": lambda value: value in {"refuse", "accept"},
    "same_email_other_external_id": lambda value: value in {"refuse", "accept"},
    "null_attribute_of_lead": lambda value: value in {"refuse", "clear"},
    "unknown_fields": lambda value: value in {"refuse", "ignore"},
}
