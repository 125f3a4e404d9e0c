"""A real browser against the local stack. Without playwright or Chromium these tests are skipped, and say what is missing."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

from functions.console import handler
from sandbox.stack.settings import StackSettings
from sandbox.stack.stack import Stack
from tests.browser import in_memory
from tests.browser.windows import fresh_context, keep_picture, sign_in
from tests.integration.conftest import need_ministack
from tests.support.console_api import Console

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("playwright", "axe_playwright_python")
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
        for package in PACKAGES:
            pytest.importorskip(package, reason=f"{package} is not installed here; `make browser-test` installs and runs it")
    from playwright.sync_api import sync_playwright

    path = _chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])  # nothing but our own pages
        yield running
        running.close()


def running_stack(browser: Browser) -> Iterator[Stack]:
    """Without a browser none is started."""
    need_ministack()
    with Stack(StackSettings(search_lag=SEARCH_LAG, keep=bool(os.environ.get("KEEP_STACK_LOGS")))) as running:
        yield running


def new_problems() -> list[str]:
    """What went wrong in the pages' scripts."""
    return []


def marketers_window(browser: Browser, stack: Stack, problems: list[str]) -> Iterator[Page]:
    """The marketer's window, signed in."""
    with fresh_context(browser) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None)
        sign_in(page, stack)
        yield page


stack = pytest.fixture(scope="module")(running_stack)
"""A stack of its own for each module: the tests set campaigns up."""
problems = pytest.fixture(scope="module")(new_problems)
page = pytest.fixture(scope="module")(marketers_window)


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    """In memory: campaign 1 is active, three friends came by Rita."""
    for name, value in in_memory.SETTINGS.items():
        monkeypatch.setenv(name, value)
    for cached in (handler._settings, handler._page):
        cached.cache_clear()
    console = Console()
    console.app.configure()
    console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})
    for number in (1, 2, 3):
        in_memory.join(console, number)
    yield console
    handler._settings.cache_clear()


@pytest.fixture
def window(browser: Browser, console: Console) -> Iterator[Page]:
    """The signed-in marketer's window over ``console``."""
    with in_memory.signed_in(browser, console) as page:
        yield page


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A picture of the marketer's window as a test left it that failed; then it is in the console again, for the next one."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and page is not None:
        keep_picture(page, "failed-" + re.sub(r"\W+", "-", item.name))
        page.goto("about:blank")  # perhaps a vendor's page
        page.goto(item.funcargs["stack"].url)
    return report
