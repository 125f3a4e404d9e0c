"""Warm handlers in this process, and how often a signup calls a vendor. AWS and the vendors are in memory and count in."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.figures import Figure, quantile
from bench.world import World
from sandbox.demo_people import build_settings
from shared.domain.campaign import Document
from shared.messages import DeliverContact, body_of
from shared.observability import EmbeddedMetrics

EVENTS = Path(__file__).parents[1] / "events"
WARM_UP = 20
RECEIVER_P99_MS = 30.0
CALLS_NEW, CALLS_KNOWN, CALLS_UNCHANGED = 2, 1, 0
SETTLE_SECONDS = 1_000.0


def person_fields(number: int, campaign_id: int = 1) -> dict[str, Any]:
    """What Referral Factory tells of an invented person."""
    return {
        "id": 1_000_000 + number,
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
    """``count`` calls of each, after some that do not count."""
    metrics = EmbeddedMetrics()
    for name, make in (("signup_webhook", _webhook_event), ("deliver_contact", _delivery_event)):
        world = World(metrics=metrics)
        world.configure(_settings(1))
        with _silent():
            spent = list(_time_calls(world, name, make, count))
        target = RECEIVER_P99_MS if name == "signup_webhook" else None
        yield Figure("warm handlers", f"{name}, p50", quantile(spent, 0.5), "ms")
        yield Figure("warm handlers", f"{name}, p99", quantile(spent, 0.99), "ms", target)


def measure_vendor_calls() -> Iterator[Figure]:
    """Counted with the rules of the stand-ins, in a worker that has read the workspace's attributes before."""
    world = World()
    world.configure(_settings(1))
    world.configure(_settings(2))

    def calls_of(number: int, campaign_id: int) -> int:
        before = len(world.calls)
        _deliver(world, person_fields(number, campaign_id))
        return len(world.calls) - before

    calls_of(0, 1)
    part = "calls per signup"
    yield Figure(part, "person new to Intercom", calls_of(1, 1), "", CALLS_NEW)
    yield Figure(part, "person known, in another campaign", calls_of(1, 2), "", CALLS_KNOWN)
    yield Figure(part, "person known, webhook once more", calls_of(1, 1), "", CALLS_UNCHANGED)
    world.clock.sleep(SETTLE_SECONDS)
    before = len(world.calls)
    world.environment.campaigns.list()
    ring = DeliverContact(1, 1_000_001, "ring", world.clock.now())
    world.environment.delivery_queue.send(ring)
    world.deliver_all()
    yield Figure(part, "check that the contact is alone, 15 min later", _intercom_calls(world, before), "")
    yield Figure(part, "Referral Factory, by any delivery", _calls_of_vendor(world, "referral_factory"), "", 0)


def _intercom_calls(world: World, since: int) -> int:
    return sum(call.vendor == "intercom" for call in world.calls[since:])


def _calls_of_vendor(world: World, vendor: str) -> int:
    return sum(call.vendor == vendor for call in world.calls)


def _deliver(world: World, fields: Mapping[str, Any]) -> None:
    campaign_id = int(fields["campaign_id"])
    world.environment.delivery_queue.send(DeliverContact(campaign_id, None, "joined", world.clock.now(), fields, id="0" * 32))
    world.deliver_all()


def _settings(campaign_id: int) -> Document:
    return {**build_settings("update"), "campaign_id": campaign_id, "name": f"Campaign {campaign_id}"}


def _webhook_event(number: int) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / "signup_webhook_joined_json.json").read_text())
    return {**event, "body": json.dumps(person_fields(number))}


def _delivery_event(number: int) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / "deliver_contact_webhook.json").read_text())
    (record,) = event["Records"]
    message = DeliverContact(1, None, "joined", 1_795_305_600.0, person_fields(number), id=f"{number:032x}")
    return {"Records": [{**record, "body": body_of(message)}]}


def _time_calls(world: World, name: str, make: Callable[[int], dict[str, Any]], count: int) -> Iterator[float]:
    """Milliseconds of each call."""
    for number in tqdm(range(WARM_UP + count), desc=name, unit="call", file=sys.stderr):
        event = make(number)
        world.clock.sleep(1.0)  # so that Intercom's ten seconds never fill up
        started = time.perf_counter()
        answer = world.invoke(name, event)
        spent = (time.perf_counter() - started) * 1000
        if answer.get("statusCode", 202) != 202 or answer.get("batchItemFailures"):
            raise RuntimeError(f"{name} answered {answer}")
        if number >= WARM_UP:
            yield spent


@contextlib.contextmanager
def _silent() -> Iterator[None]:
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
