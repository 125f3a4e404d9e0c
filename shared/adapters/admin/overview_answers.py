"""What the admin API answers about how it goes. Times are seconds since 1970."""

from __future__ import annotations

from shared.adapters.admin.answers import Answer
from shared.adapters.admin.connection_answers import WebhookAnswer
from shared.domain.connection.connection import Vendor
from shared.domain.operations.health import Level


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
    """Calls `used` of the `cap` in `seconds`; null when it could not be read. `smaller_pages`: its lists were too large or too
    slow, so that fewer people are asked for at a time."""

    vendor: Vendor
    used: int | None
    cap: int | None
    seconds: int
    problem: str
    smaller_pages: bool


class ProblemAnswer(Answer):
    """`where` is the page of the console to go to; empty when there is none."""

    kind: str
    what: str
    do: str
    since: float | None
    where: str


class VendorHealth(Answer):
    """`problem` is empty when nothing is wrong."""

    vendor: Vendor
    connected: bool
    problem: str


class PlacesAnswer(Answer):
    """Where people are who are accounted for. `not_sent`: the settings leave such people alone."""

    in_intercom: int = 0
    skipped: int = 0
    waiting: int = 0
    held: int = 0
    failed: int = 0
    erased: int = 0
    not_sent: int = 0
    joined_before: int = 0


class GapAnswer(Answer):
    user_id: int
    why: str


class CompletenessAnswer(Answer):
    """Of all the campaign's people at Referral Factory, counted once a day. `unaccounted` names the first 100."""

    people: int
    accounted_for: int
    checked_at: float
    places: PlacesAnswer
    unaccounted: list[GapAnswer]


class CampaignHealthAnswer(Answer):
    """What the campaign does at this moment, whatever its status says. `completeness` is null until all were counted."""

    campaign_id: int
    name: str
    level: Level
    sentence: str
    completeness: CompletenessAnswer | None


class StepAnswer(Answer):
    kind: str
    is_done: bool
    what: str
    do: str
    where: str


class HealthAnswer(Answer):
    """`level` is `good` only when nothing is wrong and the set-up is `complete`. `oldest_undelivered` in seconds."""

    level: Level
    sentence: str
    oldest_undelivered: float
    vendors: list[VendorHealth]
    campaigns: list[CampaignHealthAnswer]
    problems: list[ProblemAnswer]
    steps: list[StepAnswer]
    complete: bool


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
    alarms: list[ProblemAnswer]
    webhooks: list[WebhookAnswer]


class Earned(Answer):
    """Friends `invited` in the period, and how many of these are `in_intercom` and `converted`. Rewards count when given."""

    invited: int
    in_intercom: int
    converted: int
    rewarded: int


class EarnedDay(Answer):
    day: str
    invited: int
    in_intercom: int
    converted: int


class EarnedCampaign(Earned):
    """`days`: friends invited on each day of the period."""

    campaign_id: int
    name: str
    days: list[int]


class TopReferrer(Answer):
    name: str | None
    email: str | None
    campaign_id: int
    user_id: int | None
    invited: int
    converted: int


class ResultsAnswer(Answer):
    """`before`: of as many days before the period. `themselves` joined without a friend's link, `synced` were added from
    Intercom. Days are those of `zone`; `whole` false: the newest 50,000 people were counted."""

    counted_at: float
    since: float
    zone: str
    whole: bool
    total: Earned
    before: Earned
    themselves: int
    synced: int
    days: list[EarnedDay]
    campaigns: list[EarnedCampaign]
    referrers: list[TopReferrer]
