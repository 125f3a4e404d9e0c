"""The two vendors' APIs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # a receiver needs a few names of here and none of the domain
    from shared.domain.connection.connection import Connection
    from shared.domain.contact import Attribute, Contact, Role, Value
    from shared.domain.person import Person
    from shared.domain.referrer.reward import RewardFacts
    from shared.domain.sync.sign_up_form import FormField
    from shared.domain.sync.source import ContactFilter


class ContactPage(Protocol):
    """One page of contacts. ``cursor`` of the next page, None on the last; ``total``: what Intercom says there are;
    ``smaller``: how much smaller than usual it had to be."""

    @property
    def contacts(self) -> Sequence[Contact]: ...

    @property
    def cursor(self) -> str | None: ...

    @property
    def total(self) -> int | None: ...

    @property
    def smaller(self) -> int: ...


class Intercom(Protocol):
    """Intercom's contacts. Every method may raise TransientError, ConnectionLostError and RejectedError."""

    def identify(self) -> Connection:
        """The workspace that the token belongs to (``GET /me``)."""

    def attributes(self, wanted: Iterable[str] = ()) -> Mapping[str, Attribute]:
        """The workspace's contact attributes by name, at most 10 minutes old. ``wanted``: should one of these be missing, the
        list is read again, at most every 30 s, for it may just have been created."""

    def read_attributes(self) -> Mapping[str, Attribute]:
        """The same, read now. Raises TransientError, too, while Intercom does not answer."""

    def search_by_email(self, *emails: str) -> list[Contact]:
        """The contacts with one of the e-mails, at most 15, compared folded. Lags minutes behind a create."""

    def search_changed(
        self,
        attribute: str,
        values: Sequence[Value],
        since: int,
        cursor: str | None = None,
        *,
        others: bool = False,
        smaller: int = 0,
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

    def delete_contact(self, contact_id: str) -> None:
        """For good. Only for one that we made up. Raises ContactGoneError."""

    def merge_contacts(self, lead_id: str, user_id: str) -> None:
        """The lead into the user, for good: the user keeps its values and gains what it lacks. Raises ContactGoneError."""

    def create_event(self, contact_id: str, name: str, created_at: int, metadata: Mapping[str, str | int | float]) -> None:
        """``created_at`` in Unix seconds: a second event of that contact and name in the same second changes nothing, so the
        same one may be sent again. At most 10 ``metadata`` keys. Raises ContactGoneError."""

    def read_contacts(self, wanted: ContactFilter, cursor: str | None, smaller: int = 0) -> ContactPage:
        """One page, oldest contacts first. Lags behind as search does. Raises PermanentError for a page whose successor lies
        on another host."""

    def list_ids(self, field: str) -> Mapping[str, str]:
        """The names of all segments (``segment_id``) or tags (``tag_id``) by id."""


class UserPage(Protocol):
    """One page of a campaign's people. ``last_page`` None when the vendor did not say; ``smaller``: in how much smaller parts
    it had to be read."""

    @property
    def people(self) -> Sequence[tuple[int, Person]]:
        """Campaign id and person."""

    @property
    def last_page(self) -> int | None: ...

    @property
    def smaller(self) -> int: ...


class RewardPage(Protocol):
    """One page of a list of rewards. ``last_page`` and ``smaller`` as of people."""

    @property
    def rewards(self) -> Sequence[RewardFacts]: ...

    @property
    def last_page(self) -> int | None: ...

    @property
    def smaller(self) -> int: ...


class ReferralFactory(Protocol):
    """Referral Factory's users and rewards. Every method may raise TransientError, ConnectionLostError and BlockedError."""

    def users(self, page: int, smaller: int = 0, came: dict[tuple[int, int], Any] | None = None) -> UserPage:
        """Page ``page`` (from 1) of all the account's people, 250 a page, with their counts. ``smaller``: read in so much
        smaller parts, where the whole page does not come. ``came`` keeps the parts that came before one that did not: handed
        in again a moment later, they are not asked for again."""

    def user(self, user_id: int) -> tuple[int | None, Person] | None:
        """Campaign id and person with their counts; None when Referral Factory has them no more."""

    def qualify(self, user_id: int, qualified: bool) -> None:
        """Qualifies a person invited, or (False) takes it back. Raises RejectedError for a person referring or one that is
        not known; after an UnavailableError it may have happened."""

    def due_rewards(self, metric: str, page: int, smaller: int = 0) -> RewardPage:
        """Page ``page`` (from 1) of the rewards that are owed, 250 a page; ``metric`` is one of
        ``shared.domain.referrer.reward.METRICS``."""

    def issued_rewards(self, metric: str, page: int, smaller: int = 0) -> RewardPage:
        """As ``due_rewards``, those that were issued, canceled or failed."""

    def reward_definitions(self, metric: str, smaller: int = 0) -> Mapping[int, tuple[str | None, int | None]]:
        """Name and campaign id, as far as they are reported, by the definition's id."""

    def issue_reward(self, due_id: int) -> RewardFacts | None:
        """Issues a due reward; the reward as the answer has it. Raises RejectedError when it is not due (any more). After an
        UnavailableError it may have been issued."""

    def create_user(self, campaign_id: int, email: str, first_name: str, meta: Mapping[str, str], *, notify: bool) -> Person:
        """Adds a person referring. Raises RejectedError, also for an e-mail that the campaign has already. After an
        UnavailableError the person may have been added."""

    def form(self, campaign_id: int) -> Sequence[FormField]:
        """The form of the campaign's page for people who refer; empty when there is no such campaign."""

    def search_user(self, campaign_id: int, email: str) -> Person | None:
        """The person with that e-mail in the campaign, with counts where the vendor brings them."""
