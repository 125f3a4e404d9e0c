"""The secrets that sign Intercom's webhooks: the app's client secret, and the next one while it is being replaced."""

from __future__ import annotations

from collections.abc import Callable

from shared.adapters.intercom.webhook import check_body_signature, check_hub_signature
from shared.adapters.secrets import Secrets
from shared.errors import InvalidSignatureError
from shared.ports.clock import Clock
from shared.ports.qualification import SignatureCheck

READ_AGAIN_AFTER = 30.0
"""Seconds between two fresh readings, so that strangers cannot make us ask all the time."""
NAMES = ("client_secret", "client_secret_next")
Check = Callable[[str | None, bytes, list[str]], None]


class IntercomSignatures(SignatureCheck):
    def __init__(self, secrets: Secrets, arn: str, clock: Clock) -> None:
        self._secrets = secrets
        self._arn = arn
        self._clock = clock
        self._read_at = float("-inf")

    def check_notification(self, hub: str | None, body: bytes) -> None:
        self._check(check_hub_signature, hub, body)

    def check_call(self, signature: str | None, hub: str | None, body: bytes) -> None:
        if signature is None:
            self._check(check_hub_signature, hub, body)
        else:
            self._check(check_body_signature, signature, body)

    def _check(self, check: Check, header: str | None, body: bytes) -> None:
        try:
            check(header, body, self._stored(fresh=False))
        except InvalidSignatureError:
            if not header or self._clock.now() - self._read_at < READ_AGAIN_AFTER:
                raise
            self._read_at = self._clock.now()
            check(header, body, self._stored(fresh=True))

    def _stored(self, *, fresh: bool) -> list[str]:
        stored = self._secrets.read(self._arn, fresh=fresh)
        return [stored.get(name) or "" for name in NAMES]
