"""Pages of contacts, and the workspace's lists: how to ask for them, and how to read the answers.

Search: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/searchcontacts · pages:
https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/pagination
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import ValidationError

from shared.adapters.http.transport import HttpResponse
from shared.adapters.intercom.schemas import ContactBody, document_of
from shared.domain.contact import Contact
from shared.domain.sync.source import ContactFilter
from shared.errors import PermanentError, UnavailableError
from shared.ports.vendors import ContactPage

INTERCOM = "intercom"
PER_PAGE = 150
LIST_PATHS: Mapping[str, tuple[str, str]] = {"segment_id": ("/segments", "segments"), "tag_id": ("/tags", "data")}
"""Where lists of that kind are, and under which name the answer holds them."""


@dataclass(frozen=True, slots=True)
class PageOfContacts(ContactPage):
    contacts: Sequence[Contact]
    cursor: str | None
    total: int | None
    smaller: int = 0


def page_request(wanted: ContactFilter, cursor: str | None, per_page: int) -> tuple[str, str, dict[str, Any] | None]:
    """Method, path and body. A search takes the cursor in its body: as a query parameter it would be ignored."""
    query = query_of(wanted)
    if query is None:
        arguments = {"per_page": str(per_page)} | ({"starting_after": cursor} if cursor else {})
        return "GET", f"/contacts?{urlencode(arguments)}", None
    pagination: dict[str, Any] = {"per_page": per_page} | ({"starting_after": cursor} if cursor else {})
    sort = {"field": "created_at", "order": "ascending"}  # so that pages which were read do not move
    return "POST", "/contacts/search", {"query": query, "sort": sort, "pagination": pagination}


def query_of(wanted: ContactFilter) -> dict[str, Any] | None:
    """The query of a search, at most two groups deep; None asks for everybody, which is a plain list. A group holds either
    filters or groups, by Intercom's description never both."""
    parts: list[dict[str, Any]] = []
    if wanted.role is not None:
        parts.append({"field": "role", "operator": "=", "value": str(wanted.role)})
    if wanted.list_field:
        lists = [{"field": wanted.list_field, "operator": "=", "value": list_id} for list_id in wanted.list_ids]
        parts.append(lists[0] if len(lists) == 1 else {"operator": "OR", "value": lists})
    if wanted.changed_after is not None:
        parts.append({"field": "updated_at", "operator": ">", "value": wanted.changed_after})
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    if any("field" not in part for part in parts):
        parts = [{"operator": "AND", "value": [part]} if "field" in part else part for part in parts]
    return {"operator": "AND", "value": parts}


def page_of(response: HttpResponse, base_url: str, *, strict: bool = False) -> PageOfContacts:
    """UnavailableError for what is no page; PermanentError for a next page on another host. Contacts that cannot be read are
    left out, for one odd entry must not cost the others; ``strict``, where a missing one could mean a second create, they are
    an UnavailableError."""
    document = document_of(response)
    entries = document.get("data")
    if not isinstance(entries, list):
        raise UnavailableError("Intercom: its answer is no list", vendor=INTERCOM, status=response.status)
    total = document.get("total_count")
    contacts = [contact for entry in entries if (contact := _contact(entry)) is not None]
    if strict and len(contacts) != len(entries):
        text = "Intercom: its list holds something else than contacts"
        raise UnavailableError(text, vendor=INTERCOM, status=response.status)
    return PageOfContacts(contacts, next_cursor(document.get("pages"), base_url), total if isinstance(total, int) else None)


def next_cursor(pages: Any, base_url: str) -> str | None:
    """The next page's cursor: in an object, or in the address that older versions answer. No address is ever followed."""
    following = pages.get("next") if isinstance(pages, Mapping) else None
    if isinstance(following, str) and following:
        try:
            parts, ours = urlsplit(following), urlsplit(base_url)
        except ValueError:
            text = "Intercom names a next page that is no address; the list was not read on."
            raise PermanentError(text, vendor=INTERCOM) from None
        if (parts.scheme, parts.netloc) != (ours.scheme, ours.netloc):
            raise PermanentError("Intercom names a next page on another host; the list was not read on.", vendor=INTERCOM)
        following = {"starting_after": parse_qs(parts.query).get("starting_after", [None])[0]}
    cursor = following.get("starting_after") if isinstance(following, Mapping) else None
    return cursor if isinstance(cursor, str) and cursor else None


def names_of(response: HttpResponse, field: str) -> dict[str, str]:
    """The names of the lists by id."""
    entries = document_of(response).get(LIST_PATHS[field][1])
    if not isinstance(entries, list):
        raise UnavailableError("Intercom: its answer is no list", vendor=INTERCOM, status=response.status)
    return {
        str(entry["id"]): str(entry.get("name") or "") for entry in entries if isinstance(entry, Mapping) and entry.get("id")
    }


def _contact(entry: Any) -> Contact | None:
    try:
        return ContactBody.model_validate(entry).contact()
    except ValidationError:
        return None
