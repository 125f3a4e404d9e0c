"""A webhook of Referral Factory comes in: check, read, hand on. Nothing else.

No ledger read, no dedupe and no vendor call: whatever could fail or wait here would cost a signup, for the sender may
not send it again.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace

from shared.errors import InvalidSignatureError, MalformedPayloadError, TransientError
from shared.messages import DeliverContact, ReconcileCampaigns
from shared.observability import logger
from shared.ports.signup import Quarantined
from shared.use_cases.environment import Environment
from shared.use_cases.store_message import store_message

EVENTS = frozenset({"joined", "qualified", "rewarded"})
MAX_WEBHOOK = 64 * 1024
"""Bytes of a webhook's body, or of its query string."""
LONGEST_ID = 18
"""Digits of an id; longer ones are nobody's."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """What came in. ``secret`` None: no header. ``campaign_id`` and ``event`` as the path says, unchecked."""

    campaign_id: str
    event: str
    secret: str | None
    content_type: str
    query: str
    body: bytes


def accept_signup(environment: Environment, webhook: Webhook) -> None:
    """Stores the webhook for delivery: in the queue, else in the inbox; as quarantined when it cannot be read.

    Raises InvalidSignatureError (nothing was parsed or stored) and TransientError when nothing could store it.
    """
    if webhook.secret is None:
        raise InvalidSignatureError("no secret")
    with_next = environment.check_webhook_secret(webhook.secret)
    try:
        message = replace(_message(environment, webhook), with_next=with_next)
    except MalformedPayloadError as error:
        _quarantine(environment, webhook, str(error))
        return
    store_message(environment, environment.delivery_queue, message, "SignupStoredInInbox")
    environment.metrics.count("SignupAccepted")


def _message(environment: Environment, webhook: Webhook) -> DeliverContact:
    event = event_of(webhook.event)
    if event not in EVENTS:
        raise MalformedPayloadError("the address names no event: it ends in joined, qualified or rewarded")
    campaign = webhook.campaign_id.strip()
    if not (campaign.isascii() and campaign.isdigit() and len(campaign) <= LONGEST_ID):
        raise MalformedPayloadError("the address names no campaign id")
    fields = environment.read_fields(webhook.body, webhook.content_type, webhook.query)
    return DeliverContact(
        campaign_id=int(campaign),
        user_id=None,
        event=event,
        received_at=environment.clock.now(),
        fields=fields,
        id=environment.chance.token(),
        form=fields.form,
    )


def event_of(written: str) -> str:
    """However the address was typed into Referral Factory's form: one slash at its end, blanks, letter case."""
    return written.strip().removesuffix("/").strip().lower()


def _quarantine(environment: Environment, webhook: Webhook, reason: str) -> None:
    environment.quarantine.add(
        Quarantined(
            id=environment.chance.token(),
            campaign_id=webhook.campaign_id[:64],
            event=webhook.event[:64],
            reason=reason,
            content_type=webhook.content_type[:256] if webhook.body else "application/x-www-form-urlencoded",
            body=base64.b64encode(webhook.body or webhook.query.encode("utf-8", "surrogatepass")).decode("ascii"),
            received_at=environment.clock.now(),
        )
    )
    environment.metrics.count("SignupQuarantined")
    logger.warning("webhook quarantined", reason=reason)
    enqueue_reconcile(environment)


def enqueue_reconcile(environment: Environment) -> None:
    """Whoever could not be read is in Referral Factory's list. The webhook itself is stored, and the next pass comes within
    minutes, so a queue that refuses costs nothing."""
    try:
        environment.reconcile_queue.send(ReconcileCampaigns(requested_at=environment.clock.now(), contacts=False))
    except TransientError:
        logger.warning("reconcile not enqueued")
