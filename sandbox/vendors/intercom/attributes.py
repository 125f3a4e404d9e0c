"""Data attributes: the standard ones, and the custom ones of the workspace.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-attributes
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.vendors.intercom.errors import ApiError, invalid
from sandbox.vendors.intercom.workspace import Attribute, Workspace

MAX_CUSTOM_ATTRIBUTES = 250
DATA_TYPES = {
    "string": "string",
    "integer": "integer",
    "float": "float",
    "boolean": "boolean",
    "datetime": "date",
    "date": "date",
    "options": "string",
}
_NAME = re.compile(r"[\w \-£€¥¢₹]+")

# name, label, type, api_writable
STANDARD = (
    ("role", "Role", "string", True),
    ("name", "Name", "string", True),
    ("owner_id", "Owner", "string", True),
    ("email", "Email", "string", True),
    ("phone", "Phone", "string", True),
    ("external_id", "User ID", "string", True),
    ("signed_up_at", "Signed up", "date", True),
    ("last_seen_at", "Last seen", "date", True),
    ("unsubscribed_from_emails", "Unsubscribed from Emails", "boolean", True),
    ("avatar", "Avatar URL", "string", True),
    ("id", "ID", "string", False),
    ("workspace_id", "Workspace ID", "string", False),
    ("created_at", "Created at", "date", False),
    ("updated_at", "Updated at", "date", False),
    ("has_hard_bounced", "Has Hard Bounced", "boolean", False),
    ("marked_email_as_spam", "Marked email as spam", "boolean", False),
    ("last_replied_at", "Last heard from", "date", False),
    ("last_contacted_at", "Last contacted", "date", False),
    ("last_email_opened_at", "Last opened email", "date", False),
    ("last_email_clicked_at", "Last clicked on link in email", "date", False),
    ("language_override", "Language override", "string", False),
    ("browser", "Browser", "string", False),
    ("browser_version", "Browser Version", "string", False),
    ("browser_language", "Browser Language", "string", False),
    ("os", "OS", "string", False),
    ("location.country", "Country", "string", False),
    ("location.region", "Region", "string", False),
    ("location.city", "City", "string", False),
)
_TAKEN = frozenset(word.casefold() for row in STANDARD for word in row[:2])


def list_attributes(workspace: Workspace, model: str, *, include_archived: bool) -> list[dict[str, Any]]:
    """``model`` empty means all. Raises ApiError 422 for conversation, 400 for an unknown one."""
    if model == "conversation":
        message = "model=conversation is no longer supported. Use GET /conversations/attributes instead"
        raise ApiError(422, "parameter_invalid", message)
    if model not in {"", "contact", "company"}:
        raise invalid("The Data Attribute model field must be either contact or company", "model")
    standard = [] if model == "company" else [_standard_document(*one) for one in STANDARD]
    custom = [
        attribute_document(workspace, attribute)
        for attribute in workspace.attributes.values()
        if model in {"", attribute.model} and (include_archived or not attribute.archived)
    ]
    return standard + custom


def create_attribute(workspace: Workspace, body: Mapping[str, Any]) -> Attribute:
    """Raises ApiError 400 with Intercom's texts."""
    name, model = body.get("name"), body.get("model")
    if model not in ("contact", "company"):
        raise invalid("The Data Attribute model field must be either contact or company")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > 190:
        raise invalid("Your name for this attribute must only contain alphanumeric characters, currency symbols, and hyphens")
    people = "people" if model == "contact" else "company"
    if model == "contact" and name.casefold() in _TAKEN:
        raise invalid(f"'{name}' is one of our standard attributes. To save this as new {people} data, use a different name.")
    if (model, name) in workspace.attributes:
        raise invalid(
            f"You already have '{name}' in your {people} data. To save this as new {people} data, use a different name."
        )
    data_type = DATA_TYPES.get(str(body.get("data_type")))
    if data_type is None:
        raise invalid("Data Type isn't an option")
    if len([one for one in workspace.attributes.values() if not one.archived]) >= MAX_CUSTOM_ATTRIBUTES:
        raise invalid(f"You have reached the limit of {MAX_CUSTOM_ATTRIBUTES} custom attributes")
    now = workspace.now()
    attribute = Attribute(
        id=workspace.new_number(),
        name=name,
        model=str(model),
        data_type=data_type,
        label=name,
        description=_text(body, "description", ""),
        options=_read_options(body.get("options")) if body["data_type"] == "options" else (),
        messenger_writable=body.get("messenger_writable") is True,
        created_at=now,
        updated_at=now,
    )
    workspace.attributes[attribute.model, name] = attribute
    return attribute


def update_attribute(workspace: Workspace, attribute_id: str, body: Mapping[str, Any]) -> Attribute:
    """Archiving, description, options; name and type never change. Raises ApiError 400, 404."""
    found = [one for one in workspace.attributes.values() if str(one.id) == attribute_id]
    if not found:
        raise ApiError(404, "field_not_found", "We couldn't find that data attribute to update")
    before = found[0]
    options = before.options
    if "options" in body:
        options = _read_options(body["options"])
    attribute = replace(
        before,
        archived=bool(body.get("archived", before.archived)),
        description=_text(body, "description", before.description),
        messenger_writable=bool(body.get("messenger_writable", before.messenger_writable)),
        options=options,
        updated_at=workspace.now(),
    )
    workspace.attributes[attribute.model, attribute.name] = attribute
    return attribute


def attribute_document(workspace: Workspace, attribute: Attribute) -> dict[str, Any]:
    document = _standard_document(
        attribute.name, attribute.label or attribute.name, attribute.data_type, attribute.api_writable
    )  # noqa: FBT003, RUF100
    document |= {
        "id": attribute.id,
        "model": attribute.model,
        "full_name": f"custom_attributes.{attribute.name}",
        "description": attribute.description,
        "ui_writable": True,
        "messenger_writable": attribute.messenger_writable,
        "custom": True,
        "archived": attribute.archived,
        "admin_id": workspace.settings.admin_id,
        "created_at": int(attribute.created_at),
        "updated_at": int(attribute.updated_at),
    }
    if attribute.options:
        document["options"] = list(attribute.options)
    return document


def _standard_document(name: str, label: str, data_type: str, api_writable: bool) -> dict[str, Any]:  # noqa: FBT001, RUF100
    return {
        "type": "data_attribute",
        "name": name.rpartition(".")[2],
        "full_name": name,
        "label": label,
        "description": "",
        "data_type": data_type,
        "api_writable": api_writable,
        "ui_writable": api_writable,
        "messenger_writable": False,
        "custom": False,
        "archived": False,
        "model": "contact",
    }


def _read_options(options: object) -> tuple[str, ...]:
    if not isinstance(options, list):
        raise invalid("Options isn't an array")
    values = [one.get("value") if isinstance(one, dict) else None for one in options]
    texts = [value for value in values if isinstance(value, str) and value]
    if len(texts) != len(values):
        raise invalid("Each option needs a value")
    if len(set(texts)) < 2:
        raise invalid("You must have at least two options on a list type data attribute")
    return tuple(dict.fromkeys(texts))


def _text(body: Mapping[str, Any], name: str, default: str) -> str:
    value = body.get(name, default)
    if not isinstance(value, str):
        raise invalid(f"{name} must be a string", name)
    return value
