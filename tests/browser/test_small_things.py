"""What marketers stumbled over: each small thing by its name, as they met it."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from sandbox.stack.stack import Stack
from shared.adapters.dynamodb.signup.referral_items import item_of
from shared.domain.person import Audience, Person
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from tests.browser.windows import (
    answer,
    call,
    fresh_context,
    go_to,
    heading,
    keep_picture,
    post_webhook,
    says,
    sign_in,
    until,
)
from tests.support.documents import example

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.stack]
WORKSPACE_ZONE = "Europe/Berlin"
FAR_AWAY = "Pacific/Auckland"
"""Half a day ahead of the workspace: an evening there is another day here."""


@pytest.fixture(scope="module", autouse=True)
def campaign(stack: Stack) -> dict[str, Any]:
    """Active, with settings as the repository's own example has them; Ivo has just signed up."""
    document: dict[str, Any] = example()
    call(stack, "PUT", "/api/campaigns/1", document)
    post_webhook(stack, {"id": 801, "first_name": "Ivo", "email": "ivo@example.com", "source": "Referred", "referrer_id": 5})
    return document


def test_the_first_screen_says_what_this_is_and_holds_no_null(browser: Browser, stack: Stack) -> None:
    with fresh_context(browser) as context:
        page = context.new_page()
        page.goto(stack.url)
        page.get_by_role("button", name="Sign in").wait_for()
        assert not re.search(r"\b(null|undefined|NaN)\b|\[object", page.locator("body").inner_text())
        page.get_by_text("is in Intercom within seconds").wait_for()


def test_a_link_to_a_page_leads_through_the_sign_in_to_that_page(page: Page, browser: Browser, stack: Stack) -> None:
    with fresh_context(browser) as nobody:
        for window in (page.context.new_page(), nobody.new_page()):  # another tab of whoever is signed in, and a stranger
            sign_in(window, stack, "#/activity?group=attention")
            heading(window, "Activity").wait_for()
            window.get_by_role("button", name="Needs attention", pressed=True).wait_for()
            window.close()


def test_refusing_at_intercom_leads_back_to_a_page_of_ours(page: Page) -> None:
    go_to(page, "Connection")
    page.get_by_text("Connect again or change the credentials").click()
    page.get_by_role("button", name="Connect with Intercom").click()
    page.get_by_role("button", name="Cancel").click()
    heading(page, "Intercom was not connected").wait_for()

    keep_picture(page, "small-refused")

    assert page.evaluate("getComputedStyle(document.querySelector('.note')).borderRadius") != "0px"  # it has our style

    page.get_by_role("link", name="Back to the page Connection").click()
    heading(page, "Connection").wait_for()


def test_enter_connects_with_the_key_that_was_pasted(page: Page, stack: Stack) -> None:
    go_to(page, "Connection")
    page.get_by_text("Change the API key").click()
    page.get_by_label("API key").fill(stack.settings.referral_factory_key)
    page.get_by_label("API key").press("Enter")
    says(page, "Connected. The account has")


def test_enter_in_a_question_is_its_yes(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.url}/#/campaigns/1/invited")
    invited = page.get_by_role("tabpanel", name="Person invited")
    invited.get_by_role("button", name="Add a row", exact=True).click()
    row = invited.get_by_label(re.compile(r"^Row \d+: from$")).last
    row.select_option(label="Another form field…")
    dialog = page.get_by_role("dialog", name="Another form field")
    dialog.get_by_label("Label of the form field").fill("Shoe size")
    dialog.get_by_label("Label of the form field").press("Enter")
    dialog.wait_for(state="detached")
    invited.get_by_label(re.compile(r"^Row \d+: from$")).last.locator("option:checked", has_text="Shoe size").wait_for(
        state="attached"
    )
    page.reload()
    page.get_by_role("button", name="Take them back").click()


def test_what_is_next_is_not_said_as_if_it_had_been(page: Page, stack: Stack) -> None:
    """A try in two hours is no look that was taken."""
    client, table = stack.client("dynamodb"), stack.resources["ReferralsTable"]
    now = time.time()
    person = Person(802, audience=Audience.PERSON_INVITED, first_name="Lea", email="lea@example.com")
    row = Referral(1, 802, State.PARTIAL, person, now - 60, delivered_at=now - 50, contact_id="a contact", due_at=now + 7_200)
    client.put_item(TableName=table, Item=item_of(row))
    page.goto(f"{stack.url}/#/activity/1/802")
    heading(page, "Lea").wait_for()
    line = page.get_by_text(re.compile("^Next try:"))
    line.wait_for()

    at = datetime.fromisoformat(str(line.locator("time").get_attribute("datetime")))

    assert at > datetime.now(UTC)
    assert "ooked at again" not in page.get_by_role("main").inner_text()


