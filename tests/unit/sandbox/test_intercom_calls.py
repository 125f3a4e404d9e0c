"""What every call must bring, and the smaller resources: me, attributes, tags, segments, events, OAuth, limits."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.vendors.intercom import IntercomSettings
from sandbox.vendors.wire import Request
from tests.support.intercom_builder import IntercomUnderTest


@pytest.fixture
def intercom() -> IntercomUnderTest:
    return IntercomUnderTest()


@pytest.mark.parametrize("authorization", [None, "", "Bearer wrong", "Bearer ", "Basic local-intercom-token"])
def test_without_a_good_token_nothing_is_answered(intercom: IntercomUnderTest, authorization: str | None) -> None:
    error = intercom.error("GET", "/contacts", None, 401, Authorization=authorization)
    assert error == ("unauthorized", "Access Token Invalid")
    assert "X-RateLimit-Limit" not in intercom.send("GET", "/me", Authorization=authorization).headers


def test_a_token_can_be_revoked(intercom: IntercomUnderTest) -> None:
    intercom.vendor.change_settings({"tokens": ["another"]})
    intercom.call("GET", "/me", None, 401)
    intercom.call("GET", "/me", Authorization="Bearer another")


@pytest.mark.parametrize(("accept", "status"), [(None, 406), ("text/html", 406), ("*/*", 200)])
def test_json_must_be_accepted(intercom: IntercomUnderTest, accept: str | None, status: int) -> None:
    intercom.call("GET", "/me", None, status, Accept=accept)


@pytest.mark.parametrize(("version", "status"), [("9.9", 400), ("2.16", 200), (None, 200)])
def test_the_version_must_be_known_and_is_echoed(intercom: IntercomUnderTest, version: str | None, status: int) -> None:
    response = intercom.send("GET", "/me", Intercom_Version=version)
    assert response.status == status
    assert (response.headers.get("Intercom-Version") == "2.16") == (status == 200)


def test_a_call_without_a_version_uses_that_of_the_app() -> None:
    IntercomUnderTest(app_version="1.0").call("GET", "/me", None, 400, Intercom_Version=None)


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"email": NaN}', b'{"name": "\\ud800", "role": "lead"}', b"[" * 9999])
def test_a_body_that_is_no_json_is_refused(intercom: IntercomUnderTest, body: bytes) -> None:
    assert intercom.error("POST", "/contacts", body, 400)[0] == "bad_request"


def test_a_body_must_be_said_to_be_json(intercom: IntercomUnderTest) -> None:
    intercom.call("POST", "/contacts", {"role": "lead"}, 400, Content_Type="text/plain")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("GET", "/users"), ("PATCH", "/contacts/x"), ("PUT", "/me"), ("HEAD", "/me")]
)
def test_unknown_paths_and_methods_are_not_found(intercom: IntercomUnderTest, method: str, path: str) -> None:
    intercom.call(method, path, None, 404)


@pytest.mark.parametrize("target", ["/contacts", "/contacts/search", "/contacts/merge", "/tags", "/events", "/data_attributes"])
@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        7,
        "x",
        {},
        {"query": {"field": {}, "operator": {}, "value": {}}},
        {"query": {"operator": "AND", "value": [None]}, "sort": [], "pagination": []},
        {"role": [], "email": [], "name": {}, "model": [], "from": [], "into": {}},
        {"name": "x", "model": "contact", "data_type": [], "options": {}},
        {"name": "x", "model": "contact", "data_type": "options", "options": [7]},
        {"id": ["x"], "name": ["y"], "event_name": ["z"]},
        {"event_name": "x", "created_at": 1, "id": {}, "metadata": []},
    ],
)
def test_odd_bodies_are_refused_and_never_a_server_error(intercom: IntercomUnderTest, target: str, body: Any) -> None:
    assert 400 <= intercom.send("POST", target, body).status < 500


def test_the_limit_counts_windows_of_ten_seconds() -> None:
    intercom = IntercomUnderTest(limit_per_window=3)
    intercom.clock.at += 4

    remaining = [intercom.send("GET", "/me").headers["X-RateLimit-Remaining"] for _ in range(3)]
    assert remaining == ["2", "1", "0"]

    refused = intercom.send("GET", "/me")
    assert refused.status == 429
    assert json.loads(refused.body)["errors"] == [
        {"code": "rate_limit_exceeded", "message": "Exceeded rate limit of 3 in 10_seconds"}
    ]
    assert refused.headers["X-RateLimit-Limit"] == "3"
    assert refused.headers["X-RateLimit-Reset"] == "1795003210"
    assert "Retry-After" not in refused.headers

    intercom.clock.at += 6
    intercom.call("GET", "/me")


def test_a_refused_create_has_no_effect() -> None:
    intercom = IntercomUnderTest(limit_per_window=1)
    intercom.call("GET", "/me")
    intercom.call("POST", "/contacts", {"role": "lead"}, 429)

    intercom.clock.at += 10

    assert intercom.call("GET", "/contacts")["total_count"] == 0


def test_me_names_the_workspace(intercom: IntercomUnderTest) -> None:
    app = intercom.call("GET", "/me")["app"]
    assert app["id_code"] == "local-workspace"
    assert app["region"] == "US"
    assert app["timezone"] == "Europe/Berlin"


def test_the_attributes_list_standard_and_custom_ones(intercom: IntercomUnderTest) -> None:
    listed = {one["full_name"]: one for one in intercom.call("GET", "/data_attributes?model=contact")["data"]}
    assert listed["email"]["api_writable"]
    assert not listed["created_at"]["api_writable"]
    assert "id" not in listed["email"]

    status = listed["custom_attributes.referral_status"]
    assert status["data_type"] == "string"
    assert status["options"] == ["New", "Connected", "Lost"]
    assert status["custom"] is True
    assert listed["custom_attributes.rewards_total"]["data_type"] == "float"

    intercom.call("GET", "/data_attributes?model=conversation", None, 422)

    assert intercom.call("GET", "/data_attributes?model=company")["data"] == []


def test_an_attribute_is_created_with_its_type(intercom: IntercomUnderTest) -> None:
    made = intercom.call("POST", "/data_attributes", {"name": "plan tier", "model": "contact", "data_type": "datetime"})

    assert made["data_type"] == "date"
    assert made["full_name"] == "custom_attributes.plan tier"
    assert made["messenger_writable"] is False

    options = [{"value": "a"}, {"value": "b"}]
    body = {"name": "tier", "model": "contact", "data_type": "options", "options": options}
    assert intercom.call("POST", "/data_attributes", body)["options"] == ["a", "b"]

    intercom.a_user(custom_attributes={"tier": "b"})


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"name": "referral_link"}, "You already have 'referral_link' in your people data."),
        ({"name": "email"}, "'email' is one of our standard attributes"),
        ({"name": "Email"}, "'Email' is one of our standard attributes"),
        ({"name": "a.b"}, "Your name for this attribute must only contain"),
        ({"name": "a$b"}, "Your name for this attribute must only contain"),
        ({"name": ""}, "Your name for this attribute must only contain"),
        ({"data_type": "list"}, "Data Type isn't an option"),
        ({"data_type": "options", "options": [{"value": "a"}]}, "You must have at least two options"),
        ({"data_type": "options"}, "Options isn't an array"),
        ({"model": "conversation"}, "The Data Attribute model field must be either contact or company"),
    ],
)
def test_an_attribute_is_refused_with_a_reason(intercom: IntercomUnderTest, body: dict[str, Any], text: str) -> None:
    sent = {"name": "new_one", "model": "contact", "data_type": "string", **body}
    code, message = intercom.error("POST", "/data_attributes", sent, 400)
    assert code == "parameter_invalid"
    assert message.startswith(text)


def test_a_workspace_has_at_most_250_custom_attributes(intercom: IntercomUnderTest) -> None:
    made = len(intercom.call("GET", "/data_attributes?model=contact")["data"]) - len(
        [one for one in intercom.call("GET", "/data_attributes?model=contact")["data"] if not one["custom"]]
    )
    for number in range(250 - made):
        body = {"name": f"extra_{number}", "model": "contact", "data_type": "string"}
        intercom.call("POST", "/data_attributes", body)
    intercom.call("POST", "/data_attributes", {"name": "too_many", "model": "contact", "data_type": "string"}, 400)


def test_an_archived_attribute_cannot_be_written_or_searched(intercom: IntercomUnderTest) -> None:
    listed = intercom.call("GET", "/data_attributes")["data"]
    code_id = next(one["id"] for one in listed if one["name"] == "referral_code")

    intercom.call("PUT", f"/data_attributes/{code_id}", {"archived": True})

    names = [one["name"] for one in intercom.call("GET", "/data_attributes")["data"]]
    assert "referral_code" not in names

    names = [one["name"] for one in intercom.call("GET", "/data_attributes?include_archived=true")["data"]]
    assert "referral_code" in names

    body = {"role": "lead", "custom_attributes": {"referral_code": "x"}}
    intercom.call("POST", "/contacts", body, 400)
    intercom.call("PUT", "/data_attributes/999999", {"archived": True}, 404)


def test_tags_are_attached_and_taken_off(intercom: IntercomUnderTest) -> None:
    tag = intercom.call("POST", "/tags", {"name": "Friends"})

    assert intercom.call("POST", "/tags", {"name": "friends"}) == tag

    lead = intercom.a_lead()

    path = f"/contacts/{lead['id']}/tags"
    assert intercom.call("POST", path, {"id": tag["id"]})["applied_at"] == 1795003200
    assert intercom.call("GET", path) == {"type": "list", "data": [tag]}

    shown = intercom.call("GET", f"/contacts/{lead['id']}")["tags"]
    assert (shown["total_count"], shown["data"][0]["id"]) == (1, tag["id"])

    intercom.call("DELETE", f"{path}/{tag['id']}")

    assert intercom.call("GET", path)["data"] == []
    assert intercom.error("POST", path, {"id": "404"}, 404) == ("not_found", "Resource Not Found")
    assert intercom.error("POST", "/contacts/none/tags", {"id": tag["id"]}, 404) == ("not_found", "User Not Found")


def test_a_tag_does_not_touch_updated_at(intercom: IntercomUnderTest) -> None:
    lead, tag = intercom.a_lead(), intercom.call("POST", "/tags", {"name": "Friends"})
    intercom.clock.at += 60
    intercom.call("POST", f"/contacts/{lead['id']}/tags", {"id": tag["id"]})
    assert intercom.call("GET", f"/contacts/{lead['id']}")["updated_at"] == lead["updated_at"]


def test_a_removed_tag_is_on_nobody(intercom: IntercomUnderTest) -> None:
    lead, tag = intercom.a_lead(), intercom.call("POST", "/tags", {"name": "Friends"})
    intercom.call("POST", f"/contacts/{lead['id']}/tags", {"id": tag["id"]})

    assert intercom.call("DELETE", f"/tags/{tag['id']}") is None
    assert intercom.call("GET", f"/contacts/{lead['id']}/tags")["data"] == []

    intercom.call("GET", f"/tags/{tag['id']}", None, 404)


def test_the_segments_of_one_contact_follow_search() -> None:
    intercom = IntercomUnderTest(seed=True, search_lag_seconds=60.0)
    user = intercom.a_user(custom_attributes={"converted_referral_count": 1})

    path = f"/contacts/{user['id']}/segments"
    assert intercom.call("GET", path)["data"] == []

    intercom.clock.at += 60

    assert [one["name"] for one in intercom.call("GET", path)["data"]] == ["All users", "Champions"]

    segment = intercom.call("GET", path)["data"][1]
    assert intercom.call("GET", f"/segments/{segment['id']}") == segment


def test_an_event_is_accepted_and_a_second_one_in_the_second_ignored(intercom: IntercomUnderTest) -> None:
    lead = intercom.a_lead()
    event = {"event_name": "referral_reward_issued", "created_at": 1795003200, "id": lead["id"], "metadata": {"a": "b"}}
    for created_at in (1795003200, 1795003200, 1795003201):
        assert intercom.call("POST", "/events", {**event, "created_at": created_at}, 202) is None

    events = intercom.call("GET", f"/events?type=user&intercom_user_id={lead['id']}")["events"]

    assert [one["created_at"] for one in events] == [1795003201, 1795003200]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"id": "0" * 24}, 404),
        ({"email": "dora@example.com"}, 404),
        ({"email": "ada@example.com"}, 202),
        ({"user_id": "7"}, 202),
        ({}, 400),
        ({"email": "ada@example.com", "event_name": ""}, 400),
        ({"email": "ada@example.com", "created_at": "now"}, 400),
        ({"email": "ada@example.com", "metadata": {str(number): "x" for number in range(10)}}, 202),
        ({"email": "ada@example.com", "metadata": {str(number): "x" for number in range(11)}}, 400),
        ({"email": "ada@example.com", "metadata": {"a": {"nested": 1}}}, 400),
    ],
)
def test_who_and_what_an_event_may_name(intercom: IntercomUnderTest, body: dict[str, Any], status: int) -> None:
    intercom.a_user(external_id="7")
    intercom.a_lead()
    intercom.call("POST", "/events", {"event_name": "joined", "created_at": 1795003200, **body}, status)


def allow(intercom: IntercomUnderTest, **form: str) -> str:
    """The address that the browser goes to after the person said yes."""
    body = "&".join(f"{name}={value}" for name, value in {"client_id": "local-client-id", **form}.items()).encode()
    response = intercom.send("POST", "/oauth/allow", body, Authorization=None)
    assert response.status == 303, response.body
    return response.headers["Location"]


def test_a_code_becomes_a_token_once(intercom: IntercomUnderTest) -> None:
    page = intercom.send("GET", "/oauth?client_id=local-client-id&state=s1&redirect_uri=http://127.0.0.1:1/cb")

    assert b"Allow" in page.body

    address = allow(intercom, redirect_uri="http://127.0.0.1:1/cb", state="s1")
    query = parse_qs(urlsplit(address).query)

    assert query["state"] == ["s1"]

    body = {"code": query["code"][0], "client_id": "local-client-id", "client_secret": "local-client-secret"}
    wrong = {**body, "client_secret": "wrong"}
    assert intercom.error("POST", "/auth/eagle/token", wrong, 401) == ("unauthorized", "Unauthorized Code")

    answer = intercom.call("POST", "/auth/eagle/token", body, Authorization=None)
    assert answer["token_type"] == "Bearer"
    assert answer["token"] == answer["access_token"]

    intercom.call("GET", "/me", Authorization=f"Bearer {answer['token']}")
    intercom.call("POST", "/auth/eagle/token", body, 401)


def test_a_code_ends_and_a_form_will_do(intercom: IntercomUnderTest) -> None:
    for seconds, status in ((0, 200), (601, 401)):
        code = parse_qs(urlsplit(allow(intercom, redirect_uri="http://localhost/cb")).query)["code"][0]
        intercom.clock.at += seconds
        form = f"code={code.replace('=', '%3D')}&client_id=local-client-id&client_secret=local-client-secret".encode()
        kind = "application/x-www-form-urlencoded"
        intercom.call("POST", "/auth/eagle/token", form, status, Content_Type=kind)


def test_only_registered_addresses_are_gone_back_to() -> None:
    intercom = IntercomUnderTest(redirect_uris=["https://app.example.com/cb"])
    assert allow(intercom).startswith("https://app.example.com/cb?code=")
    for query in ("client_id=other", "client_id=local-client-id&redirect_uri=https://evil.example.com"):
        assert intercom.send("GET", f"/oauth?{query}").status == 400
    assert IntercomUnderTest().send("GET", "/oauth?client_id=local-client-id").status == 400


def test_uninstalling_ends_all_tokens_and_notifies_the_app(intercom: IntercomUnderTest) -> None:
    intercom.vendor.change_settings({"uninstall_url": "http://127.0.0.1:1/uninstall", "client_secret": "test-client-secret"})

    assert intercom.call("POST", "/auth/uninstall") is None

    intercom.call("GET", "/me", None, 401)
    [notice] = intercom.webhooks()

    assert json.loads(notice.body) == {"app_id": "local-workspace"}
    assert len(notice.headers["X-Body-Signature"]) == 64


@pytest.mark.parametrize(
    "changes",
    [
        {"surprise": 1},
        {"search_lag_seconds": 601},
        {"search_lag_seconds": "120"},
        {"search_lag_seconds": True},
        {"timezone": "Europe/Nowhere"},
        {"region": "MARS"},
        {"tokens": "one"},
        {"topics": ["contact.created"]},
        {"long_strings": "perhaps"},
        {"webhook_url": "ftp://127.0.0.1"},
        {"limit_per_window": 0},
        {"seed": 1},
    ],
)
def test_a_wrong_setting_changes_nothing(intercom: IntercomUnderTest, changes: dict[str, Any]) -> None:
    before = intercom.vendor.read_settings()
    with pytest.raises(ValueError):
        intercom.vendor.change_settings({"workspace_name": "changed", **changes})
    assert intercom.vendor.read_settings() == before


def test_a_reset_forgets_people_and_if_asked_the_settings(intercom: IntercomUnderTest) -> None:
    intercom.a_user()
    intercom.vendor.change_settings({"region": "EU"})
    intercom.vendor.reset()

    assert intercom.call("GET", "/contacts")["total_count"] == 0
    assert intercom.call("GET", "/me")["app"]["region"] == "EU"

    intercom.vendor.reset(settings=True)

    assert intercom.call("GET", "/me")["app"]["region"] == "US"


def test_the_same_chance_gives_the_same_answers() -> None:
    answers = [IntercomUnderTest(seed=True).call("GET", "/contacts") for _ in range(2)]
    assert answers[0] == answers[1]


def test_the_default_settings_are_the_harsher_choices() -> None:
    settings = IntercomSettings()
    assert settings.search_lag_seconds == 120.0
    assert settings.api_writes_notify
    assert {settings.long_strings, settings.unknown_options, settings.same_email_other_external_id} == {"refuse"}


def test_a_fault_has_the_usual_body(intercom: IntercomUnderTest) -> None:
    response = intercom.vendor.refuse(503)
    assert json.loads(response.body)["errors"][0]["code"] == "service_unavailable"


def test_pages_are_no_api_calls(intercom: IntercomUnderTest) -> None:
    paths = ("/ui", "/ui/contacts/x", "/oauth", "/oauth/allow", "/contacts", "/auth/eagle/token", "/uix")
    calls = [intercom.vendor.is_api_call(Request.of("GET", path)) for path in paths]
    assert calls == [False, False, False, False, True, True, True]
