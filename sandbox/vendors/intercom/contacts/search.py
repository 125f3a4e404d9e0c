"""Lists of contacts: search and list, and their pages."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from sandbox.vendors.intercom.contacts.documents import contact_document
from sandbox.vendors.intercom.contacts.query import Predicate, compile_query, emails_of
from sandbox.vendors.intercom.errors import ApiError, invalid
from sandbox.vendors.intercom.workspace import Contact, Workspace

MAX_PER_PAGE = 150
SEARCH_PER_PAGE = 50
LIST_PER_PAGE = 10
SORT_FIELDS = ("created_at", "updated_at", "signed_up_at", "last_seen_at", "name", "email")
TEXT_FIELDS = ("name", "email")
EMPTY_FIELDS = ("signed_up_at", "last_seen_at", "name")  # that may be null


@dataclass(frozen=True, slots=True)
class _Page:
    per_page: int
    field: str  # that the list is sorted by
    number: int = 1
    after: tuple[Any, int] | None = None  # (the sorted value, the contact's number) of the last one seen


def search_contacts(workspace: Workspace, body: Mapping[str, Any]) -> dict[str, Any]:
    """Sees contacts as they were ``search_lag_seconds`` ago. Raises ApiError 400."""
    if "query" not in body:
        raise invalid("query is required", "query")
    predicate = compile_query(workspace, body["query"])
    field, is_descending = _read_sort(body.get("sort"))
    pagination = body.get("pagination")
    if pagination is not None and not isinstance(pagination, dict):
        raise invalid("pagination must be an object", "pagination")
    page = _read_page(pagination or {}, SEARCH_PER_PAGE, field)
    workspace.index.catch_up(workspace.now())
    emails = emails_of(body["query"])
    if emails is None and field == "created_at":
        found, total = _scan(workspace, predicate, page, json.dumps(body["query"]), descending=is_descending)
    else:
        index = workspace.index
        candidates = index.visible.values() if emails is None else chain.from_iterable(map(index.with_email, sorted(emails)))
        found, total = _sort(list(filter(predicate, candidates)), page, field, descending=is_descending)
    keys = [(getattr(contact, field), contact.number) for contact in found]
    return _answer(workspace, found, keys, total, page)


def list_contacts(workspace: Workspace, query: Mapping[str, list[str]]) -> dict[str, Any]:
    """All contacts, oldest first, leads and users together, without lag. Raises ApiError 400."""
    pagination = {name: values[0] for name, values in query.items() if name in {"per_page", "starting_after"}}
    page = _read_page(pagination, LIST_PER_PAGE, "position")
    start = 0 if page.after is None else page.after[1]
    entries = ((position, workspace.contacts[workspace.order[position]]) for position in range(start, len(workspace.order)))
    live = list(islice((entry for entry in entries if entry[1].condition == "live"), page.per_page + 1))
    keys = [(position, position + 1) for position, _ in live]
    return _answer(workspace, [contact for _, contact in live], keys, workspace.live_count, page)


def _scan(
    workspace: Workspace, predicate: Predicate, page: _Page, query: str, *, descending: bool
) -> tuple[list[Contact], int]:
    """Read on in the kept order instead of sorting; the number of hits is counted on the first page."""
    index = workspace.index
    total = index.remembered_count(query) if page.after is not None else None
    if total is None:
        total = sum(1 for contact in index.visible.values() if predicate(contact))
        index.remember_count(query, total)
    hits = filter(predicate, index.by_creation(page.after, descending=descending))
    return list(islice(hits, page.per_page + 1)), total


def _sort(hits: list[Contact], page: _Page, field: str, *, descending: bool) -> tuple[list[Contact], int]:
    def key(value: Any, number: int) -> tuple[bool, Any, int]:
        return (value is not None, value if value is not None else 0, number)

    hits.sort(key=lambda contact: key(getattr(contact, field), contact.number), reverse=descending)
    rest: Sequence[Contact] = hits
    if page.after is not None:
        last = key(*page.after)
        keys = ((contact, key(getattr(contact, field), contact.number)) for contact in hits)
        rest = [contact for contact, have in keys if (have < last if descending else have > last)]
    return list(rest[: page.per_page + 1]), len(hits)


def _answer(workspace: Workspace, found: list[Contact], keys: list[tuple[Any, int]], total: int, page: _Page) -> dict[str, Any]:
    """``found`` and ``keys`` hold one more than the page when there is a next page; without one ``next`` is absent."""
    pages: dict[str, Any] = {
        "type": "pages",
        "page": page.number,
        "per_page": page.per_page,
        "total_pages": -(-total // page.per_page),
    }
    if len(found) > page.per_page:
        cursor = json.dumps([page.field, *keys[page.per_page - 1], page.number + 1])
        pages["next"] = {
            "page": page.number + 1,
            "starting_after": base64.urlsafe_b64encode(cursor.encode()).decode(),
        }
    shown = found[: page.per_page]
    return {
        "type": "list",
        "data": [contact_document(workspace, contact) for contact in shown],
        "total_count": total,
        "pages": pages,
    }


def _read_sort(sort: object) -> tuple[str, bool]:
    """The field, and whether it descends."""
    if sort is None:
        return "created_at", True
    if not isinstance(sort, dict):
        raise invalid("sort must be an object", "sort")
    order = sort.get("order", "descending")
    if order not in ("ascending", "descending"):
        message = f"Invalid sort order '{order}'. Must be one of: ascending, descending"
        raise ApiError(400, "invalid_sort_order", message)
    field = sort.get("field", "created_at")
    if field not in SORT_FIELDS:
        raise invalid(f"Contacts cannot be sorted by {field}", "sort")
    return str(field), order == "descending"


def _read_page(pagination: Mapping[str, Any], default: int, field: str) -> _Page:
    per_page = pagination.get("per_page", default)
    if isinstance(per_page, str) and per_page.isdecimal():
        per_page = int(per_page)
    if isinstance(per_page, bool) or not isinstance(per_page, int) or not 1 <= per_page <= MAX_PER_PAGE:
        raise invalid(f"per_page must be from 1 to {MAX_PER_PAGE}", "per_page")
    cursor = pagination.get("starting_after")
    if cursor is None or cursor == "":
        return _Page(per_page, field)
    try:
        sorted_by, value, number, page = json.loads(base64.urlsafe_b64decode(str(cursor)))
    except (ValueError, TypeError):
        raise invalid("starting_after is no cursor", "starting_after") from None
    kinds: tuple[type, ...] = (str,) if field in TEXT_FIELDS else (int, float)
    if field in EMPTY_FIELDS:
        kinds = (*kinds, type(None))
    is_whole = isinstance(number, int) and isinstance(page, int)
    if sorted_by != field or not is_whole or not isinstance(value, kinds):
        raise invalid("starting_after belongs to another list", "starting_after")
    return _Page(per_page, field, page, (value, number))
