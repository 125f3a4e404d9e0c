"""The queues and secrets of an environment."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.runtime.process import Process

if TYPE_CHECKING:
    from shared.adapters.secrets import Secrets, SecretText
    from shared.ports.aws import MessageQueue, SecretStore


class Queues(Process):
    """Each is made when it is first asked for."""

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

    def _reach(self, url: str) -> None:
        from shared.adapters.sqs import SqsQueue

        SqsQueue(self._sqs, url).reach()

    @cached_property
    def _secrets(self) -> Secrets:
        from shared.adapters.secrets import Secrets

        return Secrets(self._aws("secretsmanager"), self.clock)

    def _secret_text(self, arn: str, name: str) -> SecretText:
        from shared.adapters.secrets import SecretText

        return SecretText(self._secrets, arn, name)

    def _stored_secret(self, arn: str) -> SecretStore:
        from shared.adapters.secrets import StoredSecret

        return StoredSecret(self._secrets, arn)

    @property
    def intercom_app_secret(self) -> SecretStore:
        """Client id and client secret of the app."""
        return self._stored_secret(self.settings.intercom_app_secret_arn)

    @property
    def intercom_secret(self) -> SecretStore:
        return self._stored_secret(self.settings.intercom_secret_arn)

    @property
    def referral_factory_secret(self) -> SecretStore:
        return self._stored_secret(self.settings.referral_factory_secret_arn)

    @property
    def webhook_secret(self) -> SecretStore:
        return self._stored_secret(self.settings.webhook_secret_arn)
