"""Slots, watermarks and windows; what becomes of a contact; and pages that run in a circle. Pure rules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.campaign_document import sync_of
from shared.domain.contact import Contact, Role
from shared.domain.person import Audience, Person, Referrer
from shared.domain.sync.member import SyncMember, candidate_of, changes_of
from shared.domain.sync.run import Phase, RunState, SyncRun
from shared.domain.sync.source import (
    LIST_WHOLE_UP_TO,
    OVERLAP,
    ContactFilter,
    SyncSettings,
    filter_of,
    groups_of,
    is_whole,
    is_within,
    slot_of,
)
from shared.domain.sync.tally import Outcome, Tally

NOW = 1_795_305_600.0
DAY = 86_400.0
ZONES = sorted(available_timezones())
LISTS = {"mode": "ongoing", "source": {"kind": "segments", "ids": ["a"]}}
EVERYBODY = {"mode": "ongoing", "source": {"kind": "all"}}


def first_moment_of_next_day(moment: float, zone: str) -> float:
    """Where Intercom's ``updated_at > moment`` begins: the next day of the workspace's zone."""
    here = datetime.fromtimestamp(moment, ZoneInfo(zone))
    following = datetime(here.year, here.month, here.day, tzinfo=UTC) + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=ZoneInfo(zone)).timestamp()


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(ZONES), st.floats(1_577_836_800, 1_893_456_000))
def test_the_question_holds_all_since_the_watermark_in_every_zone_also_when_clocks_change(zone: str, watermark: float) -> None:
    asked = filter_of(sync_of(EVERYBODY), 0, watermark).changed_after
    assert asked is not None
    assert first_moment_of_next_day(asked, zone) <= watermark - OVERLAP
    assert watermark - asked <= 2 * DAY + 1


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham"]
)
def test_the_hours_of_a_clock_change_are_not_lost(zone: str) -> None:
    hours = [hour for day in (*range(74, 110), *range(264, 310)) for hour in range(24 * day, 24 * day + 24)]
    for hour in hours:
        watermark = datetime(2026, 1, 1, tzinfo=UTC).timestamp() + hour * 3_600
        asked = filter_of(sync_of(EVERYBODY), 0, watermark).changed_after
        assert asked is not None
        assert first_moment_of_next_day(asked, zone) <= watermark - OVERLAP


def test_who_changed_before_the_overlap_is_not_of_the_run() -> None:
    assert is_within(int(NOW - OVERLAP) + 1, NOW)
    assert not is_within(int(NOW - OVERLAP) - 1, NOW)
    assert is_within(0, NOW), "a contact that does not say when it changed"
    assert is_within(1, None), "a whole run takes everybody"


@given(st.floats(0, 4_000_000_000), st.integers(5, 1440))
def test_a_slot_holds_its_moment_and_nothing_else(moment: float, minutes: int) -> None:
    slot = slot_of(moment, minutes * 60)
    assert slot <= moment < slot + minutes * 60 + 1e-3
    assert slot % (minutes * 60) == 0


@pytest.mark.parametrize(
    ("section", "list_total", "age", "whole"),
    [
        (LISTS, LIST_WHOLE_UP_TO, 900, True),
        (LISTS, None, 900, True),
        (LISTS, LIST_WHOLE_UP_TO + 1, 900, False),
        (LISTS, LIST_WHOLE_UP_TO + 1, DAY, True),
        (EVERYBODY, 10, 900, False),
        (EVERYBODY, 10, DAY, True),
    ],
)
def test_lists_are_read_whole_up_to_ten_thousand_and_everything_once_a_day(
    section: dict[str, object], list_total: int | None, age: float, whole: bool
) -> None:
    chosen = sync_of(section)
    assert is_whole(chosen, now=NOW, whole_at=NOW - age, list_total=list_total, same_source=True) is whole
    assert is_whole(chosen, now=NOW, whole_at=NOW - age, list_total=list_total, same_source=False)


def test_the_source_tells_what_is_asked_for() -> None:
    def asked(kind: str, *ids: str) -> ContactFilter:
        return filter_of(sync_of({"source": {"kind": kind, "ids": list(ids)}}), 0, None)

    assert asked("all") == ContactFilter()
    assert asked("leads") == ContactFilter(role=Role.LEAD)
    assert asked("users") == ContactFilter(role=Role.USER)
    assert asked("segments", "a", "b") == ContactFilter(list_field="segment_id", list_ids=("a", "b"))
    assert asked("tags", "7") == ContactFilter(list_field="tag_id", list_ids=("7",))


def test_more_lists_than_a_search_takes_are_asked_for_in_groups() -> None:
    ids = [str(number) for number in range(32)]
    assert [len(group) for group in groups_of(ids)] == [15, 15, 2]
    assert [one for group in groups_of(ids) for one in group] == ids


# -- a contact --------------------------------------------------------------------------------------------------------


def contact(**values: object) -> Contact:
    return Contact("c1", Role.USER, "ada@example.com", 0, values)  # type: ignore[arg-type]


def test_the_first_word_of_a_name_is_the_first_name() -> None:
    found = candidate_of(contact(name="  Ada  Maria Stone "), "ada@example.com", [("name", "first_name")], [])
    assert (found.first_name, found.meta) == ("Ada", {})


@pytest.mark.parametrize(("nick", "first_name"), [("Ada", "Ada"), ("ada@example.com", "")])
def test_an_address_is_nobodys_first_name_and_may_fill_a_form_field(nick: str, first_name: str) -> None:
    mapping = [("custom_attributes.nick", "first_name"), ("custom_attributes.nick", "meta.Nick")]

    found = candidate_of(contact(**{"custom_attributes.nick": nick}), "ada@example.com", mapping, [])

    assert found.first_name == first_name
    assert found.meta == {"Nick": nick}


def test_the_rest_of_a_name_goes_where_a_form_field_wants_it() -> None:
    rows = [("name", "first_name"), ("name", "meta.Last Name"), ("custom_attributes.firm", "meta.Company")]
    found = candidate_of(contact(name="Ada Maria Stone", **{"custom_attributes.firm": "Ztone"}), "a@b.co", rows, [])
    assert (found.first_name, found.meta) == ("Ada", {"Last Name": "Maria Stone", "Company": "Ztone"})


def test_what_a_contact_lacks_is_left_out() -> None:
    rows = [("name", "first_name"), ("name", "meta.Last Name"), ("custom_attributes.firm", "meta.Company")]
    assert candidate_of(contact(name="Ada"), "a@b.co", rows, []).meta == {}
    assert candidate_of(contact(), "a@b.co", rows, []).first_name == ""


def test_only_what_differs_is_written() -> None:
    member = SyncMember(1, "a@b.co", user_id=7, url="https://r.co/x", referrals_count=3, converted_referrals_count=0)
    rows = [("url", "link"), ("referrals_count", "count"), ("converted_referrals_count", "converted"), ("code", "code")]
    assert changes_of(member, {}, rows) == {"link": "https://r.co/x", "count": 3, "converted": 0}

    there = {"link": "https://r.co/x", "count": 2, "converted": 0}
    assert changes_of(member, there, rows) == {"count": 3}
    assert changes_of(member, {**there, "count": 3}, rows) == {}


def test_what_referral_factory_did_not_say_overwrites_nothing() -> None:
    member = SyncMember(1, "a@b.co", user_id=7, url=None, referrals_count=0)
    rows = [("url", "link"), ("referrals_count", "count")]

    changes = changes_of(member, {"link": "https://r.co/of.another.campaign", "count": 3}, rows)

    assert changes == {"count": 0}


def test_a_count_in_a_text_attribute_is_compared_as_text() -> None:
    member = SyncMember(1, "a@b.co", user_id=7, referrals_count=3)
    assert changes_of(member, {"count": "3"}, [("referrals_count", "count")]) == {}
    assert changes_of(member, {"count": "2"}, [("referrals_count", "count")]) == {"count": "3"}


@pytest.mark.parametrize(
    ("member", "person", "ours"),
    [
        (SyncMember(1, "a@b.co", reserved_at=NOW), Person(7), True),
        (SyncMember(1, "a@b.co", reserved_at=NOW), Person(7, audience=Audience.PERSON_REFERRING), True),
        (SyncMember(1, "a@b.co", reserved_at=NOW), Person(7, Audience.PERSON_INVITED, referrer=Referrer(1)), False),
        (SyncMember(1, "a@b.co", user_id=7, reserved_at=NOW, created=True), Person(7), True),
        (SyncMember(1, "a@b.co", user_id=8, reserved_at=NOW, created=True), Person(7), False),
        (SyncMember(1, "a@b.co", user_id=7), Person(7), False),
        (SyncMember(1, "a@b.co"), Person(7), False),
    ],
)
def test_the_reservation_tells_our_own_people(member: SyncMember, person: Person, ours: bool) -> None:
    assert member.brought(person, "here") is ours
    assert not replace(member, workspace_id="another").brought(person, "here")


@pytest.mark.parametrize(
    ("phase", "state", "total"),
    [
        (Phase.CONTACTS, RunState.ENUMERATING, 90),
        (Phase.WORK, RunState.WORKING, 30),
        (Phase.CONTACTS, RunState.CANCELLED, 30),
        (Phase.WORK, RunState.DONE, 30),
    ],
)
def test_how_many_contacts_a_run_has_is_announced_until_all_are_read(phase: Phase, state: RunState, total: int) -> None:
    run = SyncRun(1, 1, state, NOW, 1, SyncSettings(), phase=phase, announced=90, tally=Tally(seen=30))

    assert run.total == total


def test_a_tally_adds_up_and_keeps_few_examples() -> None:
    tally = Tally(seen=30)
    for number in range(30):
        tally = tally.with_outcome(Outcome("failed", "no first name"), f"c{number}")

    assert tally.finished == 30
    assert tally.failed == {"no first name": 30}
    assert len(tally.examples) == 20
    assert tally.plus(Tally(seen=1, skipped={"x": 2})).skipped == {"x": 2}
