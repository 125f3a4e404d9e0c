"""Deliver one signup: the ledger row first, then the contact.

It never waits for Referral Factory: what the webhook did not bring, the next reconcile pass adds.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from shared.domain.campaign import Action, AudienceSettings, Campaign, Status
from shared.domain.connection import Connection, Vendor
from shared.domain.contact import Value
from shared.domain.mapping import map_facts
from shared.domain.person import Audience, Person, fold_email, is_deliverable
from shared.domain.qualification import rule_of
from shared.domain.referral import IN_INTERCOM, Event, KnownPerson, Origin, Referral, State
from shared.errors import ConnectionLostError, MalformedPayloadError, PermanentError, TransientError, UnavailableError
from shared.messages import DeliverContact, QualifyReferral, ReconcileCampaigns
from shared.observability import logger
from shared.ports.referrers import Referrers, Rewards
from shared.ports.repositories import (
    Campaigns,
    Connections,
    DueRow,
    People,
    Pointer,
    Progresses,
    Quarantine,
    Quarantined,
    Referrals,
    SyncMembers,
)
from shared.ports.services import Chance, Clock, Intercom, MessageQueue, Metrics, PersonReader, RewardReader
from shared.use_cases.check_delivered import check_delivered, next_check
from shared.use_cases.guard_vendor import VendorGuard
from shared.use_cases.note_signup import note_signup, remind_referrer
from shared.use_cases.write_contact import ContactWriter, Outcome, Wanted

LEASE = 75.0
"""Seconds that a person's lease holds: the function's time-out (45 s) and 30 s."""
RESCUE_AFTER = LEASE
"""Seconds after which the sweep rings a row whose worker did not come back."""
NEARLY = 5.0
"""Seconds by which a row's time may be off without being moved."""
HELD_UNCONFIGURED = 30 * 86_400.0
"""Seconds that a signup of a campaign nobody configured is held."""
HURRIES_AFTER = 1_200.0
"""Seconds of the thirty minutes after which a failed try is repeated within seconds."""
LATE = 1_800.0
"""Seconds from the webhook to the contact: the promise."""


class Delivering(Protocol):
    """What delivering needs of the environment."""

    @property
    def clock(self) -> Clock: ...
    @property
    def chance(self) -> Chance: ...
    @property
    def metrics(self) -> Metrics: ...
    @property
    def campaigns(self) -> Campaigns: ...
    @property
    def referrals(self) -> Referrals: ...
    @property
    def people(self) -> People: ...
    @property
    def sync_members(self) -> SyncMembers: ...
    @property
    def quarantine(self) -> Quarantine: ...
    @property
    def connections(self) -> Connections: ...
    @property
    def progresses(self) -> Progresses: ...
    @property
    def reconcile_queue(self) -> MessageQueue: ...
    @property
    def qualification_queue(self) -> MessageQueue: ...
    @property
    def referrer_queue(self) -> MessageQueue: ...
    @property
    def referrers(self) -> Referrers: ...
    @property
    def rewards(self) -> Rewards: ...
    @property
    def read_reward(self) -> RewardReader: ...
    @property
    def read_person(self) -> PersonReader: ...
    @property
    def intercom_guard(self) -> VendorGuard: ...
    def intercom(self, connection: Connection | None = None) -> Intercom: ...
    def time_left(self) -> float: ...


