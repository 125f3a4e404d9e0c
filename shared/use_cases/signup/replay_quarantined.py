"""A webhook that nobody could read is read again, perhaps with aliases that were missing."""

from __future__ import annotations

import base64

from shared.errors import NotFoundError, RejectedError
from shared.messages import DeliverContact
from shared.ports.operations import Change
from shared.ports.signup import Quarantined
from shared.use_cases.environment import Environment

EVENTS = frozenset({"joined", "qualified", "rewarded"})


def find_quarantined(environment: Environment, quarantine_id: str) -> Quarantined:
    """Raises NotFoundError."""
    found = environment.quarantine_shelf.find(quarantine_id)
    if found is None:
        raise NotFoundError("There is no such webhook in quarantine. It was replayed, discarded, or is older than 30 days.")
    return found


def replay_quarantined(environment: Environment, who: str, quarantine_id: str) -> None:
    """Queues what can be read now, then takes it off the shelf; done twice, the ledger still has one row. Raises
    MalformedPayloadError that says what is still unreadable, RejectedError, NotFoundError and TransientError."""
    body = find_quarantined(environment, quarantine_id)
    if not (body.campaign_id.isascii() and body.campaign_id.isdigit() and len(body.campaign_id) <= 18):
        raise RejectedError("The webhook's address names no campaign id. Mend the address in Referral Factory's form.")
    if body.event not in EVENTS:
        raise RejectedError("The webhook's address names no event: it ends in joined, qualified or rewarded.")
    fields = environment.read_fields(base64.b64decode(body.body), body.content_type, "")
    campaign = environment.campaigns.find(int(body.campaign_id))
    if environment.read_person(fields, campaign.aliases if campaign else {}) is None:
        raise RejectedError("The webhook names no user id. Tell in the campaign's aliases which of its fields is the id.")
    message = DeliverContact(int(body.campaign_id), None, body.event, body.received_at, fields, id=body.id)
    environment.delivery_queue.send(message)
    environment.quarantine_shelf.remove(quarantine_id)
    environment.audit.add(Change(environment.clock.now(), who, f"Replayed the webhook {quarantine_id} out of quarantine."))


def discard_quarantined(environment: Environment, who: str, quarantine_id: str) -> None:
    """Takes it off the shelf for good. Raises NotFoundError."""
    find_quarantined(environment, quarantine_id)
    environment.quarantine_shelf.remove(quarantine_id)
    environment.audit.add(Change(environment.clock.now(), who, f"Discarded the webhook {quarantine_id} in quarantine."))
