"""The Referral Factory stand-in over real HTTP, against the samples of the vendor's documents.

Samples: https://referral-factory.com/developers (users, campaigns, rewards) and the outbound webhook's page of 2022.
"""

from __future__ import annotations

import http.client
import http.server
import json
import queue
import random
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from sandbox.vendors.referral_factory import ReferralFactory, ReferralFactorySettings, WebhookRule
from sandbox.vendors.server import RunningServer, serve

HEADERS = {
    "Authorization": "Bearer local-referral-factory-key",
    "Accept": "application/json",
    "Content-Type": "application/json",
}

USER = {
    "id": 123,
    "campaign_id": 1,
    "referrer_id": None,
    "first_name": "John",
    "email": "john@example.com",
    "code": "ueONFmUp",
    "reach": 3,
    "source": "Direct",
    "type": "person_referring",
    "ip": "62.90.15.90",
    "url": "https://example.referral-factory.com/ueONFmUp",
    "promotion": {"code": "SAVE50"},
    "qr": {
        "src": "https://example.referral-factory.com/ueONFmUp/qr-code",
        "download": "https://example.referral-factory.com/ueONFmUp/download-qr-code",
    },
    "signed_up_at": "2024-12-27",
    "qualified_at": None,
    "unsubscribed_at": None,
    "meta": [{"field": "Last Name", "value": "Smith"}],
    "sharing": {
        "socials": [{"social": "email", "url": "https://referral-factory.com/ueONFmUp/socials/email"}],
        "subject": None,
        "text": None,
    },
    "analytics": {"reach": 12, "referrals": 8, "qualified_referrals": 3},
}

WEBHOOK = (
    "referrer_id=261470&referrer_code=zgLAYb&referrer_first_name=Jessica&referrer_email=jessica%40example.com&id=261471"
    "&code=zruTPh&first_name=Byron&email=byron%40example.com&url=https%3A%2F%2Fwebhooks.referral-factory.com%2FzruTPh"
    "%2Fjoin&source=Referred&date=2022-06-09&referrals_count=0&campaign_id=4815"
)


