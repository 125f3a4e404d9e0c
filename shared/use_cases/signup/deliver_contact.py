"""Deliver one signup: the ledger row first, then the contact.

It never waits for Referral Factory: what the webhook did not bring, the next reconcile pass adds.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace

from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.connection.connection import Vendor
from shared.domain.person import fold_email, is_deliverable
from shared.domain.signup.happened import Happened, happened_of
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import Origin, State
from shared.domain.timing import DELIVERY_LEASE
from shared.errors import MalformedPayloadError, PermanentError, RateLimitedError, TransientError, UnavailableError
from shared.messages import DeliverContact, QualifyReferral, ReconcileCampaigns
from shared.observability import logger
from shared.ports.signup import Quarantined
from shared.use_cases.environment import Environment
from shared.use_cases.signup.accept_signup import enqueue_reconcile
from shared.use_cases.signup.await_confirmation import awaits_audience
from shared.use_cases.signup.check_delivered import BY_AGE, check_delivered, is_open, next_check, put_off
from shared.use_cases.signup.note_signup import note_signup
from shared.use_cases.signup.our_own import is_our_own
from shared.use_cases.signup.put_aside import is_brought_by_sync, is_for_nobody, joined_before, put_aside
from shared.use_cases.signup.remember_signup import remember_signup
from shared.use_cases.signup.write_signup import write_signup
from shared.use_cases.vendor.keep_calls import keep_calls

HURRIES_AFTER = 1_200.0
"""Seconds of the thirty minutes after which a failed try is repeated within seconds."""


class DeliveryAttempt:
    """One attempt at one message. ``shared.runtime.batch`` runs it and turns its errors into waits and reasons."""

    def __init__(self, environment: Environment, message: DeliverContact) -> None:
        self._environment = environment
        self._message = message
        self._row: Referral | None = None
        self._campaign: Campaign | None = None
        self._alone = False
        self._noted = False

    def prepare(self) -> None:
        """The ledger row first. A batch prepares all its records before the first vendor call, so that should its worker
        die, the sweep knows each row. Raises as ``run`` does."""
        self._read_ahead()
        self._campaign = self._environment.campaigns.find(self._message.campaign_id)
        self._row = _row_of(self._environment, self._message, self._campaign)

    def _read_ahead(self) -> None:
        """Under the address that the webhook names as such; the campaign may name another box."""
        if self._message.fields is not None:
            email = self._message.fields.get("email")
            address = fold_email(email) if isinstance(email, str) and email.isascii() else ""
            self._environment.read_ahead_of_signup(self._message.campaign_id, address)

    def run(self) -> None:
        """After ``prepare``. Raises TransientError, ConnectionLostError and PermanentError."""
        self._environment.calls_since()
        try:
            self._run()
        finally:
            if self._row is not None and not self._row.finished:  # a check asks for several people at once
                keep_calls(self._environment, self._row.campaign_id, self._row.user_id, tried_before=self._row.attempts > 0)

    def _run(self) -> None:
        environment, row, campaign = self._environment, self._row, self._campaign
        if row is None:
            return
        note_signup(environment, campaign, row, self._message)
        if row.finished:
            check_delivered(environment, row, self._also, self._message.event)
            return
        email = fold_email(row.person.email or "")
        if campaign is not None and campaign.status is Status.ACTIVE and is_brought_by_sync(environment, row, email):
            return
        active = campaign is not None and campaign.status is Status.ACTIVE
        if campaign is not None and active and not joined_before(row, campaign) and awaits_audience(environment, row, campaign):
            return
        if campaign is None or campaign.status is not Status.ACTIVE or is_for_nobody(row, campaign):
            put_aside(environment, row, campaign)
            return
        if row.state is State.HELD:
            row = self._row = _released(environment, row)
        if not is_deliverable(email):
            reported = row.person.email
            raise PermanentError("No mail system takes this e-mail address." if reported else "There is no e-mail address.")
        try:
            write_signup(environment, row, campaign, email)
        except (UnavailableError, RateLimitedError) as error:
            self._note_try(error)
            raise

    def _note_try(self, error: TransientError) -> None:
        """Why the row waits and how often it was tried, also when the next try comes within seconds: whoever looks meanwhile
        sees it. What Intercom answered becomes a line of the story; that it had no room yet is written once."""
        if error.vendor != Vendor.INTERCOM:
            return
        now, reason = self._environment.clock.now(), str(error)

        def change(row: Referral) -> Referral:
            if row.finished or (not isinstance(error, UnavailableError) and row.reason == reason):
                return row
            tried = replace(row, reason=reason, attempts=row.attempts + 1)
            return tried.with_event(now, Happened.TRIED, reason) if isinstance(error, UnavailableError) else tried

        try:
            self._update(change)
            self._noted = True
        except TransientError:
            logger.warning("try not noted")  # the story has a gap; the failure itself counts

    @property
    def _also(self) -> list[tuple[int, int]]:
        return [(campaign_id, user_id) for campaign_id, user_id in self._message.also or ()]

    @property
    def hurries(self) -> bool:
        """Whether the promised time is nearly over, or was over in an outage."""
        row = self._row
        return row is not None and not row.finished and self._environment.clock.now() - row.waits_since > HURRIES_AFTER

    @property
    def own_tries(self) -> int:
        """How often trouble of the row alone has stopped it so far."""
        return self._row.tries if self._row else 0

    @property
    def waits_so_far(self) -> int:
        """How often the row has waited in the ledger since it last went well."""
        return self._row.waits if self._row else 0

    def wait(self, until: float, reason: str) -> bool:
        """Lets the ledger enqueue the row at ``until``; False when there is no row yet, so that only the queue can wait."""
        if self._row is None:
            return False

        def change(row: Referral) -> Referral:
            if row.finished:
                return replace(row, due_at=until) if is_open(row) else row
            again = row.attempts if self._noted else row.attempts + 1
            waiting = replace(row.waiting(until, reason), attempts=again)
            return waiting.with_event(self._environment.clock.now(), Happened.WAITS, reason)

        self._update(change)
        if self._message.event in BY_AGE:
            put_off(self._environment, self._also, until)
        return True

    def tried(self, *, alone: bool) -> int:
        """One more try that ended in trouble of this row alone: how many by now. Not ``alone``: the count starts over, but for
        the first, which says that the row was in trouble before."""
        row, self._alone = self._row, alone
        if row is None or (not alone and row.tries <= 1):
            return 0

        def change(fresh: Referral) -> Referral:
            return replace(fresh, tries=fresh.tries + 1 if alone else 1)

        return self._environment.referrals.update(row.campaign_id, row.user_id, change).tries

    def fail(self, reason: str) -> None:
        """Closes the row with the reason; what belongs to no row is quarantined."""
        now = self._environment.clock.now()
        if self._row is None:
            self._quarantine(reason)
            return

        def change(row: Referral) -> Referral:
            if row.finished:
                return replace(row, settle_since=None, look_at=None, due_at=None, notes=(*row.notes, reason))
            version = self._campaign.version if self._campaign else row.settings_version
            failed = replace(row.done(State.FAILED, reason), settle_since=row.settle_since, settings_version=version)
            failed = failed.with_event(now, Happened.FAILED, reason)
            failed = failed.looking(now) if self._alone else failed
            return replace(failed, due_at=next_check(failed))

        self._update(change)
        self._environment.metrics.count("ContactFailed")
        if self._alone:  # not for what a person gave us, but for what Intercom answers
            self._environment.metrics.count("DeliveryGivenUp")

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
        enqueue_reconcile(self._environment)


# -- the ledger row first ---------------------------------------------------------------------------------------------


def _row_of(environment: Environment, message: DeliverContact, campaign: Campaign | None) -> Referral | None:
    """The row, written or completed with what the message tells; None when there is nothing to deliver."""
    if message.fields is None:
        if message.user_id is None:
            raise MalformedPayloadError("the message names nobody")
        row = environment.referrals.find(message.campaign_id, message.user_id)
        return _reopened(environment, row) if row and message.replay else row
    person = environment.read_person(message.fields, campaign.aliases if campaign else {}, form=message.form)
    if person is None:
        environment.reconcile_queue.send(ReconcileCampaigns(requested_at=environment.clock.now(), contacts=False))
        environment.metrics.count("WebhookWithoutUserId")
        return None
    row = remember_signup(
        environment,
        message.campaign_id,
        person,
        campaign,
        accepted_at=message.received_at,
        origin=Origin.WEBHOOK if message.event == "joined" else Origin.RECONCILE,
        what=happened_of(f"webhook {message.event}") or Happened.WEBHOOK_JOINED,
        synthetic=is_our_own(environment, message.campaign_id, person),
    )
    if message.event == "qualified":
        reported = QualifyReferral("qualified", message.received_at, campaign_id=row.campaign_id, user_id=row.user_id)
        environment.qualification_queue.send(reported)
    return row


def _released(environment: Environment, row: Referral) -> Referral:
    """The promise begins now: the campaign has just become active."""
    now = environment.clock.now()
    return environment.referrals.update(
        row.campaign_id, row.user_id, lambda one: replace(one, promised_at=now) if one.state is State.HELD else one
    )


def _reopened(environment: Environment, row: Referral) -> Referral:
    now = environment.clock.now()
    return environment.referrals.update(
        row.campaign_id,
        row.user_id,
        lambda fresh: (
            replace(fresh, attempts=0, tries=0, asked_again=True)
            .with_event(now, Happened.REPLAY)
            .reopened(now, now + DELIVERY_LEASE, "Asked for again.")
        ),
    )
