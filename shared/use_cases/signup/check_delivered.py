"""What is looked at after a delivery: is the contact alone, does Intercom take now what was left out, and does Referral
Factory know the person at all?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.domain.contact import Contact
from shared.domain.person import fold_email
from shared.domain.signup.happened import Happened
from shared.domain.signup.reconcile import Order
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import Origin
from shared.domain.timing import SEARCH_SURE
from shared.errors import PermanentError
from shared.observability import logger
from shared.use_cases.connection.find_connection import find_connection
from shared.use_cases.contact.merge_lead import merge_lead
from shared.use_cases.environment import Environment
from shared.use_cases.signup.await_confirmation import count_unknown
from shared.use_cases.signup.look_again import look_again
from shared.use_cases.signup.reconcile_progress import USERS_PROGRESS, progress_of

CHECKED_TOGETHER = 15
"""Rows of one search: as many filters as a group may have, https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/searchcontacts."""
VERIFY_AFTER = 3_600.0
"""Seconds from a webhook until reconcile must have found its person in Referral Factory's list."""
VERIFY_AGAIN_AFTER = 1_800.0
DOUBLED_AGAIN_AFTER = 86_400.0
"""Seconds between two looks at whether somebody has merged what is possibly doubled."""
LOOKED_FOR = 30 * 86_400.0
"""Seconds after which nobody looks any more."""


DOUBLED = "possibly_doubled"
ON_TIME = 60.0
"""Seconds from the webhook in which a delivery ends as a rule. Such a row is looked at by its age (``check_by_age``), any other
at a time of its own."""
OF_AGE_TO_SETTLE = ON_TIME + SEARCH_SURE
OF_AGE_TO_VERIFY = ON_TIME + VERIFY_AFTER
SETTLES, VERIFIES = BY_AGE = ("of age to settle", "of age to verify")
"""The events of messages whose rows are looked at by their age."""


def next_check(row: Referral) -> float | None:
    """When a finished row is to be looked at again at a time of its own, in epoch seconds; None when all is known, or is looked
    at by age."""
    times = []
    if row.settle_since is not None and not settles_by_age(row):
        times.append(_settles_at(row))
    if row.look_at is not None:
        times.append(row.look_at)
    if _is_unverified(row) and not verifies_by_age(row):
        times.append(row.waits_since + VERIFY_AFTER)
    return min(times, default=None)


def settles_by_age(row: Referral) -> bool:
    """Whether the contacts with the e-mail are counted when the row comes of age. ``settle_since`` then stays as it is."""
    return row.finished and row.settle_since is not None and row.settle_at is None and _is_on_time(row)


def verifies_by_age(row: Referral) -> bool:
    return row.finished and _is_unverified(row) and _is_on_time(row)


def is_open(row: Referral) -> bool:
    """Whether something is to be looked at, be it by age or at a time of the row's own."""
    return row.settle_since is not None or row.look_at is not None or _is_unverified(row)


def check_delivered(environment: Environment, row: Referral, also: Sequence[tuple[int, int]] = (), event: str = "") -> None:
    """Does what is due on a finished row, and on the others with it, or what a message's ``event`` says; nothing when nothing
    is. Raises what the Intercom port raises: the others are then enqueued again, or with the same message."""
    rows = [row, *environment.referrals.find_all(also).values()] if also else [row]
    rows = [one for one in rows if one.finished and (event in BY_AGE or one.due_at is not None)]
    to_settle = [one for one in rows if event != VERIFIES and _settles(environment, one)]
    settled = _settle(environment, to_settle, by_age=event == SETTLES)
    for one in rows:
        after = settled.get((one.campaign_id, one.user_id), one)
        if after.look_at is not None and environment.clock.now() >= after.look_at:
            after = look_again(environment, after, next_check)
        if _is_unverified(after) and environment.clock.now() >= after.waits_since + VERIFY_AFTER:
            _verify(environment, after)


def _settles(environment: Environment, row: Referral) -> bool:
    return row.settle_since is not None and environment.clock.now() >= _settles_at(row)


def _settles_at(row: Referral) -> float:
    first = (row.delivered_at or row.accepted_at) + SEARCH_SURE
    return first if row.settle_at is None else max(first, row.settle_at)


def put_off(environment: Environment, keys: Sequence[tuple[int, int]], until: float) -> None:
    """What came of age and could not be looked at gets a time of its own. Raises TransientError."""
    for campaign_id, user_id in keys:
        environment.referrals.update(campaign_id, user_id, lambda row: replace(row, due_at=until) if _waits(row) else row)


def _waits(row: Referral) -> bool:
    return row.finished and row.due_at is None and is_open(row)


