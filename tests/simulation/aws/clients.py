"""boto3 clients as the handlers see them: the in-memory services behind latency, faults and the SDK's one hidden retry."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from shared.runtime.bootstrap import AWS_ATTEMPTS, patience_of
from tests.fakes.errors import client_error
from tests.simulation.aws.boundary import Flavour

if TYPE_CHECKING:
    from tests.simulation.play.crossing import Crossing

LATENCY = {"dynamodb": 0.004, "sqs": 0.008, "secretsmanager": 0.015}
THROTTLED = {"dynamodb": "ThrottlingException", "sqs": "RequestThrottled", "secretsmanager": "ThrottlingException"}
_RETRIED = (EndpointConnectionError, ReadTimeoutError)


class AwsClient:
    """A client of one service. Everything that is no operation passes through."""

    def __init__(self, service: str, fake: Any, crossing: Crossing, chance: Random) -> None:
        self._service = service
        self._fake = fake
        self._crossing = crossing
        self._chance = chance

    @property
    def exceptions(self) -> Any:
        return self._fake.exceptions

    def __getattr__(self, name: str) -> Any:
        """An operation, looked for once."""
        method = getattr(self._fake, name)

        def operation(**request: Any) -> Any:
            return self._call(name, method, request)

        setattr(self, name, operation)
        return operation

    def _call(self, name: str, method: Callable[..., Any], request: dict[str, Any]) -> Any:
        number = self._crossing.next_number()
        for attempt in range(1, AWS_ATTEMPTS + 1):
            try:
                return self._attempt(name, method, request, number, attempt)
            except _RETRIED:
                if attempt == AWS_ATTEMPTS:
                    raise
            except ClientError as error:
                if attempt == AWS_ATTEMPTS or not _is_injected(error):
                    raise
            self._crossing.sleep(self._chance.random())  # the SDK's back-off
        raise AssertionError

    def _attempt(self, name: str, method: Callable[..., Any], request: dict[str, Any], number: int, attempt: int) -> Any:
        crossing, key = self._crossing, _key(request)
        flavour = crossing.enter(self._service, name, _subject(request), number, attempt, key)
        if name == "update_item":
            crossing.lost_creates.saw_write(crossing.loop.current, key, request, flavour)
        crossing.sleep(LATENCY[self._service] * (0.5 + self._chance.random()))
        if flavour is None:
            return method(**request)
        if flavour is Flavour.BEFORE:
            raise self._refusal(name)
        if flavour is Flavour.HANG:
            function = crossing.names.get(crossing.loop.current, "") if crossing.loop.current else ""
            crossing.sleep(patience_of(function, self._service).read)
        if flavour is not Flavour.HANG or self._chance.random() < 0.5:
            try:
                method(**request)
            except ClientError:
                if flavour is not Flavour.KILLED:
                    raise  # a refused condition is an answer of its own
        if flavour is Flavour.KILLED:
            crossing.kill()
        raise ReadTimeoutError(endpoint_url=f"https://{self._service}.eu-central-1.amazonaws.com")

    def _refusal(self, name: str) -> Exception:
        kind = self._chance.randrange(3)
        if kind == 0:
            return EndpointConnectionError(endpoint_url=f"https://{self._service}.eu-central-1.amazonaws.com")
        operation = "".join(part.capitalize() for part in name.split("_"))
        if kind == 1:
            return client_error(operation, THROTTLED[self._service])
        return client_error(operation, "InternalServerError", status=500)


def _is_injected(error: ClientError) -> bool:
    return error.response["Error"]["Message"] == "injected"


def _subject(request: dict[str, Any]) -> str:
    """The table or the queue."""
    return str(request.get("TableName") or request.get("QueueUrl", "").rsplit("/", 1)[-1])


def _key(request: dict[str, Any]) -> str:
    """The partition key of the item."""
    item = request.get("Key") or request.get("Item") or {}
    return str(item.get("pk", {}).get("S", "")) if "pk" in item else ""
