"""Give one Intercom contact its referral link: the person in the campaign exactly once, the contact written only if different.

A person is reserved before we add them, since our own ``POST /users`` comes back as a webhook before its answer is stored. A
reservation without a confirmation (crash, time-out, lost answer) is never followed by another blind ``POST``: search decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from shared.domain.contact import Value
from shared.domain.mapping import prepare
from shared.domain.person import Person
from shared.domain.sync.member import GONE_MEANWHILE, Candidate, SyncMember, changes_of, lack_of, there_now
from shared.domain.sync.run import SyncRun
from shared.domain.sync.tally import LEFT_OUT, Outcome
from shared.errors import (
    ApplicationError,
    ConflictError,
    ContactGoneError,
    NotSentError,
    PermanentError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from shared.ports.vendors import Intercom, ReferralFactory
from shared.use_cases.contact.drop_refused import drop_refused
from shared.use_cases.environment import Environment

Answer = TypeVar("Answer")
ANSWER_SURE_AFTER = 90.0
"""Seconds until a ``POST`` without an answer has surely happened or not."""
TIME_TO_ADD = 25.0 + 3.0
TIME_TO_WRITE = 10.0 + 3.0
"""Seconds that must be left before such a call is begun."""
FAILED_CONTACT_AGAIN_AFTER = 86_400.0
"""Seconds after which a contact that Referral Factory refused is tried again unchanged."""


class NotNowError(ApplicationError):
    """The contact has to wait until ``until`` (epoch seconds)."""

    def __init__(self, until: float, reason: str) -> None:
        super().__init__(reason)
        self.until = until


class OutOfTimeError(ApplicationError):
    """The invocation ends too soon for the next call."""


class ContactSync:
    """Contacts of one run. ``patience`` sleeps where our own limiter asks for a short wait; False when it must not;
    ``claim`` tells which campaign's an attribute of a person is."""

    def __init__(
        self,
        environment: Environment,
        run: SyncRun,
        referral_factory: Callable[[], ReferralFactory],
        intercom: Callable[[], Intercom],
        patience: Callable[[RateLimitedError], bool],
        claim: Callable[[str, Iterable[str]], Mapping[str, int]],
    ) -> None:
        self._environment = environment
        self._patience = patience
        self._claim = claim
        self._run = run
        self._settings = run.settings
        self._was_refused = False
        self._referral_factory = referral_factory
        self._intercom = intercom

    def work(self, candidate: Candidate, member: SyncMember | None) -> Outcome:
        """Raises NotNowError, OutOfTimeError, and what the two ports raise; then nothing is in doubt but a reservation."""
        try:
            member = member or SyncMember(self._run.campaign_id, candidate.email)
            if member.user_id is None:
                joined = self._join(candidate, member)
                if isinstance(joined, Outcome):
                    return joined
                member = joined
            return self._link(candidate, member)
        except ConflictError:
            raise NotNowError(self._now() + 1.0, "Another worker has the same e-mail address.") from None

    # -- into the campaign --------------------------------------------------------------------------------------------

    def _join(self, candidate: Candidate, member: SyncMember) -> SyncMember | Outcome:
        if member.reserved:
            sure_at = (member.reserved_at or 0.0) + ANSWER_SURE_AFTER
            if self._now() < sure_at:
                raise NotNowError(sure_at, "Referral Factory did not answer; it is asked again once that has settled.")
            found = self._search(candidate)
            if found is not None:
                return self._save(member.knowing(found))
        lack = lack_of(candidate, self._run.required or ())
        if lack is not None:
            return Outcome("failed", lack)
        return self._add(candidate, member)

    def _add(self, candidate: Candidate, member: SyncMember) -> SyncMember | Outcome:
        self._need(TIME_TO_ADD)
        run = self._run
        mine = replace(member, slot=run.slot, workspace_id=run.workspace_id, contact_id=candidate.contact_id)
        reserved = self._save(replace(mine, reserved_at=self._now()))
        try:
            person = self._patiently(lambda: self._create(candidate))
        except RejectedError as error:
            return self._refused(candidate, reserved, error)
        except ApplicationError as error:
            if not isinstance(error, UnavailableError) or isinstance(error, NotSentError):
                self._save(replace(reserved, reserved_at=None))  # nothing was sent, or it was refused unread
            raise  # else perhaps it happened: the reservation stays
        nobody_yet = replace(
            person,
            referrals_count=person.referrals_count or 0,
            converted_referrals_count=person.converted_referrals_count or 0,
        )
        return self._save(reserved.knowing(nobody_yet))

    def _create(self, candidate: Candidate) -> Person:
        return self._referral_factory().create_user(
            self._run.campaign_id,
            candidate.email,
            candidate.first_name,
            candidate.meta,
            notify=self._settings.notify and not candidate.unsubscribed,
        )

    def _refused(self, candidate: Candidate, reserved: SyncMember, error: RejectedError) -> SyncMember | Outcome:
        """A 422 is a duplicate when the person is there, and says nothing reliable by its text."""
        found = self._search(candidate)
        if found is not None:
            return self._save(replace(reserved, reserved_at=None).knowing(found))
        reason = f"Referral Factory refused the person{f' because of {error.field}' if error.field else ''}"
        failed = replace(reserved, reserved_at=None, failure=reason, failed_digest=candidate.digest, failed_at=self._now())
        self._save(failed)
        return Outcome("failed", reason)

    def _search(self, candidate: Candidate) -> Person | None:
        self._need(TIME_TO_ADD)
        return self._patiently(lambda: self._referral_factory().search_user(self._run.campaign_id, candidate.email))

    # -- onto the contact ---------------------------------------------------------------------------------------------

    def _link(self, candidate: Candidate, member: SyncMember) -> Outcome:
        created = member.created and member.slot == self._run.slot and member.contact_id in {None, candidate.contact_id}
        there = there_now(member, candidate, self._now())
        wanted = changes_of(member, there, self._settings.write_back)
        changes = self._claimed(candidate.email, wanted) if wanted else wanted
        if not changes and wanted:
            return Outcome("skipped", self._whose(candidate.email, wanted), created)
        if not changes:
            return Outcome("linked" if created else "unchanged", created=created)
        try:
            contact_id, written, reason = self._write(candidate, changes, member)
        except ContactGoneError:
            return Outcome("skipped", GONE_MEANWHILE, created)
        self._save(member.having(contact_id, written, self._now()))
        return Outcome("linked", reason, created)

    def _write(
        self, candidate: Candidate, changes: Mapping[str, Value], member: SyncMember
    ) -> tuple[str, Mapping[str, Value], str]:
        """To which contact, what, and what was left out. Follows a merge to the survivor, and never brings anybody back."""
        self._need(TIME_TO_WRITE)
        try:
            return candidate.contact_id, *self._put(candidate.contact_id, changes)
        except ContactGoneError as gone:
            if gone.canonical_id is None or gone.canonical_id == candidate.contact_id:
                raise
            self._need(2 * TIME_TO_WRITE)
            survivor = self._intercom().get_contact(gone.canonical_id)
            rest = self._claimed(candidate.email, changes_of(member, survivor.values, self._settings.write_back))
            return survivor.id, *(self._put(survivor.id, rest) if rest else (changes, ""))

    def _claimed(self, email: str, changes: Mapping[str, Value]) -> dict[str, Value]:
        """Without what another campaign wrote first to this person's contacts."""
        whose = self._claim(email, changes)
        return {name: value for name, value in changes.items() if whose[name] == self._run.campaign_id}

    def _whose(self, email: str, wanted: Mapping[str, Value]) -> str:
        """What of another campaign the contact keeps."""
        (name, owner), *_ = sorted(self._claim(email, wanted).items(), key=lambda one: one[0] not in self._links)
        return f"holds campaign {owner}'s {'link' if name in self._links else 'counts'}"

    @property
    def _links(self) -> frozenset[str]:
        return frozenset(attribute for fact, attribute in self._settings.write_back if fact in {"url", "code"})

    def _put(self, contact_id: str, changes: Mapping[str, Value]) -> tuple[Mapping[str, Value], str]:
        """The attributes were checked when the settings were saved, so they are looked up only once Intercom refuses."""
        fitting = (self._fitting(changes) or changes) if self._was_refused else changes

        def send(values: Mapping[str, Value]) -> None:
            self._need(TIME_TO_WRITE)
            if values:
                self._patiently(lambda: self._intercom().put_contact(contact_id, values))
                self._environment.intercom_guard.wrote()

        _, written, dropped = drop_refused(
            lambda: self._intercom().read_attributes(), fitting, send, self._environment.time_left
        )
        self._was_refused |= bool(dropped)
        if not written:
            raise PermanentError("; ".join(drop.reason for drop in dropped))
        gone = sorted(set(changes) - set(written))
        return written, f"{LEFT_OUT}{', '.join(gone)}" if gone else ""

    def _fitting(self, changes: Mapping[str, Value]) -> Mapping[str, Value]:
        """What the workspace's attributes take of it, as they take it."""
        self._need(2 * TIME_TO_WRITE)
        return prepare(changes, self._intercom().attributes()).values

    def _patiently(self, call: Callable[[], Answer]) -> Answer:
        """A call that our own limiter puts off for a moment is made after that moment, within the time that is left."""
        while True:
            try:
                return call()
            except RateLimitedError as error:
                if not self._patience(error):
                    raise

    # -- shared -------------------------------------------------------------------------------------------------------

    def _now(self) -> float:
        return self._environment.clock.now()

    def _need(self, seconds: float) -> None:
        if self._environment.time_left() < seconds:
            raise OutOfTimeError

    def _save(self, member: SyncMember) -> SyncMember:
        return self._environment.sync_members.save(member)


def is_known_failure(member: SyncMember, candidate: Candidate, now: float) -> bool:
    """Whether Referral Factory refused the very same within the last day."""
    return member.failed_digest == candidate.digest and now - member.failed_at < FAILED_CONTACT_AGAIN_AFTER
