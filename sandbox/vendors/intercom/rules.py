"""Intercom as one object: which call does what, and what every call must bring."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from sandbox.vendors.intercom.attributes import (
    attribute_document,
    create_attribute,
    list_attributes,
    update_attribute,
)
from sandbox.vendors.intercom.contacts.contacts import Contacts, read_body
from sandbox.vendors.intercom.contacts.documents import contact_document, reference
from sandbox.vendors.intercom.contacts.search import list_contacts, search_contacts
from sandbox.vendors.intercom.errors import ApiError, resource_not_found, usual_error
from sandbox.vendors.intercom.events import add_event, list_events
from sandbox.vendors.intercom.limits import RateLimit
from sandbox.vendors.intercom.lists import (
    Tagging,
    find_tag,
    list_segments,
    remove_tag,
    save_tag,
    segment_document,
    segments_of,
    tag_document,
)
from sandbox.vendors.intercom.oauth import exchange, uninstall
from sandbox.vendors.intercom.pages.pages import Pages
from sandbox.vendors.intercom.seed import seed
from sandbox.vendors.intercom.settings import IntercomSettings
from sandbox.vendors.intercom.webhooks import Notifier
from sandbox.vendors.intercom.workspace import Workspace
from sandbox.vendors.wire import OutgoingWebhook, Request, Response

VERSIONS = ("2.16",)
"""The versions that the stand-in speaks; Intercom knows older ones, which behave otherwise."""

Route = Callable[[Request, Any, list[str]], Any]


class Intercom:
    """The rules of Intercom over one workspace. ``clock`` gives Unix seconds; nothing else tells the time."""

    name = "intercom"

    def __init__(self, *, clock: Callable[[], float], chance: Random, settings: IntercomSettings | None = None) -> None:
        self.settings = settings or IntercomSettings()
        self._initial = self.settings.to_document()
        self._clock = clock
        self._chance = chance
        self._start()
        if self.settings.webhook_url:
            self.notifier.url_changed()

    def _start(self) -> None:
        self.workspace = Workspace(self.settings, self._clock, self._chance)
        seed(self.workspace)
        self.notifier = Notifier(self.workspace)
        self.contacts = Contacts(self.workspace, self.notifier)
        self.tagging = Tagging(self.workspace, self.notifier)
        self._limit = RateLimit(self.workspace)
        self._pages = Pages(self.workspace, self.contacts, self.tagging, self.notifier)
        self._routes = [(method, re.compile(path), route) for method, path, route in self._table()]

    # what the server and the tests' world call

    def answer(self, request: Request) -> Response:
        """The answer to one call or page; never raises."""
        if request.path == "/" and not self.is_api_call(request):
            return Response(302, {"Location": "/ui"})
        if not self.is_api_call(request):
            return self._pages.answer(request)
        request_id = f"00{self.workspace.new_text(18)}"
        headers = {"X-Request-Id": request_id}
        try:
            if request.path == "/auth/eagle/token" and request.method == "POST":
                response = Response.of_json(200, exchange(self.workspace, request))
            else:
                self._authorize(request)
                headers |= self._limit.count()
                headers["Intercom-Version"] = self._read_version(request)
                response = self._call(request)
        except ApiError as error:
            response = error.to_response(request_id)
        return replace(response, headers={**headers, **response.headers})

    def is_api_call(self, request: Request) -> bool:
        """False for the pages that a person sees. A browser that opens the address as such is sent to them."""
        if request.path == "/" and request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            return False
        return not re.match(r"/(ui|oauth)(/|$)", request.path)

    def refuse(self, status: int) -> Response:
        """Intercom's usual error answer of that status."""
        request_id = f"00{self.workspace.new_text(18)}"
        response = usual_error(status).to_response(request_id)
        return replace(response, headers={"X-Request-Id": request_id, **response.headers})

    def take_webhooks(self, now: float) -> list[OutgoingWebhook]:
        """The notifications that are due; each is given out once."""
        return self.notifier.take_due(now)

    def webhook_answered(self, webhook: OutgoingWebhook, status: int | None) -> None:
        """None: no answer within 5 s."""
        self.notifier.answered(webhook, status)

    def read_settings(self) -> dict[str, Any]:
        return self.settings.to_document()

    def change_settings(self, changes: dict[str, Any]) -> None:
        """Raises ValueError and changes nothing when one is wrong. A new webhook_url gets a HEAD request."""
        before = self.settings.webhook_url
        self.settings.change(changes)
        if self.settings.webhook_url != before:
            self.notifier.url_changed()

    def reset(self, *, settings: bool = False) -> None:
        """A fresh workspace; with the settings it began with if asked."""
        if settings:
            self.settings.change(self._initial)
        self._start()

    # every call

    def _authorize(self, request: Request) -> None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or token.strip() not in self.settings.tokens:
            raise ApiError(401, "unauthorized", "Access Token Invalid")

    def _read_version(self, request: Request) -> str:
        accepted = request.headers.get("accept", "")
        if not re.search(r"application/json|application/\*|\*/\*", accepted):
            message = "The Accept header should send a media type of application/json"
            raise ApiError(406, "media_type_not_acceptable", message)
        version = request.headers.get("intercom-version") or self.settings.app_version
        if version not in VERSIONS:
            raise ApiError(400, "intercom_version_invalid", "The requested version could not be found")
        return version

    def _call(self, request: Request) -> Response:
        for method, path, route in self._routes:
            match = path.fullmatch(request.path)
            if match and method == request.method:
                body = _read_json(request) if method in {"POST", "PUT"} else None
                answer = route(request, body, list(match.groups()))
                return answer if isinstance(answer, Response) else Response.of_json(200, answer)
        raise resource_not_found()

    def _table(self) -> list[tuple[str, str, Route]]:
        one, contacts = "/contacts/([^/]+)", self.contacts
        return [
            ("GET", "/me", lambda *_: self._me()),
            ("POST", "/contacts", lambda _, body, __: self._shown(contacts.create(read_body(body)))),
            ("GET", "/contacts", lambda request, *_: list_contacts(self.workspace, request.query)),
            ("POST", "/contacts/search", lambda _, body, __: search_contacts(self.workspace, read_body(body))),
            ("POST", "/contacts/merge", lambda _, body, __: self._shown(contacts.merge(read_body(body)))),
            (
                "GET",
                "/contacts/find_by_external_id/(.+)",
                lambda _, __, ids: self._shown(contacts.find_by_external_id(ids[0])),
            ),
            ("GET", one, lambda _, __, ids: self._shown(contacts.find(ids[0]))),
            ("PUT", one, lambda _, body, ids: self._shown(contacts.update(ids[0], read_body(body)))),
            ("DELETE", one, lambda _, __, ids: {**reference(contacts.delete(ids[0])), "deleted": True}),
            ("POST", f"{one}/archive", lambda _, __, ids: {**reference(contacts.archive(ids[0])), "archived": True}),
            ("POST", f"{one}/unarchive", lambda _, __, ids: {**reference(contacts.unarchive(ids[0])), "archived": False}),
            ("GET", f"{one}/segments", lambda _, __, ids: self._segments_of(ids[0])),
            ("GET", f"{one}/tags", lambda _, __, ids: self._tags_of(ids[0])),
            ("POST", f"{one}/tags", lambda _, body, ids: self._attach_tag(ids[0], read_body(body))),
            (
                "DELETE",
                f"{one}/tags/([^/]+)",
                lambda _, __, ids: self.tagging.detach(contacts.find_writable(ids[0]), ids[1]),
            ),
            ("GET", "/data_attributes", lambda request, *_: self._attributes(request)),
            ("POST", "/data_attributes", lambda _, body, __: self._create_attribute(read_body(body))),
            ("PUT", "/data_attributes/([^/]+)", lambda _, body, ids: self._update_attribute(ids[0], read_body(body))),
            ("GET", "/segments", lambda request, *_: self._segments(request)),
            ("GET", "/segments/([^/]+)", lambda _, __, ids: self._segment(ids[0])),
            ("GET", "/tags", lambda *_: _list([tag_document(tag) for tag in self.workspace.tags.values()])),
            ("POST", "/tags", lambda _, body, __: tag_document(save_tag(self.workspace, read_body(body)))),
            ("GET", "/tags/([^/]+)", lambda _, __, ids: tag_document(find_tag(self.workspace, ids[0]))),
            ("DELETE", "/tags/([^/]+)", lambda _, __, ids: self._remove_tag(ids[0])),
            ("POST", "/events", lambda _, body, __: self._add_event(read_body(body))),
            ("GET", "/events", lambda request, *_: list_events(self.workspace, request.query)),
            ("POST", "/auth/uninstall", lambda *_: self._uninstall()),
        ]

    # the answers

    def _shown(self, contact: Any) -> dict[str, Any]:
        return contact_document(self.workspace, contact)

    def _me(self) -> dict[str, Any]:
        settings = self.settings
        return {
            "type": "admin",
            "id": settings.admin_id,
            "email": "admin@example.com",
            "name": "Local Admin",
            "email_verified": True,
            "app": {
                "type": "app",
                "id_code": settings.workspace_id,
                "name": settings.workspace_name,
                "created_at": 1734537243,
                "secure": False,
                "identity_verification": False,
                "timezone": settings.timezone,
                "region": settings.region,
            },
            "avatar": {"type": "avatar", "image_url": None},
            "has_inbox_seat": True,
        }

    def _attributes(self, request: Request) -> dict[str, Any]:
        include_archived = request.first("include_archived") == "true"
        return _list(list_attributes(self.workspace, request.first("model"), include_archived=include_archived))

    def _create_attribute(self, body: dict[str, Any]) -> dict[str, Any]:
        return attribute_document(self.workspace, create_attribute(self.workspace, body))

    def _update_attribute(self, attribute_id: str, body: dict[str, Any]) -> dict[str, Any]:
        return attribute_document(self.workspace, update_attribute(self.workspace, attribute_id, body))

    def _segments(self, request: Request) -> dict[str, Any]:
        segments = list_segments(self.workspace, include_count=request.first("include_count") == "true")
        return {"type": "segment.list", "segments": segments, "pages": {}}

    def _segment(self, segment_id: str) -> dict[str, Any]:
        segment = self.workspace.segments.get(segment_id)
        if segment is None:
            raise resource_not_found()
        return segment_document(segment)

    def _segments_of(self, contact_id: str) -> dict[str, Any]:
        found = segments_of(self.workspace, self.contacts.find_writable(contact_id))
        return _list([segment_document(segment) for segment in found])

    def _tags_of(self, contact_id: str) -> dict[str, Any]:
        tags = self.contacts.find_writable(contact_id).tags
        return _list([tag_document(self.workspace.tags[one]) for one in tags if one in self.workspace.tags])

    def _attach_tag(self, contact_id: str, body: dict[str, Any]) -> dict[str, Any]:
        return self.tagging.attach(self.contacts.find_writable(contact_id), body.get("id"))

    def _remove_tag(self, tag_id: str) -> Response:
        remove_tag(self.workspace, tag_id)
        return Response(200)

    def _add_event(self, body: dict[str, Any]) -> Response:
        add_event(self.workspace, body)
        return Response(202)

    def _uninstall(self) -> Response:
        uninstall(self.workspace, self.notifier)
        return Response(200)


def _list(documents: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "list", "data": documents}


def _read_json(request: Request) -> Any:
    """None when there is no body. Raises ApiError 400 when it is not JSON or not said to be."""
    if not request.body:
        return None
    if "json" not in request.headers.get("content-type", ""):
        raise ApiError(400, "bad_request", "The Content-Type header should be application/json")
    try:
        document = json.loads(request.body.decode(), parse_constant=_refuse_constant)
        json.dumps(document, ensure_ascii=False).encode()  # a lone surrogate is no text
    except (ValueError, RecursionError):
        raise ApiError(400, "bad_request", "The body is not valid JSON") from None
    return document


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
