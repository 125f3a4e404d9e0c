"""Intercom's webhooks as the receiver sees them: is it theirs, and which contact is it about?

Standard library only. https://developers.intercom.com/docs/webhooks: X-Hub-Signature is an HMAC-SHA1 of the raw body with the
app's client secret; the calls about uninstalling and health carry X-Body-Signature, an HMAC-SHA256 of it.
"""

from __future__ import annotations

import hmac
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.adapters.intercom.reading import moment_of
from shared.errors import InvalidSignatureError, MalformedPayloadError

LONGEST_TEXT = 1_000
"""Characters of an attribute's value; longer ones are no value that qualifies."""
LONGEST_NAME = 1_000
"""Bytes of an id or e-mail address; DynamoDB takes twice as many in a key."""
_HUB = re.compile(r"sha1=[0-9a-f]{40}")
_BODY = re.compile(r"[0-9a-f]{64}")
_CUSTOM = "custom_attributes"


@dataclass(frozen=True, slots=True)
class Notification:
    """What a notification tells. Whatever it does not tell is empty or None; times in epoch seconds.

    ``attributes``: the contact's scalar attributes by their bare names, ``custom`` its custom ones. ``whole``: it holds the
    contact with all of them; an item about the end of a contact does not. ``garbled``: an id or e-mail address was left out
    that nobody can have.
    """

    app_id: str
    topic: str
    id: str = ""
    contact_id: str | None = None
    email: str | None = None
    role: str | None = None
    created_at: float | None = None
    updated_at: float | None = None
    merged_from: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    custom: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = False
    garbled: bool = False

    def tells(self, name: str) -> bool:
        """Whether the notification holds the attribute, with a value or empty."""
        return self.whole or self.value(name) is not None

    def value(self, name: str) -> Any:
        """The value of an attribute as a campaign names it (``custom_attributes.<name>`` or a standard one)."""
        head, _, tail = name.partition(".")
        value = self.custom.get(tail) if head == _CUSTOM else self.attributes.get(name)
        return None if isinstance(value, str) and len(value) > LONGEST_TEXT else value


def check_hub_signature(header: str | None, body: bytes, secrets: Sequence[str]) -> None:
    """Raises InvalidSignatureError unless ``X-Hub-Signature`` came once and is that of the body under one of the secrets.
    A doubled header, which API Gateway joins with a comma, is refused; an empty secret never fits."""
    _check(header, _HUB, body, secrets, "sha1", "sha1=")


def check_body_signature(header: str | None, body: bytes, secrets: Sequence[str]) -> None:
    """As ``check_hub_signature``, for ``X-Body-Signature``."""
    _check(header, _BODY, body, secrets, "sha256", "")


def _check(header: str | None, form: re.Pattern[str], body: bytes, secrets: Sequence[str], digest: str, prefix: str) -> None:
    given = (header or "").strip().lower()
    given = given if form.fullmatch(given) else ""
    right = False
    for secret in secrets:
        expected = prefix + hmac.new(secret.encode("utf-8", "surrogatepass"), body, digest).hexdigest()
        right |= hmac.compare_digest(given.encode("ascii"), expected.encode("ascii")) and bool(secret)
    if not right:
        raise InvalidSignatureError("the notification's signature is missing or wrong")


def read_notification(body: bytes) -> Notification:
    """A notification whose signature was right. Raises MalformedPayloadError when it is no notification at all; missing,
    null and unknown fields are no reason."""
    envelope = read_object(body)
    data = envelope.get("data")
    item = data.get("item") if isinstance(data, Mapping) else None
    item = item if isinstance(item, Mapping) else {}
    merged_from = item.get("merged_from")
    merged_from = merged_from.get("id") if isinstance(merged_from, Mapping) else merged_from
    return Notification(
        app_id=_text(envelope.get("app_id")) or "",
        topic=_text(envelope.get("topic")) or "",
        id=_text(envelope.get("id")) or "",
        contact_id=_text(item.get("id")),
        email=_text(item.get("email")),
        role=_text(item.get("role")),
        created_at=moment_of(item.get("created_at")),
        updated_at=moment_of(item.get("updated_at")),
        merged_from=_text(merged_from),
        attributes=_scalars(item) | {f"location.{name}": value for name, value in _scalars(item.get("location")).items()},
        custom=_scalars(item.get(_CUSTOM)),
        whole=isinstance(item.get(_CUSTOM), Mapping),
        garbled=any(_is_garbled(value) for value in (item.get("id"), item.get("email"), merged_from)),
    )


def read_object(body: bytes) -> Mapping[str, Any]:
    """A JSON object. Raises MalformedPayloadError."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise MalformedPayloadError("the notification is no JSON object", vendor="intercom")
    return document


def _text(value: Any) -> str | None:
    """A text that is not blank, or a number as one; None for one that cannot be a key."""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or _is_garbled(value):
        return None
    return str(value).strip() or None


def _is_garbled(value: Any) -> bool:
    """Longer than any name, or half a character."""
    if not isinstance(value, str):
        return False
    try:
        return len(value.strip().encode()) > LONGEST_NAME
    except UnicodeEncodeError:
        return True


def _scalars(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {}
    return {
        str(name): entry
        for name, entry in value.items()
        if isinstance(entry, str | bool) or (isinstance(entry, int | float) and abs(entry) < math.inf)
    }
