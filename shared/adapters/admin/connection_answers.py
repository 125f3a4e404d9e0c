"""What the admin API answers about connections. Times are seconds since 1970."""

from __future__ import annotations

from shared.adapters.admin.answers import Answer
from shared.domain.connection.connection import BreakerKind
from shared.ports.operations import Result


class WorkspaceAnswer(Answer):
    id: str
    name: str
    region: str
    timezone: str


class WorkspaceBefore(Answer):
    """The workspace that was connected before: what was delivered to it is not in this one."""

    id: str
    name: str


class BreakerAnswer(Answer):
    """Calls are stopped. `until` is null when only a person ends it."""

    kind: BreakerKind
    since: float
    until: float | None


class WebhookAnswer(Answer):
    """What to copy into a vendor's form. `received_at` null: none came yet."""

    name: str
    campaign_id: int | None
    url: str
    method: str
    header: str | None
    received_at: float | None


class StrikesAnswer(Answer):
    """Referral Factory's warnings. `stopped`: no call until a person lifts it."""

    count: int
    last_at: float | None
    stopped: bool
    stopped_at: float | None


class IntercomAnswer(Answer):
    """`problem` is empty when nothing is wrong; `missing_permissions` is null when nobody has looked yet."""

    connected: bool
    problem: str
    workspace: WorkspaceAnswer | None
    workspace_before: WorkspaceBefore | None
    client_id: str
    has_client_secret: bool
    callback_url: str
    connected_at: float | None
    connected_by: str | None
    checked_at: float | None
    missing_permissions: list[str] | None
    breaker: BreakerAnswer | None
    webhook_url: str
    topics: list[str]
    webhooks: list[WebhookAnswer]


class ReferralFactoryAnswer(Answer):
    connected: bool
    problem: str
    connected_at: float | None
    connected_by: str | None
    breaker: BreakerAnswer | None
    strikes: StrikesAnswer
    webhooks: list[WebhookAnswer]


class WebhookSecretsAnswer(Answer):
    """Whether there are secrets; they themselves are never shown again."""

    has_current: bool
    has_next: bool
    header: str


class ConnectionAnswer(Answer):
    warning: str
    intercom: IntercomAnswer
    referral_factory: ReferralFactoryAnswer
    webhook_secrets: WebhookSecretsAnswer


class Begun(Answer):
    """`authorization_url`: where to go, or null when the token was stored and `workspace` is connected."""

    authorization_url: str | None
    workspace: WorkspaceAnswer | None


class CheckAnswer(Answer):
    missing_permissions: list[str]
    workspace: WorkspaceAnswer


class MadeSecret(Answer):
    """`next` is the new secret, shown this once; null when none was made."""

    next: str | None
    has_current: bool
    has_next: bool


class FactoryCampaign(Answer):
    """`labels`: the form's fields beside first name and e-mail by audience, as `meta.<label>` names them."""

    id: int
    name: str
    status: str
    url: str
    labels: dict[str, list[str]]


class FactoryCampaigns(Answer):
    items: list[FactoryCampaign]


class ChangeAnswer(Answer):
    """`subject` and `issuer` as in the token. `result` null: it was begun, and its end is not known."""

    at: float
    who: str
    what: str
    subject: str
    issuer: str
    email_verified: bool | None
    result: Result | None


class ChangePage(Answer):
    """Newest first; `cursor` is null on the last page."""

    items: list[ChangeAnswer]
    cursor: str | None
