"""Over HTTP against the deployed template: a person changes a contact on Intercom's pages, and the referral qualifies."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.integration.over_http import CALL_SECONDS, OverHttp, new_id, wait_for

pytestmark = pytest.mark.stack
CAMPAIGN = 1


def factory(outside: OverHttp, method: str, path: str, body: Any = None) -> Any:
    """A call of the test's own to Referral Factory."""
    headers = {"Authorization": f"Bearer {outside.stack.settings.referral_factory_key}", "Accept": "application/json"}
    address = f"{outside.stack.referral_factory_url}{path}"
    answer = outside.http.request(method, address, json=body, headers=headers, timeout=CALL_SECONDS)
    answer.raise_for_status()
    return answer.json()["data"]


def invite(outside: OverHttp) -> dict[str, Any]:
    """Somebody who refers, and a friend of theirs who is in Intercom."""
    number = new_id()
    referring = {"campaign_id": CAMPAIGN, "first_name": "Rita", "email": f"rita{number}@example.com", "notify": False}
    rita = factory(outside, "POST", "/users", referring)
    invited = {**referring, "first_name": "Ivo", "email": f"ivo{number}@example.com"}
    ivo: dict[str, Any] = factory(outside, "POST", "/users", {**invited, "referrer": {"field": "id", "value": rita["id"]}})
    facts = {"id": ivo["id"], "first_name": "Ivo", "email": ivo["email"], "source": "Referred", "referrer_id": rita["id"]}
    assert outside.post(CAMPAIGN, {**facts, "campaign_id": CAMPAIGN}).status_code == 202
    outside.row((CAMPAIGN, ivo["id"]))
    return ivo


def change(outside: OverHttp, contact_id: str, value: str) -> None:
    """What a colleague does on the contact's page."""
    form = {"name": "custom_attributes.referral_status", "value": value}
    address = f"{outside.stack.intercom_url}/ui/contacts/{contact_id}/field"
    answer = outside.http.post(address, data=form, timeout=CALL_SECONDS, allow_redirects=False)
    assert answer.status_code in {302, 303}, answer.text


def qualified_at(outside: OverHttp, person: dict[str, Any]) -> Any:
    return factory(outside, "GET", f"/users/{person['id']}")["qualified_at"]


def test_a_changed_contact_qualifies_its_referral(outside: OverHttp) -> None:
    outside.configure(CAMPAIGN)
    ivo = invite(outside)

    contact_id = outside.row((CAMPAIGN, ivo["id"])).contact_id
    assert contact_id is not None
    assert qualified_at(outside, ivo) is None

    change(outside, contact_id, "Connected")
    wait_for(lambda: qualified_at(outside, ivo), "the qualification")

    referral = outside.row((CAMPAIGN, ivo["id"]), until=lambda row: any(event.what == "qualified" for event in row.history))
    ours = [event.what for event in referral.history if event.what in {"qualifies", "qualified"}]
    assert ours == ["qualifies", "qualified"]  # Referral Factory's webhook of it may come before, between or after


def test_the_signature_is_checked_on_the_bytes_that_came(outside: OverHttp) -> None:
    body = json.dumps(
        {"topic": "ping", "app_id": "x", "data": {"item": {"type": "ping", "message": "Zoë"}}}, ensure_ascii=False
    )
    sent = f" {body}\n".encode()

    secret = outside.stack.settings.intercom_client_secret.encode()

    address = f"{outside.stack.url}/webhooks/intercom"
    right = {"X-Hub-Signature": "sha1=" + hmac.new(secret, sent, hashlib.sha1).hexdigest()}
    answers = [
        outside.http.request("POST", address, data=sent, headers=headers, timeout=CALL_SECONDS).status_code
        for headers in (right, {}, {"X-Hub-Signature": "sha1=" + "0" * 40})
    ]
    assert answers == [200, 401, 401]
    assert outside.http.head(address, timeout=CALL_SECONDS).status_code == 200


def test_health_is_asked_under_another_signature(outside: OverHttp) -> None:
    sent = b'{"workspace_id":"local-workspace"}'
    secret = outside.stack.settings.intercom_client_secret.encode()
    headers = {"X-Body-Signature": hmac.new(secret, sent, hashlib.sha256).hexdigest(), "Content-Type": "application/json"}
    address = f"{outside.stack.url}/webhooks/intercom/health"

    answer = outside.http.post(address, data=sent, headers=headers, timeout=CALL_SECONDS)

    assert (answer.status_code, answer.json()) == (200, {"state": "OK"})
