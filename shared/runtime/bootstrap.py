"""The only composition root: which real things exist, and when they are made.

Nothing is made at import. Each part is made when it is first asked for, so that a receiver never loads a vendor's client.
Tests and the simulated world put an environment of their own in place with ``use``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from shared.adapters.clock import SystemChance, SystemClock
from shared.config import Settings, settings_of
from shared.domain.connection.connection import Connection, Vendor
from shared.domain.vendor.limits import Priority
from shared.observability import EmbeddedMetrics, begin_lines, logger

if TYPE_CHECKING:
    from shared.adapters.dynamodb.operations.figures import DynamoFigures
    from shared.adapters.dynamodb.table import Table
    from shared.adapters.dynamodb.vendor.limiter_intercom import IntercomLimiter
    from shared.adapters.dynamodb.vendor.limiter_referral_factory import ReferralFactoryLimiter
    from shared.adapters.http.transport import HttpTransport
    from shared.adapters.intercom.connection_gate import ConnectionGate
    from shared.adapters.secrets import Secrets, SecretText
    from shared.ports.aws import MessageQueue, SecretStore
    from shared.ports.campaign import Campaigns
    from shared.ports.clock import Chance, Clock
    from shared.ports.connection import Account, Connections, OAuth, OAuthStates, Workspace
    from shared.ports.contact import Claims, People
    from shared.ports.operations import Audit, Erasures, Metrics, Progresses
    from shared.ports.qualification import NotificationReader, ObjectReader, Qualifications, SignatureCheck
    from shared.ports.referrer import Referrers, RewardReader, Rewards
    from shared.ports.signup import (
        FieldsReader,
        Inbox,
        PersonReader,
        Quarantine,
        QuarantineShelf,
        Referrals,
        ReferralSearch,
        SecretCheck,
        SignupPost,
    )
    from shared.ports.sync import SyncMembers, SyncRuns
    from shared.ports.vendor import Breakers, StrikeBook, VendorNotes
    from shared.ports.vendors import Intercom, ReferralFactory
    from shared.use_cases.qualification.hear_notifications import NotificationHeartbeat
    from shared.use_cases.qualification.notification_rules import NotificationRules
    from shared.use_cases.vendor.guard_referral_factory import ReferralFactoryGuard
    from shared.use_cases.vendor.guard_vendor import VendorGuard

NO_DEADLINE = 3_600.0
STAND_IN_BLOCK_PAUSE = 60.0
"""Seconds without a call after a stand-in refused a connection: it was only restarted."""
AWS_ATTEMPTS = 2
"""Of the SDK at one call; up to a second lies between them."""


class Patience(NamedTuple):
    """Seconds that one attempt at an AWS call may take."""

    connect: float
    read: float


USUAL = Patience(2.0, 5.0)
BRIEF = Patience(1.0, 0.7)
"""Of the receivers. For their tables: the rules that may be gone on with as they are known, a light that nobody needs; two
calls that hang, each tried twice, leave the receiver of notifications time to answer within 5 s. For the queue of signups:
when it hangs, the inbox has to take the signup before the platform ends the receiver."""
_BRIEF_FOR = {
    ("intercom_webhook", "dynamodb"),
    ("intercom_webhook", "secretsmanager"),
    ("signup_webhook", "sqs"),
    ("signup_webhook", "dynamodb"),
    ("signup_webhook", "secretsmanager"),
}


class LambdaContext(Protocol):
    """What we use of Lambda's context."""

    @property
    def aws_request_id(self) -> str: ...
    def get_remaining_time_in_millis(self) -> int: ...


class Aws(Protocol):
    """Makes a boto3 client of a service, or a stand-in of one."""

    def __call__(self, service: str) -> Any: ...


