"""Sort the contacts of a page: who needs nothing, who cannot be synced, and who needs a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shared.domain.contact import Contact
from shared.domain.mapping import DATE_TYPES, READ_TYPES
from shared.domain.person import fold_email, is_deliverable
from shared.domain.signup.referral import FORGOTTEN
from shared.domain.sync.member import (
    INVALID_EMAIL,
    NO_EMAIL,
    Candidate,
    SyncMember,
    candidate_of,
    changes_of,
    lack_of,
    there_now,
)
from shared.domain.sync.run import SyncRun
from shared.domain.sync.source import is_within
from shared.domain.sync.tally import Outcome, Tally
from shared.ports.sync import SyncMembers
from shared.ports.vendors import Intercom
from shared.use_cases.environment import Environment
from shared.use_cases.sync.sync_contact import is_known_failure


@dataclass(slots=True)
class Sorted:
    """A page's contacts, sorted by what they need."""

    tally: Tally
    to_work: list[Candidate]


def sort_contacts(
    environment: Environment,
    run: SyncRun,
    intercom: Callable[[], Intercom],
    contacts: Sequence[Contact],
    learn_form: Callable[[], SyncRun],
) -> Sorted:
    """Counts whoever needs nothing: no e-mail, all as it should be, or refused before. ``learn_form`` is called
    where somebody would be added, and answers the run with what a new person must have."""
    tally = Tally()
    attributes, (dates, zone) = [attribute for _, attribute in run.settings.write_back], _dates(environment, run, intercom)
    candidates: list[Candidate] = []
    erased = environment.erasures.erased_among({fold_email(contact.email or "") for contact in contacts})
    for contact in contacts:
        if not is_within(contact.updated_at, run.changed_since):
            continue
        tally = tally.plus(Tally(seen=1))
        email = fold_email(contact.email)
        if not is_deliverable(email):
            tally = tally.with_outcome(Outcome("skipped", INVALID_EMAIL if email else NO_EMAIL), contact.id)
            continue
        if email in erased:
            tally = tally.with_outcome(Outcome("skipped", FORGOTTEN), contact.id)
            continue
        candidates.append(candidate_of(contact, email, run.settings.mapping, attributes, dates, zone))
    members = members_of(environment.sync_members, run, candidates)
    if any(one.first_name and _is_new(members.get((run.campaign_id, one.email))) for one in candidates):
        run = learn_form()
    sorted_ = Sorted(tally, [])
    for candidate in candidates:
        outcome = _outcome(run, candidate, members, environment.clock.now())
        if outcome is None:
            sorted_.to_work.append(candidate)
        else:
            sorted_.tally = sorted_.tally.with_outcome(outcome, candidate.contact_id)
    return sorted_


def members_of(members: SyncMembers, run: SyncRun, candidates: Sequence[Candidate]) -> Mapping[tuple[int, str], SyncMember]:
    """The campaign's members, for the candidates' e-mails."""
    return members.find_all([(run.campaign_id, one.email) for one in candidates])


def _is_new(member: SyncMember | None) -> bool:
    """Whether the person would be added."""
    return member is None or (member.user_id is None and not member.reserved)


def _dates(environment: Environment, run: SyncRun, intercom: Callable[[], Intercom]) -> tuple[frozenset[str], str]:
    """Which of the attributes that are sent hold a date, and the zone of its day."""
    sources = {source for source, _ in run.settings.mapping} - {"name", "email"}
    if not sources:
        return frozenset(), "UTC"
    connection, attributes = environment.connections.find(), intercom().attributes()
    types = {**READ_TYPES, **{name: attribute.data_type for name, attribute in attributes.items()}}
    return frozenset(one for one in sources if types.get(one) in DATE_TYPES), connection.timezone if connection else "UTC"


def _outcome(run: SyncRun, candidate: Candidate, members: Mapping[tuple[int, str], SyncMember], now: float) -> Outcome | None:
    """None: something is to be done."""
    member = members.get((run.campaign_id, candidate.email))
    if member is not None and member.user_id is not None:
        there = there_now(member, candidate, now)
        return None if changes_of(member, there, run.settings.write_back) else Outcome("unchanged")
    if member is not None and member.reserved:
        return None
    lack = lack_of(candidate, run.required or ())
    if lack is not None:
        return Outcome("failed", lack)
    if member is not None and is_known_failure(member, candidate, now):
        return Outcome("failed", member.failure)
    return None
