"""Several people are selected in Activity, and something is done with them: looked at are the people, and those left alone."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

import pytest

from shared.domain.signup.state import State
from tests.browser.in_memory import renew
from tests.browser.windows import answer
from tests.support.console_api import Console

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser
NAMES = {51: "Ada", 52: "Bo", 53: "Cy"}
SELECTED, LEFT = (51, 53), 52


def email(number: int) -> str:
    return f"{NAMES[number].lower()}@example.com"


@pytest.fixture(autouse=True)
def failed(window: Page, console: Console) -> None:
    """Intercom refused three people, and would take them now. Two of them are selected."""
    console.app.wire.faults.add({"kind": "status", "status": 400, "method": "POST", "path": "^/contacts$"})
    for number, name in NAMES.items():
        console.app.sign_up(id=number, first_name=name, email=email(number))
    console.app.wire.faults.clear()
    assert {console.app.row(number).state for number in NAMES} == {State.FAILED}
    window.goto("/#/activity?group=attention")
    for number in SELECTED:
        person(window, number).get_by_role("checkbox").check()
    window.get_by_text("2 people selected").wait_for()


def people(window: Page) -> Locator:
    return window.get_by_role("table", name="People, newest first").locator("tbody tr")


def person(window: Page, number: int) -> Locator:
    return people(window).filter(has_text=email(number))


def show(window: Page, name: str) -> None:
    """Presses one of the pills, which end in a count."""
    window.get_by_role("group", name="Which people").get_by_role("button", name=re.compile(f"^{name}")).click()


def press(window: Page, name: str) -> None:
    window.get_by_role("button", name=name, exact=True).click()


def test_those_selected_are_sent_again_and_nobody_else_is(window: Page, console: Console) -> None:
    press(window, "Send again")
    answer(window, "Send 2 people again?", "Send again")
    person(window, SELECTED[0]).wait_for(state="detached")
    console.app.work()
    show(window, "In Intercom")

    for number in SELECTED:
        renew(window, person(window, number).get_by_text("In Intercom", exact=True))
        assert console.app.contact(email(number)).name.startswith(NAMES[number])

    assert person(window, LEFT).count() == 0
    assert console.app.row(LEFT).state is State.FAILED
    assert console.app.contacts(email(LEFT)) == []

    show(window, "Needs attention")
    person(window, LEFT).wait_for()

    assert people(window).count() == 1


def test_sending_again_twice_creates_nobody_twice(window: Page, console: Console) -> None:
    press(window, "Send again")
    answer(window, "Send 2 people again?", "Send again")
    person(window, SELECTED[0]).wait_for(state="detached")
    console.app.work()
    show(window, "In Intercom")
    for number in SELECTED:
        renew(window, person(window, number))
        person(window, number).get_by_role("checkbox").check()
    press(window, "Send again")

    answer(window, "Send 2 people again?", "Send again")
    window.get_by_text("2 people selected").wait_for(state="detached")
    console.app.work()

    assert [len(console.app.contacts(email(number))) for number in SELECTED] == [1, 1]


def test_cancel_sends_nobody(window: Page, console: Console) -> None:
    press(window, "Send again")
    answer(window, "Send 2 people again?", "Cancel")
    console.app.work()

    assert {console.app.row(number).state for number in NAMES} == {State.FAILED}

    window.get_by_text("2 people selected").wait_for()


def test_those_selected_are_dealt_with_and_the_other_still_needs_somebody(window: Page, console: Console) -> None:
    press(window, "Mark as dealt with")
    answer(window, "Mark 2 people as dealt with?", "Mark them")
    person(window, SELECTED[0]).wait_for(state="detached")

    assert [bool(console.app.row(number).open_troubles) for number in NAMES] == [False, True, False]
    assert people(window).count() == 1

    show(window, "Dealt with")
    for number in SELECTED:
        person(window, number).wait_for()

    assert people(window).count() == 2


def test_those_selected_are_exported_and_nobody_else_is(window: Page, console: Console) -> None:
    with window.expect_download() as download:
        press(window, "Export")
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))

    assert {row["email"] for row in rows} == {email(number) for number in SELECTED}
    assert {row["state"] for row in rows} == {"failed"}
    assert console.app.row(SELECTED[0]).state is State.FAILED  # looking changes nothing


def test_those_selected_are_erased_and_nobody_else_is(window: Page, console: Console) -> None:
    press(window, "Erase")
    answer(window, "Erase 2 people?", "Erase")
    person(window, SELECTED[0]).wait_for(state="detached")

    for number in SELECTED:
        row = console.app.row(number)
        assert row.forgotten
        assert row.person.email is None

    assert people(window).count() == 1
    assert console.app.row(LEFT).person.email == email(LEFT)

    show(window, "All")
    person(window, LEFT).wait_for()

    assert NAMES[SELECTED[0]] not in people(window).all_inner_texts()
