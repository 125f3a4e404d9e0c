"""Real processes, killed: 300 s of search lag, a fifth of Intercom's answers lost, SIGKILL between create and record.

In the end there is exactly one contact for each person, as user and as lead. The rules of Intercom are served by this
process, so that workers can be killed at the very moment when a create has happened and its answer has not been sent.

A killed worker's lease lasts 75 s, its row is sent again after 90 s, and a lead whose create is in doubt waits 10 min.
The test does not wait for that: while nothing moves it turns the ledger's stored times back and the stand-in's clock
forward by the same amount (``Crashing.pass_time``), and calls the sweep, as the schedule would have done meanwhile, without
waiting for it: a sweep that finds Intercom's breaker open watches it for most of a minute. The messages that a killed worker
had not begun are seen again after 10 s instead of 270.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.stack.settings import StackSettings
from sandbox.stack.stack import Stack
from sandbox.vendors.intercom import Intercom, IntercomSettings
from sandbox.vendors.server import RunningServer, serve
from sandbox.vendors.wire import Request, Response
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from tests.integration.conftest import KEEP_LOGS, need_ministack
from tests.integration.over_http import OverHttp

pytestmark = [pytest.mark.stack, pytest.mark.crash]
PEOPLE = 14
"""Half of them users, half leads; each third create kills the workers."""
KILLS = 4
QUIET_SECONDS = 2.5
"""Longer than a worker is ever silent in the middle of a delivery here: every answer comes, or is lost, at once."""
VISIBILITY_SECONDS = 10
STEP = 330.0
TEST_SECONDS = 420.0
"""Two minutes on two idle cores; a killed worker takes its time to start again where others want the cores too."""


class KillingIntercom(Intercom):
    """Intercom with a clock of its own, that calls ``on_create`` after some creates' effect and before their answer."""

    def __init__(self) -> None:
        chosen = IntercomSettings()
        chosen.change({"seed": False, "search_lag_seconds": 300})
        self.ahead = 0.0
        self.on_create: Any = None
        self.kills: list[str] = []
        self._creates = 0
        super().__init__(clock=self.now, chance=Random(3), settings=chosen)

    def now(self) -> float:
        return time.time() + self.ahead

    def answer(self, request: Request) -> Response:
        response = super().answer(request)
        if (request.method, request.path, response.status) == ("POST", "/contacts", 200) and self.on_create:
            self._creates += 1
            if self._creates % 3 == 2 and len(self.kills) < KILLS:
                self.on_create()
                self.kills.append(json.loads(response.body)["role"])
        return response


