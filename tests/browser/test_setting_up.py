"""What helps whoever sets a campaign up: the preview beside the form, the list of attributes, suggestions, and steps that tick
themselves."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from sandbox.stack.stack import Stack
from tests.browser.windows import (
    PATIENCE,
    answer,
    call,
    end_faults,
    fresh_context,
    go_to,
    heading,
    keep_picture,
    order_fault,
    post_webhook,
    says,
    sign_up,
    until,
)
from tests.support.documents import example

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.stack]
THERE_BEFORE = "bela.brook@example.com"
LONGEST_TEXT = 255
"""Characters that Intercom takes for a text attribute."""
SEEN = "Everything is connected."


@pytest.fixture(scope="module", autouse=True)
def campaign(stack: Stack) -> None:
    """Everybody who signs up becomes a lead or a user."""
    referring = {"action": "user", "mapping": [{"from": "first_name", "to": "name"}, {"from": "email", "to": "email"}]}
    call(stack, "PUT", "/api/campaigns/1", {**example(), "person_referring": referring})


def open_tab(page: Page, stack: Stack, key: str, name: str) -> Locator:
    page.set_viewport_size({"width": 1440, "height": 900})
    go_to(page, "Campaigns")
    page.goto(f"{stack.url}/#/campaigns/1/{key}")
    heading(page, "Friends of ours").wait_for()
    return page.get_by_role("tabpanel", name=name)


def take_back(page: Page) -> None:
    page.reload()
    page.get_by_role("button", name="Take them back").click()
    says(page, "The page shows version")


def test_each_step_of_connecting_ticks_itself_and_the_last_says_so(page: Page, stack: Stack) -> None:
    go_to(page, "Connection")
    page.get_by_text("of 5 steps done. Each step ticks itself once it works.").wait_for()
    steps = page.locator("section.step")

    assert [one.split("\n")[0] for one in steps.locator(".step-number").all_inner_texts()] == ["✓", "✓", "✓", "4", "5"]

    post_webhook(stack, {"id": 1, "first_name": "Ivo", "email": "ivo@example.com", "source": "Referred", "referrer_id": 5})
    page.get_by_text(SEEN).wait_for(timeout=2 * PATIENCE)  # nobody reloads

    assert page.locator("section.step.done").count() == 5

    keep_picture(page, "setting-up-connected")


def test_the_preview_renews_itself_as_one_types_and_shows_what_is_dropped_and_why(page: Page, stack: Stack) -> None:
    invited = open_tab(page, stack, "invited", "Person invited")
    preview = invited.get_by_role("complementary", name="Preview")
    preview.get_by_text("Nobody in Intercom has this e-mail address: a lead is created.").first.wait_for()
    preview.get_by_text("Change the example").click()
    preview.get_by_label("First name", exact=True).fill("Zora")
    preview.locator(".contact-head").get_by_text("Zora", exact=True).wait_for()
    preview.get_by_label(re.compile("^Referrer.s first name$")).fill("x" * (LONGEST_TEXT + 1))
    row = preview.get_by_role("table", name="What would be sent").get_by_role("row").filter(has_text="referrer_first_name")
    row.locator(".problem").get_by_text(re.compile(f"^Left out\\. .*at most {LONGEST_TEXT}")).wait_for()

    red = row.locator(".problem").evaluate("(one) => getComputedStyle(one).color")

    assert red == page.evaluate(
        "() => { const one = document.createElement('p'); one.style.color = 'var(--bad)'; "
        "document.body.append(one); const { color } = getComputedStyle(one); one.remove(); return color; }"
    )

    keep_picture(page, "setting-up-dropped")

    assert [one["email"] for one in call(stack, "GET", "/api/referrals")["items"]] == [
        "ivo@example.com"
    ]  # looking sends nothing


def test_fill_and_update_show_what_is_there_and_what_will_be(page: Page, stack: Stack) -> None:
    invited = open_tab(page, stack, "invited", "Person invited")
    preview = invited.get_by_role("complementary", name="Preview")
    preview.get_by_text("Change the example").click()
    preview.get_by_label("E-mail", exact=True).fill(THERE_BEFORE)
    row = preview.get_by_role("table", name="What would be sent").get_by_role("row", name=re.compile("^name "))
    invited.get_by_label("Update the contact").check()
    row.locator("del", has_text="Bela Brook").wait_for()
    row.locator("ins", has_text="Alice").wait_for()
    keep_picture(page, "setting-up-update")
    invited.get_by_label("Fill in what is missing").check()
    row.locator("del").wait_for(state="detached")
    row.get_by_text("Bela Brook").wait_for()
    link = preview.get_by_role("row", name=re.compile("^referral_link "))
    link.get_by_text("example.com/alice").wait_for()
    take_back(page)


def groups(place: Locator) -> list[str]:
    """The headings of the list of attributes that is open."""
    names: list[str] = place.locator(".picker-group:visible").all_inner_texts()
    return names


def test_attributes_that_do_not_fit_are_grey_and_say_why(page: Page, stack: Stack) -> None:
    invited = open_tab(page, stack, "invited", "Person invited")
    field = invited.get_by_label("Row 1: to")
    field.click()

    assert groups(invited) == ["Suggested", "Your own", "Standard"]

    greyed = invited.locator("[role=option][aria-disabled=true]:visible")
    greyed.first.wait_for()

    assert all("\n" in text.strip() for text in greyed.all_inner_texts())  # a name, and a reason

    mail = greyed.filter(has_text="takes the e-mail only")
    mail.click(force=True)  # a person can press it all the same

    assert field.get_attribute("data-value") == "name"

    field.press("Escape")


def test_rewards_suggest_their_attributes_and_create_them_with_one_click(page: Page, stack: Stack) -> None:
    rewards = open_tab(page, stack, "rewards", "Rewards")
    rewards.get_by_role("button", name="Suggest attributes").click()
    page.get_by_role("dialog", name="Create 3 attributes in Intercom?").get_by_text("referral_last_reward").wait_for()
    answer(page, "Create 3 attributes in Intercom?", "Create and use them")

    says(page, "Chosen: referral_last_reward, referral_rewards_total, referral_reward_status.")

    names = {one["name"]: one["data_type"] for one in call(stack, "GET", "/api/attributes?refresh=true")["items"]}
    assert names["custom_attributes.referral_rewards_total"] == "float"

    page.get_by_role("button", name="Save", exact=True).click()
    says(page, "Saved as version")


def test_what_intercom_lacks_is_created_with_one_click(page: Page, stack: Stack) -> None:
    """Settings of another workspace, paused, use two attributes that this one lacks."""
    rewards = {"last_reward": "custom_attributes.won_last", "reward_status": "custom_attributes.won_state"}
    document = {**example(), "campaign_id": 3, "name": "From elsewhere", "status": "paused", "rewards": rewards}
    call(stack, "PUT", "/api/campaigns/3", document)
    go_to(page, "Campaigns")
    page.goto(f"{stack.url}/#/campaigns/3/rewards")
    page.get_by_text("2 attributes that these settings use are not in Intercom: won_last, won_state.").wait_for()
    keep_picture(page, "setting-up-missing")
    page.get_by_role("button", name="Create the missing 2 attributes").click()

    says(page, "2 attributes created in Intercom.")
    page.get_by_text("are not in Intercom").wait_for(state="detached")

    names = {one["name"] for one in call(stack, "GET", "/api/attributes?refresh=true")["items"]}
    assert set(rewards.values()) <= names


def test_whoever_signs_up_by_hand_is_watched_step_by_step(page: Page, browser: Browser, stack: Stack) -> None:
    open_tab(page, stack, "invited", "Person invited")
    page.get_by_role("button", name="Try it now").click()
    dialog = page.get_by_role("dialog", name="Try it now")

    email = dialog.locator(".copy", has_text="Address to sign up with").locator("code").inner_text()

    assert re.fullmatch(r"mara\+test\d+@example\.com", email)

    dialog.get_by_text("Use a private window").wait_for()
    address = str(dialog.get_by_role("link", name=re.compile("^Open the campaign.s page")).get_attribute("href"))
    with fresh_context(browser) as private:
        sign_up(private.new_page(), address, "Mara", email)
    dialog.get_by_text("Referral Factory reported it.").wait_for()  # while one looks on
    dialog.get_by_role("link", name="Open the contact in Intercom").wait_for(timeout=2 * PATIENCE)
    keep_picture(page, "setting-up-by-hand")
    dialog.get_by_role("button", name="Take the test person back").wait_for()
    dialog.get_by_role("button", name="Close").click()


def test_developers_unfold_each_call_and_no_secret_is_in_it(page: Page, stack: Stack) -> None:
    refusal = {"type": "error.list", "errors": [{"code": "parameter_invalid", "field": "email", "message": "Email is invalid"}]}
    order_fault(
        stack.intercom_url, kind="status", status=400, method="POST", path="^/contacts$", times=1, body=json.dumps(refusal)
    )
    try:
        post_webhook(stack, {"id": 2, "first_name": "Nele", "email": "nele@example.com", "source": "Referred"})
        page.goto(f"{stack.url}/#/activity")
        row = page.get_by_role("row").filter(has_text="nele@example.com")
        again = page.get_by_role("button", name="Refresh", exact=True)
        until(page, row.get_by_text("Failed", exact=True).count, again.click)
    finally:
        end_faults(stack.intercom_url)
    row.get_by_role("link", name="Nele").click()
    panel = page.get_by_role("region", name="One person")
    panel.get_by_text(re.compile(r"^For developers: \d+ calls? to Intercom")).click()
    refused = panel.locator("details.call", has_text="400").last
    refused.locator("summary").first.click()
    shown = refused.inner_text()

    for part in ("POST /contacts", "ms", "Request id", "Sent", "nele@example.com", "Answer", "parameter_invalid"):
        assert part in shown

    assert "Bearer" not in panel.inner_text()
    assert stack.settings.intercom_token not in panel.inner_text()

    keep_picture(page, "setting-up-developers")
    panel.get_by_role("link", name="More about it").click()  # from the state to what the help says about it
    page.get_by_role("heading", name="When something needs attention").wait_for()


def test_no_script_failed_and_nothing_broke_the_policy(page: Page, problems: list[str]) -> None:
    assert page.url
    assert problems == []
