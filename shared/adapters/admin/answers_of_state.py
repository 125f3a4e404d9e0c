"""What the admin API answers about connections, referrals and how it goes. Times are seconds since 1970."""

from __future__ import annotations

from typing import Any, Literal

from shared.adapters.admin.answers import Answer
from shared.adapters.admin.requests import Audiences, States

Scalar = str | float | bool | None


class WorkspaceAnswer(Answer):
    id: str
    name: str
    region: str
    timezone: str


class BreakerAnswer(Answer):
    """Calls are stopped. `until` is null when only a person ends it."""

    kind: Literal["failing", "strike", "connection_lost", "blocked", "disconnected"]
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
    at: float
    who: str
    what: str


class ChangePage(Answer):
    """Newest first; `cursor` is null on the last page."""

    items: list[ChangeAnswer]
    cursor: str | None


class AttributeAnswer(Answer):
    """`why_not` says why a mapping cannot write to it; null when it can. `takes` is its type in plain words."""

    name: str
    label: str
    data_type: str
    takes: str
    options: list[str]
    custom: bool
    archived: bool
    can_be_written: bool
    why_not: str | None


class AttributeList(Answer):
    items: list[AttributeAnswer]


class ListAnswer(Answer):
    """A segment or a tag. `count` null: Intercom does not tell."""

    id: str
    name: str
    count: int | None
    person_type: str | None


class Lists(Answer):
    items: list[ListAnswer]


class FieldAnswer(Answer):
    """One attribute. `reason`: why it is not sent; `joined`: several fields, with a space between."""

    attribute: str
    value: Scalar
    sources: list[str]
    joined: bool
    only_on_create: bool
    sent: bool
    reason: str


class PreviewAnswer(Answer):
    """`role` null: nothing is sent. `checked` false: Intercom did not answer, so nobody knows what it would take."""

    outcome: str
    role: Literal["lead", "user"] | None
    contact_id: str | None
    checked: bool
    fields: list[FieldAnswer]


class ReferralAnswer(Answer):
    campaign_id: int
    user_id: int
    first_name: str | None
    email: str | None
    audience: Audiences
    state: States
    qualified: bool
    reason: str
    what_to_do: str
    possibly_doubled: bool
    unverified: bool
    origin: str
    accepted_at: float
    delivered_at: float | None
    due_at: float | None
    attempts: int
    contact_id: str | None
    contact_url: str | None


class ReferralPage(Answer):
    """Newest first. A page may be short, even empty, and still have a `cursor`: then there may be more."""

    items: list[ReferralAnswer]
    cursor: str | None


class StoryLine(Answer):
    """`what` is the event's name, `sentence` the same in plain words, `detail` for example the vendor's answer."""

    at: float
    what: str
    sentence: str
    detail: str


class DroppedAnswer(Answer):
    attribute: str
    reason: str


class QualificationAnswer(Answer):
    """`stands` in plain words; `qualified` is what Referral Factory holds, null while nobody knows. `value`: of the tracked
    attribute."""

    stage: Literal["watching", "waiting", "reserved", "confirmed", "failed"]
    stands: str
    qualified: bool | None
    value: Scalar
    by_hand: bool
    due_at: float | None
    confirmed_at: float | None
    reason: str


class ReferrerAnswer(Answer):
    """What this person's contact holds because they refer. `due_at` not null: it is brought up to date then."""

    written: dict[str, Scalar]
    contact_id: str | None
    updated_at: float | None
    due_at: float | None
    note: str


class StoryAnswer(Answer):
    """One referral with its whole story, oldest first. `qualification` null: nothing that counts was seen of the contact.
    `referrer` null: this person has not referred anybody yet."""

    referral: ReferralAnswer
    person: dict[str, Any]
    written: dict[str, Scalar]
    dropped: list[DroppedAnswer]
    notes: list[str]
    settings_version: int | None
    story: list[StoryLine]
    qualification: QualificationAnswer | None
    referrer: ReferrerAnswer | None


class ReplayAnswer(Answer):
    result: Literal["replayed", "already_waiting", "held"]
    message: str


class ReplaysAnswer(Answer):
    """`cursor` not null: send it to go on."""

    replayed: int
    already_waiting: int
    cursor: str | None


class QuarantinedAnswer(Answer):
    id: str
    campaign_id: str
    event: str
    reason: str
    received_at: float
    size: int


class QuarantinePage(Answer):
    items: list[QuarantinedAnswer]
    cursor: str | None


class QuarantinedBody(Answer):
    """`text`: the body, as far as it is text."""

    quarantined: QuarantinedAnswer
    content_type: str
    text: str


class Done(Answer):
    message: str


class Funnel(Answer):
    """`delivered` counts who is in Intercom, whether this application created the contact or found it (`skipped`)."""

    campaign_id: int | None
    name: str
    signups: int
    delivered: int
    qualified: int
    rewarded: int
    failed: int
    skipped: int


class DayAnswer(Answer):
    """`longest_wait`, `p50` and `p99` in seconds."""

    day: str
    signups: int
    delivered: int
    qualified: int
    rewarded: int
    failed: int
    p50: float | None
    p99: float | None
    longest_wait: float


class LimitAnswer(Answer):
    """Calls `used` of the `cap` in `seconds`; null when it could not be read."""

    vendor: Literal["intercom", "referral_factory"]
    used: int | None
    cap: int | None
    seconds: int
    problem: str


class AlarmAnswer(Answer):
    kind: str
    what: str
    do: str
    since: float | None


class OverviewAnswer(Answer):
    """`total` and `campaigns` of the period, `all_time` since the beginning."""

    now: float
    total: Funnel
    campaigns: list[Funnel]
    all_time: Funnel
    days: list[DayAnswer]
    p50: float | None
    p99: float | None
    oldest_undelivered: float
    attention: int
    quarantined: int
    limits: list[LimitAnswer]
    alarms: list[AlarmAnswer]
    webhooks: list[WebhookAnswer]
