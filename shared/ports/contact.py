"""What is remembered of a person and of a contact's attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a receiver needs a few names of here and none of the domain
    from shared.domain.signup.person_record import PersonRecord


class People(Protocol):
    """What is remembered of an e-mail address in a workspace. All writes need the lease's fence."""

    def lease(self, workspace_id: str, email: str, owner: str, now: float, seconds: float) -> PersonRecord:
        """Takes the person's lease. Raises BusyError(retry_after) while another holds it."""

    def save(self, person: PersonRecord) -> None:
        """Writes what is remembered. Raises BusyError when the lease was lost."""

    def confirm(self, person: PersonRecord) -> None:
        """``save`` and ``release`` in one write: nothing is written under this lease any more. Raises as ``save`` does."""

    def release(self, person: PersonRecord) -> None:
        """Gives the lease back; silently does nothing when it was lost already."""

    def find(self, workspace_id: str, email: str) -> PersonRecord | None: ...


class Claims(Protocol):
    """What a campaign has of a contact before others."""

    def attributes(
        self, workspace_id: str, email: str, campaign_id: int, names: Iterable[str], given_up: Mapping[str, int]
    ) -> Mapping[str, int]:
        """Claims the attributes that nobody has, or that the campaign in ``given_up`` has; answers whose each is."""

    def second(self, workspace_id: str, email: str, not_before: int) -> int:
        """A Unix second from ``not_before`` on that no other event of that person has."""
