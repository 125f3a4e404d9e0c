"""Search: lag, operators, groups, days, pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.intercom_builder import NOON, IntercomUnderTest

BERLIN = ZoneInfo("Europe/Berlin")
ROLE_USER = {"field": "role", "operator": "=", "value": "user"}


def at(text: str) -> float:
    """A time of day in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


def email_is(email: str) -> dict[str, Any]:
    return {"field": "email", "operator": "=", "value": email}


@pytest.fixture
def intercom() -> IntercomUnderTest:
    return IntercomUnderTest()


def test_a_create_is_found_after_the_lag_only() -> None:
    intercom = IntercomUnderTest(search_lag_seconds=120.0)
    intercom.a_lead()
    intercom.clock.at += 119

    assert intercom.found("email", "=", "dora@example.com") == set()

    intercom.clock.at += 1

    assert intercom.found("email", "=", "dora@example.com") == {"dora@example.com"}


def test_an_update_is_seen_after_the_lag_only() -> None:
    intercom = IntercomUnderTest(search_lag_seconds=120.0)
    lead = intercom.a_lead(name="Old")
    intercom.clock.at += 120

    intercom.call("PUT", f"/contacts/{lead['id']}", {"name": "New", "email": "other@example.com"})

    assert intercom.search(email_is("dora@example.com"))["data"][0]["name"] == "Old"
    assert intercom.search(email_is("other@example.com"))["data"] == []

    intercom.clock.at += 120

    assert intercom.search(email_is("dora@example.com"))["data"] == []
    assert intercom.search(email_is("other@example.com"))["data"][0]["name"] == "New"


@pytest.mark.parametrize("end", ["archive", "delete", "merge"])
def test_ended_contacts_vanish_at_once_and_for_good(end: str) -> None:
    intercom = IntercomUnderTest(search_lag_seconds=120.0)
    lead, user = intercom.a_lead("same@example.com"), intercom.a_user("same@example.com")
    intercom.clock.at += 120
    intercom.call("PUT", f"/contacts/{lead['id']}", {"name": "New"})
    if end == "merge":
        intercom.call("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
    else:
        path = f"/contacts/{lead['id']}" + ("/archive" if end == "archive" else "")
        intercom.call("POST" if end == "archive" else "DELETE", path)
    for _ in range(2):
        assert [one["id"] for one in intercom.search(email_is("same@example.com"))["data"]] == [user["id"]]
        intercom.clock.at += 600


def test_an_unarchived_contact_is_found_again_after_the_lag() -> None:
    intercom = IntercomUnderTest(search_lag_seconds=60.0)
    user = intercom.a_user()
    intercom.call("POST", f"/contacts/{user['id']}/archive")

    intercom.call("POST", f"/contacts/{user['id']}/unarchive")

    assert intercom.found("role", "=", "user") == set()

    intercom.clock.at += 60

    assert intercom.found("role", "=", "user") == {"ada@example.com"}


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("email", "=", "ADA@example.com", "a"),
        ("email", "!=", "ada@example.com", "bc"),
        ("email", "IN", ["ada@example.com", "bela@example.com"], "ab"),
        ("email", "NIN", ["ada@example.com"], "bc"),
        ("email", "~", "BEL", "b"),
        ("email", "!~", "bel", "ac"),
        ("email", "^", "ada", "a"),
        ("email", "$", "example.com", "ab"),
        ("email_domain", "=", "other.example", "c"),
        ("name", "=", None, "bc"),
        ("role", "=", "lead", "c"),
        ("custom_attributes.referral_count", "=", 3, "b"),
        ("custom_attributes.referral_count", ">", "1", "b"),
        ("custom_attributes.referral_count", "<=", 3, "ab"),
        ("custom_attributes.referral_count", "IN", [1, 2], "a"),
        ("custom_attributes.rewards_total", ">=", 2, "a"),
        ("custom_attributes.is_vip", "=", True, "a"),
        ("custom_attributes.is_vip", "!=", True, "bc"),
        ("custom_attributes.referral_status", "=", "New", "a"),
        ("custom_attributes.signed_up_on", "=", NOON, "a"),
        ("last_replied_at", ">", 0, ""),
    ],
)
def test_each_operator(intercom: IntercomUnderTest, field: str, operator: str, value: Any, expected: str) -> None:
    custom = {
        "referral_count": 1,
        "rewards_total": 2.5,
        "is_vip": True,
        "referral_status": "New",
        "signed_up_on": int(NOON),
    }
    intercom.a_user("ada@example.com", name="Ada", custom_attributes=custom)
    intercom.a_user("bela@example.com", custom_attributes={"referral_count": 3})

    intercom.a_lead("chidi@other.example")

    assert {email[0] for email in intercom.found(field, operator, value)} == set(expected)


