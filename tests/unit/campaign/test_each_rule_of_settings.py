"""Each rule of a campaign's settings from both sides: what is just wrong, and beside it what is just right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.campaign_document import campaign_of
from shared.domain.campaign.attribute_check import as_held, find_unfit, kind_of, takes
from shared.domain.campaign.earning_check import find_open_to_visitors, find_risky, find_unearned
from shared.domain.campaign.rule import Rule, folded, rule_of, since_when, uncounted
from shared.domain.campaign.settings_check import attribute_name_problem, find_missing, find_wrong
from shared.domain.campaign.shared_attributes import find_shared
from shared.domain.contact import Attribute
from shared.domain.person import Audience
from shared.errors import MalformedPayloadError
from shared.use_cases.campaign.read_campaigns import list_campaigns, list_versions
from tests.support.builders import App
from tests.support.documents import campaign_document, mapping

CUSTOM = "custom_attributes."
STATUS = f"{CUSTOM}referral_status"
SYNCED = [{"from": "name", "to": "first_name"}, {"from": "email", "to": "email"}]


def campaign(**changes: Any) -> Any:
    return campaign_of(campaign_document(**changes))


def invited(*rows: Any, **more: Any) -> Any:
    """Name and e-mail are mapped first."""
    return campaign(person_invited={"mapping": [*mapping(), *rows], **more})


def row(source: str, target: str) -> dict[str, str]:
    return {"from": source, "to": target}


def fixed(value: Any, target: str) -> dict[str, Any]:
    return {"value": value, "to": target}


def tracked(attribute: str = STATUS, **more: Any) -> Any:
    trigger = {"kind": "attribute", "attribute": attribute, "initial_value": None, "qualified_values": ["Connected"], **more}
    return campaign(qualification={"trigger": trigger})


def synced(**more: Any) -> Any:
    return campaign(sync={"mode": "ongoing", "source": {"kind": "all"}, "mapping": SYNCED, **more})


def places(problems: list[tuple[str, str]]) -> list[str]:
    return [place for place, _ in problems]


# -- what can never work ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "is_right"),
    [
        ("name", True), ("role", False), (f"{CUSTOM}a b", True), (CUSTOM, False), (f"{CUSTOM}a.b", False),
        (f"{CUSTOM}a$b", False), ("custom", False),
    ],
)  # fmt: skip
def test_a_name_that_a_mapping_can_write_to(name: str, is_right: bool) -> None:
    assert (attribute_name_problem(name) is None) is is_right


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        (invited(row("surname", "phone")), ["person_invited.mapping[2].from"]),
        (invited(fixed("surname", "phone")), []),
        (invited(fixed(" ", "phone")), ["person_invited.mapping[2].value"]),
        (invited(fixed(0, f"{CUSTOM}score")), []),
        (invited(fixed("a@example.com", "email")), ["person_invited.mapping[2].to"]),
        (invited(fixed("A", "name"), fixed("A", "name")), ["person_invited.mapping[3]"]),
        (invited(fixed("A", "name"), fixed("B", "name")), []),
        (invited(row("code", "name"), row("url", "name")), []),
        (invited(row("code", "name"), row("code", "name")), ["person_invited.mapping[3]"]),
        (invited(row("code", "name"), row("code", "phone")), []),
        (invited(row("signed_up_at", "signed_up_at"), row("code", "signed_up_at")), ["person_invited.mapping[3].to"]),
        (invited(row("code", f"{CUSTOM}n"), row("url", f"{CUSTOM}n")), []),
        (invited(defaults={"email": "a@example.com"}), ["person_invited.defaults.email"]),
        (invited(defaults={"role": "user"}), ["person_invited.defaults.role"]),
        (invited(defaults={"name": "A"}), []),
    ],
)
def test_rows_and_defaults_of_an_audience(settings: Any, wrong: list[str]) -> None:
    assert places(find_wrong(settings)) == wrong


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        (tracked("location"), []),  # it is only read
        (tracked("location", initial_value="Here"), ["qualification.trigger.attribute"]),
        (tracked(f"{CUSTOM}a.b"), ["qualification.trigger.attribute"]),
        (tracked(initial_value="New"), []),
        (tracked(initial_value=" CONNECTED"), ["qualification.trigger.initial_value"]),
        (tracked(qualified_values=["a", "b", "A "]), ["qualification.trigger.qualified_values[2]"]),
        (tracked(qualified_values=["a", "b"]), []),
    ],
)
def test_a_tracked_attribute(settings: Any, wrong: list[str]) -> None:
    assert places(find_wrong(settings)) == wrong


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        (synced(mapping=[*SYNCED, row("phone", "meta.Phone")]), []),
        (synced(mapping=[*SYNCED, row("phone", "meta.")]), ["sync.mapping[2].to"]),
        (synced(mapping=[*SYNCED, row("phone", "phone")]), ["sync.mapping[2].to"]),
        (synced(mapping=[*SYNCED, row("phone", "email")]), ["sync.mapping[2].to"]),
        (synced(mapping=[*SYNCED, row("email", "email")]), ["sync.mapping[2].to"]),
        (synced(mapping=[*SYNCED, row("email", "first_name")]), []),
        (synced(source={"kind": "tags", "ids": ["1", "2"]}), []),
        (synced(source={"kind": "tags", "ids": ["1", "1"]}), ["sync.source.ids"]),
        (synced(source={"kind": "users", "ids": ["1"]}), ["sync.source.ids"]),
        (synced(write_back={"referral_link": "role"}), ["sync.write_back.referral_link"]),
        (synced(write_back={"referral_link": f"{CUSTOM}a", "referral_code": f"{CUSTOM}b"}), []),
        (synced(write_back={"referral_link": f"{CUSTOM}a", "referral_code": f"{CUSTOM}a"}), ["sync.write_back.referral_code"]),
    ],
)
def test_a_sync(settings: Any, wrong: list[str]) -> None:
    assert places(find_wrong(settings)) == wrong


@pytest.mark.parametrize(
    ("meaning", "is_right"),
    [("first_name", True), ("id", True), ("qualified_at", True), ("referrer.id", True), ("meta.Last Name", True),
     ("meta.", False), ("mail", False)],
)  # fmt: skip
def test_what_a_webhooks_field_may_stand_for(meaning: str, is_right: bool) -> None:
    assert places(find_wrong(campaign(aliases={"Field": meaning}))) == ([] if is_right else ["aliases.Field"])


# -- what is still to be filled in ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        (campaign(), []),
        (campaign(name="\t"), ["name"]),
        (campaign(person_invited={"mapping": []}), ["person_invited.mapping"] * 2),
        (campaign(person_invited={"mapping": [], "action": "none"}), []),
        (campaign(person_invited={"mapping": [row("email", "email")]}), ["person_invited.mapping"]),
        (campaign(person_invited={"mapping": [row("first_name", "name"), row("email", "name")]}), ["person_invited.mapping"]),
        (campaign(person_invited={"mapping": [row("first_name", "name"), row("code", "email")]}), ["person_invited.mapping"]),
        (tracked(qualified_values=[]), ["qualification.trigger.qualified_values"]),
        (synced(), []),
        (synced(mapping=SYNCED[1:]), ["sync.mapping"]),
        (synced(mapping=SYNCED[:1]), ["sync.mapping"]),
        (synced(mapping=[], mode="off"), []),
        (synced(source={"kind": "segments"}), ["sync.source.ids"]),
        (synced(source={"kind": "segments", "ids": ["1"]}), []),
        (synced(source={"kind": "leads"}), []),
    ],
)
def test_what_a_campaign_needs_before_it_is_active(settings: Any, missing: list[str]) -> None:
    assert places(find_missing(settings)) == missing


def test_the_sentence_of_a_missing_row_says_which_one_and_why() -> None:
    first, second = [sentence for _, sentence in find_missing(campaign(person_invited={"mapping": []}))]

    assert first.startswith("First name is not mapped: add a row from first_name")
    assert second.startswith("E-mail is not mapped: add a row from email to email.")
    assert first.endswith("First name and e-mail must be mapped when the action is “lead”.")


# -- what the workspace takes -----------------------------------------------------------------------------------------


ATTRIBUTES = {
    one.name: one
    for one in (
        Attribute(f"{CUSTOM}text", "string"),
        Attribute(f"{CUSTOM}whole", "integer"),
        Attribute(f"{CUSTOM}day", "date"),
        Attribute(f"{CUSTOM}flag", "boolean"),
        Attribute(f"{CUSTOM}odd", "object"),
        Attribute(STATUS, "string", options=("New", "Connected")),
        Attribute("last_replied_at", "date", writable=False),
    )
}


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ([row("code", f"{CUSTOM}text"), row("url", f"{CUSTOM}text")], []),
        ([row("source", STATUS), row("type", STATUS)], ["person_invited.mapping[3].to"]),
        ([row("meta.A", f"{CUSTOM}whole"), row("meta.B", f"{CUSTOM}whole")], ["person_invited.mapping[3].to"]),
        ([row("code", f"{CUSTOM}whole"), row("meta.B", f"{CUSTOM}whole")], ["person_invited.mapping[2].to"] * 1
         + ["person_invited.mapping[3].to"]),
        ([row("code", "external_id"), row("url", f"{CUSTOM}a.b")], []),  # no workspace takes them: settings_check
        ([fixed("1", f"{CUSTOM}whole")], []),
        ([fixed("one", f"{CUSTOM}whole")], ["person_invited.mapping[2].to"]),
        ([fixed("Old", STATUS)], ["person_invited.mapping[2].to"]),
        ([fixed("A", f"{CUSTOM}gone")], ["person_invited.mapping[2].to"]),
        ([row("referrals_count", f"{CUSTOM}whole"), row("signed_up_at", f"{CUSTOM}day")], []),
        ([row("signed_up_at", f"{CUSTOM}whole")], ["person_invited.mapping[2].to"]),
        ([row("source", f"{CUSTOM}text"), row("source", f"{CUSTOM}flag")], ["person_invited.mapping[3].to"]),
        ([row("meta.Odd", f"{CUSTOM}flag")], []),
    ],
)  # fmt: skip
def test_rows_that_the_workspace_takes(rows: list[Any], wrong: list[str]) -> None:
    found = places(find_unfit(invited(*rows), ATTRIBUTES))

    assert [place for place in found if place.startswith("person_invited.mapping")] == wrong


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        (tracked(), []),
        (tracked(initial_value="New"), []),
        (tracked(initial_value="Old"), ["qualification.trigger.initial_value"]),
        (tracked(qualified_values=["Connected", "Old"]), ["qualification.trigger.qualified_values[1]"]),
        (tracked(f"{CUSTOM}gone", qualified_values=["Old"]), ["qualification.trigger.attribute"]),
        (tracked("email", qualified_values=["a@example.com"]), []),
        (tracked(f"{CUSTOM}whole", initial_value="1.0", qualified_values=[1]), ["qualification.trigger.initial_value"]),
        (tracked(f"{CUSTOM}whole", initial_value=2, qualified_values=[1]), []),
        (tracked(f"{CUSTOM}flag", qualified_values=["yes"]), ["qualification.trigger.qualified_values[0]"]),
        (tracked(f"{CUSTOM}text", qualified_values=["yes"]), []),
        (tracked("last_replied_at", qualified_values=["2026-01-01"]), []),
        (tracked("last_replied_at", initial_value="2026-01-01"), ["qualification.trigger.initial_value",
                                                                  "qualification.trigger.qualified_values[0]"]),
    ],
)  # fmt: skip
def test_a_trigger_that_the_workspace_holds(settings: Any, wrong: list[str]) -> None:
    found = places(find_unfit(settings, ATTRIBUTES))

    assert [place for place in found if place.startswith("qualification")] == wrong


def test_days_that_qualify_are_held_in_seconds_of_the_workspaces_zone() -> None:
    settings = tracked(f"{CUSTOM}day", initial_value="2026-01-01", qualified_values=["2026-01-02"])

    held = [as_held(settings, ATTRIBUTES, zone).trigger for zone in ("UTC", "America/New_York")]

    assert [one.initial_value for one in held] == [1_767_225_600, 1_767_225_600 + 5 * 3_600]
    assert [one.qualified_values for one in held] == [(1_767_312_000,), (1_767_312_000 + 5 * 3_600,)]


def test_values_that_are_no_days_are_held_as_they_are_written() -> None:
    settings = tracked(f"{CUSTOM}text", qualified_values=["2026-01-02"])

    assert as_held(settings, ATTRIBUTES, "UTC") is settings
    became = campaign(qualification={"trigger": {"kind": "became_user"}})
    assert as_held(became, ATTRIBUTES, "UTC") is became


def test_what_a_source_yields_and_what_an_attribute_takes_in_plain_words() -> None:
    assert [kind_of(one) for one in ("first_name", "campaign.id", "signed_up_at", "source")] == [
        "text", "a number", "a date", "a word",
    ]  # fmt: skip
    assert kind_of("meta.Age") == "whatever the person wrote"
    assert [takes(ATTRIBUTES[name]) for name in (f"{CUSTOM}whole", STATUS, f"{CUSTOM}odd")] == [
        "whole numbers", "only New, Connected", "nothing",
    ]  # fmt: skip


# -- what earns a reward ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("duplicates", "count"), [("skip", 0), ("fill", 1), ("update", 1)])
def test_a_form_that_reaches_contacts_that_were_there(duplicates: str, count: int) -> None:
    rows = [row("meta.Phone", "phone"), row("meta.Box", "unsubscribed_from_emails")]
    settings = invited(*rows, duplicates=duplicates)

    assert places(find_risky(settings)) == ["person_invited.mapping[2].to"] * count
    assert places(find_unearned(settings)) == ["person_invited.mapping[3].to"] * count


def test_without_a_tracked_attribute_nothing_can_earn_and_no_visitor_can_set_it() -> None:
    open_ = {STATUS: Attribute(STATUS, "string", messenger_writable=True)}
    became = campaign(qualification={"trigger": {"kind": "became_user"}})

    assert find_open_to_visitors(became, open_) == []
    assert places(find_open_to_visitors(tracked(), open_)) == ["qualification.trigger.attribute"]
    assert find_open_to_visitors(tracked(), {}) == []
    assert find_open_to_visitors(tracked(), {STATUS: Attribute(STATUS, "string")}) == []


# -- the rule ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "matches", "exact"),
    [
        ("Connected", True, True), (" connected ", True, False), ("Lost", False, False), (None, False, False),
        (1, True, True), (1.0, True, True), ("1", True, False), (True, False, False), (2.5, False, False),
    ],
)  # fmt: skip
def test_a_value_is_compared_as_a_person_would(value: Any, matches: bool, exact: bool) -> None:
    rule = Rule(STATUS, ("Connected", 1))

    assert (rule.matches(value), rule.is_exact(value)) == (matches, exact)


def test_numbers_texts_and_truth_are_folded_alike() -> None:
    assert [folded(one) for one in (1, 1.0, "1", 1.5, True, " TRUE ", "Straße")] == [
        "1", "1", "1", "1.5", "true", "true", "strasse",
    ]  # fmt: skip


def test_a_campaign_has_a_rule_when_it_names_a_value_or_that_a_lead_becomes_a_user() -> None:
    became = rule_of(campaign(qualification={"trigger": {"kind": "became_user"}}))

    assert became is not None
    assert (became.attribute, became.values) == ("role", ("user",))
    assert rule_of(tracked(qualified_values=[])) is None
    assert rule_of(campaign(qualification=None)) is None


def test_a_value_qualifies_since_it_was_chosen_and_one_that_stays_since_then() -> None:
    first = tracked(qualified_values=["A"])
    second = tracked(qualified_values=["A", "B"])
    before = campaign_of({**first.document, "version": 1})

    assert since_when(first, None, 100.0) == {"a": 100.0}
    assert since_when(second, before, 200.0) == {"b": 200.0}, "of one that always was nothing is kept"
    assert since_when(tracked("name", qualified_values=["A"]), before, 200.0) == {"a": 200.0}
    assert since_when(tracked(qualified_values=[]), before, 200.0) == {}


def test_who_stands_at_a_new_value_is_still_to_be_counted() -> None:
    first, second = tracked(qualified_values=["A"]), tracked(qualified_values=["a ", "B"])

    assert uncounted(second, None) == ()
    assert uncounted(second, first) == ("B",)
    assert uncounted(tracked("name", qualified_values=["A"]), first) == ("A",)
    assert uncounted(tracked(qualified_values=[]), first) == ()
    assert uncounted(second, campaign(qualification=None)) == ("a ", "B")


# -- two campaigns ----------------------------------------------------------------------------------------------------


def test_another_campaign_is_named_and_one_without_a_name_by_its_number() -> None:
    mine = campaign(campaign_id=3)

    named = find_shared(mine, [campaign(campaign_id=2, name="First"), campaign(campaign_id=1, name="Second")])
    nameless = find_shared(mine, [campaign(campaign_id=2, name="")])

    assert named
    assert all("“First”" in sentence for _, sentence in named)
    assert all("“campaign 2”" in sentence for _, sentence in nameless)


def test_a_paused_campaign_still_counts_and_this_one_itself_does_not() -> None:
    assert find_shared(campaign(campaign_id=2), [campaign(status="paused")])
    assert find_shared(campaign(campaign_id=2), [campaign(campaign_id=2, status="paused")]) == []


# -- what a campaign is to others -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("watches", "since", "lately"), [(True, 0.0, True), (True, 1_799.0, True), (True, 1_800.0, False), (False, 0.0, False)]
)
def test_departures_are_marked_again_half_an_hour_after_the_last_mark(watches: bool, since: float, lately: bool) -> None:
    watching = replace(campaign(), watches_departures=watches, departures_at=5_000.0)

    assert watching.watches_since_lately(5_000.0 + since) is lately


ALIKE = {"action": "lead", "mapping": mapping(), "defaults": {}}


@pytest.mark.parametrize(
    ("invited_", "referring", "qualification", "alike"),
    [
        ({"action": "none"}, {"action": "none"}, None, True),
        ({"action": "none"}, ALIKE, None, False),
        (ALIKE, {"action": "none"}, None, False),
        (ALIKE, ALIKE, None, True),
        (ALIKE, {**ALIKE, "action": "user"}, None, False),
        (ALIKE, {**ALIKE, "defaults": {"name": "A"}}, None, False),
    ],
)
def test_a_campaign_that_treats_both_audiences_alike(invited_: Any, referring: Any, qualification: Any, alike: bool) -> None:
    document = campaign_document(qualification=qualification)
    settings = campaign_of({**document, "person_invited": invited_, "person_referring": referring})

    assert settings.treats_alike is alike


def test_a_first_value_of_the_tracked_attribute_tells_the_invited_apart() -> None:
    document = {**campaign_document(), "person_invited": ALIKE, "person_referring": ALIKE}
    first = campaign_of(document)
    without = campaign_of({**document, "qualification": {"trigger": {"kind": "became_user"}}})

    assert first.creation_values(Audience.PERSON_INVITED) == {STATUS: "New"}
    assert first.creation_values(Audience.PERSON_REFERRING) == {}
    assert (first.treats_alike, without.treats_alike) == (False, True)


@pytest.mark.parametrize("mode", ["off", "once", "ongoing"])
def test_links_are_written_to_who_refers_only_by_a_sync_and_counts_always(mode: str) -> None:
    back = {"referral_link": f"{CUSTOM}link", "referral_count": f"{CUSTOM}count"}
    settings = campaign(sync={"mode": mode, "write_back": back}, rewards={"last_reward": f"{CUSTOM}reward"})

    linked = set() if mode == "off" else {f"{CUSTOM}link"}
    assert settings.written_to_referrers == {f"{CUSTOM}count", f"{CUSTOM}reward", *linked}


@pytest.mark.parametrize(("limit", "cursors"), [(2, ["3", None]), (3, [None]), (4, [None])])
def test_campaigns_and_their_versions_come_in_pages_of_which_a_full_one_may_be_the_last(
    limit: int, cursors: list[str | None]
) -> None:
    app = App()
    for campaign_id in (2, 3, 4):
        app.configure(campaign_id=campaign_id)
    first = list_campaigns(app.environment.campaigns, limit)
    rest = list_campaigns(app.environment.campaigns, limit, first.cursor) if first.cursor else None

    assert [page.cursor for page in (first, rest) if page] == cursors
    assert [one.campaign_id for page in (first, rest) if page for one in page.items] == [2, 3, 4]

    for _ in range(2):
        app.configure(campaign_id=2)

    versions = list_versions(app.environment.campaigns, 2, limit)
    assert versions.cursor == ("2" if limit == 2 else None)
    assert [one.version for one in list_versions(app.environment.campaigns, 2, 5, "3").items] == [2, 1]


@pytest.mark.parametrize("cursor", ["x", "-1", "1" * 16, "\N{SUPERSCRIPT ONE}"])
def test_a_cursor_of_campaigns_that_nobody_gave_out_is_refused(cursor: str) -> None:
    with pytest.raises(MalformedPayloadError):
        list_campaigns(App().environment.campaigns, 2, cursor)
