"""Make the contact match a row, and store what came of it."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.campaign.campaign import Campaign
from shared.domain.campaign.rule import rule_of
from shared.domain.person import fold_email
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import KnownPerson, Referral, State
from shared.domain.timing import DELIVERY_LEASE
from shared.errors import TransientError
from shared.messages import DeliverContact, QualifyReferral
from shared.observability import logger
from shared.ports.signup import Pointer
from shared.use_cases.connection.find_connection import find_connection
from shared.use_cases.contact.wanted_contact import qualifiable_states, wanted_of, wants_differ
from shared.use_cases.contact.write_contact import ContactWriter, Outcome
from shared.use_cases.environment import Environment
from shared.use_cases.signup.check_delivered import next_check
from shared.use_cases.signup.note_signup import remind_referrer

LATE = 1_800.0
"""Seconds from the webhook to the contact: the promise."""


def write_signup(environment: Environment, row: Referral, campaign: Campaign, email: str) -> None:
    """Under the person's lease: the contact, and then the row's outcome. ``email`` is folded. Raises what the ports raise."""
    breaker = environment.intercom_guard.check()
    connection = find_connection(environment)
    person = environment.people.lease(
        connection.workspace_id, email, environment.chance.token(), environment.clock.now(), DELIVERY_LEASE
    )
    try:
        row = environment.referrals.get(row.campaign_id, row.user_id)
        if row.finished:
            return
        if fold_email(row.person.email or "") != email:  # reported since the lease was asked for
            raise TransientError("The e-mail address changed meanwhile.", retry_after=1.0)
        if row.delivered_at is None or fold_email(str(row.written.get("email") or "")) != email:
            environment.referrals.point(Pointer(connection.workspace_id, email=email), row.campaign_id, row.user_id)
        settings = campaign.audience(row.audience)
        wanted = wanted_of(row, campaign, settings, email, connection.timezone)
        environment.intercom_guard.take_try(breaker)
        outcome = ContactWriter(
            environment.intercom(connection),
            environment.people,
            environment.clock,
            _seeded(person, row),
            wanted,
            environment.time_left,
        ).write()
        if outcome.what is Happened.CREATED:
            environment.intercom_guard.created()
        if outcome.contact_id and (row.delivered_at is None or outcome.contact_id != row.contact_id):
            pointer = Pointer(connection.workspace_id, contact_id=outcome.contact_id)
            environment.referrals.point(pointer, row.campaign_id, row.user_id)
        if outcome.contact_id and row.delivered_at is None:
            remind_referrer(environment, row)
        _prepare_qualification(environment, row, campaign, outcome)
        _record(environment, row, campaign, outcome)
    finally:
        _release(environment, person)


def _prepare_qualification(environment: Environment, row: Referral, campaign: Campaign, outcome: Outcome) -> None:
    """Before the outcome is stored: what the delivery itself saw of the tracked attribute."""
    rule = rule_of(campaign)
    if rule is None or row.delivered_at is not None or outcome.state not in qualifiable_states(row, campaign):
        return
    if any(rule.matches(value) for value in (outcome.baseline, *outcome.standing.values())) and not campaign.watches_departures:
        environment.campaigns.watch_departures(campaign.campaign_id)
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


def _release(environment: Environment, person: KnownPerson) -> None:
    """A lease that cannot be given back ends by itself; that never costs the delivery."""
    try:
        environment.people.release(person)
    except TransientError:
        logger.warning("lease not released")


def _seeded(person: KnownPerson, row: Referral) -> KnownPerson:
    """The row's own contact, when the e-mail is new: the person changed it, the contact is the same. One that was erased
    after this row's delivery stays erased."""
    if person.contact_id or row.contact_id is None or row.state is State.ERASED:
        return person
    if person.erased_at is not None and (row.delivered_at or row.accepted_at) <= person.erased_at:
        return person
    return replace(person, contact_id=row.contact_id, ours=bool(row.written))


def _record(environment: Environment, row: Referral, campaign: Campaign, outcome: Outcome) -> None:
    now = environment.clock.now()
    first = row.delivered_at is None and outcome.contact_id is not None and outcome.state is not State.FAILED

    def change(fresh: Referral) -> Referral:
        done = replace(
            fresh.done(outcome.state, outcome.reason),
            contact_id=outcome.contact_id or fresh.contact_id,
            dropped=outcome.dropped,
            notes=outcome.notes,
            written={**fresh.written, **outcome.written},
            baseline=outcome.baseline if first else fresh.baseline,
            baseline_at=outcome.baseline_at if first else fresh.baseline_at,
            standing=outcome.standing if first else fresh.standing,
            settings_version=campaign.version,
            delivered_at=now if first else fresh.delivered_at,
            attempts=0,
        ).told(now, outcome.what, outcome.reason)
        done = replace(done, settle_since=outcome.settle_since or fresh.settle_since)
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
    if first:
        environment.metrics.gauge("DeliverySeconds", now - row.accepted_at)
        if now - row.accepted_at > LATE:
            environment.metrics.count("LateDelivery")
