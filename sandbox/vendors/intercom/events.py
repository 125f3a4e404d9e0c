"""What contacts did: ``POST /events``.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-events
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.vendors.intercom.contacts.fields import MAX_TIME
from sandbox.vendors.intercom.errors import ApiError, contact_not_found, invalid, missing
from sandbox.vendors.intercom.workspace import Contact, Event, Workspace

MAX_METADATA_KEYS = 10


def add_event(workspace: Workspace, body: Mapping[str, Any]) -> Event | None:
    """None for a second event of that contact and name in the same second, which is ignored. Raises ApiError."""
    name, created_at, metadata = body.get("event_name"), body.get("created_at"), body.get("metadata") or {}
    if not isinstance(name, str) or not name:
        raise missing("event_name is required")
    if isinstance(created_at, bool) or not isinstance(created_at, int) or not 0 <= created_at <= MAX_TIME:
        raise invalid("created_at must be a Unix timestamp in seconds", "created_at")
    _check_metadata(metadata)
    contact = _find_contact(workspace, body)
    key = (contact.id, name, created_at)
    if key in workspace.event_keys:
        return None
    workspace.event_keys.add(key)
    event = Event(workspace.new_uuid(), contact.id, name, created_at, dict(metadata))
    workspace.events.setdefault(contact.id, []).append(event)
    workspace.recent_events.appendleft(event)
    return event


def list_events(workspace: Workspace, query: Mapping[str, list[str]]) -> dict[str, Any]:
    """The events of one person, newest first, in one page. Raises ApiError 400, 404."""
    if (query.get("type") or [""])[0] != "user":
        raise invalid("type must be user", "type")
    names = {"intercom_user_id": "id", "user_id": "user_id", "email": "email"}
    body = {names[name]: values[0] for name, values in query.items() if name in names}
    contact = _find_contact(workspace, body)
    events = sorted(workspace.events.get(contact.id, []), key=lambda event: -event.created_at)
    documents = [
        {
            "type": "event",
            "id": event.id,
            "event_name": event.name,
            "created_at": event.created_at,
            "intercom_user_id": contact.id,
            "user_id": contact.external_id,
            "email": contact.email,
            "metadata": dict(event.metadata),
        }
        for event in events
    ]
    return {"type": "event.list", "events": documents, "pages": {}}


def _check_metadata(metadata: object) -> None:
    if not isinstance(metadata, dict):
        raise invalid("metadata must be an object", "metadata")
    if len(metadata) > MAX_METADATA_KEYS:
        raise invalid(f"metadata may have at most {MAX_METADATA_KEYS} keys", "metadata")
    if not all(isinstance(value, str | int | float) and not isinstance(value, bool) for value in metadata.values()):
        raise invalid("metadata values must be strings or numbers", "metadata")


def _find_contact(workspace: Workspace, body: Mapping[str, Any]) -> Contact:
    """By Intercom's id for everyone; by external id or e-mail for users only."""
    if body.get("id"):
        contact = workspace.contacts.get(str(body["id"]))
        found = [] if contact is None else [contact]
    elif body.get("user_id"):
        found = list(workspace.users_with(workspace.by_external_id, str(body["user_id"])))
    elif body.get("email"):
        email = str(body["email"]).strip().casefold()
        found = list(workspace.users_with(workspace.by_email, email))
    else:
        raise missing("One of id, user_id, email is required")
    found = [contact for contact in found if contact.condition == "live"]
    if not found:
        raise contact_not_found()
    if len(found) > 1:
        raise ApiError(
            409, "conflict", "Multiple existing users match this email address - must be more specific using user_id"
        )
    return found[0]
