"""What can be pressed in Activity; it comes last, for the people of the modules before are in it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.stack.stack import Stack
from tests.browser.windows import (
    answer,
    end_faults,
    go_to,
    heading,
    keep_picture,
    order_fault,
    post_webhook,
    says,
    until,
)

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.stack]


def test_activity_renews_itself_while_it_is_watched(page: Page, stack: Stack) -> None:
    def sign_up(user_id: int) -> Locator:
        person = {"id": user_id, "first_name": "Ada", "email": f"ada{user_id}@example.com", "source": "Referred"}
        assert post_webhook(stack, person) == 202
        return page.get_by_role("row").filter(has_text=person["email"])

    go_to(page, "Activity")
    first = page.get_by_role("table").get_by_role("link").first
    first.focus()
    focused = first.get_attribute("href")
    sign_up(811).wait_for()

    assert page.evaluate("document.activeElement.getAttribute('href')") == focused

    page.get_by_label("Find").focus()
    row = sign_up(812)
    page.wait_for_timeout(15_000)

    assert row.count() == 0  # nothing moves under the hands of who filters

    page.get_by_role("button", name="Export as CSV").focus()
    row.wait_for()


def test_replay_is_safe_to_press_twice(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.url}/#/activity/1/801")
    page.get_by_text("A contact was created in Intercom.").wait_for()
    order_fault(stack.intercom_url, kind="delay", path="^/contacts", seconds=8, times=1)  # else it may be there already
    page.get_by_role("button", name="Send again").click()
    says(page, "goes to Intercom again now")
    page.locator("button:not([aria-busy])", has_text="Send again").click()  # while the first press runs, a second does nothing
    says(page, "on its way to Intercom already")
    end_faults(stack.intercom_url)


def test_all_that_failed_are_replayed(page: Page, stack: Stack) -> None:
    refusal = {"type": "error.list", "errors": [{"code": "parameter_invalid", "field": "email", "message": "Email is invalid"}]}
    order_fault(
        stack.intercom_url, kind="status", status=400, method="POST", path="^/contacts$", times=1, body=json.dumps(refusal)
    )
    post_webhook(stack, {"id": 803, "first_name": "Nele", "email": "nele@example.com", "source": "Referred"})
    go_to(page, "Activity")
    page.get_by_role("button", name="Needs attention").click()
    row = page.get_by_role("row").filter(has_text="nele@example.com")
    again = page.get_by_role("button", name="Refresh", exact=True)
    until(page, row.count, again.click)
    row.get_by_text("Put right what the reason names, then press Send again.").wait_for()
    keep_picture(page, "console-failed")
    page.get_by_role("button", name="Send all that match again").click()
    answer(page, "Send all that match again?", "Send again")
    says(page, "1 person sent again")
    page.get_by_role("group", name="Which people").get_by_role("button", name="In Intercom").click()
    until(page, row.count, again.click)


def test_a_table_for_spreadsheets_holds_no_formula(page: Page, tmp_path: Path) -> None:
    go_to(page, "Activity")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as CSV").click()
    file = tmp_path / "people.csv"
    download.value.save_as(file)

    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))

    assert {"'=Ivo", "Lea", "Nele"} <= {row["first_name"] for row in rows}


def test_what_nobody_could_read_is_looked_at_read_again_and_discarded(page: Page, stack: Stack) -> None:
    assert post_webhook(stack, "{this is no JSON") == 202

    go_to(page, "Activity")
    page.get_by_role("link", name="Messages we could not read").click()
    heading(page, "Messages we could not read").wait_for()
    page.get_by_role("button", name="Look").click()
    page.get_by_role("dialog", name="The message").get_by_text("{this is no JSON").wait_for()
    answer(page, "The message", "Close")
    keep_picture(page, "console-quarantine")
    page.get_by_role("button", name="Read again").click()
    says(page, "still")
    page.get_by_role("button", name="Discard").click()
    answer(page, "Discard this message?", "Discard")
    page.get_by_text("There are none: we could read every message").wait_for()


def test_no_script_failed_and_nothing_broke_the_policy(page: Page, problems: list[str]) -> None:
    assert page.url
    assert problems == []
