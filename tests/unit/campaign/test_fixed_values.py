"""A mapping row with a fixed value: written for everybody, on contacts that exist as well, checked like any value."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.vendors.intercom.attributes import create_attribute
from shared.domain.signup.state import State
from tests.support.builders import App
from tests.support.console_api import Console
from tests.support.documents import mapping

SOURCE = "custom_attributes.lead_source"
FIXED = {"value": "referral", "to": SOURCE}


def invited(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"mapping": [*mapping(), *rows], **changes}


def app_with(*rows: dict[str, Any], **changes: Any) -> App:
    app = App()
    app.configure(person_invited=invited(*rows, **changes))
    return app


def test_a_new_contact_gets_it() -> None:
    app = app_with(FIXED)
    assert app.sign_up().state is State.DELIVERED
    assert app.contact().custom_attributes["lead_source"] == "referral"


@pytest.mark.parametrize(("policy", "before", "after"), [
    ("update", "event", "referral"), ("update", None, "referral"),
    ("fill", "event", "event"), ("fill", None, "referral"),
    ("skip", "event", "event"), ("skip", None, None),
])  # fmt: skip
def test_a_contact_that_was_there_gets_it_as_the_policy_says(policy: str, before: str | None, after: str | None) -> None:
    app = app_with(FIXED, duplicates=policy, defaults={})
    app.given(custom_attributes={"lead_source": before} if before else {})

    app.sign_up()
    app.reconcile()
    app.wait(60)
    app.sweep()

    assert app.contact().custom_attributes.get("lead_source") == after


@pytest.mark.parametrize(("value", "held"), [(7, 7), (True, True), ("x", "x"), (0, 0), (False, False)])
def test_numbers_and_false_are_values_too(value: Any, held: Any) -> None:
    name = {int: "referral_count", bool: "is_friend", str: "lead_source"}[type(value)]
    app = App()
    if name == "is_friend":
        create_attribute(app.intercom.workspace, {"name": name, "model": "contact", "data_type": "boolean"})
    app.configure(person_invited=invited({"value": value, "to": f"custom_attributes.{name}"}, defaults={}))

    app.sign_up()

    assert app.contact().custom_attributes[name] == held


def test_it_is_joined_with_a_fact_in_order() -> None:
    app = app_with({"value": "via", "to": SOURCE}, {"from": "referrer.first_name", "to": SOURCE})
    app.sign_up()
    assert app.contact().custom_attributes["lead_source"] == "via Rita"


# -- saving -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def app(app: App) -> App:
    app.sign_up()
    return app


def refused(console: Console, *rows: dict[str, Any]) -> list[tuple[str, str]]:
    document = console.get("/api/campaigns/1")
    document["person_invited"] |= invited(*rows)
    answer = console.call("PUT", "/api/campaigns/1", document, if_match='"1"')
    return [(one["place"], one["message"]) for one in answer.json.get("errors", [])]


@pytest.mark.parametrize(
    ("row", "place", "message"),
    [
        ({"value": " ", "to": SOURCE}, ".value", "Write the value"),
        ({"value": "x" * 256, "to": SOURCE}, ".value", "255 characters"),
        ({"value": [1], "to": SOURCE}, ".value", "a text, a number, true or false"),
        ({"value": "many", "to": "custom_attributes.referral_count"}, ".to", "takes a whole number, not “many”"),
        ({"value": "me@example.com", "to": "email"}, ".to", "takes the person's e-mail address only"),
        ({"value": "x", "to": "custom_attributes.nowhere"}, ".to", "Intercom has no attribute"),
        ({"value": "x", "from": "code", "to": SOURCE}, "", "either “from”"),
        ({"to": SOURCE}, "", "either “from”"),
        ({"value": "Connected", "to": "custom_attributes.referral_status"}, ".to", "referral_status"),
    ],
)
def test_what_can_never_be_written_is_refused_at_its_place(
    console: Console, row: dict[str, Any], place: str, message: str
) -> None:
    (found,) = refused(console, row)
    assert found[0] == f"person_invited.mapping[2]{place}"
    assert message in found[1]


def test_first_name_and_email_are_still_asked_for(console: Console) -> None:
    document = console.get("/api/campaigns/1")
    document["person_invited"]["mapping"] = [{"value": "Friend", "to": "name"}, {"from": "email", "to": "email"}]
    answer = console.call("PUT", "/api/campaigns/1", document, if_match='"1"')
    assert "First name is not mapped" in answer.json["errors"][0]["message"]


def test_the_preview_shows_it_with_its_source(console: Console) -> None:
    document = console.get("/api/campaigns/1")
    document["person_invited"] |= invited(FIXED)
    body = {"settings": document, "person": {"first_name": "Ada", "email": "ada@example.com", "audience": "person_invited"}}

    answer = console.call("POST", "/api/campaigns/1/preview", body)

    assert answer.status == 200, answer.text

    (shown,) = [one for one in answer.json["fields"] if one["attribute"] == SOURCE]
    assert shown["value"] == "referral"
    assert shown["sources"] == ["value"]
    assert shown["sent"] is True
    assert shown["only_on_create"] is False


def test_the_preview_shows_a_whole_number_without_a_point(console: Console) -> None:
    document = console.get("/api/campaigns/1")
    document["person_invited"] |= invited({"value": 7, "to": "custom_attributes.referral_count"})
    body = {"settings": document, "person": {"email": "ada@example.com"}}

    answer = console.call("POST", "/api/campaigns/1/preview", body)

    assert '"value":7,' in answer.text
