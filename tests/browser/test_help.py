"""The console's help, read by a marketer: the guide, the words, and the API's description, without leaving the browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sandbox.stack.ministack import ROOT
from sandbox.stack.stack import Stack
from tests.browser.windows import call, go_to, heading, keep_picture

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.stack]
GUIDE = json.loads((ROOT / "functions" / "console" / "files" / "help" / "guide.json").read_text("utf-8"))["sections"]


def test_every_section_of_the_guide_is_on_the_page(page: Page) -> None:
    go_to(page, "Help")
    for section in GUIDE:
        page.get_by_role("heading", level=2, name=section["title"], exact=True).wait_for()
    mapping = page.locator("#help-map-your-fields")
    mapping.get_by_role("cell", name="you must map First Name and Email").wait_for()
    states = page.locator("#help-states")
    states.get_by_text("Somebody deleted the contact in Intercom. It stays deleted.").wait_for()
    keep_picture(page, "help")


def test_a_tab_leads_to_its_section_and_back_by_keyboard(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.url}/#/campaigns/1/qualification")
    help_link = page.get_by_role("link", name="Help with this tab")
    help_link.focus()
    page.keyboard.press("Enter")
    title = page.get_by_role("heading", level=2, name="6. Qualification (optional)")
    title.wait_for()
    page.wait_for_function("document.activeElement.textContent === '6. Qualification (optional)'")
    page.go_back()
    page.get_by_role("tab", name="Qualification", selected=True).wait_for()


def test_the_tab_that_an_address_names_is_in_sight_on_a_telephone(page: Page, stack: Stack) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(f"{stack.url}/#/campaigns/1/versions")
    page.get_by_role("tab", name="Versions", selected=True).wait_for()
    page.wait_for_function(
        "() => { const box = document.getElementById('tab-versions').getBoundingClientRect();"
        " return box.left >= 0 && box.right <= innerWidth; }"
    )
    page.set_viewport_size({"width": 1200, "height": 900})


def test_the_description_of_the_api_is_rendered_with_every_call_and_shape(
    page: Page, stack: Stack, problems: list[str]
) -> None:
    page.goto(f"{stack.url}/#/help/api")
    heading(page, "Help").wait_for()
    described = call(stack, "GET", "/api/openapi.json")
    place = page.locator("#help-api")
    place.get_by_text("Shapes of bodies and answers").wait_for()

    shown = place.locator("summary").all_text_contents()

    calls = [f"{method.upper()} {path}" for path, methods in described["paths"].items() for method in methods]
    assert [each for each in calls if not any(text.startswith(each) for text in shown)] == []
    assert set(described["components"]["schemas"]) <= set(shown)

    place.get_by_text("/api/referrals", exact=True).first.click()
    place.get_by_role("cell", name="The whole e-mail address, in any letter case.").first.wait_for()

    assert problems == []
