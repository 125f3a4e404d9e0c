"""Roles and uniqueness: each row of the table in reference/intercom.md, section 1.3."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.intercom_builder import IntercomUnderTest

DAY = 24 * 3600


@pytest.fixture
def intercom() -> IntercomUnderTest:
    return IntercomUnderTest()


def live_conflict(contact: dict[str, Any]) -> tuple[str, str]:
    return "conflict", f"A contact matching those details already exists with id={contact['id']}"


def archived_conflict(contact: dict[str, Any]) -> tuple[str, str]:
    return "conflict", f"An archived contact matching those details already exists with id={contact['id']}"


def test_a_create_answers_200_and_the_whole_contact(intercom: IntercomUnderTest) -> None:
    contact = intercom.a_user(name="Ada", custom_attributes={"referral_status": "New"})

    assert re.fullmatch("[0-9a-f]{24}", contact["id"])
    assert contact["workspace_id"] == "local-workspace"
    assert (contact["created_at"], contact["updated_at"]) == (1795003200, 1795003200)
    assert contact["custom_attributes"] == {"referral_status": "New"}
    assert contact["external_id"] is None
    assert intercom.call("GET", f"/contacts/{contact['id']}") == contact


@pytest.mark.parametrize("body", [{}, {"name": "x"}, [], "x", None])
def test_a_create_needs_an_identifier(intercom: IntercomUnderTest, body: object) -> None:
    intercom.call("POST", "/contacts", body, 400)


def test_with_an_email_alone_it_is_a_user(intercom: IntercomUnderTest) -> None:
    assert intercom.call("POST", "/contacts", {"email": "ada@example.com"})["role"] == "user"


def test_a_lead_gets_a_uuid_whatever_external_id_was_sent(intercom: IntercomUnderTest) -> None:
    lead = intercom.a_lead(external_id="mine")
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", lead["external_id"])


def test_several_leads_may_have_one_email(intercom: IntercomUnderTest) -> None:
    assert intercom.a_lead()["id"] != intercom.a_lead()["id"]


@pytest.mark.parametrize("end", ["archive", "delete"])
def test_a_lead_with_the_email_of_an_ended_lead_is_new(intercom: IntercomUnderTest, end: str) -> None:
    first = intercom.a_lead()
    end_contact(intercom, first, end)
    assert intercom.a_lead()["id"] != first["id"]


def test_a_user_beside_a_lead_is_not_refused(intercom: IntercomUnderTest) -> None:
    lead = intercom.a_lead("same@example.com")
    assert intercom.a_user("same@example.com")["id"] != lead["id"]
    intercom.a_lead("same@example.com")


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.com"])
def test_a_second_user_with_the_email_is_refused_with_the_id(intercom: IntercomUnderTest, email: str) -> None:
    first = intercom.a_user()
    assert intercom.error("POST", "/contacts", {"email": email}, 409) == live_conflict(first)


def test_a_second_user_with_email_and_external_id_is_refused(intercom: IntercomUnderTest) -> None:
    first = intercom.a_user(external_id="7")
    body = {"email": "ada@example.com", "external_id": "7"}
    assert intercom.error("POST", "/contacts", body, 409) == live_conflict(first)
    assert intercom.error("POST", "/contacts", {"external_id": "7"}, 409) == live_conflict(first)


def test_same_email_and_other_external_id_is_refused_or_a_second_user() -> None:
    strict = IntercomUnderTest()
    first = strict.a_user(external_id="7")

    body = {"email": "ada@example.com", "external_id": "8"}
    assert strict.error("POST", "/contacts", body, 409) == live_conflict(first)

    kind = IntercomUnderTest(same_email_other_external_id="accept")
    kind.a_user(external_id="7")
    kind.call("POST", "/contacts", body)
    kind.call("POST", "/contacts", {"email": "ada@example.com"}, 409)


@pytest.mark.parametrize("end", ["archive", "delete"])
def test_an_archived_or_deleted_user_still_takes_its_place(intercom: IntercomUnderTest, end: str) -> None:
    first = intercom.a_user(external_id="7")
    end_contact(intercom, first, end)
    assert intercom.error("POST", "/contacts", {"email": "ada@example.com"}, 409) == archived_conflict(first)
    assert intercom.error("POST", "/contacts", {"external_id": "7"}, 409) == archived_conflict(first)


def test_a_deleted_user_frees_its_place_after_seven_days(intercom: IntercomUnderTest) -> None:
    first = intercom.a_user(external_id="7")
    end_contact(intercom, first, "delete")
    intercom.clock.at += 7 * DAY - 1
    intercom.call("POST", "/contacts", {"external_id": "7"}, 409)
    intercom.clock.at += 2
    intercom.a_user(external_id="7")


def test_unarchive_brings_a_contact_back(intercom: IntercomUnderTest) -> None:
    contact = intercom.a_user()
    answer = intercom.call("POST", f"/contacts/{contact['id']}/archive")

    assert answer == {"type": "contact", "id": contact["id"], "external_id": None, "archived": True}
    assert intercom.error("GET", f"/contacts/{contact['id']}", None, 404) == ("not_found", "User Not Found")
    assert intercom.call("POST", f"/contacts/{contact['id']}/unarchive")["archived"] is False
    assert intercom.call("GET", f"/contacts/{contact['id']}")["email"] == "ada@example.com"


def test_a_deleted_contact_cannot_be_unarchived(intercom: IntercomUnderTest) -> None:
    contact = intercom.a_user()
    assert intercom.call("DELETE", f"/contacts/{contact['id']}")["deleted"] is True
    assert intercom.error("POST", f"/contacts/{contact['id']}/unarchive", None, 400) == (
        "bad_request",
        "User has been marked for permanent deletion and is not restorable.",
    )
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/archive"), ("PUT", "")):
        intercom.call(method, f"/contacts/{contact['id']}{path}", {} if method == "PUT" else None, 404)


def test_a_merged_contact_points_to_the_other(intercom: IntercomUnderTest) -> None:
    lead = intercom.a_lead("same@example.com", name="Dora", custom_attributes={"referral_code": "abc"})
    user = intercom.a_user("same@example.com")
    merged = intercom.call("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})

    assert merged["id"] == user["id"]
    assert merged["name"] == "Dora"
    assert merged["custom_attributes"] == {"referral_code": "abc"}

    gone = intercom.send("GET", f"/contacts/{lead['id']}")
    assert (gone.status, gone.headers["Link"]) == (410, f'</contacts/{user["id"]}>; rel="canonical"')
    assert b'"contact_merged"' in gone.body
    assert intercom.error("POST", f"/contacts/{lead['id']}/unarchive", None, 400) == (
        "bad_request",
        "User has been merged and is not restorable.",
    )

    intercom.call("PUT", f"/contacts/{lead['id']}", {"name": "x"}, 404)


def test_only_duplicates_are_merged_and_only_a_lead_into_a_user(intercom: IntercomUnderTest) -> None:
    lead, user = intercom.a_lead("one@example.com"), intercom.a_user("two@example.com")
    body = {"from": lead["id"], "into": user["id"]}
    assert intercom.error("POST", "/contacts/merge", body, 400)[0] == "invalid_merge"

    wrong_way = {"from": user["id"], "into": lead["id"], "skip_duplicate_validation": True}
    assert intercom.error("POST", "/contacts/merge", wrong_way, 400)[0] == "invalid_merge"

    intercom.call("POST", "/contacts/merge", {**body, "skip_duplicate_validation": True})


def test_a_lead_becomes_a_user_in_place(intercom: IntercomUnderTest) -> None:
    lead = intercom.a_lead()
    user = intercom.call("PUT", f"/contacts/{lead['id']}", {"role": "user", "external_id": "9"})

    assert user["id"] == lead["id"]
    assert user["role"] == "user"
    assert user["external_id"] == "9"
    assert intercom.call("GET", "/contacts/find_by_external_id/9")["id"] == lead["id"]


def test_a_lead_cannot_become_a_user_beside_the_same_user(intercom: IntercomUnderTest) -> None:
    user, lead = intercom.a_user("same@example.com"), intercom.a_lead("same@example.com")
    assert intercom.error("PUT", f"/contacts/{lead['id']}", {"role": "user"}, 409) == live_conflict(user)


def test_a_user_never_becomes_a_lead(intercom: IntercomUnderTest) -> None:
    user = intercom.a_user()
    assert intercom.error("PUT", f"/contacts/{user['id']}", {"role": "lead"}, 400) == (
        "client_error",
        "Contact with user role can't be converted to a lead",
    )


def test_an_update_that_collides_is_refused(intercom: IntercomUnderTest) -> None:
    ada, bela = intercom.a_user(external_id="1"), intercom.a_user("bela@example.com")
    path = f"/contacts/{bela['id']}"
    assert intercom.error("PUT", path, {"email": "Ada@example.com"}, 409) == live_conflict(ada)
    assert intercom.error("PUT", path, {"external_id": "1"}, 409) == live_conflict(ada)

    intercom.call("PUT", path, {"email": "bela@example.com", "name": "same again"})


def test_an_update_changes_only_what_was_sent(intercom: IntercomUnderTest) -> None:
    contact = intercom.a_user(name="Ada", custom_attributes={"referral_code": "a", "referral_count": 1})
    intercom.clock.at += 5
    changed = intercom.call("PUT", f"/contacts/{contact['id']}", {"custom_attributes": {"referral_count": 2}})

    assert changed["name"] == "Ada"
    assert changed["custom_attributes"] == {"referral_code": "a", "referral_count": 2}
    assert (changed["created_at"], changed["updated_at"]) == (1795003200, 1795003205)


def test_a_null_email_is_stored_as_empty_text(intercom: IntercomUnderTest) -> None:
    contact = intercom.a_user(external_id="1")
    assert intercom.call("PUT", f"/contacts/{contact['id']}", {"email": None})["email"] == ""
    intercom.a_user()


def test_a_null_custom_attribute_is_cleared_for_users_and_by_setting_for_leads() -> None:
    for intercom, status in ((IntercomUnderTest(), 400), (IntercomUnderTest(null_attribute_of_lead="clear"), 200)):
        body = {"custom_attributes": {"referral_code": None}}
        user, lead = intercom.a_user(), intercom.a_lead()
        assert intercom.call("PUT", f"/contacts/{user['id']}", body)["custom_attributes"] == {"referral_code": None}
        intercom.call("PUT", f"/contacts/{lead['id']}", body, status)


def test_find_by_external_id_knows_users_only(intercom: IntercomUnderTest) -> None:
    lead = intercom.a_lead()
    intercom.call("GET", f"/contacts/find_by_external_id/{lead['external_id']}", None, 404)


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "no address"},
        {"email": "a@b@example.com"},
        {"email": 7},
        {"role": "admin"},
        {"role": {}},
        {"name": 7},
        {"signed_up_at": "2026-01-01"},
        {"signed_up_at": 1.5},
        {"signed_up_at": True},
        {"owner_id": "1"},
        {"owner_id": 127},
        {"unsubscribed_from_emails": "yes"},
        {"email_verified": True, "email": None, "external_id": "1"},
        {"first_name": "Ada"},
        {"custom_attributes": []},
        {"custom_attributes": {"no_such_attribute": "x"}},
        {"custom_attributes": {"referral_count": "3"}},
        {"custom_attributes": {"referral_count": 3.0}},
        {"custom_attributes": {"referral_count": True}},
        {"custom_attributes": {"referral_code": 3}},
        {"custom_attributes": {"is_vip": "true"}},
        {"custom_attributes": {"signed_up_on": "2026-01-01"}},
        {"custom_attributes": {"referral_status": "Elsewhere"}},
        {"custom_attributes": {"referral_link": "x" * 256}},
        {"custom_attributes": {"referral_code": {"nested": 1}}},
    ],
)
def test_a_wrong_field_refuses_the_whole_contact(intercom: IntercomUnderTest, fields: dict[str, Any]) -> None:
    body = {"role": "user", "email": "ada@example.com", "name": "Ada", **fields}
    assert intercom.error("POST", "/contacts", body, 400)[0] == "parameter_invalid"
    assert intercom.call("GET", "/contacts")["total_count"] == 0


def test_right_values_of_every_type_are_kept(intercom: IntercomUnderTest) -> None:
    values = {
        "referral_link": "x" * 255,
        "referral_status": "Lost",
        "referral_count": 3,
        "rewards_total": 12.5,
        "is_vip": False,
        "signed_up_on": 1795003200,
    }
    contact = intercom.a_user("a+tag@example.com", custom_attributes=values, owner_id="991267459")
    assert contact["custom_attributes"] == values
    assert contact["email"] == "a+tag@example.com"


def test_what_is_not_documented_can_be_chosen() -> None:
    kind = IntercomUnderTest(long_strings="cut", unknown_options="accept", unknown_fields="ignore")
    custom = {"referral_link": "x" * 300, "referral_status": "Elsewhere"}
    contact = kind.a_user(first_name="Ada", custom_attributes=custom)

    assert len(contact["custom_attributes"]["referral_link"]) == 255
    assert contact["custom_attributes"]["referral_status"] == "Elsewhere"


def test_the_list_has_everyone_in_pages_without_lag() -> None:
    intercom = IntercomUnderTest(search_lag_seconds=300.0)
    ids = [intercom.a_lead(f"p{number}@example.com")["id"] for number in range(23)]
    end_contact(intercom, {"id": ids[4]}, "archive")

    answer = intercom.call("GET", "/contacts")

    assert (len(answer["data"]), answer["total_count"]) == (10, 22)

    seen, pages = [], 0
    target = "/contacts?per_page=9"
    while target:
        answer = intercom.call("GET", target)
        seen += [one["id"] for one in answer["data"]]
        pages += 1
        assert (answer["pages"]["page"], answer["pages"]["total_pages"]) == (pages, 3)
        following = answer["pages"].get("next")
        target = following and f"/contacts?per_page=9&starting_after={following['starting_after']}"

    assert seen == [one for one in ids if one != ids[4]]

    intercom.call("GET", "/contacts?per_page=151", None, 400)
    intercom.call("GET", "/contacts?starting_after=nonsense", None, 400)


def end_contact(intercom: IntercomUnderTest, contact: dict[str, Any], end: str) -> None:
    if end == "archive":
        intercom.call("POST", f"/contacts/{contact['id']}/archive")
    else:
        intercom.call("DELETE", f"/contacts/{contact['id']}")
