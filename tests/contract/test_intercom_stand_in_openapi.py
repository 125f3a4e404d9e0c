"""The stand-in's answers, and requests like ours, fit Intercom's own description."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.intercom_openapi import needs_description, read_description, validate_answer, validate_request
from tests.support.intercom_builder import IntercomUnderTest

pytestmark = needs_description


@pytest.fixture(scope="session", autouse=True)
def description() -> dict[str, Any]:
    """Read once: it takes 2 s."""
    return read_description()


class CheckedIntercom(IntercomUnderTest):
    """Checks every request and answer on its way."""

    def checked(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        if status < 400:
            validate_request(method, path, body)
        response = self.send(method, path, body)
        answer = json.loads(response.body) if response.body else None
        assert response.status == status, answer
        validate_answer(method, path, status, answer)
        return answer


@pytest.fixture
def intercom() -> CheckedIntercom:
    return CheckedIntercom(seed=True)


def test_the_life_of_a_contact(intercom: CheckedIntercom) -> None:
    body = {
        "role": "lead",
        "email": "new@example.com",
        "name": "New Person",
        "phone": "+491700000000",
        "owner_id": "991267459",
        "signed_up_at": 1795003200,
        "avatar": "https://example.com/a.png",
        "custom_attributes": {"referral_status": "New", "referral_count": 1, "is_vip": True, "rewards_total": 1.5},
    }
    lead = intercom.checked("POST", "/contacts", body)
    path = f"/contacts/{lead['id']}"
    intercom.checked("GET", path)
    intercom.checked("PUT", path, {"role": "user", "external_id": "77", "custom_attributes": {"referral_link": None}})
    intercom.checked("GET", "/contacts/find_by_external_id/77")
    intercom.checked("POST", f"{path}/archive")
    intercom.checked("POST", f"{path}/unarchive")
    intercom.checked("DELETE", path)


def test_a_merge_and_the_errors_of_ended_contacts(intercom: CheckedIntercom) -> None:
    lead, user = intercom.a_lead("same@example.com"), intercom.a_user("same@example.com")
    intercom.checked("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
    intercom.checked("GET", f"/contacts/{lead['id']}", None, 410)
    intercom.checked("POST", f"/contacts/{lead['id']}/unarchive", None, 400)
    intercom.checked("POST", "/contacts", {"email": "same@example.com"}, 409)
    intercom.checked("GET", "/contacts/nobody", None, 404)
    intercom.checked("POST", "/contacts/merge", {"from": user["id"], "into": user["id"]}, 400)


def test_list_and_search(intercom: CheckedIntercom) -> None:
    intercom.checked("GET", "/contacts?per_page=2")
    intercom.checked("GET", "/contacts")
    for number in range(3):
        intercom.a_lead(f"p{number}@example.com")
    one = {"field": "role", "operator": "=", "value": "lead"}
    group = {"operator": "AND", "value": [one, {"field": "updated_at", "operator": ">", "value": 1700000000}]}
    nested = {"operator": "OR", "value": [group, {"operator": "AND", "value": [one]}]}
    for query in (one, group, nested):
        body = {
            "query": query,
            "sort": {"field": "created_at", "order": "ascending"},
            "pagination": {"per_page": 2, "starting_after": None},
        }
        first = intercom.checked("POST", "/contacts/search", body)
        body["pagination"] = first["pages"]["next"]
        del body["pagination"]["page"]
        intercom.checked("POST", "/contacts/search", {**body, "pagination": {**body["pagination"], "per_page": 150}})


def test_attributes_segments_tags_events_and_me(intercom: CheckedIntercom) -> None:
    intercom.checked("GET", "/me")
    intercom.checked("GET", "/data_attributes?model=contact&include_archived=true")
    intercom.checked("POST", "/data_attributes", {"name": "plan", "model": "contact", "data_type": "string"})
    options = [{"value": "a"}, {"value": "b"}]
    body = {"name": "tier", "model": "contact", "data_type": "options", "options": options}
    tier = intercom.checked("POST", "/data_attributes", body)
    intercom.checked("PUT", f"/data_attributes/{tier['id']}", {"archived": True})
    segments = intercom.checked("GET", "/segments?include_count=true")["segments"]
    intercom.checked("GET", f"/segments/{segments[0]['id']}")
    tag = intercom.checked("GET", "/tags")["data"][0]
    intercom.checked("GET", f"/tags/{tag['id']}")
    intercom.call("POST", "/tags", {"name": "Friends"})
    lead = intercom.a_lead()
    intercom.checked("GET", f"/contacts/{lead['id']}/segments")
    intercom.checked("POST", f"/contacts/{lead['id']}/tags", {"id": tag["id"]})
    intercom.checked("GET", f"/contacts/{lead['id']}")
    intercom.checked("GET", f"/contacts/{lead['id']}/tags")
    intercom.checked("DELETE", f"/contacts/{lead['id']}/tags/{tag['id']}")
    event = {"event_name": "referral_reward_issued", "created_at": 1795003200, "id": lead["id"], "metadata": {"a": "b"}}
    intercom.checked("POST", "/events", event, 202)


def test_errors_of_every_call() -> None:
    strict = CheckedIntercom(limit_per_window=3)
    for _ in range(3):
        strict.checked("POST", "/contacts", {"name": "x"}, 400)
    strict.checked("GET", "/me", None, 429)
    strict.vendor.change_settings({"tokens": []})
    strict.checked("GET", "/me", None, 401)
    for status in (400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504):
        validate_answer("GET", "/me", status, json.loads(strict.vendor.refuse(status).body))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/contacts", {"name": "x"}),
        ("POST", "/contacts", {"email": "a@example.com", "owner_id": 127}),
        ("POST", "/contacts", {"email": "a@example.com", "first_name": "A"}),
        ("POST", "/contacts", {"email": "a@example.com", "signed_up_at": "2026-01-01"}),
        ("POST", "/contacts/search", {}),
        ("POST", "/contacts/search", {"query": {"field": "email", "operator": "==", "value": "a"}}),
        ("POST", "/contacts/search", {"query": {"field": "a", "operator": "=", "value": 1}, "sort": {"order": "desc"}}),
        ("POST", "/data_attributes", {"name": "x", "model": "contact", "data_type": "list"}),
        ("POST", "/events", {"event_name": "x", "created_at": 1}),
        ("GET", "/contacts/1", {"a": 1}),
        ("PATCH", "/contacts/1", {}),
        ("GET", "/users", None),
    ],
)
def test_the_check_sees_wrong_requests(method: str, path: str, body: Any) -> None:
    with pytest.raises(AssertionError):
        validate_request(method, path, body)


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/contacts/1", 200, {"type": "contact", "created_at": "2026-01-01"}),
        ("GET", "/contacts", 200, {"type": "list", "data": [{"role": 1}]}),
        ("GET", "/contacts", 201, {}),
        ("POST", "/events", 202, {}),
        ("GET", "/me", 500, {"error": "x"}),
    ],
)
def test_the_check_sees_wrong_answers(method: str, path: str, status: int, body: Any) -> None:
    with pytest.raises(AssertionError):
        validate_answer(method, path, status, body)
