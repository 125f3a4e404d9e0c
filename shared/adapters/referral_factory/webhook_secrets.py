"""The webhook secrets ``current`` and ``next``, so that a rotation refuses nobody."""

from __future__ import annotations

from shared.adapters.referral_factory.webhook import check_secret
from shared.adapters.secrets import ProofCheck, Secrets
from shared.ports.clock import Clock

_SECRETS = ("current", "next")


class WebhookSecrets:
    """Checks what a sender presents against the stored secrets."""

    def __init__(self, secrets: Secrets, arn: str, clock: Clock) -> None:
        self._proof = ProofCheck(secrets, arn, clock)

    def check(self, presented: str) -> bool:
        """Whether it is the next one. Raises InvalidSignatureError, and TransientError when the secrets cannot be read."""
        return (
            self._proof(presented, lambda stored: check_secret([presented], [stored.get(name) or "" for name in _SECRETS])) == 1
        )
