"""Pages that renew themselves, over the whole application in memory: what has the focus, is opened or scrolled stays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from shared.domain.signup.state import State
from tests.browser.in_memory import at_our_own_address, focused, join, renew
from tests.support.clock import NOW
from tests.support.console_api import Console
from tests.support.syncing import SyncApp

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
TELEPHONE = {"width": 390, "height": 800}
WIDE = {"width": 1440, "height": 900}


def scrolled(page: Page, label: str) -> int:
    left: int = page.get_by_role("group", name=label).first.evaluate("(view) => view.scrollLeft")
    return left


def test_the_overview_keeps_focus_what_is_opened_and_how_far_it_is_scrolled(window: Page, console: Console) -> None:
    window.set_viewport_size(TELEPHONE)
    window.goto("/#/overview")
    window.get_by_text("The same in numbers").click()
    chart = "Friends invited, by day"
    window.get_by_role("group", name=chart).first.evaluate("(view) => (view.scrollLeft = 40)")
    window.get_by_role("link", name="Rita").focus()
    join(console, 4)
    console.app.wait(60)

    renew(window, window.get_by_role("link", name="Friends invited: 4"))

    assert focused(window) == "Rita"
    assert window.get_by_role("table", name="Days in numbers").is_visible()
    assert scrolled(window, chart) == 40


def test_health_keeps_focus_and_what_is_opened_while_a_problem_appears(window: Page, console: Console) -> None:
    console.app.environment.figures.count(1, "signups", NOW, by=3)
    console.app.environment.figures.flush()
    window.goto("/#/health")
    window.get_by_text("The same in numbers").click()
    window.get_by_role("link", name="Look at them").first.focus()
    join(console, 4, State.FAILED)
    console.app.wait(60)

    renew(window, window.locator(".tile", has_text="Need attention").get_by_text("1", exact=True))
    window.locator("#main").get_by_text("1 person needs somebody to look").first.wait_for()

    assert focused(window) == "Look at them"
    assert window.get_by_role("table", name="Days in numbers").is_visible()


def test_the_header_says_what_is_wrong_now(window: Page, console: Console) -> None:
    window.goto("/#/help")
    header = window.get_by_role("region", name="Health", exact=True)
    header.get_by_role("link").focus()
    join(console, 4, State.FAILED)
    console.app.wait(60)

    renew(window, header.get_by_text(re.compile("somebody to look|things need")))

    assert window.evaluate("document.activeElement.closest('#health') !== null")


@pytest.mark.parametrize("address", ["#/activity/1/42", "#/activity?open=1-42"])
def test_a_persons_story_keeps_the_opened_call_while_calls_are_added(window: Page, console: Console, address: str) -> None:
    app = console.app
    app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts"})
    app.sign_up()
    window.goto(f"/{address}")
    window.get_by_text("For developers: ").click()
    opened = window.locator("details.call").last
    opened.locator("summary").click()
    opened.locator("summary").focus()
    app.wire.faults.clear()
    app.wait(40)
    app.work()

    renew(window, window.locator("details.call:nth-of-type(2)"))

    assert window.locator("details.developers").get_attribute("open") is not None
    assert opened.get_attribute("open") is not None
    assert opened.locator("summary").evaluate("(summary) => summary === document.activeElement")


def test_the_list_keeps_the_focus_while_somebody_new_comes_in(window: Page, console: Console) -> None:
    window.goto("/#/activity")
    people = window.get_by_role("table", name="People, newest first")
    people.get_by_role("link", name="Friend 2").focus()
    join(console, 4)

    renew(window, people.get_by_role("link", name="Friend 4"))

    assert focused(window) == "Friend 2"
    assert people.locator("tbody a.person-name").all_inner_texts() == ["Friend 4", "Friend 3", "Friend 2", "Friend 1"]

    people.get_by_label("Select Friend 3").check()
    window.get_by_text("1 person selected").wait_for()

    assert people.locator("tr.chosen").get_by_role("link", name="Friend 3").count() == 1
    assert people.get_by_label("Select everybody shown").evaluate("(box) => box.indeterminate")


def test_a_run_that_goes_on_keeps_the_focus_on_its_button(window: Page, console: Console) -> None:
    app = SyncApp()
    fresh = Console(app)
    console.app, app.environment = fresh.app, fresh.app.environment
    app.choose()
    app.add_many(60)
    app.start()
    window.goto("/#/syncs")
    window.locator(".run").get_by_text("Waiting").wait_for()
    window.get_by_role("button", name="Sync now").focus()
    app.step()

    renew(window, window.locator(".run").get_by_text("60 of 60 contacts"))

    assert focused(window) == "Sync now"
    assert window.get_by_role("progressbar").count() == 0


def test_the_checklist_ticks_itself_and_keeps_the_focus(window: Page, console: Console) -> None:
    window.goto("/#/overview")
    window.get_by_role("heading", name="Set up: 5 of 7 done").wait_for()
    window.get_by_role("link", name="Set up the webhooks: 0 of 2 seen: open").focus()
    console.app.sign_up()
    console.app.wait(60)

    renew(window, window.get_by_role("heading", name="Set up: 6 of 7 done"))

    assert focused(window) == "Set up the webhooks: 1 of 2 seen: open"

    window.get_by_role("listitem").filter(has_text="Done: Sign up a test person").wait_for()


def test_the_preview_beside_the_form_keeps_what_is_typed_and_what_is_open(window: Page, console: Console) -> None:
    window.set_viewport_size(WIDE)
    window.goto("/#/campaigns/1/invited")
    invited = window.get_by_role("tabpanel", name="Person invited")
    preview = invited.get_by_role("complementary", name="Preview")
    example = preview.locator("details")
    renew(window, preview.get_by_text("a lead is created"))
    preview.get_by_text("Change the example").click()
    first_name = preview.get_by_label("First name", exact=True)
    first_name.fill("Zora")
    first_name.evaluate("(field) => field.setSelectionRange(2, 2)")

    renew(window, preview.locator(".contact-head").get_by_text("Zora"))

    assert first_name.evaluate("(field) => field === document.activeElement && field.selectionStart") == 2
    assert example.get_attribute("open") is not None

    value = invited.get_by_label("Default 1: value")
    value.fill("a friend")
    renew(window, preview.get_by_role("row", name=re.compile("^lead_source.*a friend")))

    assert focused(window) == "Default 1: value"
    assert example.get_attribute("open") is not None
    assert first_name.input_value() == "Zora"


def test_try_it_now_keeps_the_focus_while_both_people_arrive(window: Page, console: Console) -> None:
    at_our_own_address(console)
    window.goto("/#/campaigns/1")
    window.get_by_role("button", name="Try it now").click()
    dialog = window.get_by_role("dialog", name="Try it now")
    fields = dialog.get_by_role("table", name="What Intercom gets")
    dialog.get_by_text("All its fields").click()

    window.clock.run_for(10_000)

    assert fields.is_visible()  # nothing closes it while one reads

    dialog.get_by_role("button", name="Send the made-up person").click()
    back = dialog.get_by_role("button", name="Take it back")
    back.wait_for()

    assert focused(window) == "Take it back"

    console.app.work()
    renew(window, dialog.get_by_text("The contact is in Intercom with all mapped values."))

    assert focused(window) == "Take it back"

    by_hand = dialog.locator(".copy", has_text="Address to sign up with")
    by_hand.get_by_role("button", name="Copy").focus()
    console.app.sign_up(email=by_hand.locator("code").inner_text())
    renew(window, dialog.get_by_text("Referral Factory reported it."))

    assert focused(window) == "Copy Address to sign up with"

    dialog.get_by_role("button", name="Take the test person back").wait_for()


def test_what_went_well_is_said_for_a_while_and_what_went_wrong_until_it_is_closed(window: Page, console: Console) -> None:
    window.goto("/#/activity/1/1")
    window.get_by_role("button", name="Send again").click()
    good = window.get_by_role("status").filter(has_text="goes to Intercom again now")
    good.wait_for()

    window.clock.run_for(5_000)

    assert good.count() == 1

    window.clock.run_for(5_000)
    good.wait_for(state="detached")
    window.goto("/#/connection")
    window.get_by_text("Change the API key").click()
    window.get_by_role("button", name="Connect", exact=True).click()
    bad = window.get_by_role("status").filter(has_text="Paste the API key first.")
    bad.wait_for()
    window.clock.run_for(60_000)

    assert bad.count() == 1

    window.get_by_role("button", name="Close this message").click()
    bad.wait_for(state="detached")


def test_every_page_is_shown_and_nothing_goes_wrong_in_its_scripts(window: Page, console: Console) -> None:
    join(console, 4, State.FAILED)
    tabs = ("", "/invited", "/referring", "/qualification", "/rewards", "/sync", "/versions")
    pages = ["overview", "health", "campaigns", "activity?text=f1@example.com", "quarantine", "syncs", "connection", "help"]
    for address in [*pages, *(f"campaigns/1{tab}" for tab in tabs)]:
        window.goto(f"/#/{address}")
        window.locator("main:not([aria-busy]) h1").wait_for()
        window.clock.run_for(2_000)
        assert window.locator("main").get_by_text("cannot be shown").count() == 0, address
        assert window.locator("main").get_by_text("[object Object]").count() == 0, address
