"""A Secrets Manager in memory behind the interface of `boto3.client("secretsmanager")`.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/Welcome.html
"""

import random
import string
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.fakes.errors import ExceptionClasses, RefusedError, operation

REGION = "eu-central-1"
ACCOUNT = "123456789012"
CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
MAX_SECRET_BYTES = 65_536

_CODES = (
    "InternalServiceError",
    "InvalidParameterException",
    "InvalidRequestException",
    "LimitExceededException",
    "ResourceExistsException",
    "ResourceNotFoundException",
)


class _Secret:
    """Versions by their id, and which version each stage points to."""

    def __init__(self, name: str, arn: str) -> None:
        self.name = name
        self.arn = arn
        self.deleted = False
        self.versions: dict[str, tuple[dict[str, Any], datetime]] = {}
        self.version_by_stage: dict[str, str] = {}

    def move_stage(self, stage: str, version_id: str) -> None:
        """Point a stage to a version; what was current becomes previous."""
        before = self.version_by_stage.get(stage)
        self.version_by_stage[stage] = version_id
        if stage == CURRENT and before not in {None, version_id}:
            self.version_by_stage[PREVIOUS] = before  # type: ignore[assignment]

    def stages_of(self, version_id: str) -> list[str]:
        """The stages that point to a version."""
        return sorted(stage for stage, version in self.version_by_stage.items() if version == version_id)


class FakeSecretsManager:
    """The client. Calls from several threads are taken one at a time. `clock` gives epoch seconds."""

    def __init__(self, clock: Callable[[], float], chance: random.Random) -> None:
        self.exceptions = ExceptionClasses({code: code for code in _CODES})
        self._clock = clock
        self._chance = chance
        self._secrets: dict[str, _Secret] = {}
        self._lock = threading.RLock()

    @operation("CreateSecret", "Name", "SecretString SecretBinary Description ClientRequestToken KmsKeyId Tags")
    def create_secret(self, request: dict[str, Any]) -> dict[str, Any]:
        """Create a secret, with a first version if a value is given."""
        name = request["Name"]
        if name in self._secrets:
            raise RefusedError("ResourceExistsException", f"The operation failed because the secret {name} already exists.")
        suffix = "".join(self._chance.choices(string.ascii_letters + string.digits, k=6))
        secret = _Secret(name, f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-{suffix}")
        answer = {"ARN": secret.arn, "Name": name}
        if "SecretString" in request or "SecretBinary" in request:
            answer["VersionId"] = self._add_version(secret, request, [CURRENT])
        self._secrets[name] = secret
        return answer

    @operation("PutSecretValue", "SecretId", "SecretString SecretBinary ClientRequestToken VersionStages RotationToken")
    def put_secret_value(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add a version; it becomes AWSCURRENT unless `VersionStages` says otherwise."""
        secret = self._secret(request["SecretId"])
        # The first version is current whatever is asked for.
        stages = list(request.get("VersionStages", [CURRENT]))
        if not secret.versions and CURRENT not in stages:
            stages.append(CURRENT)
        version_id = self._add_version(secret, request, stages)
        return {
            "ARN": secret.arn,
            "Name": secret.name,
            "VersionId": version_id,
            "VersionStages": secret.stages_of(version_id),
        }

    @operation("GetSecretValue", "SecretId", "VersionId VersionStage")
    def get_secret_value(self, request: dict[str, Any]) -> dict[str, Any]:
        """A version by its id or stage, AWSCURRENT by default. Raises ResourceNotFoundException."""
        secret = self._secret(request["SecretId"])
        stage = request.get("VersionStage")
        version_id = request.get("VersionId")
        if version_id is None:
            version_id = secret.version_by_stage.get(stage or CURRENT)
        elif stage is not None and secret.version_by_stage.get(stage) != version_id:
            raise RefusedError(
                "InvalidRequestException",
                "You provided a VersionStage that is not associated to the provided VersionId.",
            )
        if version_id not in secret.versions:
            wanted = f"VersionId: {version_id}" if version_id else f"staging label: {stage or CURRENT}"
            raise RefusedError(
                "ResourceNotFoundException",
                f"Secrets Manager can't find the specified secret value for {wanted}",
            )
        value, created_at = secret.versions[version_id]
        return {
            "ARN": secret.arn,
            "Name": secret.name,
            "VersionId": version_id,
            **value,
            "VersionStages": secret.stages_of(version_id),
            "CreatedDate": created_at,
        }

    @operation("DeleteSecret", "SecretId", "RecoveryWindowInDays ForceDeleteWithoutRecovery")
    def delete_secret(self, request: dict[str, Any]) -> dict[str, Any]:
        """Mark a secret as deleted, or forget it at once with `ForceDeleteWithoutRecovery`."""
        secret = self._secret(request["SecretId"])
        secret.deleted = True
        if request.get("ForceDeleteWithoutRecovery"):
            del self._secrets[secret.name]
        return {"ARN": secret.arn, "Name": secret.name, "DeletionDate": self._now()}

    def _secret(self, identifier: str) -> _Secret:
        secret = self._secrets.get(identifier)
        if secret is None:
            secret = next((one for one in self._secrets.values() if identifier in {one.arn, one.arn[:-7]}), None)
        if secret is None:
            raise RefusedError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        if secret.deleted:
            raise RefusedError(
                "InvalidRequestException",
                "You can't perform this operation on the secret because it was marked for deletion.",
            )
        return secret

    def _add_version(self, secret: _Secret, request: Mapping[str, Any], stages: list[str]) -> str:
        value = {name: request[name] for name in ("SecretString", "SecretBinary") if name in request}
        if len(value) != 1:
            raise RefusedError("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
        content = next(iter(value.values()))
        size = len(content.encode() if isinstance(content, str) else content)
        if not 1 <= size <= MAX_SECRET_BYTES:
            raise RefusedError("InvalidParameterException", "A secret value has 1 to 65536 bytes.")
        version_id: str = request.get("ClientRequestToken") or self._identifier()
        if version_id in secret.versions:
            if secret.versions[version_id][0] != value:
                raise RefusedError(
                    "ResourceExistsException",
                    "You can't modify the value of a secret version that already exists.",
                )
            return version_id
        secret.versions[version_id] = (value, self._now())
        for stage in stages:
            secret.move_stage(stage, version_id)
        return version_id

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _identifier(self) -> str:
        digits = f"{self._chance.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
