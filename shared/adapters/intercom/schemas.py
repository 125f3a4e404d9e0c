"""What Intercom answers, read tolerantly: unknown fields are ignored, times come as seconds or as ISO text.

Objects: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from shared.adapters.http.transport import HttpResponse
from shared.adapters.intercom.reading import address_of, flag_of, options_of, scalars_of, seconds_of, text_of
from shared.domain.connection.connection import Connection
from shared.domain.contact import CUSTOM, Attribute, Contact, Role, Value
from shared.domain.mapping import READ_TYPES
from shared.domain.spelling import is_zone
from shared.errors import UnavailableError
from shared.observability import logger

INTERCOM = "intercom"

Id = Annotated[str, BeforeValidator(text_of), StringConstraints(min_length=1)]
Seconds = Annotated[int | None, BeforeValidator(seconds_of)]
Text = Annotated[str | None, BeforeValidator(text_of)]
Flag = Annotated[bool | None, BeforeValidator(flag_of)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ContactBody(_Body):
    """A contact in an answer or in a notification."""

    id: Id
    role: Text = None
    email: Text = None
    name: Text = None
    phone: Text = None
    avatar: Annotated[str | None, BeforeValidator(address_of)] = None
    owner_id: Text = None
    unsubscribed_from_emails: Flag = None
    created_at: Seconds = None
    updated_at: Seconds = None
    signed_up_at: Seconds = None
    last_seen_at: Seconds = None
    last_replied_at: Seconds = None
    last_contacted_at: Seconds = None
    last_email_opened_at: Seconds = None
    last_email_clicked_at: Seconds = None
    has_hard_bounced: Flag = None
    marked_email_as_spam: Flag = None
    external_id: Text = None
    language_override: Text = None
    browser: Text = None
    browser_version: Text = None
    browser_language: Text = None
    os: Text = None
    location: Annotated[dict[str, Any], BeforeValidator(scalars_of)] = Field(default_factory=dict)
    custom_attributes: Annotated[dict[str, Any], BeforeValidator(scalars_of)] = Field(default_factory=dict)

    def contact(self) -> Contact:
        """In the domain's words. A role we do not know counts as a lead; without ``created_at`` it is as old as can be."""
        standard: dict[str, Value] = {name: getattr(self, name) for name in READ_TYPES if "." not in name}
        standard |= {f"location.{name}": self.location.get(name) for name in ("country", "region", "city")}
        return Contact(
            id=self.id,
            role=Role.USER if self.role == Role.USER else Role.LEAD,
            email=self.email or "",
            created_at=self.created_at or 0,
            values=standard | {CUSTOM + name: value for name, value in self.custom_attributes.items()},
            updated_at=self.updated_at or 0,
        )


class AttributeBody(_Body):
    """An entry of ``GET /data_attributes``."""

    name: Annotated[str, StringConstraints(min_length=1)]
    full_name: Text = None
    label: Text = None
    data_type: Text = None
    options: Annotated[list[str], BeforeValidator(options_of)] = Field(default_factory=list)
    api_writable: Flag = None
    custom: Flag = None
    archived: Flag = None
    messenger_writable: Flag = None

    def attribute(self) -> Attribute:
        """In the domain's words. What Intercom does not say: writable, not archived, a text."""
        name = CUSTOM + self.name if self.custom else self.full_name or self.name
        return Attribute(
            name=name,
            data_type=self.data_type or "string",
            label=self.label or self.name,
            writable=self.api_writable is not False,
            archived=self.archived is True,
            options=tuple(self.options),
            messenger_writable=self.messenger_writable is True,
        )


class _App(_Body):
    id_code: Id
    name: Text = None
    region: Text = None
    timezone: Text = None


class _Me(_Body):
    app: _App


def document_of(response: HttpResponse) -> dict[str, Any]:
    """The JSON object of a 2xx answer. UnavailableError for HTML, for a truncated body, and for an error list with 200."""
    try:
        document: Any = json.loads(response.body)
    except (ValueError, RecursionError):
        raise _unreadable("its answer is not JSON", response) from None
    if not isinstance(document, dict):
        raise _unreadable("its answer is no object", response)
    if document.get("type") == "error.list" or "errors" in document:
        raise _unreadable("it answered an error as a success", response)
    return document


def contact_of(response: HttpResponse) -> Contact:
    """The contact of an answer. UnavailableError when it has no id."""
    try:
        return ContactBody.model_validate(document_of(response)).contact()
    except ValidationError:
        raise _unreadable("its answer is no contact", response) from None


def attributes_of(response: HttpResponse) -> dict[str, Attribute]:
    """The contact attributes by the name a mapping uses. Of two with one name the one that is not archived counts."""
    entries = document_of(response).get("data")
    if not isinstance(entries, list):
        raise _unreadable("its answer is no list", response)
    found: dict[str, Attribute] = {}
    for entry in entries:
        try:
            attribute = AttributeBody.model_validate(entry).attribute()
        except ValidationError:
            continue  # one odd entry must not cost the other attributes
        if attribute.name not in found or found[attribute.name].archived:
            found[attribute.name] = attribute
    return found


def connection_of(response: HttpResponse) -> Connection:
    """The workspace of a ``GET /me``."""
    try:
        app = _Me.model_validate(document_of(response)).app
    except ValidationError:
        raise _unreadable("its answer names no workspace", response) from None
    zone = app.timezone or "UTC"
    if not is_zone(zone):
        logger.warning("time zone unknown, days are taken as UTC's", zone=zone[:100])
    return Connection(app.id_code, app.region or "US", zone, app.name or "")


def _unreadable(what: str, response: HttpResponse) -> UnavailableError:
    request_id = response.headers.get("x-request-id")
    return UnavailableError(f"Intercom: {what}", vendor=INTERCOM, status=response.status, request_id=request_id)
