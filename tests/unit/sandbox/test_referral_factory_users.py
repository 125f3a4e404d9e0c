"""Users of the Referral Factory stand-in: create, read, search, change, delete."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.vendors.wire import Request
from tests.support.referral_factory_builder import HEADERS, Caller

NEW = {"campaign_id": 1, "first_name": "Eve", "email": "eve@example.com"}


def test_a_user_without_a_referrer_is_a_person_referring_with_source_api() -> None:
    user = Caller().create("eve@example.com", notify=True)
    assert user["type"] == "person_referring"
    assert user["source"] == "Api"
    assert user["referrer_id"] is None


def test_notify_is_remembered(caller: Caller) -> None:
    user = caller.create("eve@example.com", notify=True)
    assert caller.vendor.account.people[user["id"]].notify


@pytest.mark.parametrize("field", ["id", "code", "email"])
def test_a_user_with_a_referrer_is_a_person_invited(caller: Caller, field: str) -> None:
    ada = caller.user("ada@example.com")
    user = caller.create("eve@example.com", referrer={"field": field, "value": ada[field]})
    assert (user["type"], user["referrer_id"]) == ("person_invited", ada["id"])
    assert caller.user("ada@example.com")["analytics"]["referrals"] == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "ADA@example.com"}, "email"),
        ({"email": "no address"}, "email"),
        ({"email": None}, "email"),
        ({"first_name": " "}, "first_name"),
        ({"first_name": 5}, "first_name"),
        ({"first_name": "x" * 256}, "first_name"),
        ({"campaign_id": 99}, "campaign_id"),
        ({"campaign_id": None}, "campaign_id"),
        ({"campaign_id": True}, "campaign_id"),
        ({"referrer": {"field": "code", "value": "nobody"}}, "referrer.value"),
        ({"referrer": {"field": "email", "value": "dana@example.com"}}, "referrer.value"),
        ({"referrer": {"field": "name", "value": "Ada"}}, "referrer.field"),
        ({"notify": "yes"}, "notify"),
        ({"promotion": True}, "promotion"),
        ({"meta": {"Last Name": "Adams"}}, "meta"),
        ({"meta": [{"field": "Shoe size", "value": "41"}]}, "meta.0.field"),
        ({"meta": [{"field": "Last Name", "value": 3}]}, "meta.0.value"),
    ],
)
def test_what_is_wrong_with_a_new_user_is_named(caller: Caller, change: dict[str, Any], field: str) -> None:
    assert caller.refused("POST", "/users", NEW | change) == (422, {field})
    assert len(caller.vendor.account.people) == 4


def test_an_email_may_be_in_another_campaign() -> None:
    assert Caller().create("ada@example.com", campaign_id=2)["campaign_id"] == 2


def test_meta_that_the_form_does_not_have_can_be_ignored() -> None:
    meta = [{"field": "Shoe size", "value": "41"}, {"field": "Last Name", "value": "Adams"}]
    user = Caller(unknown_meta="ignored").create("eve@example.com", meta=meta)
    assert user["meta"] == [{"field": "Last Name", "value": "Adams"}]


@pytest.mark.parametrize("field", ["id", "code"])
def test_a_user_is_read_by_id_or_code(caller: Caller, field: str) -> None:
    ada = caller.user("ada@example.com")
    assert caller.read("GET", f"/users/{ada[field]}?with=user.analytics")["data"] == ada
    assert "analytics" not in caller.read("GET", f"/users/{ada[field]}")["data"]


def test_a_user_is_read_by_email_only_if_the_settings_say_so() -> None:
    assert Caller().refused("GET", "/users/ada@example.com")[0] == 404
    assert Caller(user_by_email=True).read("GET", "/users/ada@example.com")["data"]["first_name"] == "Ada"


def test_a_change_keeps_what_is_not_named_and_attaches_no_referrer(caller: Caller) -> None:
    ada = caller.user("ada@example.com")
    body = {"first_name": "Adele", "referrer": {"field": "email", "value": "bruno@example.com"}}
    changed = caller.read("PUT", f"/users/{ada['id']}", body)["data"]

    assert changed["first_name"] == "Adele"
    assert changed["email"] == "ada@example.com"
    assert changed["referrer_id"] is None


def test_a_changed_email_is_found_and_the_old_one_is_free(caller: Caller) -> None:
    ada = caller.user("ada@example.com")

    assert caller.refused("PUT", f"/users/{ada['id']}", {"email": "Bruno@example.com"}) == (422, {"email"})

    caller.read("PUT", f"/users/{ada['id']}", {"email": "adele@example.com"})

    assert caller.user("adele@example.com")["id"] == ada["id"]
    assert caller.create("ada@example.com")["id"] != ada["id"]


@pytest.mark.parametrize("status", [404, 410])
def test_a_deleted_user_is_gone_for_good(status: int) -> None:
    caller = Caller(deleted_status=status)
    user = caller.create_referral()

    assert caller.call("DELETE", f"/users/{user['id']}").status == 204
    assert caller.refused("GET", f"/users/{user['id']}")[0] == status
    assert caller.refused("GET", f"/users/{user['code']}")[0] == status
    assert caller.refused("DELETE", f"/users/{user['id']}")[0] == status
    assert caller.user("ada@example.com")["analytics"]["referrals"] == 0
    assert caller.create("eve@example.com")["id"] > user["id"]


@pytest.mark.parametrize(
    "filters",
    [
        None,
        {"operator": "AND", "value": []},
        {"operator": "NOT", "value": [{"field": "id", "operator": "=", "value": 1}]},
        {"operator": "AND", "value": [{"field": "id", "operator": ">", "value": 1}]},
        {"operator": "AND", "value": [{"field": "shoe_size", "operator": "=", "value": 1}]},
        {"operator": "AND", "value": [{"field": "id", "operator": "=", "value": None}]},
    ],
)
def test_filters_of_another_form_are_refused(filters: Any) -> None:
    assert Caller().refused("POST", "/users/search", {"filters": filters}) == (422, {"filters"})


def test_filters_may_be_nested_and_ids_may_be_text() -> None:
    either = {
        "operator": "OR",
        "value": [
            {"field": "email", "operator": "=", "value": "ADA@example.com"},
            {"field": "first_name", "operator": "=", "value": "Dana"},
        ],
    }
    search = {"filters": {"operator": "AND", "value": [either, {"field": "campaign_id", "operator": "=", "value": "1"}]}}
    assert [user["first_name"] for user in Caller().read("POST", "/users/search", search)["data"]] == ["Ada"]


def test_a_search_by_email_finds_the_person_in_each_campaign(caller: Caller) -> None:
    caller.create("ada@example.com", campaign_id=2)
    search = {"filters": {"operator": "AND", "value": [{"field": "email", "operator": "=", "value": "ada@example.com"}]}}
    assert [user["campaign_id"] for user in caller.read("POST", "/users/search", search)["data"]] == [1, 2]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/shoes", 404), ("GET", "/users/9999", 404), ("PATCH", "/users", 405), ("GET", "/users/search", 405)],
)
def test_a_call_that_is_not_there(method: str, path: str, status: int) -> None:
    assert Caller().refused(method, path)[0] == status


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Accept": "*/*"}, 406),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic local-referral-factory-key"}, 401),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 406),
    ],
)
def test_headers_must_be_right(caller: Caller, change: dict[str, str], status: int) -> None:
    request = Request.of("POST", "/api/v2/users", HEADERS | change, json.dumps(NEW).encode())
    assert caller.vendor.answer(request).status == status


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[" * 100_000, b"\xff"])
def test_a_body_that_is_no_json_object_is_a_bad_request(body: bytes) -> None:
    assert Caller().vendor.answer(Request.of("POST", "/api/v2/users", HEADERS, body)).status == 400


def test_irregular_shapes_can_be_switched_on() -> None:
    caller = Caller(ids_as_strings=True, reach_as_string=True, analytics_as_strings=True, dates="iso", extra_fields=True)
    ada = caller.user("ada@example.com")

    assert ada["id"] == "1"
    assert ada["campaign_id"] == "1"
    assert ada["reach"] == "0"
    assert ada["referrer_id"] is None
    assert ada["analytics"] == {"reach": "0", "referrals": "0", "qualified_referrals": "0"}
    assert ada["signed_up_at"] == "2027-01-15T08:00:00.000000Z"
    assert ada["labels"] == ["new"]


def test_a_campaign_is_read_by_id_or_code_and_found(caller: Caller) -> None:
    by_id = caller.read("GET", "/campaigns/1?with=campaign.analytics")["data"]

    assert by_id["analytics"] == {"reach": 0, "users": 3, "referrals": 0, "qualified_referrals": 0}
    assert caller.read("GET", "/campaigns/friends?with=campaign.analytics")["data"] == by_id

    labels = [form_field["label"] for form_field in by_id["fields"]["person_invited"]]
    assert labels == ["First Name", "Email", "Last Name"]

    search = {"filters": {"operator": "AND", "value": [{"field": "code", "operator": "=", "value": "partners"}]}}
    assert [one["id"] for one in caller.read("POST", "/campaigns/search", search)["data"]] == [2]
    assert caller.refused("GET", "/campaigns/none")[0] == 404
    assert caller.refused("POST", "/campaigns", {})[0] == 405