@pytest.mark.parametrize(
    "query",
    [
        None,
        [],
        {},
        {"field": "created_at", "operator": "!=", "value": 1},
        {"field": "created_at", "operator": ">=", "value": 1},
        {"field": "created_at", "operator": "IN", "value": [1]},
        {"field": "custom_attributes.signed_up_on", "operator": "<=", "value": 1},
        {"field": "created_at", "operator": ">", "value": "yesterday"},
        {"field": "created_at", "operator": ">", "value": 1e300},
        {"field": "tag_id", "operator": "IN", "value": ["1"]},
        {"field": "tag_id", "operator": "~", "value": "1"},
        {"field": "email", "operator": ">", "value": "a"},
        {"field": "email", "operator": "==", "value": "a"},
        {"field": "email", "operator": "=", "value": 1},
        {"field": "email", "operator": "=", "value": ["a"]},
        {"field": "email", "operator": "IN", "value": "a"},
        {"field": "email", "operator": "="},
        {"field": "email", "operator": ["="], "value": "a"},
        {"field": ["email"], "operator": "=", "value": "a"},
        {"field": "role", "operator": "=", "value": "admin"},
        {"field": "first_name", "operator": "=", "value": "a"},
        {"field": "segment_id", "operator": "=", "value": "no-such-segment"},
        {"field": "custom_attributes.no_such", "operator": "=", "value": "a"},
        {"field": "custom_attributes.is_vip", "operator": "=", "value": "perhaps"},
        {"field": "custom_attributes.referral_count", "operator": "~", "value": "1"},
        {"operator": "XOR", "value": [ROLE_USER]},
        {"operator": ["AND"], "value": [ROLE_USER]},
        {"operator": "AND", "value": []},
        {"operator": "AND", "value": ROLE_USER},
        {"operator": "AND", "value": [ROLE_USER] * 16},
        {"operator": "AND", "value": [ROLE_USER, {"operator": "OR", "value": [ROLE_USER]}]},
        {"operator": "AND", "value": [{"operator": "OR", "value": [{"operator": "AND", "value": [ROLE_USER]}]}]},
    ],
)
def test_what_the_language_does_not_know_is_refused(intercom: IntercomUnderTest, query: object) -> None:
    intercom.error("POST", "/contacts/search", {"query": query}, 400)


def test_groups_of_two_levels(intercom: IntercomUnderTest) -> None:
    for name in ("ada", "bela", "chidi"):
        intercom.a_user(f"{name}@example.com")
    intercom.a_lead("ada@example.com")
    either = {"operator": "OR", "value": [email_is("ada@example.com"), email_is("bela@example.com")]}

    answer = intercom.search({"operator": "AND", "value": [either, {"operator": "AND", "value": [ROLE_USER] * 15}]})

    assert {one["email"] for one in answer["data"]} == {"ada@example.com", "bela@example.com"}
    assert answer["total_count"] == 2


def test_dates_are_whole_days_in_the_zone_of_the_workspace(intercom: IntercomUnderTest) -> None:
    for moment in ("2026-11-17T23:59:59", "2026-11-18T00:00:00", "2026-11-18T23:59:59", "2026-11-19T00:00:00"):
        intercom.clock.at = at(moment)
        intercom.a_lead(f"{moment[8:10]}-{moment[11:13]}@example.com")
    intercom.clock.at = at("2026-11-20T12:00:00")
    some_time = int(at("2026-11-18T09:30:00"))

    assert intercom.found("updated_at", "=", some_time) == {"18-00@example.com", "18-23@example.com"}
    assert intercom.found("updated_at", ">", some_time) == {"19-00@example.com"}
    assert intercom.found("updated_at", "<", str(some_time)) == {"17-23@example.com"}


def test_a_day_of_the_time_change_has_25_hours(intercom: IntercomUnderTest) -> None:
    intercom.clock.at = at("2026-10-25T23:30:00")
    intercom.a_lead()
    assert intercom.found("created_at", "=", int(at("2026-10-25T00:30:00"))) == {"dora@example.com"}
    assert intercom.found("created_at", ">", int(at("2026-10-25T00:30:00"))) == set()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"operator": "OR", "value": [email_is("ada@example.com"), email_is("ADA@example.com")]}, ["a"]),
        ({"operator": "OR", "value": [email_is("ada@example.com"), ROLE_USER]}, ["a", "b"]),
        ({"operator": "OR", "value": [email_is("nobody@example.com"), email_is("cleo@example.com")]}, ["c"]),
        ({"operator": "OR", "value": [email_is("cleo@example.com"), {**email_is(""), "value": None}]}, ["c", "nobody"]),
        ({"operator": "AND", "value": [ROLE_USER, {"field": "email", "operator": "!=", "value": "ada@example.com"}]}, ["b"]),
        ({"operator": "AND", "value": [ROLE_USER, {**email_is(""), "operator": "IN", "value": ["ada@example.com"]}]}, ["a"]),
    ],
)
def test_groups_of_emails(intercom: IntercomUnderTest, query: Any, expected: list[str]) -> None:
    """Whether or not the index of e-mails knows the candidates, the hits are the same."""
    for role, email in (("user", "ada@example.com"), ("user", "bela@example.com"), ("lead", "cleo@example.com")):
        intercom.call("POST", "/contacts", {"role": role, "email": email, "name": email[0]})
    intercom.call("POST", "/contacts", {"role": "lead", "name": "nobody"})
    answer = intercom.search(query)

    assert sorted(one["name"] for one in answer["data"]) == expected
    assert answer["total_count"] == len(expected)


