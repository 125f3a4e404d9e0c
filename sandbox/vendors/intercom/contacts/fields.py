"""Reading the fields of a contact's create and update: types, e-mails, custom attributes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.vendors.intercom.errors import ApiError, invalid
from sandbox.vendors.intercom.workspace import Attribute, Custom, Workspace

MAX_STRING = 255
"""Custom string values; longer ones are refused or cut, which Intercom does not document."""

MAX_TIME = 253402300799
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")
_NO_FIELDS = {"type", "id"}  # sent back by clients that echo an answer; Intercom does not mind


def read_fields(workspace: Workspace, body: Mapping[str, Any], role: str) -> dict[str, Any]:
    """The fields that were sent, checked, under the names of ``Contact``.

    ``role`` is the one that the contact will have. Raises ApiError 400 for the first field that is wrong.
    https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/createcontact
    """
    if body.get("email_verified") is not None and not body.get("email"):
        raise invalid("email_verified must be supplied together with an email", "email_verified")
    read: dict[str, Any] = {}
    for name, value in body.items():
        if name == "custom_attributes":
            read[name] = read_custom_attributes(workspace, value, role)
        elif name in _READERS:
            read[name] = _READERS[name](workspace, name, value)
        elif name not in _NO_FIELDS and workspace.settings.unknown_fields == "refuse":
            raise invalid(f"{name} is not a field of a contact", name)
    return read


def _read_role(_: Workspace, name: str, value: object) -> str:
    if value not in ("user", "lead"):
        raise invalid("role must be one of: user, lead", name)
    return str(value)


def _read_text(_: Workspace, name: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise invalid(f"{name} must be a string", name)
    return value


def _read_external_id(_: Workspace, name: str, value: object) -> str | None:
    return _read_text(_, name, value) or None


def _read_email(_: Workspace, name: str, value: object) -> str:
    """None is stored as an empty string. [R]"""
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or len(value) > 254 or not _EMAIL.fullmatch(value):
        raise invalid("email is invalid", name)
    return value


def _read_flag(_: Workspace, name: str, value: object) -> bool:
    if value is not None and not isinstance(value, bool):
        raise invalid(f"{name} must be a boolean", name)
    return bool(value)


def _read_time(_: Workspace, name: str, value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_TIME:
        raise invalid(f"{name} must be a Unix timestamp in seconds", name)
    return value


def _read_owner(workspace: Workspace, name: str, value: object) -> str | None:
    owner = _read_text(workspace, name, value)
    if owner and owner != workspace.settings.admin_id:
        raise invalid("The owner specified is not a member of the workspace", name)
    return owner or None


_READERS: dict[str, Callable[[Workspace, str, object], Any]] = {
    "role": _read_role,
    "external_id": _read_external_id,
    "email": _read_email,
    "email_verified": _read_flag,
    "phone": _read_text,
    "name": _read_text,
    "avatar": _read_text,
    "signed_up_at": _read_time,
    "last_seen_at": _read_time,
    "owner_id": _read_owner,
    "unsubscribed_from_emails": _read_flag,
}


def read_custom_attributes(workspace: Workspace, values: object, role: str) -> dict[str, Custom]:
    """One wrong value refuses them all, as the real one does."""
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise invalid("custom_attributes must be an object", "custom_attributes")
    return {name: _read_custom(workspace, str(name), value, role) for name, value in values.items()}


def _read_custom(workspace: Workspace, name: str, value: object, role: str) -> Custom:
    attribute = workspace.attributes.get(("contact", name))
    if attribute is None or attribute.archived:
        raise invalid(f"Custom attribute '{name}' does not exist", f"custom_attributes.{name}")
    if value is None:
        if role == "lead" and workspace.settings.null_attribute_of_lead == "refuse":
            raise invalid(f"Custom attribute '{name}' may not be null", f"custom_attributes.{name}")
        return None
    if not _TYPES[attribute.data_type](value):
        raise _wrong_value(attribute)
    if isinstance(value, str):
        return _read_custom_text(workspace, attribute, value)
    return value  # type: ignore[return-value] # checked just above


def _read_custom_text(workspace: Workspace, attribute: Attribute, value: str) -> str:
    if attribute.options and value not in attribute.options and workspace.settings.unknown_options == "refuse":
        raise _wrong_value(attribute)
    if len(value) > MAX_STRING:
        if workspace.settings.long_strings == "refuse":
            raise invalid(
                f"Custom attribute '{attribute.name}' is longer than {MAX_STRING} characters",
                f"custom_attributes.{attribute.name}",
            )
        return value[:MAX_STRING]
    return value


def _wrong_value(attribute: Attribute) -> ApiError:
    kind = f"one of its options: {', '.join(attribute.options)}" if attribute.options else f"of type {attribute.data_type}"
    return invalid(f"Custom attribute '{attribute.name}' must be {kind}", f"custom_attributes.{attribute.name}")


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_TYPES: dict[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": _is_integer,
    "float": lambda value: _is_integer(value) or isinstance(value, float),
    "boolean": lambda value: isinstance(value, bool),
    "date": lambda value: _is_integer(value) and 0 <= value <= MAX_TIME,  # type: ignore[operator] # an integer
}
