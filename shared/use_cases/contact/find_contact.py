"""Find the contacts that have the person's e-mail address."""

from __future__ import annotations

from shared.domain.contact import Contact
from shared.domain.person import fold_email
from shared.errors import ContactGoneError, ContradictoryError
from shared.ports.vendors import Intercom
from shared.use_cases.contact.wanted_contact import is_same
from shared.use_cases.contact.write_attempt import WriteAttempt


class ContactFinder:
    """Raises what the Intercom port raises."""

    def __init__(self, intercom: Intercom, attempt: WriteAttempt) -> None:
        self._intercom = intercom
        self._attempt = attempt
        self._email = attempt.wanted.email

    def search(self) -> list[Contact]:
        """The contacts with the e-mail, each as it is now: the index has its ids, but bodies that are minutes old."""
        attempt, tracked = self._attempt, self._attempt.wanted.tracked
        hits = [contact for hit in self._intercom.search_by_email(self._email) if (contact := self._read(hit.id))]
        if len(hits) > 1:
            attempt.notes.append(f"{len(hits)} contacts in Intercom have this e-mail: {', '.join(hit.id for hit in hits)}")
        if tracked:
            attempt.standing = {hit.id: value for hit in hits if (value := hit.value(tracked)) is not None}
        return hits

    def _read(self, contact_id: str) -> Contact | None:
        """None: it is gone since, or has another e-mail now."""
        try:
            contact = self._intercom.get_contact(contact_id)
        except ContactGoneError:
            return None
        return contact if is_same("email", contact.email, self._email) else None

    def named(self, contact_id: str) -> Contact:
        """The contact that a 409 names, if it has the person's e-mail address."""
        try:
            contact = self._intercom.get_contact(contact_id)
        except ContactGoneError:
            raise ContradictoryError(f"Intercom names contact {contact_id} and does not know it.", vendor="intercom") from None
        if fold_email(contact.email) != self._email:
            raise ContradictoryError(f"Intercom names contact {contact_id}, which has another e-mail.", vendor="intercom")
        return contact
