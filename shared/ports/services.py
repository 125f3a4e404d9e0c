"""What the use cases need of the outside world beside the tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # as in repositories
    from shared.domain.connection.connection import Connection
    from shared.domain.contact import Attribute, Contact, Role, Value
    from shared.domain.person import Person
    from shared.domain.referrer.reward import RewardFacts
    from shared.domain.sync.sign_up_form import FormField
    from shared.domain.sync.source import ContactFilter
    from shared.domain.vendor.limits import Priority
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


class SignatureCheck(Protocol):
    """Intercom's signatures over the raw body. Raises InvalidSignatureError, and TransientError when the secrets cannot be
    read."""

    def check_notification(self, hub: str | None, body: bytes) -> None:
        """``hub``: the header X-Hub-Signature, None when there is none."""

    def check_call(self, signature: str | None, hub: str | None, body: bytes) -> None:
        """Of the calls about uninstalling and health: X-Body-Signature, else X-Hub-Signature."""


class Notified(Protocol):
    """What a notification tells, all of it optional but ``topic`` and ``app_id``, which may be empty. Times in epoch
    seconds."""

    @property
    def app_id(self) -> str: ...
    @property
    def topic(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def contact_id(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...
    @property
    def role(self) -> str | None: ...
    @property
    def created_at(self) -> float | None: ...
    @property
    def updated_at(self) -> float | None: ...
    @property
    def merged_from(self) -> str | None: ...
    @property
    def garbled(self) -> bool: ...
    def tells(self, name: str) -> bool:
        """Whether the attribute's value is told, be it that there is none."""

    def value(self, name: str) -> Any: ...


class NotificationReader(Protocol):
    def __call__(self, body: bytes) -> Notified:
        """Raises MalformedPayloadError."""


class ObjectReader(Protocol):
    def __call__(self, body: bytes) -> Mapping[str, Any]:
        """A JSON object. Raises MalformedPayloadError."""


class FieldsReader(Protocol):
    def __call__(self, body: bytes, content_type: str, query_string: str) -> dict[str, Any]:
        """The fields of a webhook in JSON, as a form or in the query. Raises MalformedPayloadError."""


class PersonReader(Protocol):
    def __call__(self, fields: Mapping[str, Any], aliases: Mapping[str, str]) -> Person | None:
        """The person that a webhook's fields tell of, None when they name no user id."""


class SignupPost(Protocol):
    def __call__(self, campaign_id: int, person: Person) -> bool:
        """Posts the webhook of a signup to our own API, as Referral Factory does; whether it was accepted (202). Raises
        TransientError when there was no answer, or the secret cannot be read."""


class RewardReader(Protocol):
    def __call__(self, fields: Mapping[str, Any]) -> RewardFacts | None:
        """The reward that a webhook's fields tell of, None when they name none."""


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


class ContactPage(Protocol):
    """One page of contacts. ``cursor`` of the next page, None on the last; ``total``: what Intercom says there are."""

    @property
    def contacts(self) -> Sequence[Contact]: ...

    @property
    def cursor(self) -> str | None: ...

    @property
    def total(self) -> int | None: ...


