"""Secrets Manager's JSON secrets, kept for five minutes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from shared.adapters.aws import code_of, transient_errors
from shared.errors import ConfigurationError, InvalidSignatureError, TransientError
from shared.ports.aws import SecretStore
from shared.ports.clock import Clock

SECRETS_KEPT_SECONDS = 300.0
ASK_AGAIN = 30.0
"""Seconds after which a known secret whose reading failed is read again: a store that hangs delays no call meanwhile."""
READ_AGAIN_AFTER = 30.0
"""Seconds between two fresh readings for what did not fit, so that strangers cannot make us ask all the time."""
Proven = TypeVar("Proven")


class Secrets:
    """Reads secrets by ARN or name with boto3's low-level client. A value whose reading fails transiently stays in use."""

    def __init__(self, client: Any, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[str, tuple[float, Mapping[str, str]]] = {}

    def read(self, arn: str, *, fresh: bool = False) -> Mapping[str, str]:
        """The secret's texts by name, at most 300 s old; ``fresh`` reads it now. Raises ConfigurationError when there is no
        such secret or it is no JSON object, TransientError when it cannot be read and was not read before."""
        now = self._clock.now()
        kept = self._kept.get(arn)
        if kept and not fresh and now - kept[0] < SECRETS_KEPT_SECONDS:
            return kept[1]
        try:
            values = self._fetch(arn)
        except TransientError:
            if kept is None:
                raise
            self._kept[arn] = (now - SECRETS_KEPT_SECONDS + ASK_AGAIN, kept[1])
            return kept[1]
        self._kept[arn] = (now, values)
        return values

    def change(self, arn: str, values: Mapping[str, str]) -> None:
        """Writes the secret with these texts changed; the others stay. Raises as ``read`` does."""
        changed = {**self._fetch(arn), **values}
        with transient_errors():
            self._client.put_secret_value(SecretId=arn, SecretString=json.dumps(changed))
        self._kept[arn] = (self._clock.now(), changed)

    def _fetch(self, arn: str) -> Mapping[str, str]:
        try:
            with transient_errors():
                answer = self._client.get_secret_value(SecretId=arn)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            raise ConfigurationError(f"there is no secret {arn}") from None
        try:
            document: Any = json.loads(answer.get("SecretString") or "")
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise ConfigurationError(f"the secret {arn} is not a JSON object")
        return {name: value.strip() for name, value in document.items() if isinstance(value, str)}


class ProofCheck:
    """Compares what a caller presents with a secret; one that was just replaced is read again when it does not fit."""

    def __init__(self, secrets: Secrets, arn: str, clock: Clock) -> None:
        self._secrets = secrets
        self._arn = arn
        self._clock = clock
        self._read_at = float("-inf")

    def __call__(self, presented: str | None, compare: Callable[[Mapping[str, str]], Proven]) -> Proven:
        """Raises what ``compare`` raises, which is InvalidSignatureError for a proof that is wrong, and what ``Secrets.read``
        raises. Whoever presents nothing makes nobody read anything again."""
        try:
            return compare(self._secrets.read(self._arn))
        except InvalidSignatureError:
            if not presented or self._clock.now() - self._read_at < READ_AGAIN_AFTER:
                raise
            self._read_at = self._clock.now()
            return compare(self._secrets.read(self._arn, fresh=True))


class SecretText:
    """One text of a secret: what the vendors' clients take as ``token`` or ``key``. Empty when the secret lacks it."""

    def __init__(self, reader: Secrets, arn: str, name: str) -> None:
        self._reader = reader
        self._arn = arn
        self._name = name

    def __call__(self, *, fresh: bool = False) -> str:
        return self._reader.read(self._arn, fresh=fresh).get(self._name, "")


class GivenText:
    """A text that is to be tried before it is stored."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __call__(self, *, fresh: bool = False) -> str:
        return self._text


class StoredSecret(SecretStore):
    def __init__(self, secrets: Secrets, arn: str) -> None:
        self._secrets = secrets
        self._arn = arn

    def read(self) -> Mapping[str, str]:
        return self._secrets.read(self._arn, fresh=True)

    def change(self, **values: str) -> None:
        self._secrets.change(self._arn, values)
