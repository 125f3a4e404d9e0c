"""What several modules of the console press and look for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.stack.stack import Stack
from tests.browser.windows import (
    call,
    heading,
    says,
)

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


def take_back(page: Page) -> None:
    """What the test changed and did not save; then it goes to the list of campaigns."""
    page.reload()
    page.get_by_role("button", name="Take them back").click()
    page.get_by_role("link", name="All campaigns").click()
    heading(page, "Campaigns").wait_for()


def version(stack: Stack) -> int:
    """The newest of the campaign's settings."""
    return int(call(stack, "GET", "/api/campaigns/1/versions")["items"][0]["version"])


def save(page: Page, stack: Stack) -> None:
    """Presses the button, and waits until the page says that it is the next version."""
    wanted = version(stack) + 1
    page.get_by_role("button", name="Save", exact=True).click()
    says(page, f"Saved as version {wanted}")


def card(page: Page, title: str) -> Locator:
    return page.locator("section.card", has=page.get_by_role("heading", name=title, exact=True))
