"""How each page looks, light and dark, on a desk and on a telephone: axe, widths, broken words, and a picture of each.

``artefacts/looks-<page>-<width>-<scheme>.png``, over an application in memory that has been in use for two months.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pytest

from functions.console import handler
from tests.browser import in_memory
from tests.browser.lived_in import HAND_MADE, TODAY, lived_in
from tests.browser.windows import ARTEFACTS, keep_picture
from tests.support.console_api import CONSOLE, Console

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser
HEIGHT, DESK, TELEPHONE = 900, 1440, 390
SIZES: tuple[tuple[int, Literal["light", "dark"]], ...] = (
    (DESK, "light"),
    (DESK, "dark"),
    (1024, "light"),
    (TELEPHONE, "light"),
    (TELEPHONE, "dark"),
)
LOOKED_AT_BY_AXE = {(DESK, "light"), (TELEPHONE, "dark")}
SILENT = {"title": "Service unavailable", "status": 503, "detail": "The application does not answer now."}
SERIOUS = {"serious", "critical"}
ALSO_SERIOUS = {"empty-table-header"}
"""What axe calls minor."""
LONGEST = 5
"""Findings of one page that a failure lists."""
BROKEN_WORDS = r"""() => [...document.querySelectorAll(".address")].flatMap((one) => [...one.childNodes]).filter((node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    const isWord = node.nodeType === Node.TEXT_NODE && /^\S{1,32}$/.test(node.textContent);
    return isWord && range.getClientRects().length > 1;
}).map((node) => node.textContent)"""
"""Parts of addresses that go over two lines, though they would fit into one."""
MACHINE_WORDS = re.compile(r"\b(null|undefined|NaN|replay|unreadable|quarantine|p50|p99)\b|\[object")
WORDS = """() => {
    const shown = document.body.cloneNode(true);
    for (const one of shown.querySelectorAll("pre, code, script, #help-api, [aria-label='Who did what']")) one.remove();
    return shown.textContent;
}"""
"""What a page says to marketers: without code, the API's description, and the calls that who did what is kept with."""
TABLES = """() => [...document.querySelectorAll("table")].map((table) => ({
    caption: table.caption?.textContent ?? "",
    empty: [...table.querySelectorAll("th")].filter((head) =>
        !head.textContent.trim() && !head.getAttribute("aria-label") && !head.querySelector("[aria-label]")).length,
}))"""
"""The tables of a page, also of what is folded: how many columns of each have no name."""


def press(name: str, *, exact: bool = True) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("button", name=name, exact=exact).first.click()


def dialog(name: str) -> Callable[[Page], Locator]:
    """Waits until the dialog that the button opens is whole."""

    def opened(page: Page) -> Locator:
        press(name)(page)
        one = page.get_by_role("dialog")
        one.wait_for()
        return one

    return opened


def select_three(page: Page) -> None:
    for number in (1, 2, 4):
        page.get_by_role("table").locator("tbody tr").nth(number).get_by_role("checkbox").check()


def unfold(page: Page) -> None:
    for summary in page.locator("main summary:visible").all():
        summary.click()


def watch_arrive(page: Page) -> None:
    """A made-up person on the way; taken back by who comes next."""
    dialog("Try it now")(page).get_by_role("button", name="Send the made-up person").click()
    page.get_by_role("button", name="Take it back").wait_for()


def show_changes(page: Page) -> None:
    page.get_by_text("What changed since version 1").click()


