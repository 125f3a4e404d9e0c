"""The webhook secrets ``current`` and ``next``, so that a rotation refuses nobody."""

from __future__ import annotations

from shared.adapters.referral_factory.webhook import check_secret
from shared.adapters.secrets import Secrets
from shared.errors import InvalidSignatureError
from shared.ports.clock import Clock

READ_AGAIN_AFTER = 30.0
"""Seconds between two fresh readings, so that strangers cannot make us ask all the time."""


class WebhookSecrets:
    """Checks what a sender presents against the stored secrets; reads them anew when they do not fit."""

    def __init__(self, secrets: Secrets, arn: str, clock: Clock) -> None:
        self._secrets = secrets
        self._arn = arn
        self._clock = clock
        self._read_at = float("-inf")

    def check(self, presented: str) -> bool:
        """Whether it is the next one. Raises InvalidSignatureError, and TransientError when the secrets cannot be read."""
        try:
            return self._compare(presented, fresh=False)
        except InvalidSignatureError:
            if self._clock.now() - self._read_at < READ_AGAIN_AFTER:
                raise
            self._read_at = self._clock.now()
            return self._compare(presented, fresh=True)

    def _compare(self, presented: str, *, fresh: bool) -> bool:
        stored = self._secrets.read(self._arn, fresh=fresh)
        return check_secret([presented], [str(stored.get(name) or "") for name in ("current", "next")]) == 1