def _settle(environment: Environment, rows: Sequence[Referral], *, by_age: bool) -> dict[tuple[int, int], Referral]:
    """One search for all: whose new contact is not the only one with the e-mail raises an alarm."""
    if not rows:
        return {}
    environment.intercom_guard.admit()
    intercom, emails = environment.intercom(), [fold_email(row.person.email or "") for row in rows]
    try:
        hits = intercom.search_by_email(*emails)
    except PermanentError:
        if len(rows) == 1:
            raise
        if by_age:
            put_off(environment, [(row.campaign_id, row.user_id) for row in rows[1:]], environment.clock.now())
        rows, hits = rows[:1], intercom.search_by_email(emails[0])  # one of them is refused: which, shows when it is the first
    environment.metrics.count("SettleSearched")
    by_email: dict[str, list[Contact]] = {}
    for hit in hits:
        by_email.setdefault(fold_email(hit.email), []).append(hit)
    return {
        (row.campaign_id, row.user_id): _settled(
            environment, row, by_email.get(fold_email(row.person.email or ""), []), by_age=by_age
        )
        for row in rows
    }


def _settled(environment: Environment, row: Referral, hits: Sequence[Contact], *, by_age: bool) -> Referral:
    now = environment.clock.now()
    fresh = [hit for hit in hits if row.settle_since is not None and hit.created_at >= row.settle_since]
    doubled = bool(fresh) and len(hits) > 1
    if by_age and not doubled and settles_by_age(row):
        return row  # as nearly all: nothing is written
    is_gone = row.possibly_doubled and all(hit.id != row.contact_id for hit in hits)
    merged = refusal = ""
    if (doubled or is_gone) and DOUBLED not in row.dealt_with:
        merged, refusal = merge_lead(environment, find_connection(environment), row, hits)
    doubled = doubled and not merged

    def change(current: Referral) -> Referral:
        if current.settle_since is None or not current.finished:
            return current
        closed = DOUBLED in current.dealt_with or now - current.settle_since > LOOKED_FOR
        if doubled and not closed:
            settled = replace(current, possibly_doubled=True, settle_at=now + DOUBLED_AGAIN_AFTER)
        else:
            settled = replace(current, settle_since=None, settle_at=None, possibly_doubled=doubled)
        settled = replace(settled, due_at=next_check(settled))
        if merged:
            return settled.with_event(now, Happened.MERGING, merged)
        if refusal and all(event.detail != refusal for event in settled.history):
            settled = settled.with_event(now, Happened.NOT_MERGED, refusal)
        if doubled is current.possibly_doubled:
            return settled
        if doubled:
            return settled.with_event(now, Happened.POSSIBLY_DOUBLED, ", ".join(hit.id for hit in hits))
        return settled.with_event(now, Happened.NO_LONGER_DOUBLED)

    if doubled and not row.possibly_doubled:
        environment.metrics.count("PossiblyDoubled")
        logger.error(
            "contact possibly doubled", campaign_id=row.campaign_id, user_id=row.user_id, contact_ids=[hit.id for hit in hits]
        )
    return environment.referrals.update(row.campaign_id, row.user_id, change)


def _verify(environment: Environment, row: Referral) -> None:
    """An hour after its webhook Referral Factory's list still lacks the person: an invented signup, or a deleted one."""
    now = environment.clock.now()
    progress = progress_of(environment.progresses.find(USERS_PROGRESS))
    # The newest end of the list no longer holds who signed up long before a release, nor whom a pass left to the scan.
    whole = progress.order is Order.UNKNOWN or progress.scan_page or row.waits_since - row.accepted_at > VERIFY_AFTER
    read_since = (progress.scanned_at if whole else progress.succeeded_at) > row.waits_since

    def change(current: Referral) -> Referral:
        if not _is_unverified(current) or not current.finished:
            return current
        if not read_since:
            return replace(current, due_at=now + VERIFY_AGAIN_AFTER)
        flagged = replace(current, unverified=True)
        flagged = replace(flagged, due_at=next_check(flagged))
        return flagged.with_event(now, Happened.UNVERIFIED, "Referral Factory's list does not hold this person.")

    after = environment.referrals.update(row.campaign_id, row.user_id, change)
    if after.unverified and not row.unverified:
        count_unknown(environment, row)


def _is_unverified(row: Referral) -> bool:
    by_webhook = row.origin is Origin.WEBHOOK and not row.synthetic
    return by_webhook and row.verified_at is None and not row.unverified and row.contact_id is not None


def _is_on_time(row: Referral) -> bool:
    return row.promised_at is None and (row.delivered_at or row.accepted_at) <= row.accepted_at + ON_TIME
