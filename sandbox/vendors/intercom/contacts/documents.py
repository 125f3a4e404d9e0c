"""A contact as JSON: with whole seconds for REST, with ISO 8601 strings for webhooks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.vendors.intercom.workspace import Contact, Workspace

MAX_LISTED_TAGS = 10

_ALWAYS_NULL = (
    "last_replied_at",
    "last_contacted_at",
    "last_email_opened_at",
    "last_email_clicked_at",
    "language_override",
    "browser",
    "browser_version",
    "browser_language",
    "os",
    "android_app_name",
    "android_app_version",
    "android_device",
    "android_os_version",
    "android_sdk_version",
    "android_last_seen_at",
    "ios_app_name",
    "ios_app_version",
    "ios_device",
    "ios_os_version",
    "ios_sdk_version",
    "ios_last_seen_at",
)


def contact_document(workspace: Workspace, contact: Contact) -> dict[str, Any]:
    """The contact as REST shows it."""
    return _document(workspace, contact, int)


def webhook_contact_document(workspace: Workspace, contact: Contact) -> dict[str, Any]:
    """The contact as webhooks show it: the same fields, other times, and a few more fields."""
    document = _document(workspace, contact, iso_time)
    document |= dict.fromkeys(("utm_campaign", "utm_content", "utm_medium", "utm_source", "utm_term", "referrer"))
    document |= {"sms_consent": False, "unsubscribed_from_sms": False, "enabled_push_messaging": None}
    for kind in ("opted_in_subscription_types", "opted_out_subscription_types"):
        document[kind] = _listed(contact, "subscriptions")
    return document


def iso_time(seconds: float) -> str:
    """As in ``2026-01-10T04:39:55.465+00:00``."""
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="milliseconds")


def reference(contact: Contact) -> dict[str, Any]:
    """The short form that delete, archive and unarchive answer."""
    return {"type": "contact", "id": contact.id, "external_id": contact.external_id}


def _document(workspace: Workspace, contact: Contact, show_time: Callable[[float], Any]) -> dict[str, Any]:
    def show(seconds: float | None) -> Any:
        return None if seconds is None else show_time(seconds)

    tags = [{"id": tag_id, "type": "tag", "url": f"/tags/{tag_id}"} for tag_id in contact.tags if tag_id in workspace.tags]
    return {
        "type": "contact",
        "id": contact.id,
        "workspace_id": workspace.settings.workspace_id,
        "external_id": contact.external_id,
        "role": contact.role,
        "email": contact.email,
        "email_domain": contact.email_domain,
        "phone": contact.phone,
        "name": contact.name,
        "avatar": None if contact.avatar is None else {"type": "avatar", "image_url": contact.avatar},
        "owner_id": contact.owner_id,
        "social_profiles": {"type": "list", "data": []},
        "has_hard_bounced": False,
        "marked_email_as_spam": False,
        "unsubscribed_from_emails": contact.unsubscribed_from_emails,
        "created_at": show(contact.created_at),
        "updated_at": show(contact.updated_at),
        "signed_up_at": show(contact.signed_up_at),
        "last_seen_at": show(contact.last_seen_at),
        **dict.fromkeys(_ALWAYS_NULL),
        "location": {
            "type": "location",
            "country": None,
            "region": None,
            "city": None,
            "country_code": None,
            "continent_code": None,
        },
        "custom_attributes": dict(contact.custom_attributes),
        "tags": _listed(contact, "tags", tags),
        "notes": _listed(contact, "notes"),
        "companies": _listed(contact, "companies"),
    }


def _listed(contact: Contact, name: str, items: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    items = items or []
    return {
        "type": "list",
        "data": items[:MAX_LISTED_TAGS],
        "url": f"/contacts/{contact.id}/{name}",
        "total_count": len(items),
        "has_more": len(items) > MAX_LISTED_TAGS,
    }
