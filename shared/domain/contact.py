"""Intercom's record of a person, and the attributes its workspace knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Value = str | int | float | bool | None
CUSTOM = "custom_attributes."
MOST_STEPS = 4
"""From a dead id to a living contact."""


class Role(StrEnum):
    """Intercom's two contact roles."""

    LEAD = "lead"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as Intercom answered it. ``created_at`` and ``updated_at`` (0: not reported) in Unix seconds; ``values`` by
    attribute name, custom ones as ``custom_attributes.<name>``."""

    id: str
    role: Role
    email: str
    created_at: int
    values: Mapping[str, Value] = field(default_factory=dict)
    updated_at: int = 0

    def value(self, attribute: str) -> Value:
        return self.values.get(attribute)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One writable or read-only attribute of the workspace. ``name`` as the mapping's ``to`` writes it.
    ``messenger_writable``: a visitor of the website can set it through Intercom's Messenger."""

    name: str
    data_type: str
    label: str = ""
    writable: bool = True
    archived: bool = False
    options: tuple[str, ...] = ()
    messenger_writable: bool = False


def preferred(contacts: Iterable[Contact]) -> Contact | None:
    """The one to write to when several have the e-mail: a user before a lead, then the oldest."""
    return min(contacts, key=lambda contact: (contact.role is not Role.USER, contact.created_at, contact.id), default=None)
