"""The language of ``POST /contacts/search``: operators by type, two levels of groups, whole days.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/searchcontacts
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.vendors.intercom.errors import invalid
from sandbox.vendors.intercom.workspace import Contact, Workspace, fold

MAX_LEVELS = 2
MAX_FILTERS = 15

Predicate = Callable[[Contact], bool]

OPERATORS = {
    "string": ("=", "!=", "IN", "NIN", "~", "!~", "^", "$"),
    "boolean": ("=", "!=", "IN", "NIN"),
    "integer": ("=", "!=", "IN", "NIN", "<", ">", "<=", ">="),
    "date": ("=", "<", ">"),
    "tag": ("=", "!="),
    "segment": ("=", "!=", "IN", "NIN"),
}
STANDARD_FIELDS = {
    **dict.fromkeys(("id", "role", "name", "avatar", "owner_id", "email", "email_domain", "phone", "external_id"), "string"),
    **dict.fromkeys(("created_at", "updated_at", "signed_up_at", "last_seen_at"), "date"),
    "unsubscribed_from_emails": "boolean",
    "tag_id": "tag",
    "segment_id": "segment",
}
EMPTY_FIELDS = {
    **dict.fromkeys(("formatted_phone", "language_override", "browser", "browser_language", "os"), "string"),
    **dict.fromkeys(("location.country", "location.region", "location.city"), "string"),
    **dict.fromkeys(("last_replied_at", "last_contacted_at", "last_email_opened_at", "last_email_clicked_at"), "date"),
}
"""Fields that can be searched but are never set in the stand-in."""


def compile_query(workspace: Workspace, query: object) -> Predicate:
    """Raises ApiError 400 for whatever the language does not know."""
    return _compile(workspace, query, 0)


def emails_of(query: object) -> frozenset[str] | None:
    """The folded e-mails of which every hit must have one, if the query demands it: then the index finds the hits."""
    if not isinstance(query, dict):
        return None
    operator, value = query.get("operator"), query.get("value")
    if query.get("field") == "email":
        wanted = [value] if operator == "=" else value if operator == "IN" and isinstance(value, list) else []
        folded = [fold(one) for one in wanted if isinstance(one, str)]
        return frozenset(folded) if folded and len(folded) == len(wanted) and all(folded) else None
    if "field" in query or not isinstance(value, list) or not value:
        return None
    parts = [emails_of(part) for part in value]
    if operator == "AND":
        return next((part for part in parts if part is not None), None)
    known = [part for part in parts if part is not None]
    return frozenset().union(*known) if operator == "OR" and len(known) == len(parts) else None


def _compile(workspace: Workspace, query: object, level: int) -> Predicate:
    if not isinstance(query, dict):
        raise invalid("query must be an object", "query")
    if "field" in query:
        return _compile_filter(workspace, query)
    operator, parts = query.get("operator"), query.get("value")
    if operator not in ("AND", "OR") or not isinstance(parts, list) or not parts:
        raise invalid("A group needs the operator AND or OR and a list of filters", "query")
    if level >= MAX_LEVELS:
        raise invalid(f"A query may have at most {MAX_LEVELS} levels of groups", "query")
    if len(parts) > MAX_FILTERS:
        raise invalid(f"A group may have at most {MAX_FILTERS} filters", "query")
    if len({isinstance(part, dict) and "field" in part for part in parts}) > 1:
        # The description knows lists of filters and lists of groups, not both in one.
        raise invalid("A group holds either filters or groups", "query")
    predicates = [_compile(workspace, part, level + 1) for part in parts]
    if operator == "AND":
        return lambda contact: all(predicate(contact) for predicate in predicates)
    return lambda contact: any(predicate(contact) for predicate in predicates)


def _compile_filter(workspace: Workspace, query: dict[str, Any]) -> Predicate:
    name, operator = query["field"], query.get("operator")
    if "value" not in query:
        raise invalid("A filter needs a value", str(name))
    kind = field_kind(workspace, name)
    if operator not in OPERATORS[kind]:
        raise invalid(f"The operator {operator} is not supported for {name}", str(name))
    value = query["value"]
    if kind == "date":
        return _compile_date(workspace, name, operator, value)
    if kind == "tag":
        return _compile_membership(operator, value, lambda contact, tag_id: tag_id in contact.tags)
    if kind == "segment":
        return _compile_segment(workspace, operator, value)
    return _compile_value(workspace, name, kind, operator, value)


def field_kind(workspace: Workspace, name: object) -> str:
    """A key of OPERATORS. Raises ApiError 400 for an unknown field."""
    if not isinstance(name, str):
        raise invalid("field must be a string", "field")
    if name.startswith("custom_attributes."):
        attribute = workspace.attributes.get(("contact", name.removeprefix("custom_attributes.")))
        if attribute is None or attribute.archived:
            raise invalid(f"{name} is not a valid field", name)
        return "integer" if attribute.data_type == "float" else attribute.data_type
    kind = STANDARD_FIELDS.get(name) or EMPTY_FIELDS.get(name)
    if kind is None:
        raise invalid(f"{name} is not a valid field", name)
    return kind


def _getter(name: str) -> Callable[[Contact], Any]:
    if name.startswith("custom_attributes."):
        key = name.removeprefix("custom_attributes.")
        return lambda contact: contact.custom_attributes.get(key)
    if name in EMPTY_FIELDS:
        return lambda _: None
    return lambda contact: getattr(contact, name)


def _compile_date(workspace: Workspace, name: str, operator: str, value: object) -> Predicate:
    """By whole days in the workspace's zone: ``>`` begins with the next day, ``<`` ends before that day."""
    seconds = _read_number(name, value)
    zone = ZoneInfo(workspace.settings.timezone)
    try:
        day = datetime.fromtimestamp(seconds, tz=zone).date()
        start = datetime.combine(day, time(), tzinfo=zone).timestamp()
        end = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).timestamp()
    except (OverflowError, ValueError, OSError) as error:
        raise invalid(f"{value} is no time", name) from error
    get = _getter(name)

    def is_match(contact: Contact) -> bool:
        moment = get(contact)
        if moment is None:
            return False
        if operator == ">":
            return bool(moment >= end)
        return bool(moment < start) if operator == "<" else bool(start <= moment < end)

    return is_match