class Intercom(Protocol):
    """Intercom's contacts. Every method may raise TransientError, ConnectionLostError and RejectedError."""

    def identify(self) -> Connection:
        """The workspace that the token belongs to (``GET /me``)."""

    def attributes(self, wanted: Iterable[str] = ()) -> Mapping[str, Attribute]:
        """The workspace's contact attributes by name, at most 10 minutes old. ``wanted``: should one of these be missing, the
        list is read anew, at most every 30 s, for it may just have been created."""

    def read_attributes(self) -> Mapping[str, Attribute]:
        """The same, read now. Raises TransientError, too, while Intercom does not answer."""

    def search_by_email(self, *emails: str) -> list[Contact]:
        """The contacts with one of the e-mails, at most 15, compared folded. Lags minutes behind a create."""

    def search_changed(
        self, attribute: str, values: Sequence[Value], since: int, cursor: str | None = None, *, others: bool = False
    ) -> tuple[Sequence[Contact], str | None]:
        """One page of the contacts whose attribute has one of at most 7 ``values``, a text also in other letters or within a
        longer one (``others``: exactly none of them), and that changed since; and the next page's cursor, None on the last.
        ``since`` in Unix seconds is cut to whole days of the workspace's zone, and its own day is left out: ask from two days
        back. Lags minutes."""

    def get_contact(self, contact_id: str) -> Contact:
        """Raises ContactGoneError."""

    def create_contact(self, email: str, role: Role, values: Mapping[str, Value]) -> Contact:
        """Raises DuplicateError; after an UnavailableError the contact may exist, unless it is a NotSentError."""

    def put_contact(self, contact_id: str, values: Mapping[str, Value], role: Role | None = None) -> Contact:
        """Changes only what is given. Raises ContactGoneError, DuplicateError."""

    def unarchive_contact(self, contact_id: str) -> None:
        """Raises NotRestorableError for a deleted or merged one, ContactGoneError."""

    def create_event(self, contact_id: str, name: str, created_at: int, metadata: Mapping[str, str | int | float]) -> None:
        """``created_at`` in Unix seconds: a second event of that contact and name in the same second changes nothing, so the
        same one may be sent again. At most 10 ``metadata`` keys. Raises ContactGoneError."""

    def read_contacts(self, wanted: ContactFilter, cursor: str | None) -> ContactPage:
        """One page, oldest contacts first. Lags behind as search does. Raises PermanentError for a page whose successor lies
        on another host."""

    def list_ids(self, field: str) -> Mapping[str, str]:
        """The names of all segments (``segment_id``) or tags (``tag_id``) by id."""


class UserPage(Protocol):
    """One page of a campaign's people. ``last_page`` None when the vendor did not say."""

    @property
    def people(self) -> Sequence[tuple[int, Person]]:
        """Campaign id and person."""

    @property
    def last_page(self) -> int | None: ...


class RewardPage(Protocol):
    """One page of a list of rewards. ``last_page`` None when the vendor did not say."""

    @property
    def rewards(self) -> Sequence[RewardFacts]: ...

    @property
    def last_page(self) -> int | None: ...


class ReferralFactory(Protocol):
    """Referral Factory's users and rewards. Every method may raise TransientError, ConnectionLostError and BlockedError."""

    def users(self, page: int) -> UserPage:
        """Page ``page`` (from 1) of all the account's people, 250 a page, with their counts."""

    def user(self, user_id: int) -> tuple[int | None, Person] | None:
        """Campaign id and person with their counts; None when Referral Factory has them no more."""

    def qualify(self, user_id: int, qualified: bool) -> None:
        """Qualifies a person invited, or (False) takes it back. Raises RejectedError for a person referring or one that is
        not known; after an UnavailableError it may have happened."""

    def due_rewards(self, metric: str, page: int) -> RewardPage:
        """Page ``page`` (from 1) of the rewards that are owed, 250 a page; ``metric`` is one of
        ``shared.domain.referrer.reward.METRICS``."""

    def issued_rewards(self, metric: str, page: int) -> RewardPage:
        """As ``due_rewards``, those that were issued, canceled or failed."""

    def reward_definitions(self, metric: str) -> Mapping[int, tuple[str | None, int | None]]:
        """Name and campaign id, as far as they are told, by the definition's id."""

    def issue_reward(self, due_id: int) -> RewardFacts | None:
        """Issues a due reward; what the answer tells of it. Raises RejectedError when it is not due (any more). After an
        UnavailableError it may have been issued."""

    def create_user(self, campaign_id: int, email: str, first_name: str, meta: Mapping[str, str], *, notify: bool) -> Person:
        """Adds a person referring. Raises RejectedError, also for an e-mail that the campaign has already. After an
        UnavailableError the person may have been added."""

    def form(self, campaign_id: int) -> Sequence[FormField]:
        """The form of the campaign's page for people who refer; empty when there is no such campaign."""

    def search_user(self, campaign_id: int, email: str) -> Person | None:
        """The person with that e-mail in the campaign, with counts where the vendor brings them."""
