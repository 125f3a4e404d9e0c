"""Warm handlers in this process, and how often a signup calls a vendor. AWS and the vendors are in memory and count in."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.figures import Figure, quantile
from shared.messages import DeliverContact, body_of
from shared.observability import EmbeddedMetrics
from tests.support.builders import App

EVENTS = Path(__file__).parents[1] / "events"
WARM_UP = 20
RECEIVER_P99_MS = 30.0
CALLS_NEW, CALLS_KNOWN, CALLS_UNCHANGED = 2, 1, 0
SETTLE_SECONDS = 1_000.0


def person_fields(number: int, campaign_id: int = 1) -> dict[str, Any]:
    """What Referral Factory sends about an invented person."""
    return {
        "id": _user_id(number),
        "code": f"Code{number}",
        "first_name": f"Person {number}",
        "email": f"bench-{number}@example.com",
        "url": f"https://example.com/Code{number}",
        "source": "Referred",
        "campaign_id": campaign_id,
        "Last Name": "Invented",
        "referrer_first_name": "Rita",
        "referrer_email": "rita.referring@example.com",
    }


def measure_handlers(count: int) -> Iterator[Figure]:
    """``count`` calls of each, after some that do not count. Logs and metrics are written as in Lambda, to nowhere."""
    for name, make in (("signup_webhook", _webhook_event), ("deliver_contact", _delivery_event)):
        app = App()
        app.metrics = EmbeddedMetrics()  # type: ignore[assignment]
        app.environment = app.new_environment()
        app.configure()
        with silent():
            spent = list(_time_calls(app, name, make, count))
        target = RECEIVER_P99_MS if name == "signup_webhook" else None
        yield Figure("warm handlers", f"{name}, p50", quantile(spent, 0.5), "ms")
        yield Figure("warm handlers", f"{name}, p99", quantile(spent, 0.99), "ms", target)


def measure_vendor_calls() -> Iterator[Figure]:
    """Counted with the rules of the stand-ins, in a worker that has read the workspace's attributes before."""
    app = App()
    with silent():
        app.configure()
        app.configure(campaign_id=2, name="Others of ours", person_invited={"duplicates": "update"})
        _calls_of_signup(app, 0, 1)
        new, known, again = (_calls_of_signup(app, 1, campaign_id) for campaign_id in (1, 2, 1))
        app.wait(SETTLE_SECONDS)
        app.wire.calls.clear()
        app.move_due(_user_id(1))
    part = "calls per signup"
    yield Figure(part, "person new to Intercom", new, "", CALLS_NEW)
    yield Figure(part, "person known, in another campaign", known, "", CALLS_KNOWN)
    yield Figure(part, "person known, webhook once more", again, "", CALLS_UNCHANGED)
    yield Figure(part, "check that the contact is alone, 15 min later", len(app.calls("intercom")), "")


def _calls_of_signup(app: App, number: int, campaign_id: int) -> int:
    """All calls, to either vendor."""
    app.wire.calls.clear()
    app.deliver(DeliverContact(campaign_id, None, "joined", app.clock.now(), person_fields(number, campaign_id), id="0" * 32))
    return len(app.wire.calls)


def _user_id(number: int) -> int:
    return 1_000_000 + number


def _webhook_event(number: int) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / "signup_webhook_joined_json.json").read_text())
    return {**event, "body": json.dumps(person_fields(number))}


def _delivery_event(number: int) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / "deliver_contact_webhook.json").read_text())
    (record,) = event["Records"]
    message = DeliverContact(1, None, "joined", 1_795_305_600.0, person_fields(number), id=f"{number:032x}")
    return {"Records": [{**record, "body": body_of(message)}]}


def _time_calls(app: App, name: str, make: Callable[[int], dict[str, Any]], count: int) -> Iterator[float]:
    """Milliseconds of each call."""
    handler = import_module(f"functions.{name}.handler")
    for number in tqdm(range(WARM_UP + count), desc=name, unit="call", file=sys.stderr):
        event = make(number)
        app.wait(1.0)  # so that Intercom's ten seconds never fill up
        started = time.perf_counter()
        answer = app.invoke(handler, event)
        spent = (time.perf_counter() - started) * 1000
        if answer.get("statusCode", 202) != 202 or answer.get("batchItemFailures"):
            raise RuntimeError(f"{name} answered {answer}")
        if number >= WARM_UP:
            yield spent


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Log lines are written, as in Lambda, but nobody sees them: the logger keeps the file descriptor it was made with."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
