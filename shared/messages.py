"""What goes through the queues: JSON in ASCII, so that no character of a name can make SQS refuse it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from shared.errors import MalformedPayloadError, TransientError

MESSAGE_VERSION = 1
MESSAGE_VERSIONS = (MESSAGE_VERSION, MESSAGE_VERSION + 1)
"""A version may only add fields to the one before, so that during a deployment old code reads the next version's messages."""
ENQUEUED = "ring"
"""What brought a message about a row that was due, instead of a webhook. Other code under the same deployment compares it."""


class UnknownVersionError(TransientError):
    """Written by code that is newer by two versions: left in the queue until this code is replaced."""


@dataclass(frozen=True, slots=True)
class DeliverContact:
    """Make the Intercom contact match the person.

    ``fields``: what the webhook reported, None when only a ledger row is enqueued. ``form``: they came as a form or query.
    ``user_id`` None: the webhook's fields may name it under an alias. ``received_at`` in epoch seconds. ``also``: campaign and
    user ids of other delivered rows, which are checked with the same search. ``with_next``: it came with the next secret.
    """

    campaign_id: int
    user_id: int | None
    event: str
    received_at: float
    fields: Mapping[str, Any] | None = None
    replay: bool = False
    id: str = ""
    also: Sequence[Sequence[int]] | None = None
    with_next: bool = False
    form: bool = False


@dataclass(frozen=True, slots=True)
class ReconcileCampaigns:
    """Look for signups that no webhook brought; a pass that began after ``requested_at`` has done so, but for ``full``, which
    reads from the first page to the last. ``until``: when such passes end for the next slot is due, 0 for one slot from
    ``requested_at`` on. ``contacts``: Intercom's contacts are looked through as well. Times in epoch seconds.
    ``person``: campaign and user id of the one signup of which it is asked whether Referral Factory knows it."""

    requested_at: float
    full: bool = False
    until: float = 0.0
    contacts: bool = True
    id: str = ""
    person: Sequence[int] | None = None

    @property
    def campaign_id(self) -> int:
        return 0

    @property
    def received_at(self) -> float:
        return self.requested_at


@dataclass(frozen=True, slots=True)
class QualifyReferral:
    """Look whether a contact's change qualifies a referral, or takes a qualification back.

    A notification describes a contact: ``values`` holds the tracked attributes alone, as they stood at ``updated_at``;
    ``role`` the contact's role then; ``merged_from`` the contact that was merged into it. All times in epoch seconds, None
    when nobody said. ``topic`` is Intercom's, or ``ENQUEUED`` (the sweep; ``campaign_id`` and ``user_id`` name the row),
    ``delivered`` (a delivery found the contact at a qualified value), ``reconcile``, or what Referral Factory said of the row:
    ``qualified`` or ``not qualified``.
    """

    topic: str
    received_at: float
    contact_id: str | None = None
    email: str | None = None
    role: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    updated_at: float | None = None
    contact_created_at: float | None = None
    notification_id: str = ""
    merged_from: str | None = None
    campaign_id: int = 0
    user_id: int | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class UpdateReferrer:
    """Write the newest counts to the referrer's contact."""

    campaign_id: int
    referrer_user_id: int
    received_at: float
    id: str = ""


@dataclass(frozen=True, slots=True)
class SyncPage:
    """Go on with a sync run: read the next pages, or work on its contacts. Where it stands is in the run's row.

    ``lane`` numbers the workers on one run; a message of an earlier ``round`` than the run's counts no more.
    """

    campaign_id: int
    slot: int
    lane: int = 0
    round: int = 0


Receipt = DeliverContact | ReconcileCampaigns | QualifyReferral | UpdateReferrer
"""What an outsider sent, so that it is kept in the inbox when SQS refuses it."""
Message = Receipt | SyncPage
_KINDS: dict[str, type[Message]] = {
    kind.__name__: kind for kind in (DeliverContact, ReconcileCampaigns, QualifyReferral, UpdateReferrer, SyncPage)
}


def body_of(message: Message) -> str:
    """The message as an SQS body."""
    return json.dumps({"kind": type(message).__name__, "version": MESSAGE_VERSION, **asdict(message)}, ensure_ascii=True)


def message_of(body: str) -> Message:
    """Raises UnknownVersionError, and MalformedPayloadError for what no version of this code wrote."""
    try:
        document = json.loads(body)
        kind = _KINDS[document.pop("kind")]
        version = document.pop("version")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MalformedPayloadError(f"not a message of ours: {type(error).__name__}") from None
    if version not in MESSAGE_VERSIONS:
        raise UnknownVersionError(f"message version {version}")
    names = kind.__dataclass_fields__
    try:
        return kind(**{name: value for name, value in document.items() if name in names})
    except TypeError as error:
        raise MalformedPayloadError(f"not a message of ours: {error}") from None