def type_and_leave(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Remove row 1")).first.click()
    page.get_by_text("still to fill in").wait_for()


@dataclass(frozen=True)
class Look:
    """``world``: which application. ``act``: what is pressed before the picture. ``whole``: of the page, not of the window.
    ``once``: what is pressed cannot be pressed again.
    ``fails``: calls of the page that get no answer."""

    address: str
    act: Callable[[Page], Any] | None = None
    world: str = "lived in"
    whole: bool = True
    once: bool = False
    fails: str = ""


CAMPAIGN = "#/campaigns/1"
FAILED, NEW = HAND_MADE["failed"], HAND_MADE["new"]
LOOKS = {
    "overview": Look("#/overview"),
    "overview-in-numbers": Look("#/overview", unfold),
    "overview-checklist": Look("#/overview", world="new"),
    "overview-nothing-connected": Look("#/overview", world="empty"),
    "campaigns": Look("#/campaigns"),
    "campaigns-nothing-connected": Look("#/campaigns", world="empty"),
    "campaign-invited": Look(f"{CAMPAIGN}/invited"),
    "campaign-unfinished": Look(f"{CAMPAIGN}/invited", type_and_leave),
    "campaign-referring": Look(f"{CAMPAIGN}/referring"),
    "campaign-qualification": Look(f"{CAMPAIGN}/qualification"),
    "campaign-rewards": Look(f"{CAMPAIGN}/rewards"),
    "campaign-sync": Look(f"{CAMPAIGN}/sync"),
    "campaign-more": Look(f"{CAMPAIGN}/more", unfold),
    "campaign-versions": Look(f"{CAMPAIGN}/versions", show_changes),
    "campaign-to-set-up": Look("#/campaigns/2"),
    "campaign-unknown": Look("#/campaigns/77"),
    "campaign-try-it-now": Look(f"{CAMPAIGN}/invited", dialog("Try it now"), whole=False),
    "campaign-try-it-now-on-the-way": Look(f"{CAMPAIGN}/invited", watch_arrive, whole=False, once=True, world="trial"),
    "campaign-activate": Look("#/campaigns/1/invited", dialog("Activate"), whole=False, world="draft"),
    "campaign-sync-now": Look(f"{CAMPAIGN}/sync", dialog("Sync now"), whole=False),
    "activity": Look("#/activity", whole=False),
    "activity-empty": Look("#/activity", world="empty"),
    "activity-nobody-matches": Look("#/activity?text=nobody.at.all"),
    "activity-attention": Look("#/activity?group=attention"),
    "activity-selected": Look("#/activity", select_three, whole=False),
    "activity-panel": Look(f"#/activity?open=1-{NEW}", whole=False),
    "activity-panel-failed": Look(f"#/activity?group=attention&open=1-{FAILED}", whole=False),
    "person": Look(f"#/activity/1/{NEW}", unfold),
    "person-failed": Look(f"#/activity/1/{FAILED}"),
    "person-unknown": Look("#/activity/1/123456"),
    "messages": Look("#/quarantine"),
    "messages-look": Look("#/quarantine", dialog("Look"), whole=False),
    "messages-none": Look("#/quarantine", world="empty"),
    "syncs": Look("#/syncs"),
    "syncs-none": Look("#/syncs", world="empty"),
    "connection": Look("#/connection"),
    "connection-to-set-up": Look("#/connection", world="empty"),
    "connection-secret": Look("#/connection", dialog("Make a new secret"), whole=False, once=True, world="draft"),
    "connection-disconnect": Look("#/connection", dialog("Disconnect"), whole=False),
    "health": Look("#/health", unfold),
    "health-empty": Look("#/health", world="empty"),
    "help": Look("#/help", whole=False),
    "help-states": Look("#/help/states", whole=False),
    "help-trouble": Look("#/help/trouble-with-people-invited", whole=False),
    "help-api": Look("#/help/api", whole=False),
    "sign-in": Look("", world="signed out"),
    "sign-in-silent": Look("?code=x&state=y", world="signed out"),
    "error-no-such-page": Look("#/nonsense"),
    "error-may-not": Look("#/overview", world="outsider"),
    "error-does-not-answer": Look("#/overview", fails="**/api/results*"),
    "error-a-part": Look("#/health", fails="**/api/connection/changes*"),
    "error-intercom-refused": Look("oauth/intercom/callback?error=access_denied&state=unknown", world="signed out"),
}
WITH_TABLES = {
    "overview-in-numbers": {"Who refers most", "Days in numbers"},
    "campaigns": {"Campaigns that are set up", "Campaigns of Referral Factory that are not set up"},
    "campaign-invited": {"What would be sent"},
    "campaign-versions": {"What differs"},
    "campaign-try-it-now": {"What Intercom gets"},
    "activity": {"People, newest first"},
    "activity-panel": {"People, newest first"},
    "messages": {"Messages we could not read"},
    "health": {"Days in numbers", "When each webhook last came", "Who did what"},
    "person": {"Values written to Intercom"},
    "help": {"States of a referral"},
}
"""Pages with their tables' captions, some of them."""


def made(world: str) -> Console:
    """Each world is another application; some pages change theirs."""
    if world in {"empty", "signed out"}:
        console = Console()
        for name in ("intercom", "referral_factory"):
            console.app.set_secret(name, access_token="", api_key="")
        return console
    if world == "new":
        console = Console()
        console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})
        return console
    console = lived_in()
    if world == "draft":
        console.app.configure(status="draft")
    if world == "outsider":
        console.claims = {**console.claims, "groups": []}
    return console


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[str], Console]]:
    kept: dict[str, Console] = {}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in in_memory.SETTINGS.items():
            patch.setenv(name, value)
        for cached in (handler._settings, handler._page):
            cached.cache_clear()
        yield lambda world: kept.setdefault(world, kept.get(world) or made(world))
    handler._settings.cache_clear()


@pytest.fixture
def opened(browser: Browser, worlds: Callable[[str], Console]) -> Iterator[Callable[..., Page]]:
    """A window on the page, with what is to be pressed pressed."""
    with ExitStack() as stack:

        def open_page(name: str, width: int = DESK) -> Page:
            look = LOOKS[name]
            console = worlds(look.world)
            console.app.clock.at = max(console.app.clock.at, TODAY)
            viewport = {"width": width, "height": HEIGHT}
            page = stack.enter_context(in_memory.signed_in(browser, console, viewport=viewport, faulty=True))
            if look.fails:
                page.route(look.fails, lambda route: route.fulfill(status=503, json=SILENT))
            page.goto(f"{CONSOLE}{look.address}")
            settle(page)
            if look.act:
                look.act(page)
                settle(page)
            return page

        yield open_page