class Delivery:
    """One attempt at one message. ``shared.runtime.batch`` runs it and turns its errors into waits and reasons."""

    def __init__(self, environment: Delivering, message: DeliverContact) -> None:
        self._environment = environment
        self._message = message
        self._row: Referral | None = None
        self._campaign: Campaign | None = None

    def prepare(self) -> None:
        """The ledger row first. A batch prepares all its records before the first vendor call, so that should its worker
        die, the sweep rings each row before the queue would show the messages again. Raises as ``run`` does."""
        self._campaign = self._environment.campaigns.find(self._message.campaign_id)
        self._row = _row_of(self._environment, self._message, self._campaign)
        self._keep_sweep_away()

    def run(self) -> None:
        """After ``prepare``. Raises TransientError, ConnectionLostError and PermanentError."""
        environment, row, campaign = self._environment, self._row, self._campaign
        if row is None:
            return
        note_signup(environment, campaign, row, self._message)
        if row.finished:
            check_delivered(environment, row, [(campaign_id, user_id) for campaign_id, user_id in self._message.also or ()])
            return
        email = fold_email(row.person.email or "")
        if campaign is not None and campaign.status is Status.ACTIVE and _brought_by_sync(environment, row, email):
            return
        if campaign is None or campaign.status is not Status.ACTIVE or _not_for_intercom(row, campaign):
            _put_aside(environment, row, campaign)
            return
        if not is_deliverable(email):
            raise PermanentError("There is no e-mail address." if not email else "No mail system takes this e-mail address.")
        try:
            _write(environment, row, campaign, email)
        except UnavailableError as error:
            self._tell_of_try(error)
            raise

    def _tell_of_try(self, error: UnavailableError) -> None:
        """The vendor's answer becomes a line of the story, also when the next try comes within seconds."""
        if error.vendor != Vendor.INTERCOM:
            return
        now = self._environment.clock.now()
        try:
            self._update(lambda row: row if row.finished else row.told(now, "tried", str(error)))
        except TransientError:
            logger.warning("try not told")  # the story has a gap; the failure itself counts

    def _keep_sweep_away(self) -> None:
        """Of a row that is tried again the time is moved: the sweep rings it soon should this worker die, and not while the
        message waits in the queue for its next try."""
        row, due_at = self._row, self._environment.clock.now() + RESCUE_AFTER
        if row is None or row.state is not State.PENDING or row.due_at is None or abs(row.due_at - due_at) < NEARLY:
            return
        try:
            self._environment.referrals.ring(DueRow(row.due_at, row.campaign_id, row.user_id), due_at)
        except TransientError as error:
            logger.info("row's time not moved", code=error.code)  # rung too early or late, but rung

    @property
    def hurries(self) -> bool:
        """Whether the promised time is nearly over, or was over in an outage."""
        row = self._row
        return row is not None and not row.finished and self._environment.clock.now() - row.accepted_at > HURRIES_AFTER

    @property
    def waits_so_far(self) -> int:
        """How often the row has waited in the ledger since it last went well."""
        return self._row.attempts if self._row else 0

    def wait(self, until: float, reason: str) -> bool:
        """Lets the ledger ring the row at ``until``; False when there is no row yet, so that only the queue can wait."""
        if self._row is None:
            return False

        def change(row: Referral) -> Referral:
            if row.finished:
                return replace(row, due_at=until) if row.settle_since is not None else row
            waiting = replace(row.waiting(until, reason), attempts=row.attempts + 1)
            return waiting.told(self._environment.clock.now(), "waits", reason)

        self._update(change)
        return True

    def fail(self, reason: str) -> None:
        """Closes the row with the reason; what belongs to no row is quarantined."""
        now = self._environment.clock.now()
        if self._row is None:
            self._quarantine(reason)
            return

        def change(row: Referral) -> Referral:
            if row.finished:
                return replace(row, settle_since=None, due_at=None, notes=(*row.notes, reason))
            return row.done(State.FAILED, reason).told(now, "failed", reason)

        self._update(change)
        self._environment.metrics.count("ContactFailed")

    def _update(self, change: Callable[[Referral], Referral]) -> None:
        if self._row is not None:
            self._environment.referrals.update(self._row.campaign_id, self._row.user_id, change)

    def _quarantine(self, reason: str) -> None:
        message = self._message
        body = json.dumps(message.fields, ensure_ascii=True).encode("ascii")
        self._environment.quarantine.add(
            Quarantined(
                id=message.id or self._environment.chance.token(),
                campaign_id=str(message.campaign_id),
                event=message.event,
                reason=reason,
                content_type="application/json",
                body=base64.b64encode(body).decode("ascii"),
                received_at=message.received_at,
            )
        )
        self._environment.metrics.count("SignupQuarantined")


# -- the ledger row first ---------------------------------------------------------------------------------------------


def _row_of(environment: Delivering, message: DeliverContact, campaign: Campaign | None) -> Referral | None:
    """The row, written or completed with what the message tells; None when there is nothing to deliver."""
    if message.fields is None:
        if message.user_id is None:
            raise MalformedPayloadError("the message names nobody")
        row = environment.referrals.find(message.campaign_id, message.user_id)
        return _reopened(environment, row) if row and message.replay else row
    person = environment.read_person(message.fields, campaign.aliases if campaign else {})
    if person is None:
        environment.reconcile_queue.send(ReconcileCampaigns(requested_at=environment.clock.now()))
        environment.metrics.count("WebhookWithoutUserId")
        return None
    row = remember_signup(
        environment,
        message.campaign_id,
        person,
        campaign,
        accepted_at=message.received_at,
        origin=Origin.WEBHOOK if message.event == "joined" else Origin.RECONCILE,
        what=f"webhook {message.event}",
    )
    if message.event == "qualified":
        told = QualifyReferral("qualified", message.received_at, campaign_id=row.campaign_id, user_id=row.user_id)
        environment.qualification_queue.send(told)
    return row


class Remembering(Protocol):
    """What writing a ledger row needs of the environment."""

    @property
    def clock(self) -> Clock: ...
    @property
    def referrals(self) -> Referrals: ...


