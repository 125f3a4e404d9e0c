"""What people read in the console stands in parts/texts: a page's module holds no sentence of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.console.test_console_files import FILES

TEXTS = FILES / "parts" / "texts"
PAGES = [path for path in sorted(FILES.rglob("*.js")) if path.parent not in {TEXTS, FILES / "vendor"}]
OF_PAGES = [path for path in sorted(TEXTS.glob("*.js")) if path.stem not in {"fields", "numbers", "states"}]

# For the browser and the API, not for people.
NAMES = {
    *(
        "GET",
        "POST",
        "PUT",
        "DELETE",
        "ETag",
        "Link",
        "Retry-After",
        "If-Match",
        "If-None-Match",
        "Content-Type",
        "SHA-256",
        "S256",
    ),
    *("Enter", "Escape", "Home", "End", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "INPUT", "NFKD"),
    *("CampaignSettings", "AttributeTrigger", "Qualification"),  # schemas
    *("Alice", "Bob"),  # in the preview
    "There is nothing at this address.",  # the API's answer, compared with
}
_OF_THE_BROWSER = re.compile(
    r"(\b(class|className|Authorization): [^,]*|\bclass=[^=]*(=== [^=]*)?|\bclassName = |classList\.\w+\([^)]*"
    r"|\b(querySelector(All)?|closest|matches|matchMedia|Date)\(|\b(first|all)\([^\"]*, )$"
)
_SHOWN = re.compile(
    r"(\b(button|link|card|say|tile|field|checkbox|radios|ask|confirmed|arriving|badge)\(\[?"
    r"|\bhtml|\bmake\(\"\w+\", \{[^{}]*\}, |\b(aria-label\"|title|placeholder|hint|label|textContent)(: | = ))$"
)
_ONE_NAME = re.compile(r"[a-z][\w-]*[_.<…/][^\s]*|…[^\s]*")
NEAR = 200  # characters of code before a literal that say what it is for
_SELECTOR = re.compile(r"(input|a|select|details|tr|tbody)\b.*[,\[>]")


def literals(source: str) -> Iterator[tuple[str, str]]:
    """Each text in quotes of a script, and the code before it. Of a template, what stands between its expressions."""
    at = 0
    while at < len(source):
        start, sign = at, source[at]
        if source.startswith(("//", "/*"), at):
            at = _after(r"//[^\n]*|/\*.*?\*/", source, at)
        elif sign == "/" and re.search(r"(^|[(,=:\[!&|?{};]|return)\s*$", source[max(0, at - 20) : at]):
            at = _after(r"/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\[])+/\w*", source, at)
        elif sign in "\"'":
            at = _after(rf"{sign}(?:\\.|[^{sign}\\])*{sign}", source, at)
            yield source[start + 1 : at - 1], source[max(0, start - NEAR) : start]
        elif sign == "`":
            said, at, inside = _template(source, at + 1)
            near = source[max(0, start - NEAR) : start]
            yield from ((text, near) for text in (_of_elements(said) if near.endswith("html") else [said]))
            for ahead, expression in inside:
                yield from ((text, f"{near}{ahead}{before}") for text, before in literals(expression))
        else:
            at += 1


def _of_elements(template: str) -> list[str]:
    """What people read in a template of elements: what stands between the tags, and the attributes that are read out."""
    read_out = re.findall(r'\b(?:aria-label|title|placeholder|alt)="([^"]*)"', template)
    return [*re.split(r"<[^>]*>", template), *read_out]


def _after(pattern: str, source: str, at: int) -> int:
    found = re.compile(pattern, re.S).match(source, at)
    assert found, source[at : at + 40]
    return found.end()


def _template(source: str, at: int) -> tuple[str, int, list[tuple[str, str]]]:
    said, inside = "", list[tuple[str, str]]()
    while source[at] != "`":
        if source.startswith("${", at):
            end = _end_of_expression(source, at + 2)
            inside.append((said, source[at + 2 : end]))
            said, at = f"{said}…", end + 1
        else:
            width = 2 if source[at] == "\\" else 1
            said, at = said + source[at : at + width], at + width
    return said, at + 1, inside


def _end_of_expression(source: str, at: int) -> int:
    depth = 0
    while depth or source[at] != "}":
        if source[at] == "`":
            at = _template(source, at + 1)[1]
        elif source[at] in "\"'":
            at = _after(rf"{source[at]}(?:\\.|[^\\{source[at]}])*{source[at]}", source, at)
        else:
            depth += {"{": 1, "}": -1}.get(source[at], 0)
            at += 1
    return at


def is_text(said: str, before: str) -> bool:
    """Whether people read it. A small word alone is the program's own name for something, but where a label is expected."""
    said = re.sub(r"\\\w", "", said)
    if not re.search("[A-Za-z]", said) or said in NAMES or _OF_THE_BROWSER.search(before):
        return False
    if said.startswith(("/", "#", "./", "../", "--", ".", "[")) or _SELECTOR.match(said) or _ONE_NAME.fullmatch(said):
        return False
    return bool(_SHOWN.search(before) or " " in said or re.match(r"[A-Z][a-z]|\(", said))


