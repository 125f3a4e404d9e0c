"""What is known of a row's contact: under which address, in which workspace, and for whom it was created."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.person import fold_email
from shared.domain.signup.happened import Happened
from shared.domain.signup.person_record import PersonRecord
from shared.domain.signup.referral import Referral
from shared.use_cases.environment import Environment

_WHOSE = frozenset({Happened.CREATED, Happened.MERGED, Happened.FOLLOWED})


def address_of(row: Referral) -> str:
    """The address under whose lease the row's contact is; empty when nothing is known. Older rows say what they wrote."""
    return row.address or fold_email(str(row.written.get("email") or "")) or fold_email(row.person.email or "")


def in_workspace(row: Referral, workspace_id: str) -> Referral:
    """The row as this workspace knows it: what another one holds counts for nothing here."""
    if row.workspace_id in {"", workspace_id}:
        return row
    return replace(
        row,
        contact_id=None,
        written={},
        dropped=(),
        notes=(),
        delivered_at=None,
        baseline=None,
        baseline_at=None,
        standing={},
        settle_since=None,
        ours=False,
        address="",
        overwritten={},
        overwritten_on="",
        workspace_id=workspace_id,
    )


def is_here(environment: Environment, row: Referral) -> bool:
    """Whoever is in another workspace comes into this one only when a person wants it."""
    connection = environment.connections.find() if row.workspace_id else None
    return connection is None or not row.is_elsewhere(connection.workspace_id)


def is_in_doubt(person: PersonRecord, row: Referral) -> bool:
    """Whether a create of this row under the address was not answered yet."""
    return person.reservation is not None and person.contact_id is None and person.created_for in {"", row.key}


def with_contact_of(person: PersonRecord, row: Referral, before: PersonRecord | None = None) -> PersonRecord:
    """With the row's own contact where nothing is known of the address. ``before``: what is known of the row's earlier
    address. A contact that was erased after this row's delivery stays erased."""
    created = _created(row)
    if person.contact_id is None and row.contact_id is not None and not _erased_since(person, row):
        if before is None or before.contact_id != row.contact_id:
            before = replace(person, role=None, ours=row.ours or created, created_for=row.key if created else "")
        person = replace(
            person,
            contact_id=row.contact_id,
            role=before.role,
            converted=before.converted,
            ours=before.ours,
            created_for=before.created_for,
        )
    if person.ours and not person.created_for and created and person.contact_id == row.contact_id:
        person = replace(person, created_for=row.key)  # remembered before contacts had this mark
    return person


def without_contact(person: PersonRecord) -> PersonRecord:
    """The address is free for whoever signs up with it."""
    return replace(person.moved_to(None), converted=False)


def _erased_since(person: PersonRecord, row: Referral) -> bool:
    return person.erased_at is not None and (row.delivered_at or row.accepted_at) <= person.erased_at


def _created(row: Referral) -> bool:
    """Whether the row's story says that its contact was created for it."""
    return next((event.what for event in reversed(row.history) if event.what in _WHOSE), None) == Happened.CREATED
