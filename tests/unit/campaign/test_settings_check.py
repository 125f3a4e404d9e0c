"""What a campaign's settings must say, and which sentence a marketer reads when they do not."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from shared.adapters.admin.schemas import settings_of
from shared.adapters.campaign_document import campaign_of
from shared.domain.campaign.attribute_check import find_unfit
from shared.domain.campaign.settings_check import find_missing, find_wrong
from shared.domain.contact import Attribute
from shared.domain.person import Audience
from shared.errors import InvalidSettingsError
from tests.support.documents import example, mapping

EXAMPLE = example()
CUSTOM = "custom_attributes."


def custom(name: str, data_type: str = "string", **more: Any) -> Attribute:
    return Attribute(CUSTOM + name, data_type, **more)


ATTRIBUTES = {
    attribute.name: attribute
    for attribute in (
        *(custom(f"{name}") for name in ("referral_link", "referrer_first_name", "referrer_email", "referral_campaign")),
        custom("lead_source"),
        custom("referral_status", options=("New", "Connected", "Lost")),
        custom("referral_count", "integer"),
        custom("converted_referral_count", "integer"),
        custom("joined", "date"),
        custom("score", "float"),
        custom("is_vip", "boolean"),
        custom("old", archived=True),
        custom("plan", writable=False),
        Attribute("name", "string"),
        Attribute("email", "string"),
        Attribute("last_replied_at", "date", writable=False),
    )
}


def settings(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(EXAMPLE), **changes}


def invited(**changes: Any) -> dict[str, Any]:
    document = settings()
    document["person_invited"].update(changes)
    return document


def with_row(source: str, target: str) -> dict[str, Any]:
    return invited(mapping=[*EXAMPLE["person_invited"]["mapping"], {"from": source, "to": target}])


def with_trigger(**changes: Any) -> dict[str, Any]:
    document = settings()
    document["qualification"]["trigger"].update(changes)
    return document


def with_sync(**changes: Any) -> dict[str, Any]:
    return settings(sync={**copy.deepcopy(EXAMPLE["sync"]), "mode": "ongoing", **changes})


def shape_problems(document: dict[str, Any]) -> list[tuple[str, str]]:
    try:
        settings_of(document)
    except InvalidSettingsError as error:
        return error.problems
    return []


def test_the_example_has_no_problem_and_can_be_run() -> None:
    example = campaign_of(EXAMPLE)

    assert shape_problems(EXAMPLE) == []
    assert find_wrong(example) == []
    assert find_missing(example) == []
    assert find_unfit(example, ATTRIBUTES) == []
    assert example.audiences[Audience.PERSON_INVITED].mapping[0].target == "name"


def test_the_smallest_document_has_a_shape() -> None:
    assert shape_problems({"campaign_id": 1}) == []
    assert shape_problems({"campaign_id": 1, "qualification": None}) == []
    assert shape_problems(settings(qualification={"trigger": {"kind": "became_user"}})) == []


@pytest.mark.parametrize(
    ("document", "place", "sentence"),
    [
        ({}, "campaign_id", "campaign_id is missing."),
        ({"campaign_id": "1"}, "campaign_id", "campaign_id takes a whole number."),
        ({"campaign_id": True}, "campaign_id", "campaign_id takes a whole number."),
        ({"campaign_id": 0}, "campaign_id", "campaign_id takes at least 1."),
        (settings(stauts="draft"), "stauts", "There is no setting called “stauts” here."),
        (settings(status="on"), "status", "status takes 'draft', 'active' or 'paused'."),
        (invited(action="Lead"), "person_invited.action", "action takes 'none', 'lead' or 'user'."),
        (invited(duplicates="merge"), "person_invited.duplicates", "duplicates takes 'skip', 'fill' or 'update'."),
        (invited(mapping={}), "person_invited.mapping", "mapping takes a list."),
        (invited(mapping=[{"from": "email"}]), "person_invited.mapping[0].to", "to is missing."),
        (invited(mapping=["email"]), "person_invited.mapping[0]", "mapping[0] takes a group of settings in braces."),
        (invited(defaults={"name": None}), "person_invited.defaults.name", "name takes a text, a number, true or false."),
        (settings(qualification={}), "qualification.trigger", "trigger is missing."),
        (with_trigger(kind="event"), "qualification.trigger", "trigger takes the kind 'attribute' or 'became_user'."),
        (with_trigger(vlaues=[]), "qualification.trigger.vlaues", "There is no setting called “vlaues” here."),
        (with_sync(interval_minutes=4), "sync.interval_minutes", "interval_minutes takes at least 5."),
        (with_sync(interval_minutes=1441), "sync.interval_minutes", "interval_minutes takes at most 1440."),
        (with_sync(notify="no"), "sync.notify", "notify takes true or false."),
        (with_sync(source={"kind": "list"}), "sync.source.kind", "kind takes 'all', 'leads', 'users', 'segments' or 'tags'."),
    ],
)
def test_a_wrong_shape_is_named_by_its_place(document: dict[str, Any], place: str, sentence: str) -> None:
    assert (place, sentence) in shape_problems(document)


@pytest.mark.parametrize(
    ("document", "place", "words"),
    [
        (with_row("surname", "name"), "person_invited.mapping[7].from", "“surname” is no field of a person"),
        (with_row("meta.", "name"), "person_invited.mapping[7].from", "“meta.” is no field"),
        (with_row("code", "external_id"), "person_invited.mapping[7].to", "“external_id” is no standard attribute"),
        (with_row("code", "custom_attributes."), "person_invited.mapping[7].to", "no name of a custom attribute"),
        (with_row("code", "email"), "person_invited.mapping[7].to", "e-mail address only, not code"),
        (with_row("email", "email"), "person_invited.mapping[7]", "mapped to email twice"),
        (invited(defaults={"email": "a@b.example"}), "person_invited.defaults.email", "cannot have a default"),
        (invited(defaults={"role": "user"}), "person_invited.defaults.role", "“role” is no standard attribute"),
        (with_trigger(initial_value=" connected "), "qualification.trigger.initial_value", "also a qualified value"),
        (with_trigger(qualified_values=["A", "a"]), "qualification.trigger.qualified_values[1]", "there twice"),
        (with_trigger(attribute="location"), "qualification.trigger.attribute", "“location” is no standard attribute"),
        (with_sync(source={"kind": "all", "ids": ["1"]}), "sync.source.ids", "the source is “all”"),
        (with_sync(source={"kind": "tags", "ids": ["1", "1"]}), "sync.source.ids", "twice"),
        (with_sync(mapping=[{"from": "name", "to": "surname"}]), "sync.mapping[0].to", "not “surname”"),
        (with_sync(mapping=[{"from": "phone", "to": "email"}]), "sync.mapping[0].to", "not from phone"),
        (with_sync(write_back={"referral_link": "email"}), "sync.write_back.referral_link", "e-mail address only"),
        (
            with_sync(write_back={"referral_link": f"{CUSTOM}link", "referral_code": f"{CUSTOM}link"}),
            "sync.write_back.referral_code",
            "custom_attributes.link is chosen for referral_link already",
        ),
        (
            settings(sync={"write_back": {"referral_count": f"{CUSTOM}n"}}, rewards={"rewards_total": f"{CUSTOM}n"}),
            "rewards.rewards_total",
            "custom_attributes.n is chosen for referral_count already",
        ),
        (settings(rewards={"last_reward": "reward"}), "rewards.last_reward", "“reward” is no standard attribute"),
        (settings(aliases={"Mail": "mail"}), "aliases.Mail", "“mail” is no field of a person"),
    ],
)
def test_what_can_never_work_is_named(document: dict[str, Any], place: str, words: str) -> None:
    assert shape_problems(document) == []
    found = dict(find_wrong(campaign_of(document)))
    assert words in found[place]


@pytest.mark.parametrize(
    ("document", "place", "words"),
    [
        (settings(name=" "), "name", "Give the campaign a name"),
        (invited(mapping=[{"from": "first_name", "to": "name"}]), "person_invited.mapping", "E-mail is not mapped"),
        (invited(mapping=[{"from": "email", "to": "email"}]), "person_invited.mapping", "First name is not mapped"),
        (
            invited(mapping=mapping(("email", "name"), ("first_name", "name"), required=False)),
            "person_invited.mapping",
            "E-mail is not mapped",
        ),
        (settings(person_referring={"action": "user"}), "person_referring.mapping", "E-mail is not mapped"),
        (with_trigger(qualified_values=[]), "qualification.trigger.qualified_values", "at least one value"),
        (with_sync(mapping=[]), "sync.mapping", "is not mapped"),
        (with_sync(source={"kind": "segments"}), "sync.source.ids", "at least one segment"),
        (with_sync(source={"kind": "tags", "ids": []}), "sync.source.ids", "at least one tag"),
    ],
)
def test_what_is_missing_is_named(document: dict[str, Any], place: str, words: str) -> None:
    assert find_wrong(campaign_of(document)) == []
    assert any(where == place and words in sentence for where, sentence in find_missing(campaign_of(document)))


def test_nothing_is_missing_where_nothing_is_done() -> None:
    idle = {**EXAMPLE, "person_invited": {"action": "none"}, "sync": {"mode": "off"}}
    assert find_missing(campaign_of(idle)) == []


@pytest.mark.parametrize(
    ("document", "place", "words"),
    [
        (with_row("code", f"{CUSTOM}gone"), "person_invited.mapping[7].to", f"Intercom has no attribute {CUSTOM}gone"),
        (with_row("code", f"{CUSTOM}old"), "person_invited.mapping[7].to", "archived"),
        (with_row("code", f"{CUSTOM}plan"), "person_invited.mapping[7].to", "cannot be written"),
        (with_row("first_name", f"{CUSTOM}score"), "person_invited.mapping[7].to", "takes numbers, and first_name is text"),
        (with_row("first_name", f"{CUSTOM}referral_status"), "person_invited.mapping[7].to", "only New, Connected, Lost"),
        (with_row("referrals_count", f"{CUSTOM}is_vip"), "person_invited.mapping[7].to", "takes true or false"),
        (with_row("referrals_count", f"{CUSTOM}joined"), "person_invited.mapping[7].to", "takes dates"),
        (with_row("url", "signed_up_at"), "person_invited.mapping[7].to", "takes dates, and url is text"),
        (invited(defaults={f"{CUSTOM}score": "much"}), f"person_invited.defaults.{CUSTOM}score", "takes a number, not “much”"),
        (invited(defaults={f"{CUSTOM}gone": 1}), f"person_invited.defaults.{CUSTOM}gone", "Intercom has no attribute"),
        (with_trigger(attribute=f"{CUSTOM}gone"), "qualification.trigger.attribute", "Intercom has no attribute"),
        (with_trigger(initial_value="Old"), "qualification.trigger.initial_value", "takes only New, Connected, Lost"),
        (with_trigger(qualified_values=["Won"]), "qualification.trigger.qualified_values[0]", "takes only New"),
        (
            with_sync(write_back={"referral_count": f"{CUSTOM}is_vip"}),
            "sync.write_back.referral_count",
            "takes true or false, and what is written here is a number",
        ),
        (with_sync(mapping=[{"from": f"{CUSTOM}gone", "to": "first_name"}]), "sync.mapping[0].from", "no attribute"),
        (settings(rewards={"last_reward": f"{CUSTOM}score"}), "rewards.last_reward", "takes numbers"),
    ],
)
def test_what_the_workspace_would_refuse_is_named(document: dict[str, Any], place: str, words: str) -> None:
    assert find_wrong(campaign_of(document)) == []
    assert words in dict(find_unfit(campaign_of(document), ATTRIBUTES))[place]


def test_two_fields_join_in_text_only() -> None:
    rows = [*EXAMPLE["person_invited"]["mapping"]]
    rows += [{"from": "referrals_count", "to": f"{CUSTOM}score"}, {"from": "campaign.id", "to": f"{CUSTOM}score"}]
    problems = dict(find_unfit(campaign_of(invited(mapping=rows)), ATTRIBUTES))
    assert "only text attributes can join" in problems["person_invited.mapping[8].to"]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("referrals_count", "score"),
        ("referrals_count", "referral_count"),
        ("converted_referrals_count", "lead_source"),
        ("signed_up_at", "joined"),
        ("signed_up_at", "lead_source"),
        ("source", "referral_status"),
        ("meta.Age", "score"),
        ("meta.VIP", "is_vip"),
    ],
)
def test_fitting_types_pass(source: str, target: str) -> None:
    assert find_unfit(campaign_of(with_row(source, CUSTOM + target)), ATTRIBUTES) == []


@pytest.mark.parametrize(
    ("name", "value", "held"),
    [
        ("is_vip", "yes", "true"),
        ("is_vip", "ON", "true"),
        ("is_vip", 0, "false"),
        ("referral_count", "1.0", "1"),
        ("score", "1.0", "1"),
    ],
)
def test_a_qualified_value_that_would_never_be_found_as_it_is_written_is_named(name: str, value: Any, held: str) -> None:
    document = with_trigger(attribute=f"{CUSTOM}{name}", initial_value=None, qualified_values=[held, value])

    assert find_wrong(campaign_of(document)) == []

    [(place, sentence)] = find_unfit(campaign_of(document), ATTRIBUTES)
    assert place == "qualification.trigger.qualified_values[1]"
    assert f"holds {held}, so “{value}” is never found. Write {held}." in sentence


@pytest.mark.parametrize(
    ("name", "value"), [("is_vip", " True "), ("is_vip", False), ("score", 1.0), ("score", "1"), ("score", 2.5)]
)
def test_a_qualified_value_that_is_found_as_it_is_written_passes(name: str, value: Any) -> None:
    document = with_trigger(attribute=f"{CUSTOM}{name}", initial_value=None, qualified_values=[value])
    assert find_unfit(campaign_of(document), ATTRIBUTES) == []


def test_a_first_value_that_comes_to_a_qualified_one_is_named() -> None:
    document = with_trigger(attribute=f"{CUSTOM}is_vip", initial_value="on", qualified_values=[True])
    assert find_wrong(campaign_of(document)) == []
    assert "from the start" in dict(find_unfit(campaign_of(document), ATTRIBUTES))["qualification.trigger.initial_value"]


def test_a_tracked_attribute_need_not_be_writable_without_a_first_value() -> None:
    document = with_trigger(attribute="last_replied_at", initial_value=None, qualified_values=["2026-01-01"])
    assert (find_wrong(campaign_of(document)), find_unfit(campaign_of(document), ATTRIBUTES)) == ([], [])
