"""A Secrets Manager in memory behind the interface of `boto3.client("secretsmanager")`: texts, and of each the newest version.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/Welcome.html
"""

import random
import string
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.fakes.errors import ExceptionClasses, RefusedError, operation

REGION = "eu-central-1"
ACCOUNT = "123456789012"
MAX_SECRET_BYTES = 65_536

_CODES = (
    "InternalServiceError",
    "InvalidParameterException",
    "InvalidRequestException",
    "LimitExceededException",
    "ResourceExistsException",
    "ResourceNotFoundException",
)


class FakeSecretsManager:
    """The client. Calls from several threads are taken one at a time. `clock` gives epoch seconds."""

    def __init__(self, clock: Callable[[], float], chance: random.Random) -> None:
        self.exceptions = ExceptionClasses({code: code for code in _CODES})
        self._clock = clock
        self._chance = chance
        self._secrets: dict[str, dict[str, Any]] = {}
        self._lock = threading.RLock()

    @operation("CreateSecret", "Name SecretString")
    def create_secret(self, request: dict[str, Any]) -> dict[str, Any]:
        """Create a secret with its first value."""
        name = request["Name"]
        if name in self._secrets:
            raise RefusedError("ResourceExistsException", f"The operation failed because the secret {name} already exists.")
        suffix = "".join(self._chance.choices(string.ascii_letters + string.digits, k=6))
        secret = {"ARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-{suffix}", "Name": name}
        answer = self._set(secret, request["SecretString"])
        self._secrets[name] = secret
        return answer

    @operation("PutSecretValue", "SecretId SecretString")
    def put_secret_value(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add a version, which is the current one from now on."""
        return self._set(self._secret(request["SecretId"]), request["SecretString"])

    @operation("GetSecretValue", "SecretId")
    def get_secret_value(self, request: dict[str, Any]) -> dict[str, Any]:
        """The current version. Raises ResourceNotFoundException."""
        return dict(self._secret(request["SecretId"]))

    def _secret(self, identifier: str) -> dict[str, Any]:
        for secret in self._secrets.values():
            if identifier in {secret["Name"], secret["ARN"], secret["ARN"][:-7]}:
                return secret
        raise RefusedError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")

    def _set(self, secret: dict[str, Any], value: str) -> dict[str, Any]:
        if not 1 <= len(value.encode()) <= MAX_SECRET_BYTES:
            raise RefusedError("InvalidParameterException", "A secret value has 1 to 65536 bytes.")
        secret |= {
            "VersionId": self._identifier(),
            "SecretString": value,
            "VersionStages": ["AWSCURRENT"],
            "CreatedDate": datetime.fromtimestamp(self._clock(), UTC),
        }
        return {name: secret[name] for name in ("ARN", "Name", "VersionId")}

    def _identifier(self) -> str:
        digits = f"{self._chance.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
