"""The ledger row of a signup: written once, and completed by whatever is reported later."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.campaign.campaign import Campaign
from shared.domain.person import Person, fold_email
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import Event, Referral
from shared.domain.signup.state import Origin, State
from shared.domain.timing import DELIVERY_LEASE
from shared.use_cases.contact.contact_of_row import is_here
from shared.use_cases.contact.wanted_contact import wants_differ
from shared.use_cases.environment import Environment
from shared.use_cases.signup.check_delivered import is_open, next_check


def remember_signup(
    environment: Environment,
    campaign_id: int,
    person: Person,
    campaign: Campaign | None,
    *,
    accepted_at: float,
    origin: Origin,
    what: Happened,
    verified_at: float | None = None,
    synthetic: bool = False,
    is_there: bool = False,
) -> Referral:
    """Writes the row of a signup, or completes the one that is there; a finished row whose wanted values changed becomes
    pending again. ``verified_at``: when Referral Factory itself listed the person. ``synthetic``: it is our own. ``is_there``:
    there is a row already, which is only completed."""
    now = environment.clock.now()
    person = _without_erased_referrer(environment, campaign_id, person)
    new = Referral(
        campaign_id=campaign_id,
        user_id=person.user_id,
        state=State.PENDING,
        person=person,
        accepted_at=min(accepted_at, now),
        origin=origin,
        due_at=now + DELIVERY_LEASE,
        verified_at=verified_at,
        synthetic=synthetic,
        address=fold_email(person.email or ""),
        history=(Event(accepted_at, what),),
    )
    erased_at = None if is_there else environment.erasures.erased_at(person.email)
    if erased_at is not None and (origin is Origin.RECONCILE or accepted_at <= erased_at):
        new = new.forgotten_at(now)  # only a signup of their own, made afterwards, starts over
    if not is_there and environment.referrals.add(new):
        return new

    def complete(row: Referral) -> Referral:
        informed = row.knowing(person, accepted_at, listed=verified_at is not None)
        completed = replace(informed, verified_at=row.verified_at or verified_at, synthetic=row.synthetic and synthetic)
        if completed.verified_at is not None:
            completed = replace(completed, unverified=False, confirm_since=None)
        wanted = _wanted_changes(row, completed, campaign) or _is_known_after_all(row, completed)
        if row.finished and wanted and is_here(environment, row):
            return completed.with_event(now, what).reopened(now, now + DELIVERY_LEASE, "New facts came.")
        if not row.finished:
            return completed
        return replace(completed, due_at=next_check(completed) or (row.due_at if is_open(completed) else None))

    return environment.referrals.update(campaign_id, person.user_id, complete)


def _without_erased_referrer(environment: Environment, campaign_id: int, person: Person) -> Person:
    """Who was invited by somebody who is erased tells their name, address and link again."""
    referrer = person.referrer
    if not any((referrer.first_name, referrer.email, referrer.code, referrer.url)) or not environment.erasures.anybody:
        return person
    row = environment.referrals.find(campaign_id, referrer.user_id) if referrer.user_id else None
    if (row is not None and row.forgotten) or environment.erasures.erased_at(referrer.email) is not None:
        return replace(person, referrer=referrer.nameless())
    return person


def _is_known_after_all(before: Referral, after: Referral) -> bool:
    """Whether nothing was written only because Referral Factory did not know the signup, and now it does."""
    return before.state is State.FAILED and before.confirm_since is not None and after.is_confirmed


def _wanted_changes(before: Referral, after: Referral, campaign: Campaign | None) -> bool:
    """Whether new facts change what the contact should be. Known and erased people stay as they are. So do skipped ones, unless
    the settings of the other audience skipped them."""
    is_skipped = before.state is State.SKIPPED and before.audience is after.audience
    left_alone = is_skipped or before.state in {State.KNOWN, State.ERASED}
    return campaign is not None and not left_alone and wants_differ(campaign, before, after)
