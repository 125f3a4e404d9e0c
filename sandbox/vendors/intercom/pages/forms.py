"""A contact's fields as a person sees and types them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.vendors.intercom.attributes import STANDARD
from sandbox.vendors.intercom.contacts.query import field_kind
from sandbox.vendors.intercom.errors import invalid
from sandbox.vendors.intercom.workspace import Contact, Workspace


def contact_fields(workspace: Workspace, contact: Contact) -> list[dict[str, Any]]:
    """The fields that a person may change: name, label, type, options, value as text."""
    fields = [
        {
            "name": name,
            "label": label,
            "data_type": data_type,
            "options": _standard_options(name, contact),
            "value": _show(workspace, data_type, getattr(contact, name)),
        }
        for name, label, data_type, is_writable in STANDARD
        if is_writable
    ]
    fields += [
        {
            "name": f"custom_attributes.{attribute.name}",
            "label": attribute.name,
            "data_type": attribute.data_type,
            "options": ["true", "false"] if attribute.data_type == "boolean" else list(attribute.options),
            "value": _show(workspace, attribute.data_type, contact.custom_attributes.get(attribute.name)),
        }
        for attribute in workspace.attributes.values()
        if attribute.model == "contact" and not attribute.archived
    ]
    return fields


def read_form_value(workspace: Workspace, name: str, text: str) -> Any:
    """The text as the field's type; empty text is null. Raises ApiError 400."""
    if name.startswith("custom_attributes."):
        attribute = workspace.attributes.get(("contact", name.removeprefix("custom_attributes.")))
        kind = "string" if attribute is None else attribute.data_type
    else:
        kinds = {one: data_type for one, _, data_type, is_writable in STANDARD if is_writable}
        if name not in kinds:
            raise invalid(f"{name} cannot be changed")
        kind = kinds[name]
    text = text.strip()
    if not text:
        return None
    try:
        if kind == "integer":
            return int(text)
        if kind == "float":
            return float(text)
        if kind == "date":
            return _read_day(workspace, text)
    except ValueError:
        raise invalid(f"{text} is not of type {kind}") from None
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    return text


def segment_query(workspace: Workspace, form: Mapping[str, str]) -> dict[str, Any]:
    """A segment's rule from its form: the kind of person and one condition. Raises ApiError 400."""
    role = "lead" if form.get("person_type") == "contact" else "user"
    is_role: dict[str, Any] = {"field": "role", "operator": "=", "value": role}
    name, value = form.get("field", ""), form.get("value", "")
    if not name:
        return is_role
    if field_kind(workspace, name) == "date" and not value.isdecimal():
        try:
            value = str(_read_day(workspace, value))
        except ValueError:
            raise invalid(f"{value} is no date") from None
    return {"operator": "AND", "value": [is_role, {"field": name, "operator": form.get("operator", "="), "value": value}]}


def _standard_options(name: str, contact: Contact) -> list[str]:
    if name == "role":
        return ["user"] if contact.role == "user" else ["lead", "user"]
    return ["true", "false"] if name == "unsubscribed_from_emails" else []


def _show(workspace: Workspace, data_type: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if data_type == "date":
        zone = ZoneInfo(workspace.settings.timezone)
        return datetime.fromtimestamp(value, tz=zone).date().isoformat()
    return str(value)


def _read_day(workspace: Workspace, text: str) -> int:
    """The start of a day such as 2026-01-31, in the workspace's zone."""
    zone = ZoneInfo(workspace.settings.timezone)
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())
