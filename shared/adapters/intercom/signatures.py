"""The secrets that sign Intercom's webhooks: the app's client secret, and the next one while it is being replaced."""

from __future__ import annotations

from collections.abc import Callable

from shared.adapters.intercom.webhook import check_body_signature, check_hub_signature
from shared.adapters.secrets import ProofCheck, Secrets
from shared.ports.clock import Clock
from shared.ports.qualification import SignatureCheck

_SECRETS = ("client_secret", "client_secret_next")
Check = Callable[[str | None, bytes, list[str]], None]


class IntercomSignatures(SignatureCheck):
    def __init__(self, secrets: Secrets, arn: str, clock: Clock) -> None:
        self._proof = ProofCheck(secrets, arn, clock)

    def check_notification(self, hub: str | None, body: bytes) -> None:
        self._check(check_hub_signature, hub, body)

    def check_call(self, signature: str | None, hub: str | None, body: bytes) -> None:
        if signature is None:
            self._check(check_hub_signature, hub, body)
        else:
            self._check(check_body_signature, signature, body)

    def _check(self, check: Check, header: str | None, body: bytes) -> None:
        self._proof(header, lambda stored: check(header, body, [stored.get(name) or "" for name in _SECRETS]))
