"""Errors and the calling convention of the AWS stand-ins: the same classes, codes and shapes that botocore raises."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

ANSWER_METADATA = {"RequestId": "00000000-0000-4000-8000-000000000000", "HTTPStatusCode": 200, "RetryAttempts": 0}


class RefusedError(Exception):
    """A refusal inside a stand-in; `operation` turns it into the ClientError that the caller sees.

    `extra` are further top-level members of the error answer, for instance `Item` or `CancellationReasons`.
    """

    def __init__(self, code: str, message: str, status: int = 400, **extra: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.extra = extra


class MalformedParameterError(Exception):
    """A request that botocore refuses before it sends anything."""


@functools.cache
def _error_class(name: str) -> type[ClientError]:
    """Made once a process, since making a class is slow."""
    return type(name, (ClientError,), {})


class ExceptionClasses:
    """What boto3 offers as `client.exceptions`: one subclass of ClientError per modelled error."""

    def __init__(self, codes: Mapping[str, str]) -> None:
        """`codes`: class name in the service model to error code on the wire."""
        self.ClientError = ClientError
        self._class_by_code: dict[str, type[ClientError]] = {}
        for name, code in codes.items():
            error_class = _error_class(name)
            setattr(self, name, error_class)
            self._class_by_code[code] = error_class

    def error(self, operation_name: str, refusal: RefusedError) -> ClientError:
        """The exception a caller of `operation_name` sees."""
        answer = {
            "Error": {"Code": refusal.code, "Message": refusal.message},
            "ResponseMetadata": {**ANSWER_METADATA, "HTTPStatusCode": refusal.status},
            "message": refusal.message,
            **refusal.extra,
        }
        error_class = self._class_by_code.get(refusal.code, ClientError)
        return error_class(answer, operation_name)


def client_error(operation_name: str, code: str, message: str = "injected", status: int = 400) -> ClientError:
    """A plain ClientError, for fault injection: `client_error("PutItem", "ThrottlingException")`."""
    refusal = RefusedError(code, message, status)
    return ExceptionClasses({}).error(operation_name, refusal)


def operation(
    name: str, required: str = "", optional: str = ""
) -> Callable[[Callable[..., dict[str, Any]]], Callable[..., dict[str, Any]]]:
    """Make a method of a stand-in a client operation: keywords only and known, one caller at a time, AWS's errors.

    `required` and `optional` are parameter names separated by spaces. The stand-in has `_lock` and `exceptions`.
    Raises ParamValidationError, as botocore does, for missing and unknown parameters.
    """
    needed = frozenset(required.split())
    known = needed | frozenset(optional.split())

    def decorate(method: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        @functools.wraps(method)
        def call(self: Any, **request: Any) -> dict[str, Any]:
            if not (needed <= request.keys() <= known):
                raise ParamValidationError(report=_report(needed, known, request))
            with self._lock:
                try:
                    answer = method(self, request)
                except RefusedError as refusal:
                    raise self.exceptions.error(name, refusal) from None
                except MalformedParameterError as malformed:
                    raise ParamValidationError(report=str(malformed)) from None
            answer["ResponseMetadata"] = ANSWER_METADATA.copy()
            return answer

        return call

    return decorate


def _report(needed: frozenset[str], known: frozenset[str], request: Mapping[str, Any]) -> str:
    missing = [f'Missing required parameter in input: "{name}"' for name in sorted(needed - request.keys())]
    unknown = [f'Unknown parameter in input: "{name}"' for name in sorted(request.keys() - known)]
    return "\n".join(missing + unknown)
