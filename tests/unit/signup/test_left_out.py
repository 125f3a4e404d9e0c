"""What an attribute cost a contact, or somebody who refers, is sent again when the attribute is back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.signup.state import State
from tests.support.builders import App
from tests.support.documents import mapping

LINK = "custom_attributes.referral_link"


@pytest.fixture
def app(app: App) -> App:
    app.sign_up(id=1, email="warm.up@example.com")
    app.forget_calls()
    return app


def archive(app: App, name: str, *, archived: bool = True) -> None:
    attributes = app.intercom.workspace.attributes
    attributes["contact", name] = replace(attributes["contact", name], archived=archived)


def test_an_attribute_that_is_back_is_sent_again_by_itself_and_once(app: App) -> None:
    archive(app, "referral_link")

    assert app.sign_up().state is State.PARTIAL

    app.live(40, step=5)

    assert app.row().state is State.PARTIAL
    assert len([call for call in app.calls() if call.startswith("PUT")]) == 0

    archive(app, "referral_link", archived=False)
    app.live(75, step=5)

    row = app.row()
    assert (row.state, row.dropped) == (State.DELIVERED, ())
    assert app.contact().custom_attributes["referral_link"] == row.person.url
    assert app.calls().count("PUT /contacts/<id>") == 1

    app.live(180, step=5)

    assert app.calls().count("PUT /contacts/<id>") == 1


def test_an_attribute_that_is_created_later_is_sent_too(app: App) -> None:
    attribute = app.intercom.workspace.attributes.pop(("contact", "referral_link"))
    app.environment = app.new_environment()

    assert app.sign_up().state is State.PARTIAL

    app.intercom.workspace.attributes["contact", "referral_link"] = attribute
    app.live(30, step=5)

    assert app.row().state is State.DELIVERED
    assert app.contact().custom_attributes["referral_link"]


def test_a_default_that_a_create_could_not_bring_is_brought_later_where_the_contact_has_none(app: App) -> None:
    app.configure(person_invited={"defaults": {"custom_attributes.referral_code": "none yet"}, "mapping": mapping()})
    archive(app, "referral_code")
    app.environment = app.new_environment()

    assert app.sign_up().state is State.PARTIAL

    archive(app, "referral_code", archived=False)
    app.live(60, step=5)

    assert app.row().state is State.DELIVERED
    assert app.contact().custom_attributes["referral_code"] == "none yet"


def test_a_default_is_owed_to_the_contact_that_was_created_and_to_no_other_that_has_the_address() -> None:
    app = App()
    app.configure(
        person_invited={
            "action": "lead",
            "duplicates": "update",
            "defaults": {"custom_attributes.referral_code": "none yet"},
            "mapping": mapping(),
        }
    )
    archive(app, "referral_code")
    created = app.sign_up()
    app.intercom.contacts.archive(str(created.contact_id))
    other = app.given("lead", name="Customer")
    archive(app, "referral_code", archived=False)
    app.wait(3_600)

    row = app.sign_up(first_name="Iwan")

    assert row.contact_id == other.id
    assert app.contact().name == "Iwan"
    assert "referral_code" not in app.contact().custom_attributes


def test_while_its_campaign_is_paused_what_was_left_out_is_not_sent(app: App) -> None:
    archive(app, "referral_link")
    app.sign_up()
    archive(app, "referral_link", archived=False)
    app.configure(status="paused")

    app.live(180, step=5)

    assert app.row().state is State.PARTIAL, "not held: nobody has asked for it"
    assert "PUT /contacts/<id>" not in app.calls()


def test_settings_that_are_saved_again_are_tried_once(app: App) -> None:
    archive(app, "referral_link")

    assert app.sign_up().state is State.PARTIAL

    app.configure(person_invited={"mapping": mapping(("url", "custom_attributes.referral_code"))})
    app.live(30, step=5)

    row = app.row()
    assert row.state is State.DELIVERED
    assert app.contact().custom_attributes["referral_code"] == row.person.url


def test_of_a_row_that_does_not_know_its_settings_the_first_ones_count_as_new(app: App) -> None:
    """An earlier version wrote it."""
    archive(app, "referral_link")
    app.sign_up()
    app.environment.referrals.update(1, 42, lambda row: replace(row, settings_version=None))
    app.forget_calls()

    app.live(30, step=5)

    assert app.campaign().version == 1
    assert app.row().history[-2].what == "attribute back"
    assert app.row().state is State.PARTIAL, "it is gone still"


def test_what_intercom_refuses_of_one_person_is_not_sent_again_by_itself(app: App) -> None:
    body = '{"errors": [{"code": "parameter_invalid", "message": "is invalid", "field": "referral_link"}]}'
    app.wire.faults.add({"kind": "status", "status": 400, "body": body, "method": "POST", "path": "^/contacts$", "times": 1})

    assert app.sign_up().state is State.PARTIAL

    app.forget_calls()
    app.live(24 * 60, step=10)

    assert app.row().state is State.PARTIAL
    assert not [call for call in app.calls() if call.startswith("PUT")]


def test_what_somebody_dealt_with_is_looked_at_no_more(app: App) -> None:
    archive(app, "referral_link")
    app.sign_up()
    app.environment.referrals.update(1, 42, lambda row: row.closed(app.clock.now(), "mara@example.com"))
    archive(app, "referral_link", archived=False)

    app.live(120, step=5)

    assert app.row().state is State.PARTIAL
    assert app.row().look_at is None


def test_looks_cost_intercom_no_call_for_each_row_and_end(app: App) -> None:
    archive(app, "referral_link")
    for user_id in range(100, 120):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")
    app.live(30, step=5)
    app.wire.calls.clear()

    app.live(120, step=5)

    assert len(app.wire.calls) <= 2 * 12 + 12  # attributes, which all rows share

    app.live(31 * 24 * 60, step=12 * 60)

    assert {app.row(user_id).look_at for user_id in range(100, 120)} == {None}


def test_an_attribute_that_is_gone_is_counted_and_one_persons_own_value_is_not(app: App) -> None:
    archive(app, "referral_link")
    app.sign_up()

    assert app.metrics.counts["AttributeLeftOut"] == 1

    archive(app, "referral_link", archived=False)
    app.environment = app.new_environment()
    app.configure(person_invited={"mapping": mapping(("meta.Story", LINK))})
    app.sign_up(id=43, email="long@example.com", Story="x" * 300)
    app.sign_up(id=44, email=None)

    assert (app.row(43).state, app.row(44).state) == (State.PARTIAL, State.FAILED)
    assert app.metrics.counts["AttributeLeftOut"] == 1
    assert app.metrics.counts["DeliveryGivenUp"] == 0


def test_a_signup_that_intercom_contradicts_for_ever_is_counted_as_given_up(app: App) -> None:
    body = '{"errors": [{"code": "conflict", "message": "Multiple existing users match this email address"}]}'
    app.wire.faults.add({"kind": "status", "status": 409, "body": body, "method": "POST", "path": "^/contacts$"})
    app.sign_up()

    app.live(8 * 60, step=5)

    assert app.row().state is State.FAILED
    assert app.metrics.counts["DeliveryGivenUp"] == 1
