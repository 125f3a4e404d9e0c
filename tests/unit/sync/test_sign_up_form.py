"""Which fields of a campaign's form a new person must fill."""

from __future__ import annotations

import pytest

from shared.domain.sync.sign_up_form import FormField, find_empty, further_labels, required_labels

FIRST, EMAIL = FormField("First Name", True), FormField("Email", True)
COMPANY, SIZE = FormField("Company", True), FormField("Team size")


def mapped(*labels: str) -> list[tuple[str, str]]:
    return [("name", "first_name"), *((("phone", f"meta.{label}")) for label in labels)]


@pytest.mark.parametrize(
    ("form", "mapping", "expected"),
    [
        ([], mapped(), ()),
        ([FIRST, EMAIL], mapped(), ()),
        ([FIRST, EMAIL, COMPANY, SIZE], mapped(), ("Company",)),
        ([FIRST, EMAIL, COMPANY, SIZE], mapped("company", "Team size"), ("Company",)),
        ([FormField("Vorname", True), EMAIL, COMPANY], mapped(), ()),
        ([FormField("Vorname", True), EMAIL, COMPANY], mapped("Company"), ("Company",)),
        ([FormField("Your  name", True), FormField("E-Mail Address", True), COMPANY], mapped(), ("Company",)),
    ],
    ids=[
        "no form known",
        "its own only",
        "not mapped",
        "mapped",
        "its own not recognised",
        "not recognised, mapped",
        "variants",
    ],
)
def test_what_must_be_filled(form: list[FormField], mapping: list[tuple[str, str]], expected: tuple[str, ...]) -> None:
    assert required_labels(form, mapping) == expected


def test_further_fields_are_all_but_the_form_s_own_two() -> None:
    assert further_labels(["First Name", "E-mail", "Last Name"]) == ("Last Name",)
    assert further_labels(["Vorname", "Email", "Last Name"]) == ("Vorname", "Email", "Last Name")
    assert further_labels([]) == ()


def test_what_is_empty() -> None:
    assert find_empty(("Company", "Team"), {"company ": "ACME", "Team": "red"}) is None
    assert find_empty(("Company", "Team"), {"Company": "", "Team": "red"}) == "Company"
    assert find_empty((), {}) is None
