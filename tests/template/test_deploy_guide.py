"""docs/deploy.md names what there is: parameters, outputs, the console's buttons, headings and files that it links to."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.template.reading import ROOT

GUIDE = (ROOT / "docs" / "deploy.md").read_text("utf-8")
CONSOLE = "\n".join(path.read_text("utf-8") for path in (ROOT / "functions/console/files").rglob("*.js"))
BUTTONS = [
    "Sign in",
    "Connect with Intercom",
    "Check permissions",
    "Paste an access token instead",
    "Connect",
    "Make the secret",
    "Create a new attribute…",
    "Create a lead",
    "Map your fields",
    "Save",
    "Active",
]


def section(title: str) -> str:
    return GUIDE.partition(f"\n## {title}")[2].partition("\n## ")[0]


def test_every_parameter_is_explained(written: dict[str, Any]) -> None:
    assert [name for name in written["Parameters"] if f"`{name}`" not in section("All parameters")] == []


def test_no_parameter_is_named_that_is_not_there(written: dict[str, Any]) -> None:
    named = {
        name for row in re.findall(r"(?m)^\| (`[A-Z].*?) \|", section("All parameters")) for name in re.findall(r"`(\w+)`", row)
    }
    assert named == set(written["Parameters"])


def test_every_output_that_is_named_exists(written: dict[str, Any]) -> None:
    named = set(re.findall(r"outputs? `(\w+)`", GUIDE.replace("\n", " ")))
    named |= set(re.findall(r"(?m)^\| `(\w+)` \| step", section("2. Build and deploy")))
    assert {"ApiUrl", "DomainTarget", "UserPoolId", "IntercomWebhookUrl", "WebhookUrl"} <= named
    assert named <= set(written["Outputs"])


@pytest.mark.parametrize("label", BUTTONS)
def test_what_is_to_be_pressed_is_in_the_console(label: str) -> None:
    assert label in GUIDE
    assert label in CONSOLE


def test_links_within_the_page_lead_somewhere() -> None:
    headings = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"(?m)^#+ (.*)$", GUIDE)}
    assert set(re.findall(r"\]\(#([^)]*)\)", GUIDE)) <= headings


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(((?!#|http)[^)#]*)", GUIDE))))
def test_files_that_it_names_are_there(path: str) -> None:
    assert (ROOT / "docs" / path).exists()


def test_the_way_is_described_with_a_domain_and_without() -> None:
    for step in ("1a", "2a", "2b"):
        assert f"**{step}." in GUIDE or f"**{step} " in GUIDE
