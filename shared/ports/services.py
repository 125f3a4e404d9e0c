"""What the use cases need of the outside world beside the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # as in repositories
    from shared.domain.connection import Connection
    from shared.domain.contact import Attribute, Contact, Role, Value
    from shared.domain.limits import Priority
    from shared.domain.person import Person
    from shared.errors import FailureError
    from shared.messages import Message


class Clock(Protocol):
    """Time. Everything that waits or stamps asks it."""

    def now(self) -> float:
        """Epoch seconds."""

    def sleep(self, seconds: float) -> None: ...


class Chance(Protocol):
    """Everything random."""

    def fraction(self) -> float:
        """In [0, 1)."""

    def token(self) -> str:
        """A new unguessable id of 32 hex digits."""


class SecretCheck(Protocol):
    def __call__(self, presented: str) -> None:
        """Raises InvalidSignatureError unless ``presented`` is the current or the next webhook secret, and TransientError
        when the secrets cannot be read."""


class FieldsReader(Protocol):
    def __call__(self, body: bytes, content_type: str, query_string: str) -> dict[str, Any]:
        """The fields of a webhook in JSON, as a form or in the query. Raises MalformedPayloadError."""


class PersonReader(Protocol):
    def __call__(self, fields: Mapping[str, Any], aliases: Mapping[str, str]) -> Person | None:
        """The person that a webhook's fields tell of, None when they name no user id."""


class MessageQueue(Protocol):
    """A standard SQS queue."""

    def send(self, message: Message, delay: float = 0.0) -> None:
        """Raises TransientError when the queue refuses. ``delay`` in seconds, at most 900."""

    def send_all(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Sends in batches of 10; answers those that the queue refused."""

    def postpone(self, receipt_handle: str, seconds: float) -> None:
        """Makes a received message visible again after ``seconds``, at most 43,200."""


class Metrics(Protocol):
    """Counters and gauges. Names in past tense; no campaign, no person."""

    def count(self, name: str, value: float = 1) -> None: ...

    def gauge(self, name: str, value: float, unit: str = "Seconds") -> None: ...

    def flush(self) -> None:
        """Writes out what was counted since the last call."""


class Limiter(Protocol):
    """How fast, and whether at all, a vendor may be called."""

    def acquire(self, priority: Priority = ...) -> str:
        """Before each call: its permit, to be used at once. Raises RateLimitedError(retry_after) when it may not be made
        now, BreakerOpenError, BlockedError, ConnectionLostError; and TransientError when nobody can tell."""

    def finish(self, permit: str, status: int | None, headers: Mapping[str, str]) -> None:
        """After each call: the answer's status and headers (names in lower case), None when no whole answer came."""

    def report(self, error: FailureError | None) -> None:
        """What the vendor's answer came to, the token having been read anew after a 401; None when it was a success."""


class Intercom(Protocol):
    """Intercom's contacts. Every method may raise TransientError, ConnectionLostError and RejectedError."""

    def identify(self) -> Connection:
        """The workspace that the token belongs to (``GET /me``)."""

    def attributes(self) -> Mapping[str, Attribute]:
        """The workspace's contact attributes by name, at most 10 minutes old."""

    def search_by_email(self, email: str) -> list[Contact]:
        """The contacts with that e-mail, compared folded. Lags minutes behind a create."""

    def get_contact(self, contact_id: str) -> Contact:
        """Raises ContactGoneError."""

    def create_contact(self, email: str, role: Role, values: Mapping[str, Value]) -> Contact:
        """Raises DuplicateError; after an UnavailableError the contact may exist, unless it is a NotSentError."""

    def put_contact(self, contact_id: str, values: Mapping[str, Value], role: Role | None = None) -> Contact:
        """Changes only what is given. Raises ContactGoneError, DuplicateError."""

    def unarchive_contact(self, contact_id: str) -> None:
        """Raises NotRestorableError for a deleted or merged one, ContactGoneError."""


class UserPage(Protocol):
    """One page of a campaign's people. ``last_page`` None when the vendor did not say."""

    @property
    def people(self) -> Sequence[tuple[int, Person]]:
        """Campaign id and person."""

    @property
    def last_page(self) -> int | None: ...


class ReferralFactory(Protocol):
    """Referral Factory's users. Every method may raise TransientError, ConnectionLostError and BlockedError."""

    def users(self, page: int) -> UserPage:
        """Page ``page`` (from 1) of all the account's people, 250 a page, with their counts."""
