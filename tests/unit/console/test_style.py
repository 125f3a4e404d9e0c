"""The console's look: sizes, distances and colours are tokens, and the distances are on a grid of 4 px."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.unit.console.test_console_files import FILES

SHEETS = [FILES / "parts" / "style.css", FILES / "parts" / "pages.css"]
DECLARATION = re.compile(r"([\w-]+)\s*:\s*([^;{}]+)[;}]")
TOKENS = dict(re.findall(r"(--[\w-]+):\s*([^;}]+)[;}]", SHEETS[0].read_text("utf-8")))
DISTANCES = re.compile(r"(padding|margin|gap|row-gap|column-gap|border-radius)(-\w+)*")
FINE = {"0", "auto", "50%", "inherit", "-1px"}
PX = 16
GRID = 4


def declarations() -> Iterator[tuple[str, str]]:
    for sheet in SHEETS:
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.S)
        body = re.sub(r"@media[^{]*", "", text)
        yield from (
            (name, value.strip()) for name, value in DECLARATION.findall(body) if f"{name}" not in TOKENS and name[:2] != "--"
        )


def pixels(rem: str) -> float:
    return float(rem.removesuffix("rem")) * PX


def test_there_is_something_to_look_at() -> None:
    assert len(list(declarations())) > 300
    assert {"--text", "--space-1", "--space-4", "--ink", "--round"} <= set(TOKENS)


def test_each_size_of_type_is_of_the_scale() -> None:
    sizes = {value for name, value in declarations() if name == "font-size"}
    assert sizes <= {*(f"var({name})" for name in TOKENS if name.startswith("--text")), "inherit"}


def test_each_distance_is_a_token() -> None:
    wrong = []
    for name, value in declarations():
        if DISTANCES.fullmatch(name):
            parts = re.sub(r"calc\(-1 \* (var\([\w-]+\))\)", r"\1", value).replace("!important", "").split()
            wrong += [(name, value) for part in parts if part not in FINE and not re.fullmatch(r"var\(--[\w-]+\)", part)]
    assert wrong == []


@pytest.mark.parametrize("name", [name for name in TOKENS if name.startswith(("--space", "--leading"))])
def test_distances_and_lines_are_on_the_grid(name: str) -> None:
    assert pixels(TOKENS[name]) % GRID == 0


def test_each_colour_is_a_token() -> None:
    colour = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(")
    assert [(name, value) for name, value in declarations() if colour.search(value)] == []
