"""What an environment has for webhooks and notifications: checks and readers."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.runtime.queues import Queues

if TYPE_CHECKING:
    from shared.ports.qualification import NotificationReader, ObjectReader, SignatureCheck
    from shared.ports.referrer import RewardReader
    from shared.ports.signup import (
        FieldsReader,
        PersonReader,
        SecretCheck,
        SignupPost,
    )


class Webhooks(Queues):
    """Loads no vendor's client."""

    def ready_for_signups(self) -> None:
        """Clients, their connections and the secret. Raises what AWS's clients raise, and ConfigurationError."""
        self._secrets.read(self.settings.webhook_secret_arn)
        self._reach(self.settings.delivery_queue_url)
        _ = self.check_webhook_secret, self.delivery_queue, self.read_fields

    @cached_property
    def check_webhook_secret(self) -> SecretCheck:
        from shared.adapters.referral_factory.webhook_secrets import WebhookSecrets

        return WebhookSecrets(self._secrets, self.settings.webhook_secret_arn, self.clock).check

    @cached_property
    def post_signup(self) -> SignupPost:
        from shared.adapters.referral_factory.signup_post import WebhookPost

        secret = self._secret_text(self.settings.webhook_secret_arn, "current")
        return WebhookPost(self._transport, self.settings.synthetic_signup_url or self._joined_webhook, secret)

    @property
    def _joined_webhook(self) -> str:
        return f"{self.settings.console_url.rstrip('/')}/webhooks/referral-factory/{{campaign_id}}/joined"

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
        from shared.adapters.referral_factory.schemas import reported_person_of

        return reported_person_of

    @cached_property
    def intercom_signatures(self) -> SignatureCheck:
        from shared.adapters.intercom.signatures import IntercomSignatures

        return IntercomSignatures(self._secrets, self.settings.intercom_app_secret_arn, self.clock)

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
