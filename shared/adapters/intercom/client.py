"""Intercom's REST API. Each method is one call (a search up to a few), each call is sent once, except after a 401."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import quote

from shared.adapters.http.smaller_pages import read_page
from shared.adapters.http.transport import HttpResponse, HttpTransport, fits_header
from shared.adapters.intercom.errors import INTERCOM, error_of, not_restorable, resource_refused, says_nothing
from shared.adapters.intercom.lists import LIST_PATHS, PER_PAGE, PageOfContacts, names_of, page_of, page_request
from shared.adapters.intercom.schemas import attributes_of, connection_of, contact_of, document_of
from shared.adapters.limits import UnlimitedLimiter
from shared.domain.connection.connection import Connection
from shared.domain.contact import CUSTOM, Attribute, Contact, Role, Value
from shared.domain.person import emails_alike, fold_email
from shared.domain.sync.source import ContactFilter
from shared.domain.timing import CREATE_TIMEOUT, INTERCOM_TIMEOUT
from shared.errors import (
    ApplicationRefusedError,
    ConnectionLostError,
    ContactGoneError,
    ContradictoryError,
    FailureError,
    ResourceRefusedError,
    TransientError,
)
from shared.ports.clock import Clock
from shared.ports.vendor import Limiter
from shared.ports.vendors import Intercom

API_VERSION = "2.16"
"""https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis: the closed list of regional hosts."""

ATTRIBUTES_FRESH = 600.0
ATTRIBUTES_USABLE = 86_400.0
ATTRIBUTES_RETRY = 30.0
NOBODY = {"query": {"field": "email", "operator": "=", "value": "nobody@example.invalid"}, "pagination": {"per_page": 1}}
NO_EVENT = {"event_name": "referral_reward_issued", "created_at": 1, "id": "0" * 24}
"""A search and an event that change nothing and are about nobody."""
SEARCH_PAGE = 150
STRANGE_SIGN = "what is stored as Intercom's access token holds a sign that no token can hold"
SEARCH_PAGES = 4
SMALLER_PAGES = (PER_PAGE, PER_PAGE // 5, PER_PAGE // 30)
"""Contacts a page, should those of a larger one not fit into an answer's limit of 1 MB."""


class TokenProvider(Protocol):
    """Where the access token is. ``fresh`` reads it again; an empty text means that there is none."""

    def __call__(self, *, fresh: bool = False) -> str: ...


@dataclass(slots=True)
class _KnownAttributes:
    values: Mapping[str, Attribute]
    read_at: float
    again_at: float
    asked_at: float

    def lacks(self, wanted: Iterable[str], now: float) -> bool:
        """Whether it is worth asking for one of them: it may have been created since."""
        return now - self.asked_at >= ATTRIBUTES_RETRY and any(
            name.startswith(CUSTOM) and name not in self.values for name in wanted
        )


