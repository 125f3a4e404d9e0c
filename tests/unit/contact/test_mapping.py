"""From the facts of a person to the values of a contact: every source, joined rows, and what each attribute takes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.contact import Attribute
from shared.domain.mapping import SOURCES, Dropped, FieldMapping, coerce, fact, is_source, map_facts, prepare, unusable
from shared.domain.person import Audience, Person, Referrer

PERSON = Person(
    user_id=42,
    audience=Audience.PERSON_INVITED,
    first_name="Ivo",
    email="ivo@example.com",
    code="Iv0",
    url="https://r.test/Iv0",
    source="Referred",
    type="person_invited",
    signed_up_at="2026-11-22",
    qr="https://r.test/Iv0.png",
    referrals_count=0,
    converted_referrals_count=2,
    meta={"Last Name": "Lindqvist", "Size.of team": "3"},
    referrer=Referrer(41, "Rita", "rita@example.com", "R1", "https://r.test/R1"),
)
FACTS: dict[str, Any] = {
    "first_name": "Ivo",
    "email": "ivo@example.com",
    "code": "Iv0",
    "url": "https://r.test/Iv0",
    "source": "Referred",
    "type": "person_invited",
    "signed_up_at": "2026-11-22",
    "qr": "https://r.test/Iv0.png",
    "campaign.name": "Friends",
    "campaign.id": 1,
    "referrals_count": 0,
    "converted_referrals_count": 2,
    "referrer.first_name": "Rita",
    "referrer.email": "rita@example.com",
    "referrer.code": "R1",
    "referrer.url": "https://r.test/R1",
    "meta.Last Name": "Lindqvist",
    "meta.Size.of team": "3",
}
OPTIONS = ("New", "Connected")


def attribute(data_type: str = "string", **more: Any) -> Attribute:
    return Attribute("custom_attributes.x", data_type, **more)


def test_the_table_of_this_test_holds_every_source() -> None:
    assert {name for name in FACTS if not name.startswith("meta.")} == SOURCES


@pytest.mark.parametrize("source", FACTS)
def test_every_source_yields_its_fact(source: str) -> None:
    assert is_source(source)
    assert fact(PERSON, 1, "Friends", source) == FACTS[source]
    assert map_facts(PERSON, 1, "Friends", [FieldMapping(source, "name")]) == {"name": FACTS[source]}


@pytest.mark.parametrize("source", sorted(set(FACTS) - {"campaign.id"}))
def test_an_unknown_fact_is_left_out(source: str) -> None:
    assert map_facts(Person(42), 1, "", [FieldMapping(source, "name")]) == {}


def test_the_type_of_a_person_whose_payload_names_none_is_the_audience() -> None:
    assert fact(Person(1, audience=Audience.PERSON_REFERRING), 1, "", "type") == "person_referring"


@pytest.mark.parametrize("name", ["meta.", "referrer.id", "id", "campaign.status", "meta", ""])
def test_other_names_are_no_sources(name: str) -> None:
    assert not is_source(name)


def test_rows_to_one_attribute_are_joined_by_a_space_in_order_and_gaps_leave_no_space() -> None:
    rows = [FieldMapping(source, "name") for source in ("first_name", "meta.Middle", "meta.Last Name", "campaign.id")]
    assert map_facts(PERSON, 7, "", rows) == {"name": "Ivo Lindqvist 7"}
    assert map_facts(PERSON, 7, "", list(reversed(rows))) == {"name": "7 Lindqvist Ivo"}


@pytest.mark.parametrize(
    ("value", "data_type", "coerced"),
    [
        (3, "string", "3"),
        (True, "string", "true"),
        ("a\x00b\ud800", "string", "ab"),
        ("7", "integer", 7),
        (" +7 ", "integer", 7),
        ("7.0", "integer", 7),
        ("9007199254740993", "integer", 9_007_199_254_740_993),
        (7.0, "integer", 7),
        ("7.5", "float", 7.5),
        ("1e3", "float", 1000.0),
        ("Yes", "boolean", True),
        (1, "boolean", True),
        ("off", "boolean", False),
        (False, "boolean", False),
        ("2026-11-22", "date", 1_795_305_600),
        ("2026-11-22T01:00:00+01:00", "date", 1_795_305_600),
        ("2026-11-22T00:00:00Z", "datetime", 1_795_305_600),
        ("1795305600", "date", 1_795_305_600),
        (1_795_305_600, "date", 1_795_305_600),
        (None, "integer", None),
    ],
)
def test_values_are_coerced_to_the_type_of_their_attribute(value: Any, data_type: str, coerced: Any) -> None:
    result = coerce(value, attribute(data_type))
    assert result == coerced
    assert type(result) is type(coerced)


@pytest.mark.parametrize(
    ("value", "data_type", "reason"),
    [
        ("many", "integer", "takes a whole number"),
        ("7.5", "integer", "takes a whole number"),
        ("nan", "float", "takes a number"),
        ("inf", "float", "takes a number"),
        ("9" * 5_000, "integer", "takes a whole number"),
        (True, "integer", "takes a whole number"),
        ("maybe", "boolean", "takes true or false"),
        ("22.11.2026", "date", "takes a date such as 2026-01-31"),
        ("", "date", "takes a date"),
        ("x" * 256, "string", "takes at most 255 characters, this has 256"),
        ("x", "relationship", "has the type relationship, which cannot be written"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_plain_sentence(value: Any, data_type: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        coerce(value, attribute(data_type))


def test_text_up_to_255_characters_is_kept_whole() -> None:
    assert coerce("🎉" * 255, attribute()) == "🎉" * 255


@pytest.mark.parametrize("word", ["Connected", "connected", " CONNECTED "])
def test_an_option_is_found_whatever_its_case(word: str) -> None:
    assert coerce(word, attribute(options=OPTIONS)) == "Connected"


def test_what_is_no_option_is_refused_with_the_options() -> None:
    with pytest.raises(ValueError, match="takes only New, Connected"):
        coerce("Lost", attribute(options=OPTIONS))


@given(
    st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()),
    st.sampled_from(["string", "integer", "float", "boolean", "date", "datetime", "options", "other"]),
    st.sampled_from([(), OPTIONS]),
)
def test_any_value_is_coerced_or_refused_for_any_type(value: Any, data_type: str, options: tuple[str, ...]) -> None:
    try:
        result = coerce(value, attribute(data_type, options=options))
    except ValueError as error:
        assert str(error).startswith("custom_attributes.x ")  # noqa: PT017 - a property: refused or coerced
    else:
        assert result is None or isinstance(result, str | int | float | bool)


def test_one_attribute_that_cannot_be_written_never_costs_the_others() -> None:
    attributes = {
        "custom_attributes.gone": Attribute("custom_attributes.gone", "string", archived=True),
        "custom_attributes.fixed": Attribute("custom_attributes.fixed", "string", writable=False),
        "custom_attributes.count": Attribute("custom_attributes.count", "integer"),
    }
    wanted = {
        "name": "Ivo",
        "custom_attributes.unknown": "x",
        "custom_attributes.gone": "x",
        "custom_attributes.fixed": "x",
        "custom_attributes.count": "many",
        "signed_up_at": "2026-11-22",
    }
    prepared = prepare(wanted, attributes)

    assert prepared.values == {"name": "Ivo", "signed_up_at": 1_795_305_600}
    assert prepared.dropped == (
        Dropped("custom_attributes.unknown", "Intercom has no attribute custom_attributes.unknown", absent=True),
        Dropped("custom_attributes.gone", "custom_attributes.gone is archived in Intercom", absent=True),
        Dropped("custom_attributes.fixed", "custom_attributes.fixed cannot be written through Intercom's API", absent=True),
        Dropped("custom_attributes.count", "custom_attributes.count takes a whole number"),
    )


@pytest.mark.parametrize("name", ["role", "external_id", "id", "created_at"])
def test_a_mapping_never_writes_role_external_id_or_what_is_read_only(name: str) -> None:
    assert unusable(name, {name: Attribute(name, "string")})
    assert unusable(name, {})