def settle(page: Page) -> None:
    """Until everything that loads is there, and what waits a moment has come."""
    page.locator("main:not([aria-busy]) h1").wait_for()
    page.wait_for_load_state("networkidle")
    page.clock.run_for(2_000)
    page.wait_for_load_state("networkidle")
    page.wait_for_function("() => !/Loading|…$/.test(document.querySelector('main').innerText)")


@pytest.mark.parametrize("name", LOOKS)
def test_each_page_is_for_everybody(opened: Callable[..., Page], name: str) -> None:
    """Axe finds nothing serious, light on a desk and dark on a telephone; nothing scrolls sideways at any width, no part of an
    address goes over two lines, and no word is a machine's. A picture of each is kept."""
    from axe_playwright_python.sync_playwright import Axe

    page, found = opened(name), []
    for width, scheme in SIZES:
        if (width, scheme) == (TELEPHONE, "light") and not LOOKS[name].once:
            page = opened(name, TELEPHONE)  # which never was a desk
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": HEIGHT})
        if (width, scheme) in LOOKED_AT_BY_AXE:
            results = Axe().run(page).response["violations"]
            serious = [one for one in results if one["impact"] in SERIOUS or one["id"] in ALSO_SERIOUS]
            found += [(one["id"], one["nodes"][0]["html"][:200]) for one in serious]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(BROKEN_WORDS) == []
        if LOOKS[name].whole:  # else what sticks to the window's edge would lie over the middle
            page.set_viewport_size({"width": width, "height": page.evaluate("document.documentElement.scrollHeight")})
            page.evaluate("scrollTo(0, 0)")
        keep_picture(page, f"looks-{name}-{width}-{scheme}", whole=False)

    assert MACHINE_WORDS.findall(page.evaluate(WORDS)) == []
    assert found[:LONGEST] == []


@pytest.mark.parametrize("name", WITH_TABLES)
def test_each_column_of_each_table_has_a_name(opened: Callable[..., Page], name: str) -> None:
    tables = opened(name).evaluate(TABLES)
    assert {one["caption"] for one in tables} >= WITH_TABLES[name]
    assert [one["caption"] for one in tables if one["empty"]] == []


@pytest.mark.parametrize("name", ["overview-nothing-connected", "campaigns-nothing-connected", "health-empty"])
def test_nothing_is_green_before_anything_is_connected(opened: Callable[..., Page], name: str) -> None:
    page = opened(name)
    assert page.locator(".health.good, .note.good, .badge.good").count() == 0
    if name == "health-empty":
        assert page.locator(".limit").get_by_text("Not connected", exact=True).count() == 2
        page.get_by_text("Nobody signed up in this time.").wait_for()


def test_somebody_who_may_see_nothing_is_sent_nowhere(opened: Callable[..., Page]) -> None:
    page = opened("error-may-not")
    page.get_by_role("region", name="Health").get_by_text("Only members of the group").wait_for()
    assert page.get_by_role("region", name="Health").get_by_role("link").count() == 0


def test_the_overview_says_what_the_campaign_brings(opened: Callable[..., Page]) -> None:
    page = opened("overview")
    invited = page.get_by_role("link", name=re.compile("^Friends invited: 77"))
    invited.get_by_text("▲ 103 % on the 30 days before").wait_for()
    page.get_by_role("link", name=re.compile("^In Intercom: 74")).get_by_text("96 % of them").wait_for()
    page.get_by_role("link", name=re.compile("^Converted: 22")).get_by_text("29 % of them").wait_for()
    page.get_by_text("40 Intercom contacts got a link through the sync. They are counted apart.").wait_for()
    page.get_by_role("table", name="Who refers most").get_by_role("row", name=re.compile("^Rita.* 34 10$")).wait_for()
    row = page.get_by_role("listitem").filter(has_text="Friends of ours")
    row.get_by_text("159 accounted for").wait_for()
    row.get_by_role("img").wait_for()  # its days
    page.get_by_text("Days are those of Europe/Berlin.").wait_for()


def test_activity_says_of_each_person_who_referred_them_where_they_stand_and_when_they_came(
    opened: Callable[..., Page],
) -> None:
    page = opened("activity-attention")
    heads = page.locator("th").all_text_contents()  # one campaign needs no column, and has none to be seen

    assert heads == ["", "Person", "Referred by", "Campaign", "State", "Signed up"]

    row = page.get_by_role("row").filter(has_text="nadia.needle@example.com")
    for text in ("rita.referring@example.com", "Failed", "What to do:", "today"):
        row.get_by_text(text).first.wait_for()


@pytest.mark.usefixtures("browser")
def test_there_is_a_picture_of_each_page_in_each_variant() -> None:
    wanted = {f"looks-{name}-{width}-{scheme}.png" for name in LOOKS for width, scheme in SIZES}
    assert wanted - {path.name for path in ARTEFACTS.glob("looks-*.png")} == set()
