"""The console's Activity over HTTP on the local stack, with a ledger of thousands of referrals."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import requests
from tqdm import tqdm

from bench.figures import Figure, quantile
from sandbox.stack.stack import Stack
from shared.adapters.dynamodb.signup.referral_items import item_of
from shared.domain.person import Person, Referrer
from shared.domain.signup.referral import Referral, State

PAGE_P99_MS = 300.0
LIMIT = 50
ROUNDS = 20
PAGES = 3
"""Pages that are turned in each round, of each list."""
CALL_SECONDS = 30.0
BATCH = 25
LISTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("everybody", {}),
    ("one campaign", {"campaign_id": 3}),
    ("needs attention", {"attention": "true"}),
    ("failed", {"state": "failed"}),
    ("one e-mail address", {"email": "p77@example.com"}),
)


def measure_activity(referrals: int) -> Iterator[Figure]:
    """``referrals`` rows of five campaigns, one in a hundred of them failed; then lists are read page by page."""
    with Stack() as stack, requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {stack.token()}"
        _fill(stack, referrals)
        _read(stack, session, {})  # the worker starts
        part = f"Activity, {referrals:,} referrals"
        every: list[float] = []
        for name, wanted in tqdm(LISTS, desc="reading Activity", unit="list"):
            spent = [seconds for _ in range(ROUNDS) for seconds in _read(stack, session, wanted)]
            every += spent
            yield Figure(part, f"page of {LIMIT}, {name}, p50", quantile(spent, 0.5) * 1000, "ms")
        yield Figure(part, f"page of {LIMIT}, p99", quantile(every, 0.99) * 1000, "ms", PAGE_P99_MS)


def _read(stack: Stack, session: requests.Session, wanted: dict[str, Any]) -> Sequence[float]:
    """The first pages of a list; the seconds that each took."""
    spent: list[float] = []
    cursor: str | None = ""
    while cursor is not None and len(spent) < PAGES:
        query = {"limit": LIMIT, **wanted, **({"cursor": cursor} if cursor else {})}
        started = time.perf_counter()
        answer = session.get(f"{stack.url}/api/referrals", params=query, timeout=CALL_SECONDS)
        spent.append(time.perf_counter() - started)
        if answer.status_code != 200:
            raise RuntimeError(f"Activity answered {answer.status_code}: {answer.text[:200]}")
        page = answer.json()
        if not page["items"] and page["cursor"] is None:
            raise RuntimeError(f"nobody is found by {wanted}")
        cursor = page["cursor"]
    return spent


def _fill(stack: Stack, count: int) -> None:
    client, table = stack.client("dynamodb"), stack.resources["ReferralsTable"]
    now = time.time()
    numbers = range(1, count + 1)
    for first in tqdm(range(0, count, BATCH), desc="filling the ledger", unit="batch"):
        rows = [_referral(number, now - count + number) for number in numbers[first : first + BATCH]]
        items = [{"PutRequest": {"Item": item_of(row)}} for row in rows]
        while items:
            items = client.batch_write_item(RequestItems={table: items}).get("UnprocessedItems", {}).get(table, [])


def _referral(number: int, at: float) -> Referral:
    person = Person(number, first_name=f"P{number}", email=f"p{number}@example.com", referrer=Referrer(user_id=1))
    state = State.FAILED if number % 100 == 0 else State.DELIVERED
    delivered_at = None if state is State.FAILED else at + 2
    return Referral(1 + number % 5, number, state, person, at, delivered_at=delivered_at, contact_id=f"contact-{number}")
