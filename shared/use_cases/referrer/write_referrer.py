"""The contact of a person who refers: find it, write to it, tell it of rewards. Never creates one, never brings one back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from shared.domain.campaign.campaign import Campaign
from shared.domain.connection.connection import Connection
from shared.domain.contact import MOST_STEPS, Value, preferred
from shared.domain.mapping import Dropped, prepare
from shared.domain.referrer.referrer import ReferrerRecord
from shared.domain.timing import LONGEST_INTERCOM_CALL
from shared.errors import ContactGoneError, TransientError
from shared.ports.vendors import Intercom
from shared.use_cases.contact.claim_attributes import claim_attributes
from shared.use_cases.contact.drop_refused import drop_refused
from shared.use_cases.environment import Environment

Answer = TypeVar("Answer")


class NoContactError(Exception):
    """The person has no contact in Intercom (any more)."""


class ReferrerWriter:
    """One person's contact, for one campaign. ``referrer`` says afterwards what the contact holds."""

    def __init__(
        self,
        environment: Environment,
        intercom: Intercom,
        connection: Connection,
        campaign: Campaign,
        referrer: ReferrerRecord,
        email: str,
        ledger_contact_id: str | None,
    ) -> None:
        self._environment = environment
        self._intercom = intercom
        self._connection = connection
        self._campaign = campaign
        self._email = email
        self._ledger_contact_id = ledger_contact_id
        self._searched = False
        self.referrer = referrer

    def write(self, wanted: Mapping[str, Value]) -> tuple[tuple[Dropped, ...], tuple[Dropped, ...]]:
        """Writes what differs from what was written last; answers what was left out, and what of that Intercom does not take:
        the rest is another campaign's. An empty text clears only what was written before. Raises NoContactError and what the
        Intercom port raises."""
        prepared = prepare(wanted, self._intercom.attributes(wanted), self._connection.timezone)
        contact_id = self._contact_id()
        there = self.referrer.written if contact_id == self.referrer.contact_id else {}
        new = {name: value for name, value in prepared.values.items() if not _same(there.get(name, ""), value)}
        changes, others = self._ours(new)
        not_taken = prepared.dropped
        if not changes:
            return (*not_taken, *others), not_taken
        values: Mapping[str, Value] = changes

        def put(contact_id: str) -> None:
            nonlocal values, not_taken
            values, refused = self._put(contact_id, changes)
            not_taken = (*prepared.dropped, *refused)

        used = self._with_contact(put, contact_id)
        before = there if used == contact_id else {}
        self.referrer = replace(self.referrer, written={**before, **values})
        return (*not_taken, *others), not_taken

    def tell(self, name: str, created_at: int, metadata: Mapping[str, str | int | float]) -> None:
        """Creates an event on the contact; the same one again changes nothing. Raises as ``write`` does."""

        def create(contact_id: str) -> None:
            self._need_time()
            self._intercom.create_event(contact_id, name, created_at, metadata)

        self._with_contact(create, self._contact_id())

    def claim_second(self, not_before: int) -> int:
        """A second that no other event of this person has."""
        return self._environment.claims.second(self._connection.workspace_id, self._email, not_before)

    # -- the contact --------------------------------------------------------------------------------------------------

    def _contact_id(self) -> str | None:
        """The ledger's row's, else that of the e-mail address, else the one that was used last; a dead one's successor."""
        person = None
        if self._ledger_contact_id is None and self._email:
            person = self._environment.people.find(self._connection.workspace_id, self._email)
        contact_id = self._ledger_contact_id or (person.contact_id if person else None)
        if contact_id is None or contact_id == self.referrer.instead_of:
            return self.referrer.contact_id
        return contact_id

    def _with_contact(self, act: Callable[[str], None], expected: str | None) -> str:
        """Does it to the contact; follows a merge, else searches once by e-mail. Answers the id that was used."""
        contact_id = expected or self._search(())
        dead: list[str] = []
        for _ in range(MOST_STEPS):
            try:
                act(contact_id)
            except ContactGoneError as gone:
                dead.append(contact_id)
                canonical = gone.canonical_id if gone.canonical_id not in dead else None
                contact_id = canonical or self._search(dead)
                continue
            first = expected if dead and expected else self.referrer.instead_of
            self.referrer = replace(self.referrer, contact_id=contact_id, instead_of=first)
            return contact_id
        raise NoContactError

    def _search(self, dead: Iterable[str]) -> str:
        if not self._email or self._searched:
            raise NoContactError
        self._need_time()
        self._searched = True
        found = preferred(hit for hit in self._intercom.search_by_email(self._email) if hit.id not in dead)
        if found is None:
            raise NoContactError
        return found.id

    def _put(self, contact_id: str, values: Mapping[str, Value]) -> tuple[Mapping[str, Value], tuple[Dropped, ...]]:
        """What was written, and what Intercom refused."""

        def send(values: Mapping[str, Value]) -> None:
            self._need_time()
            if values:
                self._intercom.put_contact(contact_id, values)
                self._environment.intercom_guard.wrote()

        _, written, refused = drop_refused(self._intercom.read_attributes, values, send, self._environment.time_left)
        return written, refused

    # -- two campaigns, one attribute ---------------------------------------------------------------------------------

    def _ours(self, values: Mapping[str, Value]) -> tuple[dict[str, Value], tuple[Dropped, ...]]:
        """Without what another campaign wrote first on this person; one that no longer writes there has given it up."""
        if not values or not self._email:
            return dict(values), ()
        workspace_id, campaign_id = self._connection.workspace_id, self._campaign.campaign_id
        owners = claim_attributes(self._environment, workspace_id, self._email, campaign_id, values)
        ours = {name: value for name, value in values.items() if owners[name] == campaign_id}
        others = (Dropped(n, f"Campaign {owners[n]} wrote {n} first.") for n in values if n not in ours)
        return ours, tuple(others)

    def _need_time(self) -> None:
        if self._environment.time_left() < LONGEST_INTERCOM_CALL:
            raise TransientError("Not enough time left for a call to Intercom.", retry_after=1.0)


def _same(there: Value, wanted: Value) -> bool:
    return there == wanted and isinstance(there, bool) == isinstance(wanted, bool)
