"""What a person finds after *Ready*: warm functions, campaign 1, what to do next, and errors as they happen."""

from __future__ import annotations

import contextlib
import json
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.stack.ministack import ROOT
from sandbox.stack.ports import OPENER

if TYPE_CHECKING:
    from sandbox.stack.stack import Stack

CALL_SECONDS = 60.0
EXAMPLE = ROOT / "campaigns" / "1.json"
TOO_LARGE = 70_000
"""Bytes of a body that the webhooks' receiver refuses before it reads a secret: it is warm then, and nothing was counted."""
LOOK_EVERY = 10.0
"""Seconds between two looks for errors in the functions' logs."""


def prepare(stack: Stack, *, empty: bool) -> None:
    """One warm worker for each function on the way of a signup, so that the first one arrives within two seconds; and campaign
    1, but not towards a real vendor, whose people would be delivered."""
    with ThreadPoolExecutor(4) as together:
        list(together.map(lambda warm: warm(stack), (_warm_receiver, _warm_worker, _warm_console, _warm_api)))
    if not empty and stack.has_both_stand_ins:
        _load_example(stack)


def next_steps(stack: Stack) -> str:
    pages = stack.referral_factory_pages_url
    if stack.is_real:
        return "  This stack calls a real vendor: contacts that it writes are real. Use a test workspace."
    return "\n".join(
        [
            f"  sign up here     {pages}/friends, then open your link in a private window and sign up as the friend",
            f"  see them arrive  {stack.intercom_url}/ui",
            f"  the console      {stack.url}/  (sign in as Mara Marketer)",
            f"  the logs         make logs PORT={stack.ports.base}",
            f"  break it         make break FAULT=intercom-down PORT={stack.ports.base}  (docs/game-day.md)",
        ]
    )


class ErrorWatch:
    """New errors in the functions' logs."""

    def __init__(self, stack: Stack) -> None:
        from tools.operating.deployment import Deployment

        self._deployment = Deployment("local", stack.client)
        self._since = self._looked_at = time.time()

    def new_errors(self) -> Iterator[str]:
        """At most every ten seconds; what cannot be read now is read next time."""
        from tools.operating.logs import read_log

        now = time.time()
        if now - self._looked_at < LOOK_EVERY:
            return
        self._looked_at = now
        with contextlib.suppress(BotoCoreError, ClientError):
            for name in self._deployment.functions:
                for line in read_log(self._deployment, name, self._since, errors=True):
                    yield f"  ! {name}: {line.summary}"
            self._since = now


def _warm_receiver(stack: Stack) -> None:
    _call(f"{stack.url}/webhooks/referral-factory/1/joined", b"x" * TOO_LARGE, method="POST")


def _warm_worker(stack: Stack) -> None:
    with contextlib.closing(stack.ministack.client("lambda")) as functions:
        for name in ("DeliverContactFunction",):
            if name in stack.resources:
                functions.invoke(FunctionName=f"{stack.resources[name]}:live", Payload=json.dumps({"Records": []}))


def _warm_console(stack: Stack) -> None:
    _call(f"{stack.url}/")


def _warm_api(stack: Stack) -> None:
    _call(f"{stack.url}/api/campaigns", token=stack.token())


def _load_example(stack: Stack) -> None:
    headers = {"If-None-Match": "*", "Content-Type": "application/json"}
    _call(f"{stack.url}/api/campaigns/1", EXAMPLE.read_bytes(), method="PUT", token=stack.token(), headers=headers)


def _call(address: str, body: bytes | None = None, method: str = "GET", token: str = "", headers: Any = None) -> None:
    """Whatever the answer is: what is not warm or not there costs a person a second, not the start."""
    sent = {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(address, body, sent, method=method)
    with contextlib.suppress(OSError), OPENER.open(request, timeout=CALL_SECONDS) as answer:
        answer.read()
