"""What a qualification, a flood of notifications and a busy referrer cost. AWS and the vendors are in memory and count in."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from bench.figures import Figure, quantile
from bench.handlers import RECEIVER_P99_MS, silent
from functions.intercom_webhook import handler as intercom_webhook
from shared.observability import EmbeddedMetrics
from shared.use_cases.referrer.mark_referrer import mark_referrer
from tests.support.builders import App
from tests.support.qualifying import Friendship
from tests.support.referring import RITA, Story

EVENTS = Path(__file__).parents[1] / "events"
CALLS_OF_ONE_VENDOR = 1
SIGNUPS = 1_000
MOST_WRITES = 3
WARM_UP = 20
QUEUED = 1_000
ANOTHER_VALUE, QUALIFIED_VALUE = "another_value", "user_updated"


def measure_referrals(notifications: int) -> Iterator[Figure]:
    """``notifications``: how many come in whose tracked attribute stands at another value."""
    with silent():
        intercom, referral_factory = _calls_of_qualification()
        writes = _writes_of_busy_referrer()
        queued, spent = _notifications(ANOTHER_VALUE, notifications)
        queued_ones, spent_on_them = _notifications(QUALIFIED_VALUE, QUEUED)
    if queued_ones != QUEUED:
        raise RuntimeError(f"{queued_ones} of {QUEUED} notifications that matter were queued")
    yield Figure("qualification", "calls to Intercom", intercom, "", CALLS_OF_ONE_VENDOR)
    yield Figure("qualification", "calls to Referral Factory", referral_factory, "", CALLS_OF_ONE_VENDOR)
    yield Figure("notifications at another value", f"queued of {notifications:,}", queued, "", 0)
    yield Figure("notifications at another value", "a second, one worker", len(spent) / sum(spent), "")
    yield Figure("notifications at another value", "p99", quantile(spent, 0.99) * 1000, "ms", RECEIVER_P99_MS)
    yield Figure("notifications that matter", "p50", quantile(spent_on_them, 0.5) * 1000, "ms")
    yield Figure("notifications that matter", "p99", quantile(spent_on_them, 0.99) * 1000, "ms", RECEIVER_P99_MS)
    yield Figure("referrer", f"writes for {SIGNUPS:,} signups in a minute", writes, "", MOST_WRITES)


def _calls_of_qualification() -> tuple[int, int]:
    """From the notification to Referral Factory's answer, in a worker that has read the workspace's attributes before."""
    story = Friendship()
    friends = [story.invited(), story.invited()]
    for friend in friends:
        story.app.forget_calls()
        story.changes(friend, "Connected")
        story.notified()
        story.app.qualify()
    if story.reported() != [True]:
        raise RuntimeError("the referral did not qualify")
    return len(story.app.calls("intercom")), len(story.app.calls("referral_factory"))


def _writes_of_busy_referrer() -> int:
    story = Story()
    for number in range(SIGNUPS):
        story.invites(webhook=False)
        mark_referrer(story.app.environment, 1, story.rita.id, RITA)
        if number % 50 == 49:
            story.passes(3, step=3)
    story.passes(180)
    if story.counts() != (SIGNUPS, 0):
        raise RuntimeError(f"the contact shows {story.counts()}")
    return len(story.writes())


def _notifications(event: str, count: int) -> tuple[int, list[float]]:
    """``count`` times a sample of ``events/`` in a warm receiver: how many were queued, and the seconds of each call."""
    app = App()
    app.metrics = EmbeddedMetrics()  # type: ignore[assignment]
    app.environment = app.new_environment()
    app.configure()
    app.environment.connections.save(app.environment.intercom().identify())
    sample = json.loads((EVENTS / f"intercom_webhook_{event}.json").read_text())
    spent = []
    queued = 0
    for number in tqdm(range(WARM_UP + count), desc=f"intercom_webhook, {event}", unit="call", file=sys.stderr):
        if number == WARM_UP:
            queued = len(app.queued("qualification"))
        started = time.perf_counter()
        answer = app.invoke(intercom_webhook, sample)
        if number >= WARM_UP:
            spent.append(time.perf_counter() - started)
        if answer["statusCode"] != 200:
            raise RuntimeError(f"intercom_webhook answered {answer}")
    return len(app.queued("qualification")) - queued, spent