def remember_signup(
    environment: Remembering,
    campaign_id: int,
    person: Person,
    campaign: Campaign | None,
    *,
    accepted_at: float,
    origin: Origin,
    what: str,
    verified_at: float | None = None,
) -> Referral:
    """Writes the row of a signup, or completes the one that is there; a finished row whose wanted values changed becomes
    pending again. ``verified_at``: when Referral Factory itself listed the person."""
    now = environment.clock.now()
    new = Referral(
        campaign_id=campaign_id,
        user_id=person.user_id,
        state=State.PENDING,
        person=person,
        accepted_at=min(accepted_at, now),
        origin=origin,
        due_at=now + RESCUE_AFTER,
        verified_at=verified_at,
        history=(Event(accepted_at, what),),
    )
    if environment.referrals.add(new):
        return environment.referrals.get(campaign_id, person.user_id)

    def complete(row: Referral) -> Referral:
        completed = replace(row.knowing(person, accepted_at), verified_at=row.verified_at or verified_at)
        if row.finished and _wanted_changes(row, completed, campaign):
            return completed.told(now, what).waiting(now + RESCUE_AFTER, "New facts came.")
        return replace(completed, due_at=next_check(completed)) if row.finished else completed

    return environment.referrals.update(campaign_id, person.user_id, complete)


def _wanted_changes(before: Referral, after: Referral, campaign: Campaign | None) -> bool:
    """Whether new facts change what the contact should be. Skipped, known and erased people stay as they are."""
    if campaign is None or before.state in {State.SKIPPED, State.KNOWN, State.ERASED}:
        return False
    if before.audience is not after.audience:
        return campaign.audience(after.audience).action is not Action.NONE
    if campaign.audience(after.audience).action is Action.NONE:
        return False
    return _mapped(campaign, before) != _mapped(campaign, after)


def _reopened(environment: Delivering, row: Referral) -> Referral:
    now = environment.clock.now()
    return environment.referrals.update(
        row.campaign_id,
        row.user_id,
        lambda fresh: replace(fresh, attempts=0).told(now, "replay").waiting(now + RESCUE_AFTER, "Asked for again."),
    )


# -- rows that are not to be delivered now ----------------------------------------------------------------------------


def _not_for_intercom(row: Referral, campaign: Campaign) -> bool:
    return _joined_before(row, campaign) or campaign.audience(row.audience).action is Action.NONE


def _put_aside(environment: Delivering, row: Referral, campaign: Campaign | None) -> None:
    """Holds what must not be delivered yet, closes what never will be."""
    now = environment.clock.now()
    change: Callable[[Referral], Referral]
    if campaign is None:
        expires_at = row.expires_at or now + HELD_UNCONFIGURED

        def change(fresh: Referral) -> Referral:
            return replace(fresh.held("Nobody has configured this campaign yet."), expires_at=expires_at)

    elif campaign.status is not Status.ACTIVE:

        def change(fresh: Referral) -> Referral:
            return replace(fresh.held(f"The campaign is {campaign.status}."), expires_at=None)

    elif _joined_before(row, campaign):

        def change(fresh: Referral) -> Referral:
            return fresh.done(State.KNOWN, "Joined before the campaign was activated here.")

    else:

        def change(fresh: Referral) -> Referral:
            return fresh.done(State.NOT_WANTED, f"The campaign sends no {row.audience.replace('_', ' ')} to Intercom.")

    environment.referrals.update(row.campaign_id, row.user_id, change)


def _brought_by_sync(environment: Delivering, row: Referral, email: str) -> bool:
    """Whether our own sync added the person, who therefore comes from an Intercom contact: the row is finished with that
    contact, and nothing is written. The reservation tells, perhaps before our own answer is stored."""
    member = environment.sync_members.find(row.campaign_id, email) if email else None
    if member is None or not member.brought(row.person):
        return False
    contact_id, now = member.contact_id, environment.clock.now()
    environment.referrals.update(
        row.campaign_id,
        row.user_id,
        lambda fresh: replace(
            fresh.done(State.DELIVERED, "Added by the sync, from this contact."),
            contact_id=contact_id,
            delivered_at=fresh.delivered_at or now,
            attempts=0,
        ).told(now, "from sync"),
    )
    environment.metrics.count("ContactFromSync")
    return True


def _joined_before(row: Referral, campaign: Campaign) -> bool:
    """At or below the activation mark, and no webhook told us that they join."""
    mark = campaign.known_up_to
    return mark is not None and row.user_id <= mark and row.origin is not Origin.WEBHOOK and not campaign.backfill


# -- the contact ------------------------------------------------------------------------------------------------------


