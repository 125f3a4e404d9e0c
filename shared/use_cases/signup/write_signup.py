"""Make the contact match a row, and store what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from shared.domain.campaign.campaign import Campaign
from shared.domain.campaign.rule import rule_of
from shared.domain.connection.connection import Breaker, Connection
from shared.domain.contact import Value
from shared.domain.operations.figures import LATE
from shared.domain.person import Audience, fold_email
from shared.domain.qualification.verdict import may_qualify
from shared.domain.signup.happened import Happened
from shared.domain.signup.person_record import PersonRecord
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.domain.timing import DELIVERY_LEASE
from shared.errors import TransientError
from shared.messages import DeliverContact, QualifyReferral
from shared.observability import logger
from shared.ports.signup import Pointer
from shared.use_cases.connection.find_connection import find_connection
from shared.use_cases.contact.contact_of_row import (
    address_of,
    in_workspace,
    is_in_doubt,
    with_contact_of,
    without_contact,
)
from shared.use_cases.contact.wanted_contact import wanted_of, wants_differ
from shared.use_cases.contact.write_attempt import Outcome, UnconfirmedError
from shared.use_cases.contact.write_contact import ContactWriter
from shared.use_cases.environment import Environment
from shared.use_cases.leases import leased
from shared.use_cases.signup.await_confirmation import GUESSED, await_confirmation, is_guessed, may_create, may_write
from shared.use_cases.signup.check_delivered import next_check
from shared.use_cases.signup.note_signup import remind_referrer

WRITTEN = frozenset({Happened.CREATED, Happened.UPDATED})


def write_signup(environment: Environment, row: Referral, campaign: Campaign, email: str) -> None:
    """Under the person's lease: the contact, and then the row's outcome. ``email`` is folded. Raises what the ports raise.

    The lease of the address under which the contact is comes first, also when the person has another address by now."""
    breaker = environment.intercom_guard.check()
    connection = find_connection(environment)
    workspace_id = connection.workspace_id
    write = partial(_write, environment, connection, breaker, campaign)
    address = address_of(in_workspace(row, workspace_id)) or email
    with leased(environment, workspace_id, address, DELIVERY_LEASE) as person:
        environment.read_ahead_of_write(row.campaign_id, row.user_id)
        row = in_workspace(environment.referrals.get(row.campaign_id, row.user_id), workspace_id)
        if row.finished:
            return
        if fold_email(row.person.email or "") != email or address_of(row) != address:  # reported since the lease was asked for
            raise TransientError("The e-mail address changed meanwhile.", retry_after=1.0)
        if address == email:
            write(row, email, with_contact_of(person, row))
        elif is_in_doubt(person, row):  # first the create that was begun; the new address is written to its contact
            row = replace(row, person=replace(row.person, email=address))
            write(row, address, person)
        else:
            with leased(environment, workspace_id, email, DELIVERY_LEASE) as new:
                write(row, email, with_contact_of(new, row, person), person)


def _write(
    environment: Environment,
    connection: Connection,
    breaker: Breaker | None,
    campaign: Campaign,
    row: Referral,
    email: str,
    person: PersonRecord,
    before: PersonRecord | None = None,
) -> None:
    """``before``: what is known of the address that the row's contact had until now."""
    wanted = wanted_of(row, campaign, campaign.audience(row.audience), email, connection.timezone)
    confirmed = may_write(environment, row)
    wanted = replace(wanted, confirmed=confirmed, may_create=confirmed or may_create(environment, campaign))
    environment.intercom_guard.take_try(breaker)
    writer = ContactWriter(
        environment.intercom(connection),
        environment.people,
        environment.clock,
        person,
        wanted,
        environment.time_left,
        partial(_keep, environment, row),
    )
    try:
        outcome = writer.write()
    except UnconfirmedError:
        await_confirmation(environment, row, campaign)
        return
    if outcome.what in {Happened.CREATED, Happened.UPDATED}:
        environment.intercom_guard.wrote()
    if before is not None and _has_moved(row, outcome, email, before):
        environment.people.save(writer.person)
        environment.people.save(without_contact(before))
    if outcome.contact_id and (row.delivered_at is None or outcome.contact_id != row.contact_id):
        pointer = Pointer(connection.workspace_id, contact_id=outcome.contact_id)
        environment.referrals.point(pointer, row.campaign_id, row.user_id)
    if outcome.contact_id and row.delivered_at is None:
        remind_referrer(environment, row, connection.workspace_id)
    if outcome.state is State.SKIPPED and row.written:
        outcome = replace(outcome, state=State.DELIVERED)  # it was delivered once; the contact that it has now is left alone
    _prepare_qualification(environment, row, campaign, outcome)
    _record(environment, row, campaign, outcome, connection.workspace_id, email)


