"""A real browser against the local stack. Without playwright or Chromium these tests are skipped, and say what is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.stack.settings import StackSettings
from sandbox.stack.stack import Stack
from tests.integration.conftest import need_ministack

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

ARTEFACTS = Path(__file__).parents[2] / "artefacts"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
HOW_TO_INSTALL = "pip install -r tests/browser/requirements.txt"
SEARCH_LAG = 3.0
"""Seconds until the stand-in of Intercom finds a new contact: the tests look at pages, not at patience."""


def _chromium() -> str:
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    text = f"There is no browser: none of {', '.join(BROWSERS)} is on the PATH (Debian: apt-get install chromium)."
    if os.environ.get("NEED_BROWSER") == "1":
        pytest.fail(text)
    pytest.skip(text)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window. ``NEED_BROWSER=1`` makes a missing one a failure."""
    if os.environ.get("NEED_BROWSER") != "1":
        pytest.importorskip("playwright", reason=f"playwright is not installed; {HOW_TO_INSTALL}")
    from playwright.sync_api import sync_playwright

    path = _chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])  # nothing but our own pages
        yield running
        running.close()


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A stack of its own for each module: the tests set campaigns up."""
    need_ministack()
    with Stack(StackSettings(search_lag=SEARCH_LAG, keep=bool(os.environ.get("KEEP_STACK_LOGS")))) as running:
        yield running


@contextmanager
def fresh_context(browser: Browser) -> Iterator[BrowserContext]:
    """As a private window: no cookies of anybody's."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(20_000)
    try:
        yield context
    finally:
        context.close()
