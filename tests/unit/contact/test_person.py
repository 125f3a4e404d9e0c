"""E-mail addresses, audiences, texts, and how later facts complete earlier ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.person import (
    Audience,
    Person,
    Referrer,
    audience_of,
    clean_text,
    fold_email,
    is_deliverable,
    merge,
)

EVERYTHING = st.text(st.characters(codec=None, exclude_categories=()))


@pytest.mark.parametrize(
    "email",
    [
        "ivo@example.com",
        "ivo+friend@example.com",
        "ivo.o'hara_1%x@sub.example.co.uk",
        "{weird}~!#$&*/=?^`|@example.com",
        "grüße@bücher.example",
        "用户@例子.广告",
        "ivo@xn--bcher-kva.example",
        f"{'a' * 64}@example.com",
    ],
)
def test_addresses_that_mail_systems_take_are_deliverable(email: str) -> None:
    assert is_deliverable(email)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ivo",
        "@example.com",
        "ivo@",
        "ivo@localhost",
        "ivo@@example.com",
        "ivo@a@example.com",
        ".ivo@example.com",
        "ivo.@example.com",
        "i..vo@example.com",
        "ivo @example.com",
        "ivo@exam ple.com",
        "ivo@-example.com",
        "ivo@example-.com",
        "ivo@example..com",
        "ivo@example.com.",
        "ivo@[192.0.2.1]",
        "ivo@192.0.2.1",
        '"ivo"@example.com',
        "ivo\x00@example.com",
        "ivo\n@example.com",
        "a@b.com,c@d.com",
        "Ivo <ivo@example.com>",
        f"{'a' * 65}@example.com",
        f"ivo@{'a' * 64}.com",
        f"ivo@{'.'.join(['a' * 60] * 5)}.com",
    ],
)
def test_addresses_that_no_mail_system_takes_are_refused(email: str) -> None:
    assert not is_deliverable(email)


@given(EVERYTHING)
def test_any_text_can_be_asked_whether_it_is_deliverable(text: str) -> None:
    assert is_deliverable(text) in {True, False}
    assert fold_email(fold_email(text)) == fold_email(text)


def test_folding_ignores_case_space_and_composition_but_keeps_plus_tags() -> None:
    assert fold_email("  Ivo+Tag@Example.COM ") == "ivo+tag@example.com"
    assert fold_email("mu\u0308ller@example.com") == fold_email("MÜLLER@example.com")
    assert fold_email("ivo+a@example.com") != fold_email("ivo@example.com")


@given(EVERYTHING)
def test_cleaned_text_can_be_sent_anywhere(text: str) -> None:
    cleaned = clean_text(text)
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    assert clean_text(cleaned) == cleaned


@pytest.mark.parametrize("name", ["Zoë 🎉", "שָׁלוֹם", "\u202bمحمد\u202c", "👩‍👩‍👧", "O'Neil\t\nJr"])
def test_emoji_right_to_left_names_and_line_ends_stay_as_they_are(name: str) -> None:
    assert clean_text(name) == name


def test_nul_and_lone_surrogates_are_taken_out_of_a_name() -> None:
    assert clean_text("I\x00v\ud83do\x7f") == "Ivo"


@pytest.mark.parametrize(
    ("type_", "source", "has_referrer", "audience"),
    [
        ("person_invited", "Direct", False, Audience.PERSON_INVITED),
        ("person_referring", "Referred", True, Audience.PERSON_REFERRING),
        (None, "Direct", True, Audience.PERSON_INVITED),
        (None, "Referred", False, Audience.PERSON_INVITED),
        (None, "referred", False, Audience.PERSON_INVITED),
        (None, "Widget", False, Audience.PERSON_REFERRING),
        ("something new", "Direct", False, Audience.PERSON_REFERRING),
        (None, None, False, None),
        (None, "", False, None),
    ],
)
def test_the_type_decides_the_audience_then_the_referrer_then_the_source(
    type_: str | None, source: str | None, has_referrer: bool, audience: Audience | None
) -> None:
    assert audience_of(type_, source, has_referrer) is audience


def test_later_facts_complete_and_replace_earlier_ones_and_what_is_not_reported_stays() -> None:
    known = Person(
        7, first_name="Ivo", email="ivo@example.com", meta={"Size": "1", "Town": "Rome"}, referrer=Referrer(3, "Rita")
    )
    newer = Person(7, email="new@example.com", referrals_count=0, meta={"Size": "2"}, referrer=Referrer(code="R1"))
    merged = merge(known, newer)

    assert merged.first_name == "Ivo"
    assert merged.email == "new@example.com"
    assert merged.referrals_count == 0
    assert merged.meta == {"Size": "2", "Town": "Rome"}
    assert merged.referrer == Referrer(3, "Rita", code="R1")


def test_the_same_facts_reported_twice_change_nothing() -> None:
    person = Person(7, Audience.PERSON_INVITED, "Ivo", "ivo@example.com", meta={"Size": "1"}, referrer=Referrer(3))
    assert merge(person, person) == person
    assert merge(person, Person(7)) == person