def _keep(environment: Environment, row: Referral, contact_id: str, before: Mapping[str, Value]) -> None:
    """Stored before the write, or a worker's death would lose it."""
    environment.referrals.update(row.campaign_id, row.user_id, lambda fresh: fresh.overwrites(contact_id, before))


def _has_moved(row: Referral, outcome: Outcome, email: str, before: PersonRecord) -> bool:
    """Whether the row's contact has the new address now; Intercom may have refused it."""
    there = fold_email(str(outcome.written.get("email") or ""))
    return row.contact_id is not None and row.contact_id == outcome.contact_id == before.contact_id and there == email


def _prepare_qualification(environment: Environment, row: Referral, campaign: Campaign, outcome: Outcome) -> None:
    """Before the outcome is stored: what the delivery itself saw of the tracked attribute."""
    rule = rule_of(campaign)
    if rule is None or row.delivered_at is not None or row.audience is not Audience.PERSON_INVITED:
        return
    if not may_qualify(replace(row, state=outcome.state, ours=outcome.ours), campaign):
        return
    now = environment.clock.now()
    if any(map(rule.matches, (outcome.baseline, *outcome.standing.values()))) and not campaign.watches_since_lately(now):
        environment.campaigns.watch_departures(campaign.campaign_id, now)
    moved = outcome.moved
    if moved is not None and rule.matches(moved.value(rule.attribute)):
        environment.qualification_queue.send(
            QualifyReferral(
                topic="delivered",
                received_at=environment.clock.now(),
                contact_id=moved.id,
                values={rule.attribute: moved.value(rule.attribute)},
                updated_at=float(moved.updated_at),
                campaign_id=row.campaign_id,
                user_id=row.user_id,
            )
        )


def _record(
    environment: Environment, row: Referral, campaign: Campaign, outcome: Outcome, workspace_id: str, email: str
) -> None:
    now = environment.clock.now()
    first = row.delivered_at is None and outcome.contact_id is not None and outcome.state is not State.FAILED
    refused = any(drop.attribute == "email" for drop in outcome.dropped)
    elsewhere = False

    def change(fresh: Referral) -> Referral:
        nonlocal elsewhere
        here = in_workspace(fresh, workspace_id)
        elsewhere, fresh = fresh.delivered_at is not None and here.delivered_at is None, here
        done = replace(
            fresh.done(outcome.state, outcome.reason),
            contact_id=outcome.contact_id or fresh.contact_id,
            dropped=outcome.dropped,
            notes=(*outcome.notes, *([GUESSED] if is_guessed(row, campaign) else [])),
            written={**fresh.written, **outcome.written},
            baseline=outcome.baseline if first else fresh.baseline,
            baseline_at=outcome.baseline_at if first else fresh.baseline_at,
            standing=outcome.standing if first else fresh.standing,
            settings_version=campaign.version,
            delivered_at=now if first else fresh.delivered_at,
            attempts=0,
            asked_again=False,
            ours=outcome.ours if outcome.contact_id else fresh.ours,
            address=fresh.address if refused else email,
            workspace_id=workspace_id,
        ).with_event(now, outcome.what, outcome.reason)
        done = replace(done, settle_since=outcome.settle_since or fresh.settle_since).looking(now)
        if row.confirm_since is not None and not fresh.is_confirmed and outcome.what in WRITTEN:
            done = replace(done, unverified=True, confirm_since=None).with_event(now, Happened.UNCONFIRMED)
        if wants_differ(campaign, row, fresh):
            return done.waiting(now + DELIVERY_LEASE, "New facts came while the contact was written.")
        return replace(done, due_at=next_check(done))

    stored = environment.referrals.update(row.campaign_id, row.user_id, change)
    if not stored.finished:
        environment.delivery_queue.send(DeliverContact(row.campaign_id, row.user_id, "new facts", now))
    logger.info(
        "contact delivered", outcome=outcome.what, state=outcome.state, campaign_id=row.campaign_id, user_id=row.user_id
    )
    environment.metrics.count(f"Contact{outcome.what.capitalize()}")
    if _is_ours_to_mend(outcome, campaign.creation_values(row.audience)):
        environment.metrics.count("AttributeLeftOut")
    if first and not elsewhere:
        environment.metrics.gauge("DeliverySeconds", now - row.waits_since)
        if now - row.waits_since > LATE:
            environment.metrics.count("LateDelivery")


def _is_ours_to_mend(outcome: Outcome, creation_values: Mapping[str, Value]) -> bool:
    """Whether something was left out that no person's own value caused: an attribute that Intercom does not have, or a value of
    the campaign's settings."""
    return any(drop.absent or drop.attribute in creation_values for drop in outcome.dropped)