def own_texts(source: str) -> list[str]:
    return [said for said, before in literals(source) if is_text(said, before)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(FILES).as_posix())
def test_a_page_has_no_text_of_its_own(path: Path) -> None:
    assert own_texts(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('say("The file is in your downloads.");', ["The file is in your downloads."]),
        ("say(`Saved as version ${version}.`);", ["Saved as version …."]),
        ('make("p", {}, `${open ? "still open" : texts.shut}`)', ["still open"]),
        ('button("Save", save)', ["Save"]),
        ('html`<p class="note warn">${texts.shut} <b>still open</b></p>`', ["still open"]),
        ('html`<p aria-label="How it went">${open ? "Open" : ""}</p>`', ["How it went", "Open"]),
        ('html`<p class="note ${done ? "good as gold" : "warn"}" title=${texts.about}>${count}</p>`', []),
        ('button("copy", save)', ["copy"]),
        ('make("span", {}, "how")', ["how"]),
        ('make("input", { "aria-label": "state" })', ["state"]),
        ('badge(["Connected", "good"])', ["Connected"]),
        ('const heads = ["Person", "Who"];', ["Person", "Who"]),
        ('count === 1 ? " or more" : ""', [" or more"]),
        ('make("p", { className: "note warn" }, texts.none) // Not a text', []),
        ('make("p", { className: `note ${done ? "good" : "warn"}` })', []),
        ('list.querySelector("select, input") ?? /["A b]/', []),
        ('read(`/api/referrals/${key.split("-")}`, { limit: 50 })', []),
    ],
)
def test_what_people_read_is_told_apart_from_what_the_browser_reads(source: str, found: list[str]) -> None:
    assert own_texts(source) == found


def entries(path: Path) -> Iterator[tuple[str, str]]:
    for name, body in re.findall(r"^export const (\w+) = \{\n(.*?)^\};", path.read_text("utf-8"), re.S | re.M):
        yield from ((name, key) for key in re.findall(r"^  (\w+): ", body, re.M))


@pytest.mark.parametrize("path", OF_PAGES, ids=lambda path: path.stem)
def test_each_text_is_said_somewhere(path: Path) -> None:
    assert len(list(entries(path))) > 10
    unused = []
    for name, key in entries(path):
        importing = re.compile(rf'import \{{ {name}(?: as (\w+))? \}} from "[./\w]*texts/{path.name}"')
        users = [(found[1] or name, text) for page in PAGES if (found := importing.search(text := page.read_text("utf-8")))]
        if not any(re.search(rf"\b{word}\.{key}\b|\{{[^}}]*\b{key}\b[^}}]*\}} = {word}\b", text) for word, text in users):
            unused.append(f"{name}.{key}")
    assert unused == []


# As the program says it → as a marketer does.
NOT_A_MARKETERS = {
    "replay": "send again",
    "held": "kept until active, slowed down",
    "unreadable": "that we could not read",
    "quarantine": "messages that we could not read",
    "p50": "half",
    "p99": "99 of 100",
    "vendor": "Intercom, Referral Factory",
    "idempotent": "does no harm twice",
    "payload": "message",
    "ledger": "list of people",
    "enumerate": "read",
    "null": "nothing",
}


@pytest.mark.parametrize("path", sorted(TEXTS.glob("*.js")), ids=lambda path: path.stem)
def test_texts_use_the_marketers_words(path: Path) -> None:
    texts = [said for said, _ in literals(path.read_text("utf-8")) if " " in said or said[:1].isupper()]
    assert texts or path.stem == "numbers"
    words = re.compile(rf"\b({'|'.join(NOT_A_MARKETERS)})(s|ed)?\b", re.IGNORECASE)
    assert [said for said in texts if words.search(said)] == []
