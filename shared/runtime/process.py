"""The process an environment belongs to: settings, clock and clients, and the invocation in progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from shared.config import Settings
from shared.observability import begin_lines

if TYPE_CHECKING:
    from shared.adapters.http.recording import RecordingTransport
    from shared.adapters.http.transport import HttpTransport
    from shared.domain.vendor.call import VendorCall
    from shared.ports.clock import Chance, Clock
    from shared.ports.operations import Metrics

NO_DEADLINE = 3_600.0


class LambdaContext(Protocol):
    """What we use of Lambda's context."""

    @property
    def aws_request_id(self) -> str: ...
    def get_remaining_time_in_millis(self) -> int: ...


class Aws(Protocol):
    """Makes a boto3 client of a service, or a stand-in of one."""

    def __call__(self, service: str) -> Any: ...


class Process:
    """What an environment is made of, and the invocation in progress."""

    def __init__(
        self,
        settings: Settings,
        aws: Aws,
        transport: Callable[[Settings], HttpTransport],
        clock: Clock,
        chance: Chance,
        metrics: Metrics,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.chance = chance
        self.metrics = metrics
        self._aws = aws
        self._make_transport = transport
        self._context: LambdaContext | None = None

    def begin(self, context: LambdaContext | None, event: Mapping[str, Any] | None = None) -> None:
        """Called by each handler first: each log line from now on carries the ids of this invocation."""
        self._context = context
        begin_lines(context.aws_request_id if context else "", event or {})

    def time_left(self) -> float:
        """Seconds until Lambda ends this invocation."""
        return self._context.get_remaining_time_in_millis() / 1000 if self._context else NO_DEADLINE

    @cached_property
    def _transport(self) -> RecordingTransport:
        from shared.adapters.http.recording import RecordingTransport

        return RecordingTransport(self._make_transport(self.settings), self.clock)

    def calls_since(self) -> Sequence[VendorCall]:
        """The calls to vendors since somebody asked last."""
        return self._transport.taken() if "_transport" in self.__dict__ else ()
