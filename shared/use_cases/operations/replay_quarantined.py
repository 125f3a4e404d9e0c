"""A webhook that nobody could read is read again, perhaps with aliases that were missing."""

from __future__ import annotations

import base64

from shared.errors import NotFoundError, RejectedError
from shared.messages import DeliverContact
from shared.ports.operations import Change
from shared.ports.signup import Quarantined
from shared.use_cases.environment import Environment
from shared.use_cases.signup.accept_signup import EVENTS, LONGEST_ID, event_of


def find_quarantined(environment: Environment, quarantine_id: str) -> Quarantined:
    """Raises NotFoundError."""
    found = environment.quarantine_shelf.find(quarantine_id)
    if found is None:
        raise NotFoundError("This message is no longer here. It was read, discarded, or is older than 30 days.")
    return found


def replay_quarantined(environment: Environment, who: str, quarantine_id: str) -> None:
    """Queues what can be read now, then takes it off the shelf; done twice, the ledger still has one row. Raises
    MalformedPayloadError that says what is still unreadable, RejectedError, NotFoundError and TransientError."""
    body = find_quarantined(environment, quarantine_id)
    campaign_id, event = body.campaign_id.strip(), event_of(body.event)
    if not (campaign_id.isascii() and campaign_id.isdigit() and len(campaign_id) <= LONGEST_ID):
        raise RejectedError("The webhook's address names no campaign id. Mend the address in Referral Factory's form.")
    if event not in EVENTS:
        raise RejectedError("The webhook's address names no event: it ends in joined, qualified or rewarded.")
    fields = environment.read_fields(base64.b64decode(body.body), body.content_type, "")
    campaign = environment.campaigns.find(int(campaign_id))
    if environment.read_person(fields, campaign.aliases if campaign else {}, form=fields.form) is None:
        raise RejectedError("The webhook names no user id. Tell in the campaign's aliases which of its fields is the id.")
    message = DeliverContact(int(campaign_id), None, event, body.received_at, fields, id=body.id, form=fields.form)
    environment.delivery_queue.send(message)
    environment.quarantine_shelf.remove(quarantine_id)
    environment.audit.add(Change(environment.clock.now(), who, f"Read the message {quarantine_id} after all."))


def discard_quarantined(environment: Environment, who: str, quarantine_id: str) -> None:
    """Takes it off the shelf for good. Raises NotFoundError."""
    find_quarantined(environment, quarantine_id)
    environment.quarantine_shelf.remove(quarantine_id)
    environment.audit.add(
        Change(environment.clock.now(), who, f"Discarded the message {quarantine_id} that could not be read.")
    )
