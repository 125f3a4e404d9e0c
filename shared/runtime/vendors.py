"""The vendors of an environment, with the limiters and guards before each call."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.domain.connection.connection import Connection, Vendor
from shared.domain.vendor.limits import Priority
from shared.runtime.tables import Tables
from shared.runtime.webhooks import Webhooks

if TYPE_CHECKING:
    from shared.adapters.dynamodb.vendor.limiter_intercom import IntercomLimiter
    from shared.adapters.dynamodb.vendor.limiter_referral_factory import ReferralFactoryLimiter
    from shared.adapters.intercom.connection_gate import ConnectionGate
    from shared.ports.connection import Account, OAuth, Workspace
    from shared.ports.vendors import Intercom, ReferralFactory
    from shared.use_cases.qualification.hear_notifications import NotificationHeartbeat
    from shared.use_cases.qualification.notification_rules import NotificationRules
    from shared.use_cases.qualification.unchanged_hits import UnchangedHits
    from shared.use_cases.vendor.guard_referral_factory import ReferralFactoryGuard
    from shared.use_cases.vendor.guard_vendor import VendorGuard

STAND_IN_BLOCK_PAUSE = 60.0
"""Seconds without a call after a stand-in refused a connection: it was only restarted."""


class Vendors(Tables, Webhooks):
    """Clients are made when they are first asked for: a receiver loads none."""

    @cached_property
    def _intercom(self) -> Intercom:
        from shared.adapters.intercom.client import IntercomClient

        token = self._secret_text(self.settings.intercom_secret_arn, "access_token")
        return IntercomClient(self._transport, self.clock, token, self.settings.intercom_url, self._intercom_gate)

    @cached_property
    def intercom_limiter(self) -> IntercomLimiter:
        from shared.adapters.dynamodb.vendor.limiter_intercom import IntercomLimiter

        return IntercomLimiter(
            self._campaigns_table, self.clock, self.time_left, self.chance.fraction(), self.settings.intercom_workers
        )

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

    @cached_property
    def unchanged_hits(self) -> UnchangedHits:
        from shared.use_cases.qualification.unchanged_hits import UnchangedHits

        return UnchangedHits(self.clock)

    @cached_property
    def notification_rules(self) -> NotificationRules:
        from shared.use_cases.qualification.notification_rules import NotificationRules

        return NotificationRules(self)

    def ready_for_notifications(self) -> None:
        """Clients, their connections and the secret. Raises what AWS's clients raise, and ConfigurationError. What is read of
        the tables is not kept: a process may be started long before its first notification, and settings change."""
        self._secrets.read(self.settings.intercom_app_secret_arn)
        self.connections.find()
        self.campaigns.list()
        self._reach(self.settings.qualification_queue_url)
        _ = self.intercom_signatures, self.notification_rules, self.qualification_queue, self.read_notification, self.figures

    @cached_property
    def notification_heartbeat(self) -> NotificationHeartbeat:
        from shared.use_cases.qualification.hear_notifications import NotificationHeartbeat

        return NotificationHeartbeat(self)
