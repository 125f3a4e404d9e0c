"""An attribute that was only just created in Intercom can be chosen, saved, previewed and written at once."""

from __future__ import annotations

import pytest

from sandbox.vendors.intercom.attributes import create_attribute
from shared.adapters.campaign_document import campaign_of
from shared.domain.signup.state import State
from shared.use_cases.campaign.save_campaign import save_campaign
from tests.support.console_api import Console
from tests.support.documents import campaign_document, mapping

NEW = "custom_attributes.brand_new"


def readings(console: Console) -> int:
    """How often Intercom was asked for its attributes."""
    return len([call for call in console.app.wire.calls if call.method == "GET" and call.path.startswith("/data_attributes")])


@pytest.fixture
def console(console: Console) -> Console:
    """One in which every worker has just read the attributes."""
    console.app.sign_up()
    console.get("/api/attributes")
    save_campaign(console.app.environment, campaign_of(campaign_document()), 1, "mara@example.com")
    console.app.wait(31)
    return console


def with_new() -> dict[str, object]:
    return campaign_document(person_invited={"mapping": mapping(("url", NEW))})


def create(console: Console) -> None:
    """In Intercom, by hand."""
    create_attribute(console.app.intercom.workspace, {"name": "brand_new", "model": "contact", "data_type": "string"})


@pytest.mark.parametrize("by_hand", [True, False])
def test_it_is_saved(console: Console, by_hand: bool) -> None:
    if by_hand:
        create(console)
    else:
        console.post("/api/attributes", {"name": "brand_new", "data_type": "string"})
    answer = console.call("PUT", "/api/campaigns/1", with_new(), if_match='"2"')
    assert answer.status == 200, answer.text


def test_one_that_is_nowhere_is_refused_after_asking_once(console: Console) -> None:
    console.app.forget_calls()
    assert console.call("PUT", "/api/campaigns/1", with_new(), if_match='"2"').status == 422
    assert readings(console) == 1


def test_it_is_in_the_preview(console: Console) -> None:
    create(console)
    body = {"person": {"first_name": "I", "email": "i@example.com", "url": "https://example.com/here"}, "settings": with_new()}
    fields = {one["attribute"]: one for one in console.post("/api/campaigns/1/preview", body)["fields"]}
    assert (fields[NEW]["sent"], fields[NEW]["value"]) == (True, "https://example.com/here")


def test_a_worker_that_knew_the_attributes_before_writes_it(console: Console) -> None:
    create(console)
    console.app.configure(person_invited={"mapping": mapping(("url", NEW))})
    console.app.sign_up(id=777, email="late@example.com")

    assert console.app.row(777).state is State.DELIVERED
    assert console.app.contact("late@example.com").custom_attributes["brand_new"]


def test_one_that_stays_missing_is_asked_for_once_in_thirty_seconds(console: Console) -> None:
    console.app.configure(person_invited={"mapping": mapping(("url", NEW))})
    console.app.forget_calls()
    for user_id in range(801, 806):
        console.app.sign_up(id=user_id, email=f"p{user_id}@example.com")
        assert console.app.row(user_id).state is State.PARTIAL
    assert readings(console) == 1


def test_the_refresh_button_says_when_intercom_does_not_answer(console: Console) -> None:
    console.app.wire.faults.add({"kind": "status", "status": 503, "path": "^/data_attributes"})
    answer = console.call("GET", "/api/attributes", query="refresh=true")
    assert (answer.status, "Intercom does not answer now" in answer.json["detail"]) == (503, True)
    assert console.get("/api/attributes")["items"]
