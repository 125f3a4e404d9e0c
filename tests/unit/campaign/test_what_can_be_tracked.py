"""Which attributes a campaign can track or send, and how their values are kept."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from sandbox.vendors.intercom.workspace import Attribute
from shared.adapters.intercom.schemas import ContactBody
from shared.adapters.intercom.webhook import read_notification
from shared.domain.campaign.rule import Rule
from shared.domain.contact import Value
from shared.domain.mapping import READ_TYPES
from tests.support.console_api import Console
from tests.support.documents import campaign_document
from tests.support.qualifying import Friendship, rules

SINCE = "custom_attributes.customer_since"


def has(console: Console, name: str, data_type: str, **more: Any) -> None:
    workspace = console.app.intercom.workspace
    template = workspace.attributes["contact", "referral_status"]
    made: Attribute = replace(template, name=name, label=name, data_type=data_type, options=(), **more)
    workspace.attributes["contact", name] = made
    console.app.wait(700)


def saved(console: Console, **trigger: Any) -> Any:
    document = campaign_document()
    document["qualification"]["trigger"] |= trigger
    return console.call("PUT", "/api/campaigns/1", document, if_match='"1"')


def test_an_attribute_that_only_a_crm_writes_can_be_tracked_but_not_begun_with(console: Console) -> None:
    has(console, "crm_status", "string", api_writable=False)
    name = "custom_attributes.crm_status"
    answer = saved(console, attribute=name, initial_value="New", qualified_values=["Won"])

    assert [one["place"] for one in answer.json["errors"]] == ["qualification.trigger.initial_value"]
    assert saved(console, attribute=name, initial_value=None, qualified_values=["Won"]).status == 200

    row = {one["name"]: one for one in console.get("/api/attributes")["items"]}[name]
    assert (row["can_be_read"], row["can_be_written"]) == (True, False)


def test_a_date_that_qualifies_is_kept_as_intercom_holds_it(console: Console) -> None:
    has(console, "customer_since", "date")
    answer = saved(console, attribute=SINCE, initial_value=None, qualified_values=["2026-11-30", 1_795_305_600])
    assert answer.status == 200
    assert answer.json["document"]["qualification"]["trigger"]["qualified_values"] == [1_795_996_800, 1_795_305_600]


def test_an_invalid_date_is_rejected(console: Console) -> None:
    has(console, "customer_since", "date")
    answer = saved(console, attribute=SINCE, initial_value=None, qualified_values=["soon"])
    assert answer.json["errors"][0]["place"] == "qualification.trigger.qualified_values[0]"


@pytest.mark.parametrize("name", ["workspace_id", "id"])
def test_what_is_not_read_is_neither_tracked_nor_sent(console: Console, name: str) -> None:
    answer = saved(console, attribute=name, initial_value=None, qualified_values=["x"])

    assert answer.json["errors"][0] == {
        "place": "qualification.trigger.attribute",
        "message": f"{name} is not read by this application. Choose another attribute.",
    }

    sync = {"mode": "ongoing", "mapping": [{"from": "name", "to": "first_name"}, {"from": name, "to": "meta.Id"}]}
    answer = console.call("PUT", "/api/campaigns/1", campaign_document(sync=sync), if_match='"1"')

    assert "sync.mapping[1].from" in [one["place"] for one in answer.json["errors"]]

    row = {one["name"]: one for one in console.get("/api/attributes")["items"]}[name]
    assert row["can_be_read"] is False


def test_what_is_offered_to_be_read_is_read() -> None:
    texts = {name: "x" for name, kind in READ_TYPES.items() if kind == "string" and "." not in name}
    flags = {name: True for name, kind in READ_TYPES.items() if kind == "boolean"}
    dates = {name: 1_795_305_600 for name, kind in READ_TYPES.items() if kind == "date"}
    places = {"country": "Sweden", "region": "Scania", "city": "Lund"}
    body = {**texts, **flags, **dates, "avatar": "http://x", "id": "1", "role": "user", "location": places}
    values = ContactBody.model_validate(body).contact().values
    assert {name for name in READ_TYPES if values.get(name) is None} == set()
    assert values["location.city"] == "Lund"


def test_a_notification_shows_where_the_contact_is() -> None:
    item = {"id": "1", "location": {"country": "Sweden"}, "custom_attributes": {}}
    body = json.dumps({"topic": "contact.user.updated", "data": {"item": item}})
    assert read_notification(body.encode()).value("location.country") == "Sweden"


def test_a_date_qualifies_when_the_contact_reaches_it() -> None:
    story = Friendship()
    workspace = story.app.intercom.workspace
    template = workspace.attributes["contact", "referral_status"]
    workspace.attributes["contact", "customer_since"] = replace(template, name="customer_since", data_type="date", options=())
    story.app.wait(700)
    story.app.configure(qualification=rules(attribute=SINCE, initial_value=None, qualified_values=[1_795_996_800]))
    friend = story.invited()

    story.changes(friend, 1_795_996_800, "customer_since")
    story.settles(2)

    assert friend.qualified_times == 1


@pytest.mark.parametrize(
    ("value", "matches", "exact"),
    [
        ("Connected", True, True),
        ("connected", True, False),
        ("Lost", False, False),
        (1, True, True),
        (True, False, False),
        (None, False, False),
    ],
)
def test_a_value_in_another_spelling_qualifies_but_is_not_the_one_that_was_chosen(
    value: Value, *, matches: bool, exact: bool
) -> None:
    rule = Rule("custom_attributes.referral_status", ("Connected", 1))

    assert rule.matches(value) is matches
    assert rule.is_exact(value) is exact