def test_a_message_that_waits_can_be_closed(page: Page, stack: Stack) -> None:
    go_to(page, "Connection")
    joined = page.locator("article.run", has=page.get_by_role("heading", name="New user joined"))
    press = joined.get_by_role("button", name="Test it")
    waiting = page.get_by_role("status").filter(has_text="Waiting two minutes for this webhook")
    until(page, waiting.count, press.click, seconds=90)
    page.get_by_role("button", name="Close this message").click()
    waiting.wait_for(state="detached")


def test_activating_names_the_lists_and_counts_one_contact_as_one(page: Page, stack: Stack) -> None:
    go_to(page, "Campaigns")
    page.goto(f"{stack.url}/#/campaigns/2/sync")
    sync = page.get_by_role("tabpanel", name="Sync")
    sync.get_by_label("Once").check()
    sync.get_by_label("Segments (active lists)").check()
    refresh = sync.get_by_role("button", name="Refresh the list")
    champions = sync.get_by_role("checkbox", name=re.compile("^Champions . 1 contact$"))
    until(page, champions.count, refresh.click)
    champions.check()
    page.get_by_role("button", name="Activate").click()

    says(page, "The referral link has nowhere to go")

    assert page.get_by_role("dialog").count() == 0

    sync.get_by_role("button", name="Suggest attributes").click()
    says(page, "Chosen")
    page.get_by_role("tab", name="Person invited").click()
    page.get_by_role("tabpanel", name="Person invited").get_by_role("button", name="Suggest fields").click()
    says(page, "Added")
    page.get_by_role("button", name="Activate").click()
    dialog = page.get_by_role("dialog", name="Activate this campaign?")
    dialog.get_by_text("People invited become a lead in Intercom, with 6 fields.").wait_for()
    dialog.get_by_text("Referral links for Champions, once: 1 contact, about 1 min").wait_for()
    keep_picture(page, "small-activate")
    answer(page, "Activate this campaign?", "Cancel")
    page.reload()
    page.get_by_role("button", name="Take them back").click()


def test_a_problem_is_not_beside_the_word_that_nothing_ran(page: Page, stack: Stack) -> None:
    refusal = {"items": [], "problems": ["A run is under way."], "cursor": None}
    page.route("**/api/campaigns/1/syncs?*", lambda route: route.fulfill(json=refusal))
    try:
        page.goto(f"{stack.url}/#/campaigns/1/sync")
        page.reload()
        sync = page.get_by_role("tabpanel", name="Sync")
        sync.get_by_text("A run is under way.").wait_for()
        assert sync.get_by_text("No run yet").count() == 0
    finally:
        page.unroute("**/api/campaigns/1/syncs?*")


def test_a_day_of_the_overview_leads_to_the_people_it_counted(browser: Browser, stack: Stack) -> None:
    """Days are those of the workspace, also for who sits on the other side of the world."""
    midnight = datetime.now(ZoneInfo(WORKSPACE_ZONE)).replace(hour=0, minute=0, second=0, microsecond=0)
    late = (midnight - timedelta(days=2)).replace(hour=23, minute=30)
    early = (midnight - timedelta(days=3)).replace(hour=0, minute=30)
    people = {"late": late, "early": early, "between": late.replace(hour=0, minute=30), "before": early - timedelta(hours=1)}
    client, table = stack.client("dynamodb"), stack.resources["ReferralsTable"]
    for number, (name, at) in enumerate(people.items(), 901):
        person = Person(number, audience=Audience.PERSON_INVITED, first_name=name, email=f"{name}@example.com")
        row = Referral(1, number, State.DELIVERED, person, at.timestamp(), delivered_at=at.timestamp() + 5)
        client.put_item(TableName=table, Item=item_of(row))
    context = browser.new_context(timezone_id=FAR_AWAY, viewport={"width": 1440, "height": 900})
    try:
        page = context.new_page()
        sign_in(page, stack)
        day = page.get_by_role("link", name=re.compile(rf"^{late:%Y-%m-%d}: 2 friends invited"))
        end = time.monotonic() + 90
        while not day.count():  # the count of the list is kept for a while
            assert time.monotonic() < end
            page.wait_for_timeout(2_000)
            page.reload()
            page.get_by_role("heading", name="Day by day").wait_for()
        day.focus()
        page.keyboard.press("Enter")
        page.get_by_text("2 people shown.").wait_for()
        page.get_by_text(f"Days are those of {WORKSPACE_ZONE}.").wait_for()
        shown = page.get_by_role("table", name="People, newest first")
        assert shown.get_by_role("link", name="late", exact=True).count() == 1
        assert shown.get_by_role("link", name="between", exact=True).count() == 1
    finally:
        context.close()
