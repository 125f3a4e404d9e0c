"""The pages that a person clicks through."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from sandbox.vendors.intercom.__main__ import read_arguments, read_settings
from sandbox.vendors.wire import Response
from tests.support.intercom_builder import IntercomUnderTest


@pytest.fixture
def intercom() -> IntercomUnderTest:
    return IntercomUnderTest(seed=True)


def page(intercom: IntercomUnderTest, target: str, status: int = 200) -> str:
    response = intercom.send("GET", target, Authorization=None)
    assert response.status == status
    return response.body.decode()


def submit(intercom: IntercomUnderTest, target: str, status: int = 303, **form: str) -> Response:
    kind = "application/x-www-form-urlencoded"
    response = intercom.send("POST", target, urlencode(form).encode(), Authorization=None, Content_Type=kind)
    assert response.status == status, response.body.decode()
    return response


@pytest.mark.parametrize("target", ["/ui", "/ui/", "/ui/attributes", "/ui/segments", "/ui/tags", "/ui/events", "/ui/webhooks"])
def test_every_page_is_there_without_scripts(intercom: IntercomUnderTest, target: str) -> None:
    text = page(intercom, target)
    assert "<script" not in text
    assert " style=" not in text


def test_people_are_found_by_name_role_and_state(intercom: IntercomUnderTest) -> None:
    assert "Ada Stone" in page(intercom, "/ui")
    assert "Ada Stone" not in page(intercom, "/ui?q=dora")
    assert "Dora Hill" in page(intercom, "/ui?q=DORA&role=lead")
    assert "Dora Hill" not in page(intercom, "/ui?condition=archived")


def test_a_person_changes_attributes_of_every_type(intercom: IntercomUnderTest) -> None:
    lead = intercom.a_lead("new@example.com")
    path = f"/ui/contacts/{lead['id']}"
    fields = {
        "name": "New Name",
        "custom_attributes.referral_status": "Connected",
        "custom_attributes.referral_count": "4",
        "custom_attributes.rewards_total": "2.5",
        "custom_attributes.is_vip": "true",
        "custom_attributes.signed_up_on": "2026-11-18",
        "custom_attributes.referral_code": "",
    }
    for name, value in fields.items():
        submit(intercom, f"{path}/field", name=name, value=value)

    contact = intercom.call("GET", f"/contacts/{lead['id']}")

    assert contact["name"] == "New Name"
    assert contact["custom_attributes"] == {
        "referral_status": "Connected",
        "referral_count": 4,
        "rewards_total": 2.5,
        "is_vip": True,
        "signed_up_on": 1794956400,
        "referral_code": None,
    }
    assert "2026-11-18" in page(intercom, path)

    submit(intercom, f"{path}/field", 400, name="custom_attributes.referral_count", value="many")
    submit(intercom, f"{path}/field", 400, name="created_at", value="1")
    submit(intercom, f"{path}/field", name="role", value="user")

    assert intercom.call("GET", f"/contacts/{lead['id']}")["role"] == "user"


def test_a_person_archives_unarchives_deletes_and_merges(intercom: IntercomUnderTest) -> None:
    address = submit(intercom, "/ui/contacts", role="lead", email="same@example.com", name="L").headers["Location"]
    user = intercom.a_user("same@example.com")
    submit(intercom, f"{address}/archive")

    assert "archived" in page(intercom, address)

    submit(intercom, f"{address}/unarchive")

    assert submit(intercom, f"{address}/merge", into="same@example.com").headers["Location"].endswith(user["id"])
    assert "Merged into" in page(intercom, address)

    submit(intercom, f"/ui/contacts/{user['id']}/delete")
    submit(intercom, f"/ui/contacts/{user['id']}/unarchive", 400)


def test_tags_attributes_and_segments_are_made(intercom: IntercomUnderTest) -> None:
    submit(intercom, "/ui/tags", name="Friends")
    tag = next(one for one in intercom.call("GET", "/tags")["data"] if one["name"] == "Friends")
    lead = intercom.a_lead("new@example.com")

    submit(intercom, f"/ui/contacts/{lead['id']}/tag", tag_id=tag["id"])

    assert "Remove Friends" in page(intercom, f"/ui/contacts/{lead['id']}")

    submit(intercom, f"/ui/contacts/{lead['id']}/untag", tag_id=tag["id"])
    submit(intercom, "/ui/attributes", name="tier", data_type="options", options="a, b")
    submit(intercom, "/ui/attributes", 400, name="tier", data_type="string")

    assert "custom_attributes.tier" in page(intercom, "/ui/attributes")

    attribute = next(one for one in intercom.call("GET", "/data_attributes")["data"] if one["name"] == "tier")
    submit(intercom, f"/ui/attributes/{attribute['id']}/archive")
    form = {"name": "Website leads", "person_type": "contact", "operator": "="}
    made = submit(intercom, "/ui/segments", field="custom_attributes.lead_source", value="website", **form)

    assert "Dora Hill" in page(intercom, made.headers["Location"])

    submit(intercom, "/ui/segments", name="Recent", person_type="user", field="created_at", operator=">", value="2026-01-01")
    submit(intercom, "/ui/segments", 400, name="Bad", field="created_at", operator="~", value="2026-01-01")


def test_events_are_shown(intercom: IntercomUnderTest) -> None:
    lead = intercom.a_lead("new@example.com")
    intercom.call("POST", "/events", {"event_name": "reward-issued", "created_at": 1, "id": lead["id"]}, 202)
    assert "reward-issued" in page(intercom, "/ui/events")
    assert "reward-issued" in page(intercom, f"/ui/contacts/{lead['id']}")


def test_what_people_typed_is_escaped(intercom: IntercomUnderTest) -> None:
    lead = intercom.a_lead("new@example.com", name="<script>alert(1)</script>")
    for target in ("/ui", f"/ui/contacts/{lead['id']}", "/ui?q=<script>"):
        assert "<script>" not in page(intercom, target)


def test_a_form_of_another_site_is_refused(intercom: IntercomUnderTest) -> None:
    response = intercom.send("POST", "/ui/tags", b"name=x", Origin="http://evil.example.com", Host="127.0.0.1:8001")
    assert response.status == 403
    response = intercom.send("POST", "/ui/tags", b"name=x", Origin="http://127.0.0.1:8001", Host="127.0.0.1:8001")
    assert response.status == 303


def test_unknown_pages_and_people_are_not_found(intercom: IntercomUnderTest) -> None:
    for target in ("/ui/nothing", f"/ui/contacts/{'0' * 24}", f"/ui/segments/{'0' * 24}", "/oauth/allow"):
        page(intercom, target, 404)


def test_the_command_line_sets_settings() -> None:
    options = read_arguments(["--port", "0", "--token", "a", "--search-lag", "3", "--setting", 'long_strings="cut"'])
    settings = read_settings(options)

    assert settings.tokens == ["a"]
    assert settings.search_lag_seconds == 3.0
    assert settings.long_strings == "cut"

    with pytest.raises(ValueError):
        read_settings(read_arguments(["--setting", "nova=1"]))
