"""AWS's failures as our errors: what may succeed later is transient, everything else is a bug and passes unchanged."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's own name

from shared.errors import TransientError

_TRANSIENT_CODES = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "InternalServiceError",
        "KmsThrottled",
        "LimitExceededException",
        "OverLimit",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_TRANSIENT_REASONS = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


class _TransientErrors:
    """No generator: this is around each AWS call, and a generator would take longer than the rest of the adapter."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, ConnectionError | HTTPClientError):
            raise TransientError(f"AWS: {type(error).__name__}", vendor="aws") from None
        if isinstance(error, ClientError) and _is_transient(error):
            metadata = error.response.get("ResponseMetadata", {})
            raise TransientError(
                f"AWS: {error.operation_name} failed with {code_of(error)}",
                vendor="aws",
                status=metadata.get("HTTPStatusCode"),
                code=code_of(error),
                request_id=metadata.get("RequestId"),
            ) from None


_TRANSIENT_ERRORS = _TransientErrors()


def transient_errors() -> AbstractContextManager[None]:
    """Turns throttling, 5xx and lost connections into TransientError(vendor="aws")."""
    return _TRANSIENT_ERRORS


def code_of(error: Any) -> str:
    """The error code of a ClientError."""
    return str(error.response.get("Error", {}).get("Code", ""))


def cancellation_codes(error: Any) -> list[str]:
    """Why each action of a cancelled transaction failed, ``None`` as text for those that did not."""
    return [str(reason.get("Code")) for reason in error.response.get("CancellationReasons", [])]


def _is_transient(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or code_of(error) in _TRANSIENT_CODES or bool(_TRANSIENT_REASONS & set(cancellation_codes(error)))