class Application(http.server.BaseHTTPRequestHandler):
    """Notes the webhooks that come in, and refuses them all."""

    received: queue.Queue[tuple[str, str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.received.put((self.command, self.path, headers, self.rfile.read(length)))
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815 - the base class looks for this name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def application() -> Iterator[tuple[str, queue.Queue[tuple[str, str, dict[str, str], bytes]]]]:
    received: queue.Queue[tuple[str, str, dict[str, str], bytes]] = queue.Queue()
    handler = type("Handler", (Application,), {"received": received})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", received
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def server() -> Iterator[RunningServer]:
    settings = ReferralFactorySettings(promotion_code="SAVE50")
    vendor = ReferralFactory(clock=time.time, chance=random.Random(5), settings=settings)
    with serve(vendor, 0, chance=random.Random(5)) as running:
        vendor.start_at(running.url)
        yield running


def ask(server: RunningServer, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """The status and JSON of an API or admin call."""
    target = path if path.startswith("/__admin") else f"/api/v2{path}"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, target, None if body is None else json.dumps(body), HEADERS)
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None
    finally:
        connection.close()


def submit(server: RunningServer, path: str, form: dict[str, str]) -> tuple[int, str]:
    """The status of a form, and where it leads."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", path, urlencode(form), headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers.get("Location", "")
    finally:
        connection.close()


def shape(value: Any) -> Any:
    """Names and types, with lists by their first entry."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def create(server: RunningServer, **fields: Any) -> dict[str, Any]:
    body = {"campaign_id": 1, "first_name": "John", "email": "john@example.com", **fields}
    status, document = ask(server, "POST", "/users", body)
    assert status == 201, document
    return document["data"]


def test_a_user_has_the_samples_fields_and_types(server: RunningServer) -> None:
    created = create(server, notify=True, promotion=True, meta=[{"field": "Last Name", "value": "Smith"}])
    _, document = ask(server, "GET", f"/users/{created['code']}?with=user.analytics")
    # The sample's person signed up on a page; for one made by API the address is not known.
    assert shape(document["data"] | {"ip": "203.0.113.7"}) == shape(USER)
    assert list(document["data"]) == list(USER)


def test_a_list_wraps_users_and_leads_on(server: RunningServer) -> None:
    status, document = ask(server, "GET", "/users?per_page=1&with=user.analytics")

    assert status == 200
    assert shape(document["data"][0]) == shape(USER | {"promotion": None})
    assert document["meta"]["current_page"] == 1

    parts = urlsplit(document["links"]["next"])
    assert parts.netloc == f"127.0.0.1:{server.port}"

    _, following = ask(server, "GET", f"{parts.path.removeprefix('/api/v2')}?{parts.query}")
    assert following["meta"]["current_page"] == 2
    assert following["data"][0]["id"] != document["data"][0]["id"]


def test_an_error_has_the_samples_form(server: RunningServer) -> None:
    status, document = ask(server, "POST", "/users", {"campaign_id": 1, "first_name": "John"})
    assert (status, document) == (
        422,
        {
            "code": 422,
            "message": "Validation errors in your request",
            "errors": {"email": [{"field": "email", "message": "The email field is required."}]},
        },
    )


def test_a_campaign_has_the_documented_fields(server: RunningServer) -> None:
    _, document = ask(server, "GET", "/campaigns/1?with=campaign.analytics")
    form_field = {"id": 1, "type": "input", "label": "First Name", "value": None, "required": True}
    assert shape(document["data"]) == shape(
        {
            "id": 1,
            "name": "",
            "code": "",
            "lang": "en",
            "url": "",
            "reach": 0,
            "status": "launched",
            "starts_at": None,
            "ends_at": None,
            "created_at": "2024-12-27",
            "fields": {"person_referring": [form_field], "person_invited": [form_field]},
            "assets": {"logo": {"type": "", "path": ""}},
            "analytics": {"reach": 0, "users": 0, "referrals": 0, "qualified_referrals": 0},
        }
    )


def test_rewards_have_the_documented_fields(server: RunningServer) -> None:
    ask(server, "PUT", "/__admin/settings", {"auto_issue": False})
    create(server, referrer={"field": "email", "value": "ada@example.com"})
    status, _ = ask(server, "PUT", "/users/qualification", {"email": "john@example.com", "campaign_id": 1, "qualified": True})

    assert status == 200

    _, dashboard = ask(server, "GET", "/rewards/dashboard/amount")

    expected = {"id", "campaign_id", "name", "reward_for", "type", "value", "when_referral"}
    assert set(dashboard["data"][0]) == expected

    (due,) = ask(server, "GET", "/rewards/due/amount")[1]["data"]

    expected = {"id": 1, "reward_id": 1, "recipient_id": 1, "count": 1, "total": 1.0, "can_be_issued": True}
    assert shape(due) == shape(expected)
    assert ask(server, "POST", f"/rewards/issue/{due['id']}")[0] == 200

    (issued,) = ask(server, "GET", "/rewards/issued/amount")[1]["data"]
    del expected["can_be_issued"]

    assert shape(issued) == shape(expected | {"status": "Issued", "issued_at": "2024-12-27"})


def test_a_webhook_says_what_the_sample_says_and_comes_once(
    server: RunningServer, application: tuple[str, queue.Queue[tuple[str, str, dict[str, str], bytes]]]
) -> None:
    url, received = application
    rule = WebhookRule(1, "joined", f"{url}/hook", format="query", headers={"X-Webhook-Secret": "s3cret"})
    document = ReferralFactorySettings(webhooks=(rule,)).document()["webhooks"]

    assert ask(server, "PUT", "/__admin/settings", {"webhooks": document})[0] == 200

    _, found = ask(server, "GET", "/users?per_page=1")
    link = f"/{found['data'][0]['code']}"
    status, location = submit(server, link, {"first_name": "Byron", "email": "byron@example.com"})

    assert status == 303

    method, target, headers, body = received.get(timeout=10)
    assert method == "POST"
    assert headers["x-webhook-secret"] == "s3cret"
    assert body == b""

    query = parse_qs(urlsplit(target).query)
    assert list(query) == list(parse_qs(WEBHOOK))
    assert query["source"] == ["Referred"]
    assert query["url"] == [server.url + location.removesuffix("/share")]

    with pytest.raises(queue.Empty):
        received.get(timeout=0.5)


def test_a_blocked_address_can_find_the_connection_closed(server: RunningServer) -> None:
    ask(server, "PUT", "/__admin/settings", {"blocked_answer": "refused"})

    assert submit(server, "/block", {})[0] == 303

    with pytest.raises(ConnectionError):
        ask(server, "GET", "/campaigns")
    assert ask(server, "POST", "/__admin/reset")[0] == 200
    assert ask(server, "GET", "/campaigns")[0] == 200


def test_wrong_settings_are_refused_with_the_reason(server: RunningServer) -> None:
    status, document = ask(server, "PUT", "/__admin/settings", {"order": "sideways"})
    assert status == 400
    assert "order" in document["error"]