def _compile_segment(workspace: Workspace, operator: str, value: object) -> Predicate:
    wanted = value if isinstance(value, list) else [value]
    predicates = {}
    for segment_id in wanted:
        segment = workspace.segments.get(str(segment_id))
        if segment is None:
            raise invalid("Segment not found", "segment_id")
        predicates[segment.id] = _compile(workspace, segment.query, 0)
    return _compile_membership(operator, value, lambda contact, segment_id: predicates[segment_id](contact))


def _compile_membership(operator: str, value: object, is_in: Callable[[Contact, str], bool]) -> Predicate:
    is_many = operator in {"IN", "NIN"}
    if is_many != isinstance(value, list):
        raise invalid(f"The operator {operator} takes {'a list' if is_many else 'one value'}")
    ids = [str(one) for one in value] if isinstance(value, list) else [str(value)]
    if operator in {"=", "IN"}:
        return lambda contact: any(is_in(contact, one) for one in ids)
    return lambda contact: not any(is_in(contact, one) for one in ids)


def _compile_value(workspace: Workspace, name: str, kind: str, operator: str, value: object) -> Predicate:
    get = _getter(name)
    if operator in {"IN", "NIN"}:
        if not isinstance(value, list) or not value:
            raise invalid(f"The operator {operator} takes a list", name)
        many = {_read_value(name, kind, one) for one in value}
        if operator == "IN":
            return lambda contact: _shown(name, get(contact)) in many
        return lambda contact: _shown(name, get(contact)) not in many
    if isinstance(value, list):
        raise invalid(f"The operator {operator} takes one value", name)
    one = _read_value(name, kind, value)
    if operator == "=":
        return lambda contact: _shown(name, get(contact)) == one
    if operator == "!=":
        return lambda contact: _shown(name, get(contact)) != one
    if one is None:
        raise invalid(f"The operator {operator} takes no null", name)
    return _compile_order(get, operator, one) if kind == "integer" else _compile_text(get, operator, str(one))


def _compile_order(get: Callable[[Contact], Any], operator: str, one: Any) -> Predicate:
    compare = {
        "<": lambda have: have < one,
        "<=": lambda have: have <= one,
        ">": lambda have: have > one,
        ">=": lambda have: have >= one,
    }[operator]
    return lambda contact: (have := get(contact)) is not None and compare(have)


def _compile_text(get: Callable[[Contact], Any], operator: str, text: str) -> Predicate:
    text = text.casefold()
    compare: Callable[[str], bool] = {
        "~": lambda have: text in have,
        "!~": lambda have: text not in have,
        "^": lambda have: have.startswith(text),
        "$": lambda have: have.endswith(text),
    }[operator]
    return lambda contact: compare(str(get(contact) or "").casefold())


def _shown(name: str, have: Any) -> Any:
    """How a contact's value is compared: e-mails folded, an empty one as null."""
    if name in {"email", "email_domain"}:
        return fold(have) or None
    return have


def _read_value(name: str, kind: str, value: object) -> Any:
    if value is None:
        return None
    if kind == "integer":
        return _read_number(name, value)
    if kind == "boolean":
        if value not in (True, False, "true", "false"):
            raise invalid(f"{name} takes true or false", name)
        return value in (True, "true")
    if not isinstance(value, str):
        raise invalid(f"{name} takes a string", name)
    if name == "role" and value not in {"user", "lead"}:
        raise invalid("role must be one of: user, lead", name)
    return fold(value) if name in {"email", "email_domain"} else value


def _read_number(name: str, value: object) -> float:
    """Numbers may come as text, as in the documented examples."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise invalid(f"{name} takes a number", name) from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"{name} takes a number", name)
    return value
