"""A campaign's page on a slow line: what a second visit asks for, and how long it takes until it can be used."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.stack.ministack import ROOT
from sandbox.stack.stack import Stack
from tests.browser.windows import call, heading

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

pytestmark = [pytest.mark.browser, pytest.mark.stack]
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
"""400 ms there and back, 400 kbit/s: the round trip and pace of *slow 3G*, https://docs.webpagetest.org (connectivity)."""
FAST = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
USABLE = 2.5
MOST_REQUESTS = 8
MOST_BYTES = 60_000
BUSY = 1.5
"""Seconds of the local stack alone, from which on a slow line cannot be told apart from a busy machine."""
VISITS = 3
"""The quickest counts: the others waited for whatever else the machine does."""


@pytest.fixture
def network(page: Page, stack: Stack) -> CDPSession:
    """The developer tools' view of the network, with a campaign's page that was visited once."""
    call(stack, "PUT", "/api/campaigns/1", json.loads((ROOT / "campaigns" / "1.json").read_text()))
    page.goto(f"{stack.url}/#/campaigns/1/invited")
    heading(page, "Friends of ours").wait_for()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    return session


def visit(page: Page) -> float:
    """Seconds of a second visit, until the first of its fields can be changed."""
    began = time.monotonic()
    page.reload(wait_until="commit")
    page.get_by_label("Row 1: from").wait_for()
    return time.monotonic() - began


def quickest(page: Page, network: CDPSession, conditions: dict[str, Any]) -> float:
    network.send("Network.emulateNetworkConditions", conditions)
    return min(visit(page) for _ in range(VISITS))


def test_a_second_visit_asks_for_little_and_is_usable_soon_on_slow_3g(page: Page, network: CDPSession, stack: Stack) -> None:
    asked: dict[str, str] = {}
    came: dict[str, float] = {}
    network.on("Network.loadingFinished", lambda event: came.update({event["requestId"]: event["encodedDataLength"]}))
    network.on("Network.requestWillBeSent", lambda event: asked.update({event["requestId"]: event["request"]["url"]}))
    network.on("Network.requestServedFromCache", lambda event: asked.pop(event["requestId"], None))
    network.on(
        "Network.responseReceived",
        lambda event: asked.pop(event["requestId"], None) if event["response"].get("fromDiskCache") else None,
    )
    visit(page)
    page.wait_for_timeout(1_000)  # whatever comes after it can be used

    made = sorted(url.removeprefix(stack.url) for url in asked.values())

    assert len(made) <= MOST_REQUESTS, made

    sizes = {asked[request].removeprefix(stack.url): size for request, size in came.items() if request in asked}
    assert 0 < sum(sizes.values()) <= MOST_BYTES, sizes
    assert not any(url.startswith("/console/") for url in made)  # files are kept for ever under their release's name

    ours = quickest(page, network, FAST)
    slow = quickest(page, network, SLOW_3G)
    network.send("Network.emulateNetworkConditions", FAST)
    figures = f"{len(made)} requests, {sum(sizes.values()):.0f} bytes; usable after {slow:.2f} s, {ours:.2f} s on a fast line"
    print(figures)  # noqa: T201
    if ours > BUSY:
        pytest.skip(f"The machine is too busy to measure a slow line: without one the page takes {ours:.1f} s.")

    assert slow - ours <= USABLE, (slow, ours)