class IntercomClient(Intercom):
    """The API of one workspace."""

    def __init__(
        self, transport: HttpTransport, clock: Clock, token: TokenProvider, base_url: str, limiter: Limiter | None = None
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._token = token
        self._base_url = base_url.rstrip("/")
        self._limiter = limiter or UnlimitedLimiter()
        self._attributes: _KnownAttributes | None = None

    def identify(self) -> Connection:
        return connection_of(self._call("GET", "/me"))

    def attributes(self, wanted: Iterable[str] = ()) -> Mapping[str, Attribute]:
        """See ``Intercom.attributes``. Values up to 24 h old are answered while Intercom fails transiently, which is then tried
        again every 30 s."""
        now = self._clock.now()
        kept = self._attributes
        if kept and now < kept.again_at and not kept.lacks(wanted, now):
            return kept.values
        try:
            return self.read_attributes()
        except TransientError:
            if kept is None or now - kept.read_at > ATTRIBUTES_USABLE:
                raise
            kept.again_at = now + ATTRIBUTES_RETRY
            kept.asked_at = now
            return kept.values

    def read_attributes(self) -> Mapping[str, Attribute]:
        values = attributes_of(self._call("GET", "/data_attributes?model=contact&include_archived=true"))
        now = self._clock.now()
        self._attributes = _KnownAttributes(values, now, now + ATTRIBUTES_FRESH, now)
        return values

    def search_by_email(self, *emails: str) -> list[Contact]:
        """See ``Intercom.search_by_email``. Reads at most 600 hits."""
        wanted = {fold_email(email) for email in emails}
        spellings = sorted({spelling for email in emails for spelling in emails_alike(email)})
        filters = [{"field": "email", "operator": "=", "value": spelling} for spelling in spellings]
        query = filters[0] if len(filters) == 1 else {"operator": "OR", "value": filters}
        hits: dict[str, Contact] = {}
        cursor: str | None = None
        for _ in range(SEARCH_PAGES):
            try:
                contacts, cursor = self._search(query, cursor)
            except FailureError as error:
                error.about_person = True
                raise
            hits.update({contact.id: contact for contact in contacts if fold_email(contact.email) in wanted})
            if cursor is None:
                break
        return list(hits.values())

    def search_changed(
        self,
        attribute: str,
        values: Sequence[Value],
        since: int,
        cursor: str | None = None,
        *,
        others: bool = False,
        smaller: int = 0,
    ) -> tuple[list[Contact], str | None]:
        operator, join = ("!=", "AND") if others else ("=", "OR")
        wanted: list[dict[str, Any]] = [{"field": attribute, "operator": operator, "value": value} for value in values]
        if not others and attribute != "role":
            texts = [value.strip() for value in values if isinstance(value, str)]
            wanted += [{"field": attribute, "operator": "~", "value": text} for text in texts if text]
        changed = {"field": "updated_at", "operator": ">", "value": since}
        groups = [{"operator": join, "value": wanted}, {"operator": "AND", "value": [changed]}]
        return self._search({"operator": "AND", "value": groups}, cursor, smaller)

    def _search(self, query: Mapping[str, Any], cursor: str | None, smaller: int = 0) -> tuple[list[Contact], str | None]:
        """One page, and the next one's cursor; None on the last, and where a cursor comes again."""

        def read(per_page: int) -> PageOfContacts:
            pagination = {"per_page": per_page} | ({"starting_after": cursor} if cursor else {})
            response = self._call("POST", "/contacts/search", {"query": query, "pagination": pagination})
            return page_of(response, self._base_url, strict=True)

        page, _ = read_page(read, (SEARCH_PAGE, *SMALLER_PAGES[1:]), smaller)
        return list(page.contacts), None if page.cursor == cursor else page.cursor

    def get_contact(self, contact_id: str) -> Contact:
        return contact_of(self._call("GET", _path(contact_id), about_contact=True))

    def create_contact(self, email: str, role: Role, values: Mapping[str, Value]) -> Contact:
        """See ``Intercom.create_contact``. Sent once: after a lost answer only the caller knows whether to try again."""
        body = {**_body(values), "role": str(role), "email": email}
        sent = {*values, "email"}
        return contact_of(self._call("POST", "/contacts", body, timeout=CREATE_TIMEOUT, sent=sent, writes=True))

    def put_contact(self, contact_id: str, values: Mapping[str, Value], role: Role | None = None) -> Contact:
        """See ``Intercom.put_contact``. Only a GET tells into whom a contact was merged, so a 404 is followed by one."""
        body = _body(values) | ({"role": str(role)} if role else {})
        try:
            return contact_of(self._call("PUT", _path(contact_id), body, about_contact=True, sent=values, writes=True))
        except ContactGoneError as gone:
            if gone.canonical_id is not None:
                raise
        self.get_contact(contact_id)
        raise ContradictoryError("Intercom lost the contact and has it again", vendor=INTERCOM)

    def unarchive_contact(self, contact_id: str) -> None:
        path = f"{_path(contact_id)}/unarchive"
        response = self._exchange("POST", path, None, INTERCOM_TIMEOUT)
        refused = not_restorable(response)
        if refused:
            raise refused
        document_of(self._checked(response, path, about_contact=True))

    def delete_contact(self, contact_id: str) -> None:
        """See ``Intercom.delete_contact``.
        https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/deletecontact"""
        self._call("DELETE", _path(contact_id), about_contact=True)

    def merge_contacts(self, lead_id: str, user_id: str) -> None:
        """See ``Intercom.merge_contacts``.
        https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/mergecontact"""
        self._call("POST", "/contacts/merge", {"from": lead_id, "into": user_id}, about_contact=True)

    def create_event(self, contact_id: str, name: str, created_at: int, metadata: Mapping[str, str | int | float]) -> None:
        """See ``Intercom.create_event``. https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-events"""
        body = {"event_name": name, "created_at": created_at, "id": contact_id, "metadata": dict(metadata)}
        self._call("POST", "/events", body, about_contact=True)

    def read_contacts(self, wanted: ContactFilter, cursor: str | None, smaller: int = 0) -> PageOfContacts:
        """See ``Intercom.read_contacts``. 150 contacts; fewer when so many are too large for one answer."""

        def read(per_page: int) -> PageOfContacts:
            return page_of(self._call(*page_request(wanted, cursor, per_page)), self._base_url)

        page, needed = read_page(read, SMALLER_PAGES, smaller)
        return replace(page, smaller=needed)

    def list_ids(self, field: str) -> Mapping[str, str]:
        return names_of(self._call("GET", LIST_PATHS[field][0]), field)

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        timeout: float = INTERCOM_TIMEOUT,
        about_contact: bool = False,
        sent: Iterable[str] = (),
        writes: bool = False,
    ) -> HttpResponse:
        try:
            return self._checked(self._exchange(method, path, body, timeout), path, about_contact=about_contact, sent=sent)
        except FailureError as error:
            error.writes, error.about_person = writes, about_contact or writes
            raise

    def _checked(
        self, response: HttpResponse, path: str, *, about_contact: bool = False, sent: Iterable[str] = ()
    ) -> HttpResponse:
        if 200 <= response.status < 300:
            return response
        error = error_of(
            response,
            now=self._clock.now(),
            about_contact=about_contact,
            sent=sent,
            path=path,
            token_works=response.status == 401 and path != "/me" and self._takes_token(),
        )
        raise self._whose(error, path)

    def _takes_token(self) -> bool:
        """Whether ``GET /me`` is answered: then a 401 was about a resource. Raises when nobody can tell."""
        response = self._exchange("GET", "/me", None, INTERCOM_TIMEOUT)
        if says_nothing(response.status):
            raise error_of(response, now=self._clock.now())
        return response.status != 401

    def _whose(self, error: FailureError, path: str) -> FailureError:
        """The same call about nobody decides. Refused as well: under ``/contacts`` it is the application, with events the
        permission. Answered: it is that resource alone."""
        refused = isinstance(error, ApplicationRefusedError | ResourceRefusedError)
        if not refused or not path.startswith(("/contacts", "/events")):
            return error
        status = error.status or 0
        facts: dict[str, Any] = {"vendor": INTERCOM, "status": status, "code": error.code, "request_id": error.request_id}
        words = str(error).partition(": ")[2]
        if path == "/events":
            return error if self._about_nobody(path, NO_EVENT) in (401, 403) else resource_refused("", status, words, facts)
        answer = self._about_nobody("/contacts/search", NOBODY)
        if answer < 400 or says_nothing(answer):
            return resource_refused(path, status, words, facts)
        return ApplicationRefusedError(f"Intercom refuses the application ({status}): {words}".rstrip(": "), **facts)

    def _about_nobody(self, path: str, body: Mapping[str, Any]) -> int:
        """The status that Intercom answers; 0 when it gives no answer, so that the next try finds out."""
        try:
            return self._exchange("POST", path, body, INTERCOM_TIMEOUT).status
        except TransientError:
            return 0

    def _exchange(self, method: str, path: str, body: Mapping[str, Any] | None, timeout: float) -> HttpResponse:
        """One exchange. A 401 may only mean that the token was replaced: the secret is read again, and the request, which
        Intercom refused unread, is sent once more."""
        response = self._send(method, path, body, timeout, self._token() or self._token(fresh=True))
        if response.status == 401:
            response = self._send(method, path, body, timeout, self._token(fresh=True))
        return response

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None, timeout: float, token: str) -> HttpResponse:
        if not token:
            raise ConnectionLostError("there is no access token of Intercom", vendor=INTERCOM)
        if not fits_header(token):
            raise ConnectionLostError(STRANGE_SIGN, vendor=INTERCOM)
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "Intercom-Version": API_VERSION}
        encoded = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            encoded = json.dumps(body, allow_nan=False).encode("ascii")
        permit = self._limiter.acquire()
        try:
            response = self._transport.send(method, self._base_url + path, headers, encoded, timeout)
        except TransientError as error:
            error.vendor = INTERCOM
            self._limiter.finish(permit, None, {})
            raise
        self._limiter.finish(permit, response.status, response.headers)
        return response


def _path(contact_id: str) -> str:
    return f"/contacts/{quote(contact_id, safe='')}"


def _body(values: Mapping[str, Value]) -> dict[str, Any]:
    """Standard attributes at the top, custom ones below ``custom_attributes``."""
    body: dict[str, Any] = {name: value for name, value in values.items() if not name.startswith(CUSTOM)}
    custom = {name.removeprefix(CUSTOM): value for name, value in values.items() if name.startswith(CUSTOM)}
    return body | ({"custom_attributes": custom} if custom else {})
