"""Settings by which somebody would earn a reward without converting, or a form overwrite what is not its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.campaign_document import campaign_of
from shared.domain.campaign.earning_check import find_open_to_visitors, find_risky, find_unearned
from tests.support.console_api import Console
from tests.support.documents import campaign_document, mapping

STATUS = "custom_attributes.referral_status"


def places(problems: list[tuple[str, str]]) -> list[str]:
    return [place for place, _ in problems]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"person_invited": {"mapping": mapping(("meta.Status", STATUS))}}, "person_invited.mapping[2].to"),
        ({"person_invited": {"defaults": {STATUS: "Connected"}}}, f"person_invited.defaults.{STATUS}"),
        ({"person_referring": {"mapping": mapping(("source", STATUS))}}, "person_referring.mapping[2].to"),
        ({"rewards": {"issue_due": False, "last_reward": STATUS}}, "rewards.last_reward"),
        ({"sync": {"mode": "off", "write_back": {"referral_count": STATUS}}}, "sync.write_back.referral_count"),
    ],
)
def test_nothing_writes_the_attribute_that_earns_the_reward(changes: dict[str, Any], place: str) -> None:
    assert places(find_unearned(campaign_of(campaign_document(**changes)))) == [place]
    became = {"trigger": {"kind": "became_user"}, "unqualify_on_reversal": False, "qualify_skipped": False}
    assert find_unearned(campaign_of(campaign_document(**changes, qualification=became))) == [], "it earns nothing there"


def test_settings_that_write_it_nowhere_are_right() -> None:
    assert find_unearned(campaign_of(campaign_document())) == []
    assert find_risky(campaign_of(campaign_document())) == []


@pytest.mark.parametrize("target", ["unsubscribed_from_emails", "owner_id"])
@pytest.mark.parametrize(("duplicates", "refused"), [("skip", False), ("update", True)])
def test_a_public_form_does_not_decide_over_contacts_that_were_there(target: str, duplicates: str, refused: bool) -> None:
    section = {"mapping": mapping(("meta.Box", target)), "duplicates": duplicates}
    found = places(find_unearned(campaign_of(campaign_document(person_invited=section))))
    assert found == (["person_invited.mapping[2].to"] if refused else [])


@pytest.mark.parametrize(("duplicates", "warned"), [("skip", False), ("update", True)])
def test_a_phone_number_out_of_a_form_is_warned_of(duplicates: str, warned: bool) -> None:
    document = campaign_document(person_invited={"mapping": mapping(("meta.Phone", "phone")), "duplicates": duplicates})
    assert find_unearned(campaign_of(document)) == []
    assert places(find_risky(campaign_of(document))) == (["person_invited.mapping[2].to"] if warned else [])


def open_to_visitors(console: Console) -> None:
    workspace = console.app.intercom.workspace
    key = ("contact", "referral_status")
    workspace.attributes[key] = replace(workspace.attributes[key], messenger_writable=True)
    console.app.wait(700)


def saved(console: Console, **trigger: Any) -> Any:
    document = campaign_document()
    document["qualification"]["trigger"] |= trigger
    return console.call("PUT", "/api/campaigns/1", document, if_match='"1"')


def test_an_attribute_that_visitors_can_set_is_refused(console: Console) -> None:
    open_to_visitors(console)
    answer = saved(console)

    assert answer.status == 422
    assert "Messenger" in answer.text

    rows = {row["name"]: row for row in console.get("/api/attributes", "refresh=true")["items"]}
    assert [name for name, row in rows.items() if row["messenger_writable"]] == [STATUS], "so the console offers to accept it"


@pytest.mark.parametrize(("accepted", "status"), [(STATUS, 200), ("custom_attributes.lead_source", 422), (None, 422)])
def test_unless_the_marketer_accepts_the_risk_by_the_attributes_name(console: Console, accepted: str, status: int) -> None:
    open_to_visitors(console)
    assert saved(console, messenger_risk_accepted=accepted).status == status


def test_an_attribute_that_visitors_cannot_set_needs_no_consent(console: Console) -> None:
    assert find_open_to_visitors(campaign_of(campaign_document()), console.app.environment.intercom().read_attributes()) == []
    assert saved(console).status == 200


def test_a_campaign_that_was_saved_so_before_can_still_be_paused(console: Console) -> None:
    document = campaign_document(person_invited={"defaults": {STATUS: "Connected"}})
    assert console.call("PUT", "/api/campaigns/1", document, if_match='"1"').status == 422
    assert console.call("PUT", "/api/campaigns/1", {**document, "status": "paused"}, if_match='"1"').status == 200