class Crashing:
    """The stack, the stand-in it delivers to, and time."""

    def __init__(self, stack: Stack, server: RunningServer, vendor: KillingIntercom) -> None:
        self.outside = OverHttp(stack)
        self.vendor = vendor
        self.server = server
        self._stack = stack
        self._database = stack.client("dynamodb")
        self._pool = ThreadPoolExecutor(1)
        self._sweeping: Future[None] = self._pool.submit(self._sweep)
        self._table = stack.resources["ReferralsTable"]
        vendor.on_create = self._kill
        attributes = {"VisibilityTimeout": str(VISIBILITY_SECONDS)}
        stack.client("sqs").set_queue_attributes(QueueUrl=stack.resources["DeliveryQueue"], Attributes=attributes)

    def _kill(self) -> None:
        for pid in self._stack.workers("DeliverContactFunction"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def wait_until_quiet(self) -> dict[str, dict[str, Any]]:
        """Until nobody has called Intercom for a while; the ledger as it was when that began."""
        while True:
            last, items = self.server.calls.last(), self._items()
            time.sleep(QUIET_SECONDS)
            if self.server.calls.last() == last:
                return items

    def pass_time(self, items: dict[str, dict[str, Any]]) -> None:
        """330 s pass for whatever has not moved since ``items`` were read: leases, reservations, due rows, search, pauses."""
        self.vendor.ahead += STEP
        for item in items.values():
            if item["sk"]["S"] == "PERSON":
                self._make_older(item, {"lease_until": _earlier}, unchanged="fence")
                self._make_older(item, {"reservation": _reserved_earlier}, unchanged="reservation")
            else:
                self._make_older(item, {"due_at": _earlier}, unchanged="due_at")
        breaker = {"pk": {"S": "VENDOR#intercom"}, "sk": {"S": "BREAKER"}}
        table = self._stack.resources["CampaignsTable"]
        present = self._database.get_item(TableName=table, Key=breaker, ConsistentRead=True).get("Item", {})
        self._make_older(present, {"open_until": _earlier, "opened_at": _earlier}, unchanged="open_until", table=table)

    def _make_older(
        self, item: dict[str, Any], wanted: dict[str, Callable[[Any], Any]], *, unchanged: str, table: str | None = None
    ) -> None:
        """Changes those values that are there, unless the one named ``unchanged`` is another by now."""
        changes = {name: change(item[name]) for name, change in wanted.items() if name in item}
        if not changes:
            return
        with contextlib.suppress(self._database.exceptions.ConditionalCheckFailedException):
            self._database.update_item(
                TableName=table or self._table,
                Key={"pk": item["pk"], "sk": item["sk"]},
                UpdateExpression="SET " + ", ".join(f"#{name} = :new_{name}" for name in changes),
                ConditionExpression="#unchanged = :unchanged",
                ExpressionAttributeNames={"#unchanged": unchanged, **{f"#{name}": name for name in changes}},
                ExpressionAttributeValues={
                    ":unchanged": item[unchanged],
                    **{f":new_{name}": value for name, value in changes.items()},
                },
            )

    def _items(self) -> dict[str, dict[str, Any]]:
        pages = self._database.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        return {f"{item['pk']['S']} {item['sk']['S']}": item for page in pages for item in page["Items"]}

    def sweep(self) -> None:
        if self._sweeping.done():
            self._sweeping = self._pool.submit(self._sweep)

    def _sweep(self) -> None:
        with contextlib.suppress(ClientError, BotoCoreError, AssertionError):  # it may be killed, or outlast the test
            self.outside.sweep()

    def close(self) -> None:
        self._pool.shutdown()
        self.outside.close()

    def rows(self, keys: list[tuple[int, int]]) -> list[Referral]:
        return list(self.outside.referrals.find_all(keys).values())


def _earlier(value: dict[str, str]) -> dict[str, str]:
    return {"N": str(float(value["N"]) - STEP)}


def _reserved_earlier(value: dict[str, str]) -> dict[str, str]:
    times = json.loads(value["S"])
    return {"S": json.dumps(times | {name: times[name] - STEP for name in ("first_at", "last_at")})}


@pytest.fixture
def crashing() -> Iterator[Crashing]:
    need_ministack()
    vendor = KillingIntercom()
    with (
        serve(vendor, clock=vendor.now, chance=Random(20)) as server,
        Stack(StackSettings(intercom_url=server.url, keep=KEEP_LOGS)) as stack,
        contextlib.closing(Crashing(stack, server, vendor)) as made,
    ):
        yield made


def test_everybody_has_exactly_one_contact_after_lost_answers_and_killed_workers(crashing: Crashing) -> None:
    outside = crashing.outside
    campaigns = [outside.configure(person_invited={"action": action}) for action in ("user", "lead")]
    for path in ("^/contacts$", "^/contacts/search$"):  # chance alone leaves each out in a run of many
        crashing.server.faults.add({"kind": "lost_answer", "method": "POST", "path": path, "times": 1})
    crashing.server.faults.add({"kind": "lost_answer", "path": "^/", "probability": 0.2, "id": "lost"})
    order = {"kind": "lost_answer", "path": "^/api", "probability": 0.2}
    outside.http.post(f"{outside.stack.referral_factory_pages_url}/__admin/faults", json=order, timeout=20).raise_for_status()
    keys = [outside.sign_up(campaigns[number % 2]) for number in range(PEOPLE)]
    deadline = time.monotonic() + TEST_SECONDS
    while True:
        items = crashing.wait_until_quiet()
        rows = crashing.rows(keys)
        if len(rows) == PEOPLE and all(row.finished for row in rows):
            break
        assert time.monotonic() < deadline, Counter((row.state, row.reason) for row in rows)
        crashing.pass_time(items)
        crashing.sweep()

    contacts = list(crashing.vendor.workspace.contacts.values())

    assert Counter(contact.email for contact in contacts) == Counter(row.person.email for row in rows)

    by_id = {contact.id: contact for contact in contacts}
    for row in rows:
        assert row.state is State.DELIVERED
        contact = by_id[str(row.contact_id)]
        role = "user" if row.campaign_id == campaigns[0] else "lead"
        assert contact.email == row.person.email
        assert contact.role == role
        assert contact.name == "Ivo Lindqvist"

    lost = [call for call in crashing.server.calls.since() if call["fault"] == "lost"]
    assert len(crashing.vendor.kills) == KILLS
    assert {call["path"] for call in lost} >= {"/contacts", "/contacts/search"}
