"""The vendors' accounts: what is connected, and joining one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a receiver needs a few names of here and none of the domain
    from shared.domain.connection.connection import Connection
    from shared.domain.contact import Attribute
    from shared.ports.operations import Actor


class Connections(Protocol):
    def find(self) -> Connection | None: ...

    def save(self, connection: Connection) -> None: ...

    def replace(self, before: Connection, after: Connection) -> bool:
        """False when somebody connected or disconnected since ``before`` was read; then nothing is written."""


@dataclass(frozen=True, slots=True)
class OAuthState:
    """Who began to connect, in which browser (``cookie_hash``), and until when the answer may come."""

    by: Actor
    cookie_hash: str
    expires_at: float


class OAuthStates(Protocol):
    def add(self, state_hash: str, state: OAuthState) -> None: ...

    def take(self, state_hash: str) -> OAuthState | None:
        """Once: the second caller gets None, as does one who comes too late."""


@dataclass(frozen=True, slots=True)
class ContactList:
    """A segment (active list) or a tag (static list). ``count`` None: Intercom does not tell."""

    id: str
    name: str
    count: int | None = None
    person_type: str | None = None


class Workspace(Protocol):
    """What settings are chosen from. Every method raises what ``Intercom``'s do."""

    def attributes(self) -> Mapping[str, Attribute]: ...

    def read_attributes(self) -> Mapping[str, Attribute]:
        """As they are now."""

    def create_attribute(self, name: str, data_type: str, options: Sequence[str] = ()) -> Attribute:
        """Raises RejectedError with Intercom's reason in plain words."""

    def segments(self) -> Sequence[ContactList]: ...

    def tags(self) -> Sequence[ContactList]: ...

    def identify(self) -> Connection:
        """The workspace that the token belongs to."""

    def missing_permissions(self) -> Sequence[str]:
        """The names of Intercom's permissions that the app lacks, as far as reading shows."""


class OAuth(Protocol):
    def address(self, client_id: str, state: str, redirect_uri: str) -> str:
        """Where a person allows the app."""

    def exchange(self, client_id: str, client_secret: str, code: str) -> str:
        """The access token. Raises RejectedError when Intercom does not take the code."""


@dataclass(frozen=True, slots=True)
class AccountCampaign:
    """A campaign as Referral Factory has it. ``labels``: its form's fields beside first name and e-mail, by audience."""

    id: int
    name: str
    status: str = ""
    url: str = ""
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Account(Protocol):
    """Referral Factory's account. Raises what ``ReferralFactory``'s methods do."""

    def campaigns(self) -> Sequence[AccountCampaign]:
        """The first 250."""
