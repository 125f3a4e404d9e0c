"""Put back what a contact held before a signup was written to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shared.domain.contact import Contact, Value
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.domain.timing import DELIVERY_LEASE
from shared.errors import ConflictError, ContactGoneError
from shared.ports.operations import Change
from shared.use_cases.connection.find_connection import find_connection
from shared.use_cases.contact.contact_of_row import address_of, in_workspace
from shared.use_cases.contact.drop_refused import drop_refused
from shared.use_cases.contact.wanted_contact import is_same
from shared.use_cases.environment import Environment
from shared.use_cases.leases import leased

EMAIL = "email"


NOTHING = "This signup has overwritten nothing that is still known."


@dataclass(frozen=True, slots=True)
class PutBack:
    """``restored`` attributes hold again what they held; ``kept`` were changed by somebody since, or Intercom refused."""

    restored: tuple[str, ...]
    kept: tuple[str, ...]


def put_back(environment: Environment, who: str, campaign_id: int, user_id: int) -> PutBack:
    """From then on the row leaves the contact alone, as if it had been skipped. Raises NotFoundError, ConflictError when there
    is nothing to put back, and what the Intercom port raises."""
    row = environment.referrals.get(campaign_id, user_id)
    if not row.overwritten:
        raise ConflictError(NOTHING)
    environment.intercom_guard.check()
    connection = find_connection(environment)
    row = in_workspace(row, connection.workspace_id)
    with leased(environment, connection.workspace_id, address_of(row), DELIVERY_LEASE):
        row = in_workspace(environment.referrals.get(campaign_id, user_id), connection.workspace_id)
        if not row.overwritten:
            raise ConflictError(NOTHING)
        intercom = environment.intercom(connection)
        try:
            contact = intercom.get_contact(row.overwritten_on)
        except ContactGoneError:
            raise ConflictError("The contact is no longer in Intercom.") from None
        wanted = _wanted(row, contact)
        restored: Mapping[str, Value] = {}
        if wanted:
            _, restored, _ = drop_refused(
                intercom.read_attributes,
                wanted,
                lambda values: intercom.put_contact(contact.id, values) if values else contact,
                environment.time_left,
            )
        done = PutBack(tuple(sorted(restored)), tuple(sorted(row.overwritten.keys() - restored.keys())))
        _record(environment, who, row, done)
    what = (
        f"Put back what the contact of user {user_id} in campaign {campaign_id} held: {', '.join(done.restored) or 'nothing'}."
    )
    environment.audit.add(Change(environment.clock.now(), who, what))
    return done


def _wanted(row: Referral, contact: Contact) -> dict[str, Value]:
    """What is still as this row wrote it. The e-mail stays: by it the person is known. What was empty becomes so again: a text
    an empty one, for Intercom is said to refuse null for leads."""
    return {
        name: "" if before is None and isinstance(contact.value(name), str) else before
        for name, before in row.overwritten.items()
        if name != EMAIL and name in row.written and is_same(name, contact.value(name), row.written[name])
    }


def _record(environment: Environment, who: str, row: Referral, done: PutBack) -> None:
    now = environment.clock.now()
    reason = f"{who} put back what the contact held before; the signup leaves it alone now."
    detail = ", ".join(done.restored) or "nothing"
    if done.kept:
        detail += f"; changed since and kept: {', '.join(done.kept)}"
    environment.referrals.update(
        row.campaign_id,
        row.user_id,
        lambda fresh: replace(
            fresh.done(State.SKIPPED, reason),
            written={},
            dropped=(),
            overwritten={},
            overwritten_on="",
        ).with_event(now, Happened.PUT_BACK, f"{who}: {detail}"),
    )
