"""A person is read out of every shape that Referral Factory is known to send, and no shape makes it fail."""

from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.referral_factory.schemas import campaign_id_of, person_of, reported_person_of, user_of
from shared.domain.person import Audience, Person, Referrer

SAMPLE_OF_2022 = (
    "referrer_id=261470&referrer_code=zgLAYb&referrer_first_name=Jessica&referrer_email=support%2Bjessica%40example.com"
    "&id=261471&code=zruTPh&first_name=Byron&email=support%2Bbyron%40example.com"
    "&url=https%3A%2F%2Fwebhooks.referral-factory.com%2FzruTPh%2Fjoin&source=Referred&date=2022-06-09"
    "&referrals_count=0&campaign_id=4815"
)
USER = {
    "id": 123, "campaign_id": 1, "referrer_id": None, "first_name": "John", "email": "john@example.com", "code": "ueONFmUp",
    "reach": "3", "source": "Direct", "type": "person_referring", "ip": "62.90.15.90", "url": "https://example.com/ueONFmUp",
    "promotion": {"code": "SAVE50"}, "qr": {"src": "https://example.com/qr", "download": "https://example.com/d"},
    "signed_up_at": "2024-12-27", "qualified_at": None, "unsubscribed_at": None,
    "meta": [{"field": "Last Name", "value": "Smith"}, {"field": "Empty", "value": " "}],
    "sharing": {"socials": [], "subject": None}, "analytics": {"reach": 12, "referrals": 8, "qualified_referrals": "3"},
}  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "user", "data", "meta", "referrer", "qr", "analytics", "field", "value", "email", "reward"])
            | st.text(max_size=5),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


def read(fields: Any, **aliases: str) -> Person:
    person = person_of(fields, aliases)
    assert person is not None
    return person


def test_the_flat_webhook_of_2022() -> None:
    fields = dict(parse_qsl(SAMPLE_OF_2022))
    assert read(fields) == Person(
        user_id=261471,
        audience=Audience.PERSON_INVITED,
        first_name="Byron",
        email="support+byron@example.com",
        code="zruTPh",
        url="https://webhooks.referral-factory.com/zruTPh/join",
        source="Referred",
        signed_up_at="2022-06-09",
        referrals_count=0,
        referrer=Referrer(261470, "Jessica", "support+jessica@example.com", "zgLAYb"),
    )
    assert campaign_id_of(fields) == 4815


def test_a_user_of_the_api() -> None:
    expected = Person(
        user_id=123,
        audience=Audience.PERSON_REFERRING,
        first_name="John",
        email="john@example.com",
        code="ueONFmUp",
        url="https://example.com/ueONFmUp",
        source="Direct",
        type="person_referring",
        signed_up_at="2024-12-27",
        qr="https://example.com/qr",
        referrals_count=8,
        converted_referrals_count=3,
        meta={"Last Name": "Smith"},
    )
    assert read(USER) == expected
    for wrapped in ({"data": USER}, {"user": USER}, {"data": {"user": USER}}, {"event": "user.join", "data": [USER]}):
        assert read(wrapped) == expected
        assert campaign_id_of(wrapped) == 1
    assert read({"id": "evt", "type": "user.join", "created_at": "2020-01-01", "data": USER}) == expected


def test_names_of_the_first_api_and_nested_referrers() -> None:
    person = read(
        {
            "id": " 7 ",
            "referrals_count": "4",
            "converted_referrals_count": 2.0,
            "date": 1_654_732_800,
            "qualified": True,
            "qr": "https://example.com/q",
            "referrer": {"id": "4", "first_name": "Jess", "email": "jess@example.com", "url": "https://example.com/j"},
            "meta": {"Last Name": "Smith", "Shoe size": 44, "Terms": True, "Colours": ["red", "blue"]},
            "T-shirt": "XL",
        }
    )

    assert person.referrer == Referrer(4, "Jess", "jess@example.com", None, "https://example.com/j")
    assert person.audience is Audience.PERSON_INVITED
    assert (person.referrals_count, person.converted_referrals_count) == (4, 2)
    assert person.signed_up_at == "2022-06-09T00:00:00+00:00"
    assert person.qualified_at is None
    assert person.qr == "https://example.com/q"
    assert person.meta == {
        "Last Name": "Smith", "Shoe size": "44", "Terms": "true", "Colours": "red, blue", "T-shirt": "XL",
    }  # fmt: skip


def test_bracketed_form_fields() -> None:
    fields = {"user[id]": "7", "user[meta][0][field]": "Last Name", "user[meta][0][value]": "Smith", "campaign[id]": "3"}
    assert read(fields).meta == {"Last Name": "Smith"}
    assert campaign_id_of(fields) == 3


def test_a_reward_names_its_recipient() -> None:
    reward = {"id": 900, "reward_id": 5, "recipient_id": 123, "campaign_id": 1, "status": "Issued"}
    assert read(reward).user_id == 123
    assert read({"reward": reward, "user": USER}).user_id == 123
    assert read({"reward": {"id": 900, "recipient_id": 123}}).user_id == 123


