"""Somebody sends a made-up person through a campaign to see it work, and takes the person back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.signup.synthetic import SYNTHETIC_IDS_FROM
from tests.support.admin_api import Answer
from tests.support.builders import APPLICATION, App
from tests.support.console_api import Console
from tests.support.qualifying import Friendship
from tests.support.rows import readable

OWN = "mara+test2611220000@example.com"
PATH = "/api/campaigns/1/trial"


def made_up(**changes: Any) -> dict[str, Any]:
    person = {
        "audience": "person_invited",
        "first_name": "Alice",
        "email": OWN,
        "code": "alice1",
        "url": "https://example.com/alice",
        "meta": {"Last Name": "Example"},
        "referrer": {"first_name": "Bob", "email": "bob@example.com"},
    }
    return {"person": person | changes}


@pytest.fixture
def console() -> Console:
    return at_our_own_address(Console())


def at_our_own_address(console: Console) -> Console:
    console.app.settings = replace(console.app.settings, console_url=f"{APPLICATION}/")
    console.app.environment = console.app.new_environment()
    console.app.configure()
    return console


def begin(console: Console, **changes: Any) -> Answer:
    return console.call("POST", PATH, made_up(**changes))


def listed(console: Console) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = console.get("/api/referrals")["items"]
    return items


def stored(app: App) -> str:
    tables = (app.settings.referrals_table, app.settings.campaigns_table)
    items = [item for table in tables for item in app.environment._dynamodb.scan(TableName=table)["Items"]]
    return "\n".join(readable(item) for item in items).casefold()


# -- there ------------------------------------------------------------------------------------------------------------


def test_the_made_up_person_comes_by_our_own_webhook_and_is_in_intercom_with_all_that_was_mapped(console: Console) -> None:
    assert console.get(PATH) == {"trial": None}

    answer = begin(console)
    assert answer.status == 201
    assert answer.json["trial"]["email"] == OWN

    [call] = [one for one in console.app.wire.calls if one.vendor == "application"]
    assert (call.path, call.status) == ("/webhooks/referral-factory/1/joined", 202)

    console.app.work()

    contact = console.app.contact(OWN)
    assert (contact.role, contact.name) == ("lead", "Alice Example")
    assert contact.custom_attributes["referrer_email"] == "bob@example.com"

    [row] = listed(console)
    assert row["state"] == "delivered"
    assert row["origin"] == "synthetic"
    assert row["unverified"] is False
    assert console.get(PATH)["trial"]["user_id"] == row["user_id"] >= SYNTHETIC_IDS_FROM


def test_a_made_up_person_who_joins_by_themselves_is_one_who_refers(console: Console) -> None:
    begin(console, audience="person_referring", referrer={})
    console.app.work()
    [row] = listed(console)
    assert (row["audience"], row["state"]) == ("person_referring", "delivered")


def test_nothing_of_it_is_said_to_referral_factory() -> None:
    story = Friendship()
    console = at_our_own_address(Console(app=story.app))
    begin(console)
    story.app.work()
    story.app.forget_calls()
    story.changes(story.app.contact(OWN).id, "Connected")
    story.settles()

    story.app.update_referrers()

    assert story.app.calls("referral_factory") == []


def test_it_counts_nowhere_and_is_no_sign_that_referral_factorys_webhooks_come(console: Console) -> None:
    begin(console)
    console.app.work()

    assert console.get("/api/results")["total"]["invited"] == 0

    steps = {step["kind"]: step["is_done"] for step in console.get("/api/health")["steps"]}
    assert (steps["person"], steps["webhooks"]) == (True, False)


# -- and back ---------------------------------------------------------------------------------------------------------


def test_one_click_takes_it_back_and_leaves_nothing(console: Console) -> None:
    begin(console)
    console.app.work()
    answer = console.call("DELETE", PATH)

    assert answer.json == {"contact_deleted": True, "message": "The made-up person is gone, here and in Intercom."}
    assert console.app.contacts(OWN) == []
    assert listed(console) == []
    assert console.app.environment.referrals.of_campaign(1, 10).items == []
    assert "mara+test" not in stored(console.app)
    assert "alice" not in stored(console.app)
    assert console.get(PATH) == {"trial": None}
    assert console.get("/api/results")["total"]["invited"] == 0
    assert console.call("DELETE", PATH).status == 409

    console.app.wait(3_600)
    console.app.sweep()

    assert console.app.contacts(OWN) == []


def test_a_webhook_that_comes_a_second_time_after_it_was_taken_back_brings_nobody_back(console: Console) -> None:
    begin(console)
    [late] = console.app.queued()
    console.app.work()
    console.call("DELETE", PATH)

    console.app.environment.delivery_queue.send(late)
    console.app.work()

    assert console.app.contacts(OWN) == []
    assert listed(console) == []


def test_the_next_one_can_be_sent_once_the_last_was_taken_back(console: Console) -> None:
    begin(console)
    console.app.work()

    assert begin(console, email="mara+other@example.com").status == 409

    console.call("DELETE", PATH)
    console.app.wait(1)

    assert begin(console).status == 201

    console.app.work()

    assert len(console.app.contacts(OWN)) == 1


def test_a_contact_that_was_there_before_is_never_deleted(console: Console) -> None:
    console.app.given(email=OWN)
    begin(console)
    console.app.work()

    answer = console.call("DELETE", PATH)

    assert answer.json["contact_deleted"] is False
    assert "stays" in answer.json["message"]
    assert len(console.app.contacts(OWN)) == 1


def test_a_contact_that_got_another_address_since_stays(console: Console) -> None:
    begin(console)
    console.app.work()
    contact = console.app.contact(OWN)

    console.app.intercom.contacts.update(contact.id, {"email": "real.person@example.com"}, by_api=False)

    assert console.call("DELETE", PATH).json["contact_deleted"] is False
    assert len(console.app.contacts("real.person@example.com")) == 1


def test_one_that_somebody_deleted_in_intercom_is_taken_back_all_the_same(console: Console) -> None:
    begin(console)
    console.app.work()
    console.app.intercom.contacts.delete(console.app.contact(OWN).id, by_api=False)

    assert console.call("DELETE", PATH).status == 200
    assert listed(console) == []


def test_one_that_is_still_on_its_way_is_taken_back_before_it_arrives(console: Console) -> None:
    console.app.configure(status="paused")
    begin(console)
    refused = console.call("DELETE", PATH)

    assert refused.status == 409
    assert "few seconds" in refused.json["detail"]

    console.app.work()

    assert console.call("DELETE", PATH).json["contact_deleted"] is False

    console.app.configure()
    console.app.wait(600)
    console.app.work()

    assert console.app.contacts(OWN) == []


def test_while_intercom_does_not_answer_nothing_is_forgotten(console: Console) -> None:
    begin(console)
    console.app.work()
    console.app.wire.faults.add({"kind": "status", "status": 503, "method": "DELETE"})

    assert console.call("DELETE", PATH).status == 503
    assert console.get(PATH)["trial"]["email"] == OWN

    console.app.wire.faults.clear()

    assert console.call("DELETE", PATH).json["contact_deleted"] is True


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("email", ["mara@example.com", "no address", ""])
def test_only_an_address_with_a_plus_is_taken_so_that_no_real_person_is_met(console: Console, email: str) -> None:
    answer = begin(console, email=email)
    assert (answer.status, answer.json["errors"][0]["place"]) == (422, "person.email")
    assert console.app.queued() == []


def test_an_address_that_signed_up_already_is_refused(console: Console) -> None:
    console.app.sign_up(email=OWN)
    assert begin(console).status == 409


def test_a_campaign_without_settings_has_nothing_to_try(console: Console) -> None:
    assert console.call("POST", "/api/campaigns/9/trial", made_up()).status == 404


def test_a_viewer_may_look_and_not_send(console: Console) -> None:
    console.claims = {**console.claims, "groups": ["viewers"]}
    assert console.get(PATH) == {"trial": None}
    assert begin(console).status == 403
    assert console.call("DELETE", PATH).status == 403


def test_when_our_own_address_refuses_the_webhook_it_says_so_and_nobody_is_kept(console: Console) -> None:
    console.app.set_secret("webhook", current="another-one", next="")
    console.app.wire.faults.add({"kind": "status", "status": 401, "path": "^/webhooks"})
    answer = begin(console)

    assert answer.status == 422
    assert "webhook" in answer.json["detail"]
    assert console.get(PATH) == {"trial": None}


def test_when_no_answer_comes_it_can_be_taken_back_all_the_same(console: Console) -> None:
    console.app.wire.faults.add({"kind": "reset", "path": "^/webhooks", "times": 1})

    assert begin(console).status == 503
    assert console.get(PATH)["trial"]["email"] == OWN

    console.app.wait(601)

    assert console.call("DELETE", PATH).status == 200


def test_a_stranger_with_the_secret_gains_nothing_from_a_trial_that_is_under_way(console: Console) -> None:
    """Only the address that was sent is taken for ours: another one waits for Referral Factory as every signup does."""
    user_id = begin(console).json["trial"]["user_id"]
    console.app.work()
    console.app.given("user", email="victim@example.com")
    console.app.confirms = False

    console.app.sign_up(id=user_id, email="victim@example.com")

    assert not console.app.row(user_id).synthetic


def test_who_did_it_is_kept(console: Console) -> None:
    begin(console)
    console.app.work()
    console.call("DELETE", PATH)
    assert console.audit_lines() == [
        "Sent a made-up person through campaign 1.",
        "Took the made-up person of campaign 1 back, with its contact in Intercom.",
    ]
