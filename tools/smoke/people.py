"""What the smoke test does at the vendors beside what the application does there: a friend who is invited, and taking away."""

from __future__ import annotations

from typing import Any

from shared.adapters.clock import SystemChance, SystemClock
from shared.adapters.http.transport import RequestsTransport
from shared.adapters.intercom.workspace import IntercomWorkspace
from shared.adapters.referral_factory.account import ReferralFactoryAccount
from shared.adapters.referral_factory.schemas import user_of
from shared.domain.person import Person
from shared.errors import UnavailableError
from shared.observability import EmbeddedMetrics
from tools.doctor.deployment import LookedAt, Onlooker, OnlookersGuard


class SmokeAccount(ReferralFactoryAccount):
    def invite(self, campaign_id: int, email: str, first_name: str, referrer: int) -> Person:
        """A person invited by ``referrer``, as the campaign's page would make one."""
        body: dict[str, Any] = {"campaign_id": campaign_id, "first_name": first_name, "email": email, "notify": False}
        person = user_of(self._call("POST", "/users", {**body, "referrer": {"field": "id", "value": referrer}}))
        if person is None:
            raise UnavailableError("Referral Factory: its answer is no user", vendor="referral_factory", status=200)
        return person

    def remove(self, user_id: int) -> None:
        self._call("DELETE", f"/users/{user_id}", may_be_gone=True, lenient=True)


class SmokeWorkspace(IntercomWorkspace):
    def remove(self, contact_id: str) -> None:
        """Raises ContactGoneError."""
        self._call("DELETE", f"/contacts/{contact_id}", about_contact=True)


class Smoker(Onlooker):
    """Within the deployment's own limits, as the doctor."""

    def smoke_account(self) -> SmokeAccount:
        key = self._secret_text(self.settings.referral_factory_secret_arn, "api_key")
        url, guard = self.settings.referral_factory_api_url, OnlookersGuard(self, self.referral_factory_limiter)
        return SmokeAccount(self._transport, key, url, guard)

    def smoke_workspace(self) -> SmokeWorkspace:
        token = self._secret_text(self.settings.intercom_secret_arn, "access_token")
        return SmokeWorkspace(self._transport, self.clock, token, self.settings.intercom_url, self.intercom_limiter)


def smoker_of(deployment: LookedAt) -> Smoker:
    settings = deployment.environment.settings
    transport = RequestsTransport([settings.intercom_url, settings.referral_factory_api_url])
    return Smoker(settings, deployment.client, lambda _: transport, SystemClock(), SystemChance(), EmbeddedMetrics())
