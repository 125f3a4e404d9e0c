"""Rows that went as usual are looked at again by their age, in the order in which they came: no row has to be written for it.

A row that did not (late, reopened, a check that failed) has a time of its own, and the sweep enqueues it (``next_check``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shared.domain.signup.referral import Referral
from shared.messages import DeliverContact
from shared.observability import logger
from shared.use_cases.environment import Environment
from shared.use_cases.signup.check_delivered import (
    CHECKED_TOGETHER,
    OF_AGE_TO_SETTLE,
    OF_AGE_TO_VERIFY,
    SETTLES,
    VERIFIES,
    settles_by_age,
    verifies_by_age,
)

Wanted = Callable[[Referral], bool]
AGES = (
    ("settled", OF_AGE_TO_SETTLE, settles_by_age, SETTLES),
    ("verified", OF_AGE_TO_VERIFY, verifies_by_age, VERIFIES),
)
"""What is known of all rows up to a time; at which age in seconds, which of them are looked at, and by which message."""
STEP = 300.0
"""Seconds of signups that are looked at together."""
LEAST_TIME_TO_CHECK = 15.0
LOOKED_BACK = 3_600.0
"""Seconds before the first look of all."""


def check_by_age(environment: Environment) -> int:
    """Rings the rows that have come of age; how many. Killed on the way it enqueues them again, which is harmless."""
    return sum(_check(environment, *age) for age in AGES)


def _check(environment: Environment, name: str, age: float, wanted: Wanted, event: str) -> int:
    enqueued, come_of_age = 0, environment.clock.now() - age
    stored = environment.progresses.find(name)
    until = float(str(stored["until"])) if stored else come_of_age - LOOKED_BACK
    while until + STEP <= come_of_age and environment.time_left() > LEAST_TIME_TO_CHECK:
        after, until = until, until + STEP
        rows = [row for row in _rows(environment, after, until) if wanted(row)]
        groups = [rows[start : start + CHECKED_TOGETHER] for start in range(0, len(rows), CHECKED_TOGETHER)]
        messages = [_message(environment, group, event) for group in groups]
        if environment.delivery_queue.send_all(messages):
            logger.warning("queue refused checks", of=name)
            break  # the next sweep enqueues all of this step again
        enqueued += len(rows)
        environment.progresses.save(name, {"until": until})
    return enqueued


def _rows(environment: Environment, after: float, until: float) -> Iterator[Referral]:
    for campaign in environment.campaigns.list():
        keys = environment.referrals.accepted(campaign.campaign_id, after, until)
        yield from environment.referrals.find_all(keys).values()


def _message(environment: Environment, rows: list[Referral], event: str) -> DeliverContact:
    first, *others = [(row.campaign_id, row.user_id) for row in rows]
    return DeliverContact(*first, event, environment.clock.now(), also=others)
