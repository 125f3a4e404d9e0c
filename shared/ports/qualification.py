"""Notifications and what was seen of a referral's contact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # a receiver needs a few names of here and none of the domain
    from shared.domain.qualification.qualification import Qualification


class Qualifications(Protocol):
    """One item beside each referral of which something was seen."""

    def find(self, campaign_id: int, user_id: int) -> Qualification | None: ...

    def find_all(self, keys: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], Qualification]:
        """Those of the items (campaign id, user id) that exist, by key."""

    def update(self, campaign_id: int, user_id: int, change: Callable[[Qualification], Qualification]) -> Qualification:
        """Reads the item, or begins a new one, applies ``change`` and writes it under its version; as ``Referrals.update``."""


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
        """Whether the notification holds the attribute, with a value or empty."""

    def value(self, name: str) -> Any: ...


class NotificationReader(Protocol):
    def __call__(self, body: bytes) -> Notified:
        """Raises MalformedPayloadError."""


class ObjectReader(Protocol):
    def __call__(self, body: bytes) -> Mapping[str, Any]:
        """A JSON object. Raises MalformedPayloadError."""
