"""Pages for a person at ``/ui``, and the page at ``/oauth`` that asks whether an app may connect.

What a person changes here is a change in Intercom's own pages: it fires webhooks whatever ``api_writes_notify`` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, cached_property
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sandbox.vendors.intercom.attributes import attribute_document, create_attribute, list_attributes, update_attribute
from sandbox.vendors.intercom.contacts.contacts import Contacts
from sandbox.vendors.intercom.contacts.query import STANDARD_FIELDS, compile_query
from sandbox.vendors.intercom.errors import ApiError, contact_not_found, invalid, resource_not_found
from sandbox.vendors.intercom.lists import Tagging, add_segment, list_segments, save_tag, segments_of
from sandbox.vendors.intercom.oauth import allow, check_authorization, deny
from sandbox.vendors.intercom.pages.forms import contact_fields, read_form_value, segment_query
from sandbox.vendors.intercom.webhooks import Notifier
from sandbox.vendors.intercom.workspace import Contact, Workspace
from sandbox.vendors.wire import Request, Response

TEMPLATES = Path(__file__).parents[1] / "templates"
PER_PAGE = 50
Form = dict[str, str]

_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Pages:
    """Answers what is not the REST API."""

    def __init__(self, workspace: Workspace, contacts: Contacts, tagging: Tagging, notifier: Notifier) -> None:
        self._workspace = workspace
        self._contacts = contacts
        self._tagging = tagging
        self._notifier = notifier

    @cached_property
    def _routes(self) -> list[tuple[str, re.Pattern[str], Callable[..., Response]]]:
        return [(method, re.compile(path), page) for method, path, page in self._table()]

    def answer(self, request: Request) -> Response:
        """A page, or a way on to one after a change."""
        path = request.path.rstrip("/") or "/"
        method = "GET" if request.method == "HEAD" else request.method
        form: Form = {name: values[0] for name, values in request.query.items()}
        if request.method == "POST":
            if not _is_from_here(request):
                return self._render("error.html", 403, message="This form belongs to another site.")
            form = dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
        for routed, pattern, page in self._routes:
            match = pattern.fullmatch(path)
            if match and routed == method:
                try:
                    return page(form, *match.groups())
                except ApiError as error:
                    return self._render("error.html", error.status, message=error.message)
        return self._render("error.html", 404, message="There is no such page.")

    def _table(self) -> list[tuple[str, str, Callable[..., Response]]]:
        one = "/ui/contacts/([0-9a-f]{24})"
        return [
            ("GET", "/ui/style.css", self._style),
            ("GET", "/ui", self._list_contacts),
            ("POST", "/ui/contacts", self._create_contact),
            ("GET", one, self._show_contact),
            ("POST", f"{one}/field", self._change_field),
            ("POST", f"{one}/(archive|unarchive|delete)", self._end_contact),
            ("POST", f"{one}/merge", self._merge_contact),
            ("POST", f"{one}/(tag|untag)", self._tag_contact),
            ("GET", "/ui/attributes", self._list_attributes),
            ("POST", "/ui/attributes", self._create_attribute),
            ("POST", "/ui/attributes/([0-9]+)/(archive|restore)", self._archive_attribute),
            ("GET", "/ui/segments", self._list_segments),
            ("POST", "/ui/segments", self._create_segment),
            ("GET", "/ui/segments/([0-9a-f]{24})", self._show_segment),
            ("GET", "/ui/tags", self._list_tags),
            ("POST", "/ui/tags", self._create_tag),
            ("GET", "/ui/events", self._list_events),
            ("GET", "/ui/webhooks", self._list_webhooks),
            ("POST", "/ui/webhooks/ping", self._ping),
            ("GET", "/oauth", self._ask),
            ("POST", "/oauth/allow", self._allow),
            ("POST", "/oauth/deny", self._deny),
        ]

    def _style(self, _: Form) -> Response:
        style = (TEMPLATES / "style.css").read_bytes()
        return Response(200, {"Content-Type": "text/css; charset=utf-8", "X-Content-Type-Options": "nosniff"}, style)

    def _list_contacts(self, form: Form) -> Response:
        words, role, condition = form.get("q", "").strip(), form.get("role", ""), form.get("condition", "live")
        page = int(form["page"]) if form.get("page", "").isdecimal() else 0

        def is_wanted(contact: Contact) -> bool:
            text = f"{contact.name or ''} {contact.email} {contact.id}".casefold()
            return contact.condition == condition and role in {"", contact.role} and words.casefold() in text

        newest_first = (self._workspace.contacts[one] for one in reversed(self._workspace.order))
        found = list(islice(filter(is_wanted, newest_first), page * PER_PAGE, (page + 1) * PER_PAGE + 1))
        link = urlencode({"q": words, "role": role, "condition": condition, "page": page + 1})
        return self._render(
            "contacts.html",
            contacts=found[:PER_PAGE],
            next_link=f"/ui?{link}" if len(found) > PER_PAGE else None,
            words=words,
            role=role,
            condition=condition,
            count=self._workspace.live_count,
        )

    def _create_contact(self, form: Form) -> Response:
        body = {name: form.get(name, "") for name in ("role", "email", "name") if form.get(name)}
        return _see(f"/ui/contacts/{self._contacts.create(body, by_api=False).id}")

    def _show_contact(self, _: Form, contact_id: str) -> Response:
        contact = self._workspace.contacts.get(contact_id)
        if contact is None:
            raise contact_not_found()
        return self._render(
            "contact.html",
            contact=contact,
            fields=contact_fields(self._workspace, contact),
            tags=self._workspace.tags,
            segments=segments_of(self._workspace, contact),
            events=list(reversed(self._workspace.events.get(contact_id, []))),
        )

    def _change_field(self, form: Form, contact_id: str) -> Response:
        name = form.get("name", "")
        value = read_form_value(self._workspace, name, form.get("value", ""))
        custom = name.removeprefix("custom_attributes.")
        body = {name: value} if custom == name else {"custom_attributes": {custom: value}}
        self._contacts.update(contact_id, body, by_api=False)
        return _see(f"/ui/contacts/{contact_id}")

    def _end_contact(self, _: Form, contact_id: str, action: str) -> Response:
        actions = {
            "archive": self._contacts.archive,
            "unarchive": self._contacts.unarchive,
            "delete": self._contacts.delete,
        }
        actions[action](contact_id, by_api=False)
        return _see(f"/ui/contacts/{contact_id}")

    def _merge_contact(self, form: Form, contact_id: str) -> Response:
        """The other one is named by its e-mail or id."""
        wanted = form.get("into", "").strip()
        users = list(self._workspace.users_with(self._workspace.by_email, wanted.casefold()))
        into = users[0].id if users else wanted
        body = {"from": contact_id, "into": into, "skip_duplicate_validation": True}
        return _see(f"/ui/contacts/{self._contacts.merge(body, by_api=False).id}")

    def _tag_contact(self, form: Form, contact_id: str, action: str) -> Response:
        change = self._tagging.attach if action == "tag" else self._tagging.detach
        change(self._contacts.find_writable(contact_id), form.get("tag_id"), by_api=False)
        return _see(f"/ui/contacts/{contact_id}")

    def _list_attributes(self, _: Form) -> Response:
        attributes = list_attributes(self._workspace, "contact", include_archived=True)
        return self._render("attributes.html", attributes=attributes)

    def _create_attribute(self, form: Form) -> Response:
        body: dict[str, Any] = {"model": "contact", "name": form.get("name"), "data_type": form.get("data_type")}
        if body["data_type"] == "options":
            body["options"] = [{"value": line.strip()} for line in form.get("options", "").split(",") if line.strip()]
        attribute_document(self._workspace, create_attribute(self._workspace, body))
        return _see("/ui/attributes")

    def _archive_attribute(self, _: Form, attribute_id: str, action: str) -> Response:
        update_attribute(self._workspace, attribute_id, {"archived": action == "archive"})
        return _see("/ui/attributes")

    def _list_segments(self, _: Form) -> Response:
        custom = [one.name for one in self._workspace.attributes.values() if one.model == "contact" and not one.archived]
        segments = list_segments(self._workspace, include_count=True)
        return self._render(
            "segments.html", segments=segments, fields=[*STANDARD_FIELDS, *(f"custom_attributes.{name}" for name in custom)]
        )

    def _create_segment(self, form: Form) -> Response:
        if not form.get("name", "").strip():
            raise invalid("A segment needs a name")
        person_type = "contact" if form.get("person_type") == "contact" else "user"
        segment = add_segment(self._workspace, form["name"].strip(), person_type, segment_query(self._workspace, form))
        return _see(f"/ui/segments/{segment.id}")

    def _show_segment(self, _: Form, segment_id: str) -> Response:
        segment = self._workspace.segments.get(segment_id)
        if segment is None:
            raise resource_not_found()
        self._workspace.index.catch_up(self._workspace.now())
        members = filter(compile_query(self._workspace, segment.query), self._workspace.index.visible.values())
        return self._render("segment.html", segment=segment, members=list(islice(members, PER_PAGE)))

    def _list_tags(self, _: Form) -> Response:
        counts = dict.fromkeys(self._workspace.tags, 0)
        for contact in self._workspace.contacts.values():
            for tag_id in contact.tags if contact.condition == "live" else ():
                counts[tag_id] = counts.get(tag_id, 0) + 1
        return self._render("tags.html", tags=self._workspace.tags.values(), counts=counts)

    def _create_tag(self, form: Form) -> Response:
        save_tag(self._workspace, {"name": form.get("name", "")})
        return _see("/ui/tags")

    def _list_events(self, _: Form) -> Response:
        events = [(event, self._workspace.contacts[event.contact_id]) for event in self._workspace.recent_events]
        return self._render("events.html", events=events)

    def _list_webhooks(self, _: Form) -> Response:
        return self._render("webhooks.html", settings=self._workspace.settings, notifier=self._notifier)

    def _ping(self, _: Form) -> Response:
        self._notifier.ping()
        return _see("/ui/webhooks")

    def _ask(self, form: Form) -> Response:
        address = check_authorization(self._workspace, form.get("client_id", ""), form.get("redirect_uri", ""))
        return self._render("oauth.html", settings=self._workspace.settings, redirect_uri=address, state=form.get("state", ""))

    def _allow(self, form: Form) -> Response:
        address = check_authorization(self._workspace, form.get("client_id", ""), form.get("redirect_uri", ""))
        return _see(allow(self._workspace, address, form.get("state", "")))

    def _deny(self, form: Form) -> Response:
        address = check_authorization(self._workspace, form.get("client_id", ""), form.get("redirect_uri", ""))
        return _see(deny(address, form.get("state", "")))

    def _render(self, template: str, status: int = 200, **values: Any) -> Response:
        page = _templates().get_template(template).render(workspace=self._workspace, **values)
        return Response(status, _HEADERS, page.encode(errors="replace"))


@cache
def _templates() -> Environment:
    """Read once a process."""
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    made.filters["time"] = _show_time
    return made


def _see(address: str) -> Response:
    return Response(303, {"Location": address})


def _is_from_here(request: Request) -> bool:
    """Browsers send Origin with a form: only this server's own pages may change something."""
    origin = request.headers.get("origin", "")
    return not origin or origin.partition("//")[2] == request.headers.get("host", "")


def _show_time(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
