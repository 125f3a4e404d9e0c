"""The only composition root: the real things of this process. Which there are stand beside it, by kind: tables, queues,
webhooks, vendors.

Each part is made when it is first asked for, so that a receiver never loads a vendor's client. Nothing is made at import, but
for receivers in Lambda (``get_ready``).
Tests and the simulated world put an environment of their own in place with ``use``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from shared.adapters.clock import SystemChance, SystemClock
from shared.config import Settings, settings_of
from shared.observability import EmbeddedMetrics, logger
from shared.runtime.vendors import Vendors

if TYPE_CHECKING:
    from shared.adapters.http.transport import HttpTransport

AWS_ATTEMPTS = 2
"""Of the SDK at one call; up to a second lies between them."""


class Patience(NamedTuple):
    """Seconds that one attempt at an AWS call may take."""

    connect: float
    read: float


USUAL = Patience(2.0, 5.0)
BRIEF = Patience(1.0, 0.7)
"""Of the receivers. For their tables: the rules that may be gone on with as they are known, a light that nobody needs; two
calls that hang, each tried twice, leave the receiver of notifications time to answer within 5 s. For the queue of signups:
when it hangs, the inbox has to take the signup before the platform ends the receiver."""
_BRIEF_FOR = {
    ("intercom_webhook", "dynamodb"),
    ("intercom_webhook", "secretsmanager"),
    ("intercom_webhook", "sqs"),
    ("signup_webhook", "sqs"),
    ("signup_webhook", "dynamodb"),
    ("signup_webhook", "secretsmanager"),
}


class Environment(Vendors):
    """Everything a handler needs."""

    def flush(self) -> None:
        """Called by each handler last: writes out what was counted."""
        if "figures" in self.__dict__:  # the receiver of signups counts nothing and loads no table for it
            self.figures.flush()
        self.metrics.flush()


_current: list[Environment] = []


def environment(function: str) -> Environment:
    """The environment of this process, made from ``os.environ`` on the first call.

    Raises ConfigurationError that names what ``function`` misses.
    """
    if not _current:
        _current.append(_from_process(function, os.environ))
    return _current[-1]


def get_ready(function: str, prepare: Callable[[Environment], None]) -> None:
    """Called where a receiver's handler is imported: in Lambda's init phase, which has the processor's full pace, makes what
    the first invocation would make. Elsewhere nothing. What fails here is left to the first invocation, which reports it."""
    if "AWS_LAMBDA_FUNCTION_NAME" not in os.environ:
        return
    try:
        prepare(environment(function))
    except Exception:  # noqa: BLE001 - a function that cannot be imported would refuse everything
        logger.warning("not ready at start", exc_info=True)


@contextmanager
def use(replacement: Environment) -> Iterator[Environment]:
    """Puts an environment in the place of the process's own, for tests."""
    _current.append(replacement)
    try:
        yield replacement
    finally:
        _current.remove(replacement)


def _from_process(function: str, variables: Mapping[str, str]) -> Environment:
    settings = settings_of(variables, function)
    logger.info("environment made", function_name=function, stage=settings.stage)
    return Environment(
        settings, partial(_boto3_client, function), _requests_transport, SystemClock(), SystemChance(), EmbeddedMetrics()
    )


def patience_of(function: str, service: str) -> Patience:
    """How long the function waits for a service of AWS."""
    return BRIEF if (function, service) in _BRIEF_FOR else USUAL


def _boto3_client(function: str, service: str) -> Any:
    import boto3
    from botocore.config import Config

    patience = patience_of(function, service)
    limits = Config(
        connect_timeout=patience.connect,
        read_timeout=patience.read,
        retries={"mode": "standard", "total_max_attempts": AWS_ATTEMPTS},
    )
    return boto3.client(service, config=limits)


def _requests_transport(settings: Settings) -> HttpTransport:
    from shared.adapters.http.transport import RequestsTransport

    own = (settings.synthetic_signup_url, settings.console_url)
    addresses = (settings.intercom_url, settings.referral_factory_api_url, *own)
    return RequestsTransport(address for address in addresses if address)
