"""After reconnecting: what waited goes on, and what was missed is looked for."""

from __future__ import annotations

from shared.domain.connection.connection import Vendor
from shared.domain.signup.referral import ENQUEUE_AGAIN_AFTER
from shared.domain.vendor.retry import next_wait
from shared.errors import TransientError
from shared.messages import ENQUEUED, DeliverContact, ReconcileCampaigns
from shared.observability import logger
from shared.ports.signup import DUE_SHARDS
from shared.use_cases.environment import Environment
from shared.use_cases.vendor.guard_vendor import LONGEST_LOOK_AWAY

CAUGHT_UP_AT_ONCE = 50
"""Rows of each shard that are enqueued right away; the sweep enqueues the others at its pace."""


def catch_up(environment: Environment, vendor: Vendor) -> None:
    """Closes the vendor's breaker, enqueues what waits for it and wakes reconcile. Doing it twice does no harm. What a
    queue refuses comes with the sweep or the schedule."""
    environment.breakers.close(vendor)
    if vendor is Vendor.INTERCOM:
        _enqueue(environment)
    try:
        environment.reconcile_queue.send(ReconcileCampaigns(requested_at=environment.clock.now(), full=True))
    except TransientError:
        logger.warning("reconcile not woken", vendor=vendor)


def _enqueue(environment: Environment) -> None:
    now = environment.clock.now()
    latest = now + next_wait(1, 0, LONGEST_LOOK_AWAY, jitter=1.0).seconds
    messages = []
    for shard in range(DUE_SHARDS):
        for row in environment.referrals.due(shard, latest, CAUGHT_UP_AT_ONCE):
            named = row.campaign_id is not None and row.user_id is not None and row.inbox_id is None
            if named and environment.referrals.move_due(row, now + ENQUEUE_AGAIN_AFTER):
                messages.append(DeliverContact(row.campaign_id or 0, row.user_id, ENQUEUED, now))
    environment.delivery_queue.send_all(messages)