@pytest.mark.parametrize("field", ["created_at", "updated_at", "email", "name"])
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_pages_by_cursor(intercom: IntercomUnderTest, field: str, order: str) -> None:
    emails = [f"p{number:02}@example.com" for number in range(7)]
    for email in emails:
        intercom.clock.at += 1
        intercom.a_lead(email, **({"name": "same"} if field == "name" else {}))
    seen, cursor = [], None

    while True:
        pagination = {"per_page": 3, "starting_after": cursor}
        answer = intercom.search(
            {"field": "role", "operator": "=", "value": "lead"},
            pagination=pagination,
            sort={"field": field, "order": order},
        )
        seen += [one["email"] for one in answer["data"]]
        assert (answer["total_count"], answer["pages"]["total_pages"]) == (7, 3)
        if "next" not in answer["pages"]:
            break
        cursor = answer["pages"]["next"]["starting_after"]

    assert answer["pages"]["page"] == 3
    assert seen == (emails if order == "ascending" else emails[::-1])


def test_a_cursor_in_the_query_is_ignored(intercom: IntercomUnderTest) -> None:
    for number in range(3):
        intercom.a_lead(f"p{number}@example.com")
    body = {"query": {"field": "role", "operator": "=", "value": "lead"}, "pagination": {"per_page": 2}}

    first = intercom.call("POST", "/contacts/search", body)

    cursor = first["pages"]["next"]["starting_after"]
    assert intercom.call("POST", f"/contacts/search?starting_after={cursor}", body)["data"] == first["data"]


def test_a_page_has_50_unless_asked_and_at_most_150(intercom: IntercomUnderTest) -> None:
    for number in range(51):
        intercom.a_lead(f"p{number}@example.com")
    assert len(intercom.search({"field": "role", "operator": "=", "value": "lead"})["data"]) == 50
    for per_page in (0, 151, "many", True, 2.5):
        intercom.call("POST", "/contacts/search", {"query": ROLE_USER, "pagination": {"per_page": per_page}}, 400)


def test_a_cursor_of_another_list_is_refused(intercom: IntercomUnderTest) -> None:
    for number in range(3):
        intercom.a_lead(f"p{number}@example.com")
    cursor = intercom.call("GET", "/contacts?per_page=1")["pages"]["next"]["starting_after"]
    for bad in (cursor, "nonsense", 7, ["x"], "W10="):
        body = {"query": ROLE_USER, "pagination": {"starting_after": bad}}
        intercom.call("POST", "/contacts/search", body, 400)


def test_the_sort_order_is_checked(intercom: IntercomUnderTest) -> None:
    body = {"query": ROLE_USER, "sort": {"field": "created_at", "order": "desc"}}
    assert intercom.error("POST", "/contacts/search", body, 400) == (
        "invalid_sort_order",
        "Invalid sort order 'desc'. Must be one of: ascending, descending",
    )
    intercom.call("POST", "/contacts/search", {"query": ROLE_USER, "sort": {"field": "shoe_size"}}, 400)


def test_members_of_segments_and_tags() -> None:
    intercom = IntercomUnderTest(seed=True)
    segments = {one["name"]: one for one in intercom.call("GET", "/segments?include_count=true")["segments"]}
    assert {name: (one["person_type"], one["count"]) for name, one in segments.items()} == {
        "All users": ("user", 3),
        "All leads": ("contact", 3),
        "Champions": ("user", 1),
    }
    assert intercom.found("segment_id", "=", segments["Champions"]["id"]) == {"bela.brook@example.com"}
    assert len(intercom.found("segment_id", "!=", segments["All leads"]["id"])) == 3

    tags = {one["name"]: one["id"] for one in intercom.call("GET", "/tags")["data"]}
    partners = {"bela.brook@example.com", "chidi.field@example.com"}
    assert intercom.found("tag_id", "=", tags["Partners"]) == partners
    assert not intercom.found("tag_id", "!=", tags["Partners"]) & partners


def test_many_contacts_are_counted_and_found() -> None:
    intercom = IntercomUnderTest(seed_contacts=20_000)
    assert intercom.found("email", "=", "person-17@example.com") == {"person-17@example.com"}
    answer = intercom.search(ROLE_USER, pagination={"per_page": 150})
    assert answer["total_count"] == 20_000 - 6_666
