"""Connections as the API writes them. No secret gets here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain.connection.connection import FOREVER, Breaker, Connection
from shared.domain.vendor.limits import Strikes
from shared.ports.connection import AccountCampaign
from shared.runtime.bootstrap import Environment
from shared.use_cases.connection.connect_intercom import CALLBACK
from shared.use_cases.connection.read_connection import WARNING, ConnectionState, VendorState

SECRET_HEADER = "X-Webhook-Secret"  # noqa: S105 - the header's name
EVENTS = ("joined", "qualified", "rewarded")
TOPICS = (
    "contact.user.updated",
    "contact.lead.updated",
    "contact.user.created",
    "contact.lead.created",
    "contact.lead.signed_up",
    "contact.merged",
    "contact.archived",
    "contact.unarchive",
    "contact.deleted",
)
"""What to subscribe to in Intercom's Developer Hub."""


def connection(environment: Environment, state: ConnectionState) -> dict[str, Any]:
    app, account, url = state.intercom, state.referral_factory, environment.settings.console_url
    return {
        "warning": WARNING,
        "intercom": {
            **_vendor(app),
            "workspace": workspace(state.workspace) if state.workspace else None,
            "workspace_before": before(state.workspace) if state.workspace else None,
            "client_id": state.client_id,
            "has_client_secret": state.has_client_secret,
            "callback_url": url + CALLBACK,
            "checked_at": app.notes.get("checked_at"),
            "missing_permissions": app.notes.get("missing_permissions"),
            "webhook_url": f"{url}webhooks/intercom",
            "topics": list(TOPICS),
            "webhooks": intercom_webhooks(url, app.received),
        },
        "referral_factory": {
            **_vendor(account),
            "strikes": _strikes(state.strikes),
            "webhooks": factory_webhooks(environment, account.received),
        },
        "webhook_secrets": {
            "has_current": state.has_current_secret,
            "has_next": state.has_next_secret,
            "header": SECRET_HEADER,
        },
    }


def workspace(found: Connection) -> dict[str, str]:
    return {"id": found.workspace_id, "name": found.name, "region": found.region, "timezone": found.timezone}


def before(found: Connection) -> dict[str, str] | None:
    return {"id": found.before_id, "name": found.before_name} if found.before_id else None


def campaigns(found: Sequence[AccountCampaign]) -> dict[str, Any]:
    rows = [
        {
            "id": one.id,
            "name": one.name,
            "status": one.status,
            "url": one.url,
            "labels": {name: list(labels) for name, labels in one.labels.items()},
        }
        for one in found
    ]
    return {"items": rows}


def factory_webhooks(environment: Environment, received: Mapping[str, float]) -> list[dict[str, Any]]:
    """Three for each campaign that is set up, or of which a webhook came."""
    url = environment.settings.console_url
    configured = {str(campaign.campaign_id) for campaign in environment.campaigns.list()}
    seen = {name.partition("/")[0] for name in received}
    ids = sorted((name for name in configured | seen if name.isdigit()), key=int)
    return [
        {
            "name": event,
            "campaign_id": int(campaign_id),
            "url": f"{url}webhooks/referral-factory/{campaign_id}/{event}",
            "method": "POST",
            "header": SECRET_HEADER,
            "received_at": received.get(f"{campaign_id}/{event}"),
        }
        for campaign_id in ids
        for event in EVENTS
    ]


def intercom_webhooks(url: str, received: Mapping[str, float]) -> list[dict[str, Any]]:
    names = list(dict.fromkeys([*TOPICS, *received]))
    return [
        {
            "name": name,
            "campaign_id": None,
            "url": f"{url}webhooks/intercom",
            "method": "POST",
            "header": None,
            "received_at": received.get(name),
        }
        for name in names
    ]


def _vendor(state: VendorState) -> dict[str, Any]:
    return {
        "connected": state.connected,
        "problem": state.problem,
        "connected_at": state.notes.get("connected_at"),
        "connected_by": state.notes.get("connected_by"),
        "breaker": _breaker(state.breaker),
    }


def _breaker(breaker: Breaker | None) -> dict[str, Any] | None:
    if breaker is None:
        return None
    until = None if breaker.open_until >= FOREVER else breaker.open_until
    return {"kind": str(breaker.kind), "since": breaker.opened_at, "until": until}


def _strikes(strikes: Strikes) -> dict[str, Any]:
    return {
        "count": strikes.count,
        "last_at": strikes.last_at or None,
        "stopped": strikes.stopped,
        "stopped_at": strikes.stopped_at,
    }
