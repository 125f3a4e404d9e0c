"""A notification of Intercom comes in: check, read, queue what can matter. Nothing else.

No ledger read and no vendor call, for an answer after 500 ms costs priority and one after 5 s counts as failed
(https://developers.intercom.com/docs/webhooks). Never 410 or 429: the first ends the subscription, the second slows it down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.connection.connection import Vendor
from shared.errors import MalformedPayloadError
from shared.messages import QualifyReferral
from shared.use_cases.environment import Environment
from shared.use_cases.qualification.notification_rules import NotificationRules, can_matter
from shared.use_cases.store_message import store_message

if TYPE_CHECKING:
    from shared.ports.qualification import Notified

MAX_NOTIFICATION = 1_000_000
"""Bytes of a notification."""
ATTRIBUTE_TOPICS = frozenset({"contact.user.updated", "contact.lead.updated", "contact.user.created", "contact.lead.created"})
LIFE_TOPICS = frozenset(
    {"contact.merged", "contact.archived", "contact.unarchive", "contact.deleted", "contact.lead.signed_up"}
)
PING = "ping"


def accept_notification(environment: Environment, signature: str | None, body: bytes) -> str:
    """What became of it, for the log: ``queued`` or why not.

    Raises InvalidSignatureError (nothing was parsed or stored) and TransientError when nothing could store it.
    """
    environment.intercom_signatures.check_notification(signature, body)
    try:
        notified = environment.read_notification(body)
    except MalformedPayloadError:
        return _dropped(environment, "NotificationUnreadable")
    if notified.topic == PING:
        environment.figures.received(Vendor.INTERCOM, PING, environment.clock.now())
        return PING
    if not is_ours(environment.notification_rules, notified.app_id):
        return _dropped(environment, "NotificationOfAnotherWorkspace")
    if notified.garbled:
        environment.metrics.count("NotificationUnreadable")
    if notified.topic not in ATTRIBUTE_TOPICS | LIFE_TOPICS or notified.contact_id is None:
        return _dropped(environment, "NotificationUnknown")
    environment.figures.received(Vendor.INTERCOM, notified.topic, environment.clock.now())
    rules = environment.notification_rules.read()
    values = {name: notified.value(name) for name in {one.rule.attribute for one in rules} if notified.tells(name)}
    if notified.topic not in LIFE_TOPICS and not can_matter(rules, values):
        return _dropped(environment, "NotificationIgnored")
    store_message(
        environment, environment.qualification_queue, _message(environment, notified, values), "NotificationStoredInInbox"
    )
    environment.metrics.count("NotificationQueued")
    return "queued"


def is_ours(rules: NotificationRules, app_id: str) -> bool:
    """Whether that is the connected workspace, looked at again when it seems to be another one. Raises TransientError."""
    return bool(app_id) and (rules.workspace_id() == app_id or rules.workspace_id(fresh=True) == app_id)


def _dropped(environment: Environment, metric: str) -> str:
    environment.metrics.count(metric)
    return metric


def _message(environment: Environment, notified: Notified, values: dict[str, object]) -> QualifyReferral:
    return QualifyReferral(
        topic=notified.topic,
        received_at=environment.clock.now(),
        contact_id=notified.contact_id,
        email=notified.email,
        role=notified.role,
        values=values,
        updated_at=notified.updated_at,
        contact_created_at=notified.created_at,
        notification_id=notified.id,
        merged_from=notified.merged_from,
        id=environment.chance.token(),
    )
