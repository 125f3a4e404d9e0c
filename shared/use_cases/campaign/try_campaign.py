"""Send a made-up person through a campaign by our own webhook, and take the person back: the row here and the contact that
was created for it. It is never reported to Referral Factory."""

from __future__ import annotations

from dataclasses import asdict, replace

from shared.domain.person import Person, fold_email, is_deliverable
from shared.domain.signup.referral import Referral
from shared.domain.signup.referral_filter import ReferralFilter
from shared.domain.signup.synthetic import Trial
from shared.domain.timing import DELIVERY_LEASE
from shared.errors import (
    ConflictError,
    ContactGoneError,
    InvalidSettingsError,
    LedgerTooLargeError,
    PermanentError,
    TransientError,
)
from shared.observability import logger
from shared.ports.operations import Change
from shared.use_cases.connection.find_connection import find_connection
from shared.use_cases.contact.contact_of_row import address_of, in_workspace, is_in_doubt
from shared.use_cases.environment import Environment
from shared.use_cases.leases import leased
from shared.use_cases.signup.our_own import find_trial, trial_name

COMES_WITHIN = 600.0
"""Seconds after which a webhook that nobody has seen counts as lost."""


def begin_trial(environment: Environment, who: str, campaign_id: int, person: Person) -> Trial:
    """The person signs up. Raises InvalidSettingsError, NotFoundError without the campaign's settings, ConflictError while one
    is under way, PermanentError when our own address refuses the webhook, and TransientError; then it may have come."""
    environment.campaigns.get(campaign_id)
    email = fold_email(person.email or "")
    if not is_deliverable(email) or "+" not in email.partition("@")[0]:
        text = "Use an address of your own with a plus in it, such as you+test@example.com, so that no real person is met."
        raise InvalidSettingsError([("person.email", text)])
    if find_trial(environment, campaign_id).email:
        raise ConflictError("A made-up person is in this campaign already. Take that one back first.")
    if environment.referral_search.search(ReferralFilter(email=email), 1).items:
        raise ConflictError("Somebody signed up with this address already. Use another one.")
    trial = Trial.of(person, environment.clock.now(), who)
    environment.progresses.save(trial_name(campaign_id), asdict(trial))
    environment.audit.add(Change(trial.began_at, who, f"Sent a made-up person through campaign {campaign_id}."))
    if not environment.post_signup(campaign_id, replace(person, user_id=trial.user_id)):
        environment.progresses.save(trial_name(campaign_id), asdict(replace(trial, email="")))
        raise PermanentError(
            "The application's own webhook address refused the made-up person, so Referral Factory's webhooks are probably "
            "refused too. Whoever runs the application checks the address of the console and the webhook secret."
        )
    return trial


def take_back_trial(environment: Environment, who: str, campaign_id: int) -> bool:
    """Whether a contact was deleted with it. One that was there before, or that has another address by now, stays. Safe to
    press twice. Raises ConflictError while nobody is there or the person has not come yet, and what the Intercom port raises;
    then nothing is forgotten."""
    trial = find_trial(environment, campaign_id)
    if not trial.email:
        raise ConflictError("There is no made-up person in this campaign.")
    row = environment.referrals.find(campaign_id, trial.user_id)
    if row is None and environment.clock.now() - trial.began_at < COMES_WITHIN:
        raise ConflictError("The made-up person has not come yet. Wait a few seconds, then take it back.")
    if row is None or row.forgotten or (row.contact_id is None and not _is_connected(environment)):
        deleted = False
        _erase(environment, trial.email)
    else:
        deleted = _delete_contact(environment, row, trial)
    environment.progresses.save(trial_name(campaign_id), asdict(replace(trial, email="")))
    what = f"Took the made-up person of campaign {campaign_id} back{', with its contact in Intercom' if deleted else ''}."
    environment.audit.add(Change(environment.clock.now(), who, what))
    return deleted


def _delete_contact(environment: Environment, row: Referral, trial: Trial) -> bool:
    """Under the lease, so that no worker is at it; it is erased before the lease ends, so that none begins."""
    environment.intercom_guard.check()
    connection = find_connection(environment)
    with leased(environment, connection.workspace_id, address_of(row), DELIVERY_LEASE) as record:
        row = in_workspace(environment.referrals.get(row.campaign_id, row.user_id), connection.workspace_id)
        if is_in_doubt(record, row):
            raise TransientError("Intercom has not answered yet whether it created the contact.", retry_after=60.0)
        deleted = record.created_for == row.key and record.contact_id is not None
        if deleted and record.contact_id is not None:
            intercom = environment.intercom(connection)
            try:
                deleted = fold_email(intercom.get_contact(record.contact_id).email) == trial.email
                if deleted:
                    intercom.delete_contact(record.contact_id)
            except ContactGoneError:
                deleted = True
        _erase(environment, trial.email)
    return deleted


def _is_connected(environment: Environment) -> bool:
    connection = environment.connections.find()
    return connection is not None and connection.connected


def _erase(environment: Environment, email: str) -> None:
    """Here. Where the ledger is too large to be read now, reconcile goes on with it."""
    now = environment.clock.now()
    environment.erasures.request(email, now)
    try:
        environment.erasures.erase(email, now, environment.time_left)
    except LedgerTooLargeError:
        logger.info("made-up person is erased later")
