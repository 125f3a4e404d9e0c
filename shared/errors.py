"""What can go wrong, in families by meaning. Behaviour is chosen by type, never by text.

No error carries a body or an e-mail address: messages end in logs.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"(?=.{1,60}$)[a-z_]+(\.([a-z_]+|[0-9]{1,3}))*")
"""Words and places of a list, joined by dots as Referral Factory names the fields of a form (``meta.0.field``)."""


def plain_word(text: str | None) -> str | None:
    """A vendor's code or field as it may be logged and stored; None for everything that is no plain word, for it may quote
    what was sent."""
    return text if text and _WORD.fullmatch(text) else None


class ApplicationError(Exception):
    """Everything this application raises on purpose."""


class ConfigurationError(ApplicationError):
    """A setting of the deployment is missing or unusable; the message names it."""


class NotFoundError(ApplicationError):
    """A row that was asked for does not exist."""


class ConflictError(ApplicationError):
    """Somebody else changed the row since it was read."""


class InvalidSettingsError(ApplicationError):
    """A campaign's settings are incomplete or wrong. ``problems`` pairs a place in the document with a plain sentence."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{place}: {sentence}" for place, sentence in problems))
        self.problems = problems


class InvalidSignatureError(ApplicationError):
    """A webhook's secret or signature is missing or wrong."""


class FailureError(ApplicationError):
    """A failed call. ``vendor`` is ``intercom``, ``referral_factory`` or ``aws``."""

    def __init__(
        self,
        message: str,
        *,
        vendor: str = "",
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.vendor = vendor
        self.status = status
        self.code = code
        self.request_id = request_id
        self.writes = False
        self.about_person = False
        """Whether the call was to write a contact, and whether it was about one person."""


class TransientError(FailureError):
    """May succeed later. ``retry_after`` in seconds, None when nobody said."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        vendor: str = "",
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, vendor=vendor, status=status, code=code, request_id=request_id)
        self.retry_after = retry_after


class RateLimitedError(TransientError):
    """The vendor, or our own limiter, says: not now."""


class UnavailableError(TransientError):
    """Connection, time-out, 5xx or an answer that cannot be read. The effect may or may not have happened."""


class NotSentError(UnavailableError):
    """No connection came about: the request was never sent, so it has no effect that could be in doubt."""


class RefusedError(NotSentError):
    """The other side refused the connection."""


class LedgerTooLargeError(TransientError):
    """The whole ledger cannot be read in the time that is left."""


class BusyError(TransientError):
    """Another worker holds the person's lease."""


class BreakerOpenError(TransientError):
    """No call is made until the breaker closes. ``code`` is the breaker's kind."""


class ApplicationRefusedError(TransientError):
    """The vendor refuses the application, whoever the call is about. Nothing changed. The message has the vendor's words."""


class OwnTroubleError(TransientError):
    """About this resource alone, while the vendor works: tried with growing pauses, given up in the end. Nothing changed."""


class ResourceRefusedError(OwnTroubleError):
    """One contact or one path is refused. ``permission``: the one that is missing, where the path tells it."""

    def __init__(
        self,
        message: str,
        *,
        permission: str = "",
        vendor: str = "",
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, vendor=vendor, status=status, code=code, request_id=request_id)
        self.permission = permission


class ContradictoryError(OwnTroubleError):
    """The vendor's answers contradict each other."""


class ConnectionLostError(FailureError):
    """The vendor no longer takes our token: a person has to reconnect."""


class BlockedError(FailureError):
    """Referral Factory refuses this address, or a strike stopped us: not to be retried by a machine."""


class PermanentError(FailureError):
    """Will not succeed by trying again. The message is a sentence for the person who looks at the row."""


class RejectedError(PermanentError):
    """The vendor refused the content. ``fields`` are the attributes it named, ``field`` the first of them."""

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        fields: tuple[str, ...] = (),
        vendor: str = "",
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, vendor=vendor, status=status, code=code, request_id=request_id)
        self.fields = fields or ((field,) if field else ())
        self.field = self.fields[0] if self.fields else None


class MalformedPayloadError(PermanentError):
    """What a stranger sent cannot be read."""


class NotRestorableError(PermanentError):
    """Intercom will not unarchive the contact: it was deleted or merged."""


class ContactGoneError(ContradictoryError):
    """The contact's id leads nowhere. ``canonical_id`` names the survivor of a merge."""

    def __init__(self, message: str, *, canonical_id: str | None = None, status: int, request_id: str | None = None) -> None:
        super().__init__(message, vendor="intercom", status=status, request_id=request_id)
        self.canonical_id = canonical_id


class DuplicateError(ContradictoryError):
    """The vendor has that contact already. ``contact_id`` None: it did not say which."""

    def __init__(self, message: str, *, contact_id: str | None, archived: bool, request_id: str | None = None) -> None:
        super().__init__(message, vendor="intercom", status=409, code="conflict", request_id=request_id)
        self.contact_id = contact_id
        self.archived = archived
