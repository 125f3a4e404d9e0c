"""Where a value, a date, a number or an address is just one, and where it no longer is."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.contact import Attribute
from shared.domain.mapping import FieldMapping, coerce, fact, is_source, map_facts, prepare, unreadable, unusable
from shared.domain.person import (
    Audience,
    Person,
    Referrer,
    clean_code,
    clean_email,
    clean_text,
    emails_alike,
    fold_email,
    host_as_read,
    host_in_dns,
    is_deliverable,
    keys_of_email,
    merge,
)
from shared.domain.spelling import (
    day_of,
    is_ambiguous,
    is_link,
    is_nothing,
    is_zone,
    moment_of,
    number_of,
    seconds_of,
    zone_of,
)

CUSTOM = "custom_attributes."


def attribute(data_type: str = "string", name: str = f"{CUSTOM}x", **more: Any) -> Attribute:
    return Attribute(name, data_type, **more)


# -- how senders write ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "seconds"),
    [
        (0, 0),
        (10**10 - 1, 10**10 - 1),
        (10**10, 10**7),
        (10**13 - 1, 10**10 - 1),
        (10**13, None),
        (-(10**10), -(10**7)),
        (-(10**13), None),
    ],
)
def test_seconds_from_milliseconds_on_and_what_is_neither(number: int, seconds: int | None) -> None:
    assert seconds_of(number) == seconds


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1.0),
        (" 1.5 ", 1.5),
        ("1,5", 1.5),
        ("1,234", None),
        ("0,234", 0.234),
        ("1,2345", 1.2345),
        ("1234,567", 1234.567),
        ("1,234,567", 1234567.0),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1.234.567", 1234567.0),
        ("1 234", 1234.0),
        ("1 234 567", 1234567.0),
        ("1 23", None),
        ("1e3", 1000.0),
        ("1e999", None),
        ("", None),
        ("one", None),
        (".5", 0.5),
        ("+5", 5.0),
        ("-5", -5.0),
        ("1" * 40, float("1" * 40)),
        ("1" * 41, None),
    ],
)
def test_a_number_as_people_write_it(text: str, number: float | None) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("text", "unclear"), [("1,234", True), ("-1,234", True), ("1,23", False), ("0,234", False), ("1234,567", False)]
)
def test_a_comma_before_three_digits_may_be_either(text: str, unclear: bool) -> None:
    assert is_ambiguous(text) is unclear


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-01", 1_767_225_600),
        ("2026-01-01T00:00:00Z", 1_767_225_600),
        ("2026-01-01T01:00:00+01:00", 1_767_225_600),
        (" 1767225600 ", 1_767_225_600),
        ("1767225600000", 1_767_225_600),
        ("12345678", None),
        ("soon", None),
        ("", None),
        ("2026-01-01" + " " * 60, 1_767_225_600),
        ("2026-01-01T00:00:00.000000000000000000000+00:00", None),
    ],
)
def test_a_moment_as_senders_write_it(text: str, moment: int | None) -> None:
    assert moment_of(text, "UTC") == moment


def test_a_day_without_a_zone_is_one_of_the_workspaces() -> None:
    assert moment_of("2026-01-01", "Asia/Tokyo") == 1_767_225_600 - 9 * 3_600
    assert moment_of("2026-01-01T00:00:00Z", "Asia/Tokyo") == 1_767_225_600
    assert day_of(1_767_225_600 - 1, "Asia/Tokyo") == "2026-01-01"
    assert [day_of(value, "UTC") for value in (None, True, "2026", 1.5, 10**18)] == [""] * 5
    assert day_of(0, "UTC") == "1970-01-01"


def test_a_zone_that_nobody_knows_is_utc() -> None:
    assert [is_zone(name) for name in ("Europe/Vienna", "Nowhere/Land", "", "../etc")] == [True, False, False, False]
    assert str(zone_of("Nowhere/Land")) == "UTC"


@pytest.mark.parametrize(
    ("text", "nothing"),
    [
        ("", True),
        (" ", True),
        ("null", True),
        ("Null", False),
        (" N/A ", True),
        ("-", True),
        ("0000-00-00", True),
        ("0000-00-00 00:00:00", True),
        ("0000-00-01", False),
        ("00/00/0000", True),
        (" " * 41, True),
        (f"-{' ' * 40}", False),
        (f"-{' ' * 39}", True),
        ("0", False),
    ],
)
def test_how_senders_write_nothing(text: str, nothing: bool) -> None:
    assert is_nothing(text) is nothing


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://a", True),
        ("HTTP://a/b c", False),
        ("http://a?b", True),
        ("https://", False),
        ("javascript:x", False),
        ("https://a@b", False),
        ("ftp://a", False),
    ],
)
def test_the_address_of_a_page(text: str, link: bool) -> None:
    assert is_link(text) is link


# -- addresses --------------------------------------------------------------------------------------------------------


HOST = "@example.com"


@pytest.mark.parametrize(
    ("email", "deliverable"),
    [
        (f"a{HOST}", True),
        (f"{'a' * 64}{HOST}", True),
        (f"{'a' * 65}{HOST}", False),
        (f".a{HOST}", False),
        (f"a.{HOST}", False),
        (f"a..b{HOST}", False),
        (f"a.b{HOST}", True),
        (f"a b{HOST}", False),
        (f"a\u200b{HOST}", False),
        ("a@example", False),
        ("a@b@example.com", False),
        ("example.com", False),
        ("a@example.1", False),
        ("a@1.example", True),
        ("a@-b.example", False),
        ("a@b-.example", False),
        (f"a@{'b' * 63}.example", True),
        (f"a@{'b' * 64}.example", False),
        ("a@b_c.example", True),
        ("é@example.com", True),
        ("a@bücher.example", True),
        (f"a@{'b.' * 124}example", False),
        ("a@.example", False),
        ("", False),
        (f"{'a' * 62}@{'b' * 63}.{'c' * 63}.{'d' * 63}", True),
        (f"{'a' * 63}@{'b' * 63}.{'c' * 63}.{'d' * 63}", False),
    ],
)
def test_an_address_that_a_mail_system_takes(email: str, deliverable: bool) -> None:
    assert is_deliverable(email) is deliverable


@pytest.mark.parametrize(
    ("email", "cleaned"),
    [
        (" A@B.example ", "A@B.example"),
        ("a @ b.example", "a@b.example"),
        ("a b@c.example", "a b@c.example"),
        ("none", "none"),
        ("\uff41@b\u3002example", "a@b.example"),
        ("a\u200b@b.example", "a@b.example"),
        ("a" * 1_001, ""),
        ("a" * 1_000, "a" * 1_000),
    ],
)
def test_an_address_as_the_person_meant_it(email: str, cleaned: str) -> None:
    assert clean_email(email) == cleaned


def test_addresses_are_compared_in_one_form() -> None:
    assert fold_email(" Zoë@BÜCHER.example") == "zoë@xn--bcher-kva.example"
    assert fold_email("a" * 243 + HOST) == ""
    assert fold_email("a" * 242 + HOST) == "a" * 242 + HOST
    assert fold_email("ΟΔΟΣ@b.example") == fold_email("οδος@b.example")


def test_an_address_is_looked_for_as_dns_has_it_and_as_people_read_it() -> None:
    both = {"a@xn--bcher-kva.example", "a@bücher.example"}

    assert emails_alike("A@bücher.example") == emails_alike("a@xn--bcher-kva.example") == both
    assert keys_of_email("A@bücher.example") == ("a@xn--bcher-kva.example", "a@bücher.example")
    assert (emails_alike(f"A{HOST}"), keys_of_email(f"A{HOST}")) == ({f"a{HOST}"}, (f"a{HOST}",))
    assert emails_alike("") == set()


def test_a_host_that_cannot_be_read_stays_as_it_is() -> None:
    assert [host_in_dns(host) for host in ("B.Example", "bücher.example", "bü cher", "ü..example")] == [
        "b.example",
        "xn--bcher-kva.example",
        None,
        None,
    ]
    assert [host_as_read(host) for host in ("b.example", "xn--bcher-kva.example", "xn--\u00fc.example", "xn--a.example")] == [
        "b.example",
        "bücher.example",
        "xn--\u00fc.example",
        "xn--a.example",
    ]
    assert host_as_read("xn--bcher-kva." + "a." * 125) == "xn--bcher-kva." + "a." * 125


def test_what_does_not_show_is_taken_out_of_codes_and_texts() -> None:
    assert [clean_code("a b\u200b"), clean_code("a b\u200b", blanks=True), clean_code("a b"), clean_code("a\tb")] == [
        "ab",
        "a b",
        "ab",
        "ab",
    ]
    assert clean_text("a\tb\nc\r\x00\ud800\u200b") == "a\tb\nc\r\u200b"


# -- what is reported later -------------------------------------------------------------------------------------------


def test_later_facts_lie_over_earlier_ones_and_what_is_not_reported_stays() -> None:
    earlier = Person(
        1,
        first_name="Ann",
        email="a@example.com",
        meta={"a": "1", "b": "1"},
        qualified_at="2026",
        qualified=True,
        referrer=Referrer(7, "Rita", "r@example.com"),
    )
    newer = Person(9, first_name="Anna", meta={"b": "2"}, referrer=Referrer(None, "Margherita"))

    merged = merge(earlier, newer)

    assert merged.user_id == 1
    assert merged.first_name == "Anna"
    assert merged.email == "a@example.com"
    assert merged.meta == {"a": "1", "b": "2"}
    assert merged.referrer == Referrer(7, "Margherita", "r@example.com")
    assert merged.qualified_at == "2026"


def test_who_is_no_longer_qualified_has_no_date_of_it_and_an_empty_text_is_a_report() -> None:
    earlier = Person(1, first_name="Ann", qualified_at="2026", qualified=True)

    assert merge(earlier, Person(1, qualified=False, qualified_at="2027")).qualified_at is None
    assert merge(earlier, Person(1, qualified=True)).qualified_at == "2026"
    assert merge(earlier, Person(1, first_name="")).first_name == ""


# -- from facts to values ---------------------------------------------------------------------------------------------


def test_each_source_is_one_fact_and_an_unknown_one_none() -> None:
    person = Person(1, audience=Audience.PERSON_INVITED, meta={"Age": "7"}, referrer=Referrer(first_name="Rita"))

    assert fact(person, 5, "Friends", "campaign.name") == "Friends"
    assert fact(person, 5, "", "campaign.name") is None
    assert fact(person, 5, "Friends", "campaign.id") == 5
    assert fact(person, 5, "Friends", "referrer.first_name") == "Rita"
    assert fact(person, 5, "Friends", "type") == "person_invited"
    assert fact(person, 5, "Friends", "meta.Age") == "7"
    assert [fact(person, 5, "Friends", one) for one in ("meta.Other", "user_id", "referrer.user_id")] == [None] * 3
    assert [is_source(one) for one in ("email", "meta.a", "meta.", "user_id")] == [True, True, False, False]


def test_rows_to_one_attribute_are_joined_and_a_fixed_value_may_be_false_or_zero() -> None:
    person = Person(1, first_name="Ann", code="", url="https://a")
    rows = [
        FieldMapping("first_name", "name"),
        FieldMapping("code", "name"),
        FieldMapping("url", "name"),
        FieldMapping("", "flag", value=False),
        FieldMapping("", "zero", value=0),
        FieldMapping("", "empty", value=""),
    ]

    assert map_facts(person, 1, "Friends", rows) == {"name": "Ann https://a", "flag": False, "zero": 0}


def test_what_cannot_be_written_is_absent_and_what_does_not_fit_is_only_left_out() -> None:
    attributes = {one.name: one for one in (attribute("integer"), attribute(name=f"{CUSTOM}old", archived=True))}

    prepared = prepare({f"{CUSTOM}x": "one", f"{CUSTOM}old": "a", f"{CUSTOM}gone": "a", "name": "Ann"}, attributes)

    assert prepared.values == {"name": "Ann"}
    assert [(one.attribute.removeprefix(CUSTOM), one.absent) for one in prepared.dropped] == [
        ("x", False),
        ("old", True),
        ("gone", True),
    ]


@pytest.mark.parametrize(
    ("found", "usable"),
    [
        (attribute(), True),
        (attribute(archived=True), False),
        (attribute(writable=False), False),
        (attribute(name="name"), True),
        (attribute(name="role"), False),
        (attribute(name="name", writable=False), False),
    ],
)
def test_an_attribute_that_can_be_written(found: Attribute, usable: bool) -> None:
    assert (unusable(found.name, {found.name: found}) is None) is usable


def test_an_attribute_that_is_not_there_can_be_written_only_when_every_workspace_has_it() -> None:
    assert [unusable(name, {}) is None for name in ("name", "role", f"{CUSTOM}x")] == [True, False, False]
    assert [unreadable(name) is None for name in ("name", "role", f"{CUSTOM}x", "segments")] == [True, True, True, False]


@pytest.mark.parametrize(
    ("value", "kind", "coerced"),
    [
        (None, "integer", None),
        (True, "string", "true"),
        (False, "string", "false"),
        (5, "string", "5"),
        ("5", "integer", 5),
        ("5.0", "integer", 5),
        (5.0, "integer", 5),
        ("9007199254740993", "integer", 9007199254740993),
        ("+7", "integer", 7),
        ("1,5", "float", 1.5),
        (2, "float", 2.0),
        ("Yes", "boolean", True),
        (0, "boolean", False),
        (" off ", "boolean", False),
        ("on", "boolean", True),
        ("2026-01-01", "datetime", 1_767_225_600),
        (1_767_225_600_000, "date", 1_767_225_600),
        (1_767_225_600.9, "date", 1_767_225_600),
        ("a" * 255, "string", "a" * 255),
    ],
)
def test_a_value_as_its_attribute_takes_it(value: Any, kind: str, coerced: Any) -> None:
    found = coerce(value, attribute(kind))

    assert found == coerced
    assert type(found) is type(coerced)


@pytest.mark.parametrize(
    ("value", "kind", "reason"),
    [
        (True, "integer", "a whole number"),
        ("5.5", "integer", "a whole number"),
        ("1,234", "float", "1,234 may be one of two"),
        ("x", "float", "takes a number"),
        (2, "boolean", "true or false"),
        ("soon", "date", "a date such as 2026-01-31"),
        (True, "date", "a date"),
        (float("inf"), "date", "a date"),
        (10**14, "date", "a date"),
        ("a" * 256, "string", "this has 256"),
        ("a", "object", "the type object"),
        pytest.param(10**5_000, "integer", "a whole number", id="many digits"),
        ("9" * 41, "date", "a date"),
    ],
)
def test_a_value_that_its_attribute_does_not_take(value: Any, kind: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        coerce(value, attribute(kind))


def test_a_picture_is_an_address_or_empty_and_an_option_is_one_of_its_words() -> None:
    avatar, choice = attribute(name="avatar"), attribute(options=("New ", "Lost"))

    assert [coerce(value, avatar) for value in ("", "https://a/b.png")] == ["", "https://a/b.png"]
    assert [coerce(value, choice) for value in ("lost", " NEW", "New ")] == ["Lost", "New ", "New "]

    with pytest.raises(ValueError, match="address of a picture"):
        coerce("me.png", avatar)
    with pytest.raises(ValueError, match="takes only New , Lost"):
        coerce("Old", choice)