class Environment:
    """Everything a handler needs. ``time_left`` is that of the invocation in progress."""

    def __init__(
        self,
        settings: Settings,
        aws: Aws,
        transport: Callable[[Settings], HttpTransport],
        clock: Clock,
        chance: Chance,
        metrics: Metrics,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.chance = chance
        self.metrics = metrics
        self._aws = aws
        self._make_transport = transport
        self._context: LambdaContext | None = None

    def begin(self, context: LambdaContext | None, event: Mapping[str, Any] | None = None) -> None:
        """Called by each handler first: each log line from now on carries the ids of this invocation."""
        self._context = context
        begin_lines(context.aws_request_id if context else "", event or {})

    def time_left(self) -> float:
        """Seconds until Lambda ends this invocation."""
        return self._context.get_remaining_time_in_millis() / 1000 if self._context else NO_DEADLINE

    def flush(self) -> None:
        """Called by each handler last: writes out what was counted."""
        if "figures" in self.__dict__:  # the receiver of signups counts nothing and loads no table for it
            self.figures.flush()
        self.metrics.flush()

    # -- tables -------------------------------------------------------------------------------------------------------

    @cached_property
    def _dynamodb(self) -> Any:
        return self._aws("dynamodb")

    @cached_property
    def _referrals_table(self) -> Table:
        from shared.adapters.dynamodb.table import Table

        return Table(self._dynamodb, self.settings.referrals_table, self.chance)

    @cached_property
    def _campaigns_table(self) -> Table:
        from shared.adapters.dynamodb.table import Table

        return Table(self._dynamodb, self.settings.campaigns_table, self.chance)

    @cached_property
    def referrals(self) -> Referrals:
        from shared.adapters.dynamodb.signup.counted_referrals import CountedReferrals

        return CountedReferrals(self._referrals_table, self.clock, self.figures)

    @cached_property
    def qualifications(self) -> Qualifications:
        from shared.adapters.dynamodb.operations.counted_outcomes import CountedQualifications

        return CountedQualifications(self._referrals_table, self.clock, self.figures)

    @cached_property
    def people(self) -> People:
        from shared.adapters.dynamodb.contact.people import DynamoPeople

        return DynamoPeople(self._referrals_table)

    @cached_property
    def referrers(self) -> Referrers:
        from shared.adapters.dynamodb.referrer.referrers import DynamoReferrers

        return DynamoReferrers(self._referrals_table)

    @cached_property
    def rewards(self) -> Rewards:
        from shared.adapters.dynamodb.operations.counted_outcomes import CountedRewards

        return CountedRewards(self._referrals_table, self.clock, self.figures)

    @cached_property
    def claims(self) -> Claims:
        from shared.adapters.dynamodb.contact.claims import DynamoClaims

        return DynamoClaims(self._referrals_table)

    @cached_property
    def inbox(self) -> Inbox:
        from shared.adapters.dynamodb.signup.inbox import DynamoInbox

        return DynamoInbox(self._referrals_table, self.clock)

    @cached_property
    def quarantine(self) -> Quarantine:
        from shared.adapters.dynamodb.signup.quarantine import DynamoQuarantine

        return DynamoQuarantine(self._referrals_table, self.clock)

    @cached_property
    def campaigns(self) -> Campaigns:
        from shared.adapters.dynamodb.campaign.campaigns import DynamoCampaigns

        return DynamoCampaigns(self._campaigns_table)

    @cached_property
    def connections(self) -> Connections:
        from shared.adapters.dynamodb.connection.connections import DynamoConnections

        return DynamoConnections(self._campaigns_table)

    @cached_property
    def breakers(self) -> Breakers:
        from shared.adapters.dynamodb.vendor.breakers import DynamoBreakers

        return DynamoBreakers(self._campaigns_table)

    @cached_property
    def strikes(self) -> StrikeBook:
        from shared.adapters.dynamodb.vendor.strikes import DynamoStrikes

        return DynamoStrikes(self._campaigns_table)

    @cached_property
    def progresses(self) -> Progresses:
        from shared.adapters.dynamodb.operations.progresses import DynamoProgresses

        return DynamoProgresses(self._campaigns_table)

    @cached_property
    def sync_members(self) -> SyncMembers:
        from shared.adapters.dynamodb.sync.members import DynamoSyncMembers

        return DynamoSyncMembers(self._referrals_table)

    @cached_property
    def sync_runs(self) -> SyncRuns:
        from shared.adapters.dynamodb.sync.runs import DynamoSyncRuns

        return DynamoSyncRuns(self._campaigns_table, self._referrals_table, self.chance, self.clock)

    @cached_property
    def erasures(self) -> Erasures:
        from shared.adapters.dynamodb.operations.erasures import DynamoErasures

        return DynamoErasures(self._referrals_table)

    @cached_property
    def figures(self) -> DynamoFigures:
        from shared.adapters.dynamodb.operations.figures import DynamoFigures

        return DynamoFigures(self._campaigns_table)

    # -- what the console needs ---------------------------------------------------------------------------------------

    @cached_property
    def referral_search(self) -> ReferralSearch:
        from shared.adapters.dynamodb.signup.referral_search import DynamoReferralSearch
        from shared.adapters.dynamodb.signup.referrals import DynamoReferrals

        return DynamoReferralSearch(self._referrals_table, DynamoReferrals(self._referrals_table, self.clock))

    @cached_property
    def quarantine_shelf(self) -> QuarantineShelf:
        from shared.adapters.dynamodb.signup.quarantine import DynamoQuarantine

        return DynamoQuarantine(self._referrals_table, self.clock)

    @cached_property
    def audit(self) -> Audit:
        from shared.adapters.dynamodb.operations.audit import DynamoAudit

        return DynamoAudit(self._campaigns_table)

    @cached_property
    def oauth_states(self) -> OAuthStates:
        from shared.adapters.dynamodb.connection.oauth_states import DynamoOAuthStates

        return DynamoOAuthStates(self._campaigns_table, self.clock)

    @cached_property
    def vendor_notes(self) -> VendorNotes:
        from shared.adapters.dynamodb.vendor.vendor_notes import DynamoVendorNotes

        return DynamoVendorNotes(self._campaigns_table)

    def _stored_secret(self, arn: str) -> SecretStore:
        from shared.adapters.secrets import StoredSecret

        return StoredSecret(self._secrets, arn)

    @property
    def intercom_secret(self) -> SecretStore:
        return self._stored_secret(self.settings.intercom_secret_arn)

    @property
    def referral_factory_secret(self) -> SecretStore:
        return self._stored_secret(self.settings.referral_factory_secret_arn)

    @property
    def webhook_secret(self) -> SecretStore:
        return self._stored_secret(self.settings.webhook_secret_arn)

    @cached_property
    def intercom_oauth(self) -> OAuth:
        from shared.adapters.intercom.oauth import IntercomOAuth

        url = self.settings.intercom_url
        return IntercomOAuth(self._transport, url, stand_in=bool(self.settings.intercom_api_url))

    @cached_property
    def _workspace(self) -> Workspace:
        from shared.adapters.intercom.workspace import IntercomWorkspace

        token = self._secret_text(self.settings.intercom_secret_arn, "access_token")
        return IntercomWorkspace(self._transport, self.clock, token, self.settings.intercom_url, self._intercom_gate)

    def workspace(self) -> Workspace:
        """What settings are chosen from, in the connected workspace."""
        self._intercom_gate.begin(None)
        return self._workspace

    def workspace_of(self, token: str) -> Workspace:
        """The workspace of a token that is not stored yet."""
        from shared.adapters.intercom.workspace import IntercomWorkspace
        from shared.adapters.secrets import GivenText

        given, url = GivenText(token), self.settings.intercom_url
        return IntercomWorkspace(self._transport, self.clock, given, url, self.intercom_limiter)

    def account(self) -> Account:
        """Referral Factory's account with the stored key."""
        from shared.adapters.referral_factory.account import ReferralFactoryAccount

        key = self._secret_text(self.settings.referral_factory_secret_arn, "api_key")
        url = self.settings.referral_factory_api_url
        return ReferralFactoryAccount(self._transport, key, url, self._referral_factory_guard)

    def account_of(self, key: str) -> Account:
        """The account of a key that is not stored yet. A key that is refused says nothing about the stored one."""
        from shared.adapters.referral_factory.account import ReferralFactoryAccount
        from shared.adapters.secrets import GivenText
        from shared.use_cases.vendor.guard_referral_factory import KeyCheckGuard

        url, guard = self.settings.referral_factory_api_url, KeyCheckGuard(self, self.referral_factory_limiter)
        return ReferralFactoryAccount(self._transport, GivenText(key), url, guard)

    # -- queues and secrets -------------------------------------------------------------------------------------------

    @cached_property
    def _sqs(self) -> Any:
        return self._aws("sqs")

    @cached_property
    def delivery_queue(self) -> MessageQueue:
        return self._queue(self.settings.delivery_queue_url)

    @cached_property
    def reconcile_queue(self) -> MessageQueue:
        return self._queue(self.settings.reconcile_queue_url)

    @cached_property
    def qualification_queue(self) -> MessageQueue:
        return self._queue(self.settings.qualification_queue_url)

    @cached_property
    def referrer_queue(self) -> MessageQueue:
        return self._queue(self.settings.referrer_queue_url)

    @cached_property
    def sync_queue(self) -> MessageQueue:
        return self._queue(self.settings.sync_queue_url)

    def _queue(self, url: str) -> MessageQueue:
        from shared.adapters.sqs import SqsQueue

        return SqsQueue(self._sqs, url)

    @cached_property
    def _secrets(self) -> Secrets:
        from shared.adapters.secrets import Secrets

        return Secrets(self._aws("secretsmanager"), self.clock)

    def _secret_text(self, arn: str, name: str) -> SecretText:
        from shared.adapters.secrets import SecretText

        return SecretText(self._secrets, arn, name)

    # -- Referral Factory's webhooks ----------------------------------------------------------------------------------

    @cached_property
    def check_webhook_secret(self) -> SecretCheck:
        from shared.adapters.referral_factory.webhook_secrets import WebhookSecrets

        return WebhookSecrets(self._secrets, self.settings.webhook_secret_arn, self.clock).check

    @cached_property
    def post_signup(self) -> SignupPost:
        from shared.adapters.referral_factory.signup_post import WebhookPost

        secret = self._secret_text(self.settings.webhook_secret_arn, "current")
        return WebhookPost(self._transport, self.settings.synthetic_signup_url, secret)

    @property
    def synthetic_campaign_id(self) -> int:
        """0: there is no synthetic signup."""
        return int(self.settings.synthetic_signup_campaign)

    @property
    def synthetic_email(self) -> str:
        """Empty: there is no synthetic signup."""
        return self.settings.synthetic_signup_email

    @property
    def read_fields(self) -> FieldsReader:
        from shared.adapters.referral_factory.webhook import read_fields

        return read_fields

    @property
    def read_person(self) -> PersonReader:
        from shared.adapters.referral_factory.schemas import told_person_of

        return told_person_of

    # -- Intercom's notifications -------------------------------------------------------------------------------------

    @cached_property
    def intercom_signatures(self) -> SignatureCheck:
        from shared.adapters.intercom.signatures import IntercomSignatures

        return IntercomSignatures(self._secrets, self.settings.intercom_secret_arn, self.clock)

    @cached_property
    def notification_rules(self) -> NotificationRules:
        from shared.use_cases.qualification.notification_rules import NotificationRules

        return NotificationRules(self)

    @cached_property
    def notification_heartbeat(self) -> NotificationHeartbeat:
        from shared.use_cases.qualification.hear_notifications import NotificationHeartbeat

        return NotificationHeartbeat(self)

    @property
    def read_notification(self) -> NotificationReader:
        from shared.adapters.intercom.webhook import read_notification

        return read_notification

    @property
    def read_object(self) -> ObjectReader:
        from shared.adapters.intercom.webhook import read_object

        return read_object

    @property
    def read_reward(self) -> RewardReader:
        from shared.adapters.referral_factory.rewards import reward_of

        return reward_of

    # -- the vendors --------------------------------------------------------------------------------------------------

    @cached_property
    def _transport(self) -> HttpTransport:
        return self._make_transport(self.settings)

    @cached_property
    def _intercom(self) -> Intercom:
        from shared.adapters.intercom.client import IntercomClient

        token = self._secret_text(self.settings.intercom_secret_arn, "access_token")
        return IntercomClient(self._transport, self.clock, token, self.settings.intercom_url, self._intercom_gate)

    @cached_property
    def intercom_limiter(self) -> IntercomLimiter:
        from shared.adapters.dynamodb.vendor.limiter_intercom import IntercomLimiter

        return IntercomLimiter(self._campaigns_table, self.clock, self.time_left, self.chance.fraction())

    @cached_property
    def _intercom_gate(self) -> ConnectionGate:
        from shared.adapters.intercom.connection_gate import ConnectionGate

        return ConnectionGate(self.connections, self.intercom_limiter, self.intercom_guard.answered)

    def intercom(self, connection: Connection | None = None, priority: Priority = Priority.RECONCILE) -> Intercom:
        """The connected workspace's API, for one piece of work of that priority: under ``connection``, so that its calls stop
        once that was replaced, or under whichever there is."""
        self._intercom_gate.begin(connection.epoch if connection else None, priority)
        return self._intercom

    @cached_property
    def referral_factory_limiter(self) -> ReferralFactoryLimiter:
        from shared.adapters.dynamodb.vendor.limiter_referral_factory import ReferralFactoryLimiter

        return ReferralFactoryLimiter(self._campaigns_table, self.clock, self.chance, self.settings.referral_factory_limit)

    @cached_property
    def _referral_factory_guard(self) -> ReferralFactoryGuard:
        from shared.use_cases.vendor.guard_referral_factory import BLOCK_PAUSE, ReferralFactoryGuard

        pause = STAND_IN_BLOCK_PAUSE if self.settings.calls_a_stand_in else BLOCK_PAUSE
        return ReferralFactoryGuard(self, self.referral_factory_limiter, pause)

    def referral_factory(self, priority: Priority = Priority.RECONCILE) -> ReferralFactory:
        """The account's API, for work of that priority."""
        from shared.adapters.referral_factory.client import ReferralFactoryClient

        key = self._secret_text(self.settings.referral_factory_secret_arn, "api_key")
        url = self.settings.referral_factory_api_url
        return ReferralFactoryClient(self._transport, key, url, self._referral_factory_guard, priority)

    @cached_property
    def intercom_guard(self) -> VendorGuard:
        from shared.use_cases.vendor.guard_vendor import VendorGuard

        return VendorGuard(self, Vendor.INTERCOM)


_current: list[Environment] = []


def environment(function: str) -> Environment:
    """The environment of this process, made from ``os.environ`` on the first call.

    Raises ConfigurationError that names what ``function`` misses.
    """
    if not _current:
        _current.append(_from_process(function, os.environ))
    return _current[-1]


@contextmanager
def use(replacement: Environment) -> Iterator[Environment]:
    """Puts an environment in the place of the process's own, for tests."""
    _current.append(replacement)
    try:
        yield replacement
    finally:
        _current.remove(replacement)


def _from_process(function: str, variables: Mapping[str, str]) -> Environment:
    settings = settings_of(variables, function)
    logger.info("environment made", function_name=function, stage=settings.stage)
    return Environment(
        settings, partial(_boto3_client, function), _requests_transport, SystemClock(), SystemChance(), EmbeddedMetrics()
    )


def patience_of(function: str, service: str) -> Patience:
    """How long the function waits for a service of AWS."""
    return BRIEF if (function, service) in _BRIEF_FOR else USUAL


def _boto3_client(function: str, service: str) -> Any:
    import boto3
    from botocore.config import Config

    patience = patience_of(function, service)
    limits = Config(
        connect_timeout=patience.connect,
        read_timeout=patience.read,
        retries={"mode": "standard", "total_max_attempts": AWS_ATTEMPTS},
    )
    return boto3.client(service, config=limits)


def _requests_transport(settings: Settings) -> HttpTransport:
    from shared.adapters.http.transport import RequestsTransport

    addresses = (settings.intercom_url, settings.referral_factory_api_url, settings.synthetic_signup_url)
    return RequestsTransport(address for address in addresses if address)