def _write(environment: Delivering, row: Referral, campaign: Campaign, email: str) -> None:
    breaker = environment.intercom_guard.check()
    connection = _connection(environment)
    person = environment.people.lease(
        connection.workspace_id, email, environment.chance.token(), environment.clock.now(), LEASE
    )
    try:
        row = environment.referrals.get(row.campaign_id, row.user_id)
        if row.finished:
            return
        if row.delivered_at is None or fold_email(str(row.written.get("email") or "")) != email:
            environment.referrals.point(Pointer(connection.workspace_id, email=email), row.campaign_id, row.user_id)
        settings = campaign.audience(row.audience)
        wanted = wanted_of(row, campaign, settings, email)
        environment.intercom_guard.take_try(breaker)
        outcome = ContactWriter(
            environment.intercom(connection),
            environment.people,
            environment.clock,
            _seeded(person, row),
            wanted,
            environment.time_left,
        ).write()
        if outcome.contact_id and (row.delivered_at is None or outcome.contact_id != row.contact_id):
            pointer = Pointer(connection.workspace_id, contact_id=outcome.contact_id)
            environment.referrals.point(pointer, row.campaign_id, row.user_id)
        if outcome.contact_id and row.delivered_at is None:
            remind_referrer(environment, row)
        _prepare_qualification(environment, row, campaign, outcome)
        _record(environment, row, campaign, outcome)
    finally:
        _release(environment, person)


def _prepare_qualification(environment: Delivering, row: Referral, campaign: Campaign, outcome: Outcome) -> None:
    """Before the outcome is stored: what the delivery itself saw of the tracked attribute."""
    rule = rule_of(campaign)
    if rule is None or row.delivered_at is not None or outcome.state not in _qualifiable(row, campaign):
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


def _release(environment: Delivering, person: KnownPerson) -> None:
    """A lease that cannot be given back ends by itself; that never costs the delivery."""
    try:
        environment.people.release(person)
    except TransientError:
        logger.warning("lease not released")


def _connection(environment: Delivering) -> Connection:
    connection = environment.connections.find()
    if connection is None:
        connection = environment.intercom().identify()
        environment.connections.save(connection)
    if not connection.connected:
        raise ConnectionLostError("Intercom is disconnected.", vendor=Vendor.INTERCOM)
    return connection


def _seeded(person: KnownPerson, row: Referral) -> KnownPerson:
    """The row's own contact, when the e-mail is new: the person changed it, the contact is the same. One that was erased
    after this row's delivery stays erased."""
    if person.contact_id or row.contact_id is None or row.state is State.ERASED:
        return person
    if person.erased_at is not None and (row.delivered_at or row.accepted_at) <= person.erased_at:
        return person
    return replace(person, contact_id=row.contact_id, ours=bool(row.written))


def _mapped(campaign: Campaign, row: Referral) -> dict[str, Value]:
    return map_facts(row.person, campaign.campaign_id, campaign.name, campaign.audience(row.audience).mapping)


def wanted_of(row: Referral, campaign: Campaign, settings: AudienceSettings, email: str) -> Wanted:
    """What the contact of the row should be. ``email`` is folded."""
    values = _mapped(campaign, row)
    if "email" in values:
        values["email"] = email
    return Wanted(
        email=email,
        role=settings.action.role,
        values=values,
        creation_values=campaign.creation_values(row.audience),
        duplicates=settings.duplicates,
        archived=settings.archived,
        accepted_at=row.accepted_at,
        new_signup=row.delivered_at is None,
        written=row.written,
        tracked=campaign.trigger.attribute if campaign.trigger else None,
        baseline_wanted=_qualifiable(row, campaign),
    )


def _qualifiable(row: Referral, campaign: Campaign) -> frozenset[State]:
    """The outcomes after which the referral may qualify one day."""
    if row.audience is not Audience.PERSON_INVITED:
        return frozenset()
    return IN_INTERCOM | ({State.SKIPPED} if campaign.qualify_skipped else set())


def _record(environment: Delivering, row: Referral, campaign: Campaign, outcome: Outcome) -> None:
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
        done = replace(done, settle_since=outcome.settle_since)
        return replace(done, due_at=next_check(done))

    environment.referrals.update(row.campaign_id, row.user_id, change)
    logger.info(
        "contact delivered", outcome=outcome.what, state=outcome.state, campaign_id=row.campaign_id, user_id=row.user_id
    )
    environment.metrics.count(f"Contact{outcome.what.capitalize()}")
    if first:
        environment.metrics.gauge("DeliverySeconds", now - row.accepted_at)
        if now - row.accepted_at > LATE:
            environment.metrics.count("LateDelivery")