def test_aliases_win_and_leave_nothing_behind() -> None:
    fields = {
        "contact_number": "7",
        "E-mail address": "a@example.com",
        "email": "old@example.com",
        "profile": {"given": "Ann"},
        "who": "Jess",
        "surname": "Smith",
        "meta": [{"field": "Mobile", "value": "123"}],
    }
    aliases = {
        "contact_number": "id",
        "E-mail address": "email",
        "profile.given": "first_name",
        "who": "referrer.first_name",
        "surname": "meta.Last Name",
        "Mobile": "meta.Phone",
    }
    person = person_of(fields, aliases)

    assert person is not None
    assert person.user_id == 7
    assert person.email == "a@example.com"
    assert person.first_name == "Ann"
    assert person.referrer == Referrer(first_name="Jess")
    assert person.meta == {"Last Name": "Smith", "Phone": "123"}


def test_a_box_labelled_campaign_or_referrer_is_kept_as_the_person_filled_it_in() -> None:
    fields = {"id": 7, "campaign": "Summer fair", "referrer": "A poster"}

    person = reported_person_of(fields, {}, form=False)

    assert person is not None
    assert person.meta == {"campaign": "Summer fair", "referrer": "A poster"}


def test_a_campaign_and_a_referrer_named_by_their_ids_are_no_boxes_of_the_form() -> None:
    fields = {"id": 7, "campaign": "4815", "referrer": "261470"}

    person = reported_person_of(fields, {}, form=False)

    assert person is not None
    assert person.meta == {}
    assert person.referrer.user_id == 261470


@pytest.mark.parametrize("sent", ["jess@ example.com", "jess\u200b@example.com", "jess@example\u3002com"])
def test_a_referrers_address_is_cleaned_as_the_persons_own(sent: str) -> None:
    person = read({"id": 7, "email": sent, "referrer": {"email": sent}})

    assert person.email == "jess@example.com"
    assert person.referrer.email == "jess@example.com"


@pytest.mark.parametrize(("sent", "date"), [(10**8, "1973-03-03T09:46:40+00:00"), (10**8 - 1, "99999999"), (0, None)])
def test_a_number_is_a_time_from_nine_digits_on(sent: int, date: str | None) -> None:
    assert read({"id": 7, "signed_up_at": sent}).signed_up_at == date


@pytest.mark.parametrize("user_id", [None, "", 0, -5, True, "12abc", "٣", 10**18, "1" * 19, 1.5, float("nan"), [5], {"id": 5}])
def test_without_a_usable_user_id_there_is_no_person(user_id: Any) -> None:
    assert person_of({"id": user_id, "email": "a@example.com"}, {}) is None


def test_texts_are_cleaned_and_bounded() -> None:
    person = read({"id": 1, "first_name": " Zo\x00ë\ud800 ", "email": " ", "code": "x" * 5_000, "L" * 500: "v"})

    assert person.first_name == "Zoë"
    assert person.email is None
    assert len(person.code or "") == 2_000
    assert [len(label) for label in person.meta] == [200]

    many = read({"id": 1, **{f"label {n}": "v" * 2_000 for n in range(100)}})
    assert sum(map(len, many.meta.values())) <= 20_000
    assert len(read({"id": 1, **{f"label {n}": "v" for n in range(100)}}).meta) == 60


@pytest.mark.parametrize(
    ("answer", "date", "qualified"),
    [
        ({}, None, None),
        ({"qualified_at": None}, None, False),
        ({"qualified_at": None, "qualified": False}, None, False),
        ({"qualified": True}, None, True),
        ({"qualified_at": None, "qualified": "1"}, None, True),
        ({"qualified_at": True}, None, True),
        ({"qualified_at": "0000-00-00 00:00:00"}, None, False),
        ({"qualified_at": "2024-12-27", "qualified": False}, "2024-12-27", True),
        ({"qualified_at": 1_654_732_800_000}, "2022-06-09T00:00:00+00:00", True),
        ({"qualified_at": "27.12.2024"}, "27.12.2024", True),
    ],
)
def test_only_an_answer_of_the_api_says_whether_somebody_is_qualified(
    answer: dict[str, Any], date: str | None, qualified: bool | None
) -> None:
    person = user_of({"id": 1, **answer})

    assert person is not None
    assert person.qualified_at == date
    assert person.qualified == qualified
    assert person.meta == {}

    webhook = read({"id": 1, **answer})
    assert (webhook.qualified_at, webhook.qualified) == (date, None)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["id", "data", "user", "meta", "referrer", "a[b]", "reward"]) | st.text(max_size=5), JSON)
)
def test_nothing_makes_it_fail(fields: dict[str, Any]) -> None:
    campaign_id_of(fields)
    person = person_of(fields, {"a.b": "email", "id": "meta.x", "value": "id", "referrer": "referrer.id"})
    assert person is None or all(isinstance(value, str) and value for value in person.meta.values())
