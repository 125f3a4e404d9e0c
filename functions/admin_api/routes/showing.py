"""Connections as the API writes them. No secret gets here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.adapters.admin import connection_answers as answers
from shared.domain.connection.connection import FOREVER, Breaker, Connection
from shared.domain.vendor.limits import Strikes
from shared.ports.connection import AccountCampaign
from shared.runtime.bootstrap import Environment
from shared.use_cases.connection.connect_intercom import CALLBACK
from shared.use_cases.connection.read_connection import WARNING, ConnectionState

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


def connection(environment: Environment, state: ConnectionState) -> answers.ConnectionAnswer:
    return answers.ConnectionAnswer(
        warning=WARNING,
        intercom=_intercom(environment.settings.console_url, state),
        referral_factory=_referral_factory(environment, state),
        webhook_secrets=answers.WebhookSecretsAnswer(
            has_current=state.has_current_secret, has_next=state.has_next_secret, header=SECRET_HEADER
        ),
    )


def workspace(found: Connection) -> answers.WorkspaceAnswer:
    return answers.WorkspaceAnswer(id=found.workspace_id, name=found.name, region=found.region, timezone=found.timezone)


def campaigns(found: Sequence[AccountCampaign]) -> answers.FactoryCampaigns:
    rows = [
        answers.FactoryCampaign(
            id=one.id,
            name=one.name,
            status=one.status,
            url=one.url,
            labels={name: list(labels) for name, labels in one.labels.items()},
        )
        for one in found
    ]
    return answers.FactoryCampaigns(items=rows)


def factory_webhooks(environment: Environment, received: Mapping[str, float]) -> list[answers.WebhookAnswer]:
    """Three for each campaign that is set up, or of which a webhook came."""
    url = environment.settings.console_url
    configured = {str(campaign.campaign_id) for campaign in environment.campaigns.list()}
    seen = {name.partition("/")[0] for name in received}
    ids = sorted((name for name in configured | seen if name.isdigit()), key=int)
    return [
        answers.WebhookAnswer(
            name=event,
            campaign_id=int(campaign_id),
            url=f"{url}webhooks/referral-factory/{campaign_id}/{event}",
            method="POST",
            header=SECRET_HEADER,
            received_at=received.get(f"{campaign_id}/{event}"),
        )
        for campaign_id in ids
        for event in EVENTS
    ]


def intercom_webhooks(url: str, received: Mapping[str, float]) -> list[answers.WebhookAnswer]:
    return [
        answers.WebhookAnswer(
            name=name,
            campaign_id=None,
            url=f"{url}webhooks/intercom",
            method="POST",
            header=None,
            received_at=received.get(name),
        )
        for name in dict.fromkeys([*TOPICS, *received])
    ]


def _intercom(url: str, state: ConnectionState) -> answers.IntercomAnswer:
    app, found = state.intercom, state.workspace
    return answers.IntercomAnswer(
        connected=app.connected,
        problem=app.problem,
        workspace=workspace(found) if found else None,
        workspace_before=_before(found) if found else None,
        client_id=state.client_id,
        has_client_secret=state.has_client_secret,
        callback_url=url + CALLBACK,
        connected_at=app.notes.get("connected_at"),
        connected_by=app.notes.get("connected_by"),
        checked_at=app.notes.get("checked_at"),
        missing_permissions=app.notes.get("missing_permissions"),
        breaker=_breaker(app.breaker),
        webhook_url=f"{url}webhooks/intercom",
        topics=list(TOPICS),
        webhooks=intercom_webhooks(url, app.received),
    )


def _referral_factory(environment: Environment, state: ConnectionState) -> answers.ReferralFactoryAnswer:
    account = state.referral_factory
    return answers.ReferralFactoryAnswer(
        connected=account.connected,
        problem=account.problem,
        connected_at=account.notes.get("connected_at"),
        connected_by=account.notes.get("connected_by"),
        breaker=_breaker(account.breaker),
        strikes=_strikes(state.strikes),
        webhooks=factory_webhooks(environment, account.received),
    )


def _before(found: Connection) -> answers.WorkspaceBefore | None:
    return answers.WorkspaceBefore(id=found.before_id, name=found.before_name) if found.before_id else None


def _breaker(breaker: Breaker | None) -> answers.BreakerAnswer | None:
    if breaker is None:
        return None
    until = None if breaker.open_until >= FOREVER else breaker.open_until
    return answers.BreakerAnswer(kind=breaker.kind, since=breaker.opened_at, until=until)


def _strikes(strikes: Strikes) -> answers.StrikesAnswer:
    return answers.StrikesAnswer(
        count=strikes.count, last_at=strikes.last_at or None, stopped=strikes.stopped, stopped_at=strikes.stopped_at
    )
