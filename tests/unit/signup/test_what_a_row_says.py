"""What a referral's row says of itself, in which part of the list it stands, and where its person is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.campaign_document import campaign_of
from shared.domain.person import Audience, Person, Referrer
from shared.domain.signup.completeness import (
    MOST_NAMED,
    Completeness,
    Gap,
    Place,
    Tally,
    completeness_of,
    place_of,
    tally_of,
)
from shared.domain.signup.happened import Happened
from shared.domain.signup.reconcile import Order, first_page_to_read, order_of, reaches_high_water
from shared.domain.signup.referral import CONTACT_COUNTS, LOOKS_FOR, MAX_HISTORY, Referral
from shared.domain.signup.referral_filter import Flag, Group, ReferralFilter, group_of, may_hold
from shared.domain.signup.state import State
from tests.support.documents import campaign_document

NOW = 1_000_000.0


def row(state: State = State.DELIVERED, **more: Any) -> Referral:
    facts = {name: more.pop(name) for name in Person.__slots__ if name in more}
    person = Person(7, **{"first_name": "Zoë", "email": "Z@example.com", **facts})
    return Referral(more.pop("campaign_id", 1), 7, state, person, NOW, **more)


# -- in which part of the list ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "group"),
    [
        (row(), Group.DONE),
        (row(State.PENDING), Group.WAITING),
        (row(State.HELD), Group.WAITING),
        (row(State.SKIPPED), Group.QUIET),
        (row(State.FAILED), Group.ATTENTION),
        (row(State.FAILED, dealt_with=("failed",)), Group.CLOSED),
        (row(unverified=True), Group.ATTENTION),
        (row(unverified=True, possibly_doubled=True, dealt_with=("unverified",)), Group.ATTENTION),
        (row(refusals={"reward 7": "No."}, dealt_with=("reward 7",)), Group.CLOSED),
    ],
)
def test_each_row_is_in_one_part_of_the_list(one: Referral, group: Group) -> None:
    assert group_of(one) is group


@pytest.mark.parametrize(
    ("wanted", "groups"),
    [
        (ReferralFilter(), tuple(Group)),
        (ReferralFilter(group=Group.QUIET, attention=True), (Group.QUIET,)),
        (ReferralFilter(attention=True, state=State.HELD), (Group.ATTENTION,)),
        (ReferralFilter(flag=Flag.UNVERIFIED), (Group.ATTENTION,)),
        (ReferralFilter(state=State.HELD), (Group.WAITING, Group.ATTENTION, Group.CLOSED)),
        (ReferralFilter(state=State.FAILED), (Group.ATTENTION, Group.CLOSED)),
    ],
)
def test_what_is_wanted_is_looked_for_where_it_can_be(wanted: ReferralFilter, groups: tuple[Group, ...]) -> None:
    assert wanted.groups == groups


@pytest.mark.parametrize(
    ("wanted", "narrow"),
    [
        ({}, False),
        ({"campaign_id": 1}, False),
        ({"audience": Audience.PERSON_INVITED}, False),
        ({"since": 1.0}, False),
        ({"state": State.FAILED}, True),
        ({"group": Group.DONE}, True),
        ({"flag": Flag.UNVERIFIED}, True),
        ({"reason": "x"}, True),
        ({"email": "a"}, True),
        ({"text": "a"}, True),
        ({"attention": True}, True),
        ({"converted": True}, True),
        ({"not_in": ""}, True),
        ({"people": frozenset({(1, 7)})}, True),
        ({"reason": ""}, False),
    ],
)
def test_a_filter_is_narrow_when_it_says_which_people_it_wants(wanted: dict[str, Any], narrow: bool) -> None:
    assert ReferralFilter(**wanted).is_narrow is narrow


IN_ANOTHER = row(workspace_id="there")
DOUBTED = row(unverified=True, refusals={"reward 7": "No."}, reason="Own.")


@pytest.mark.parametrize(
    ("one", "wanted", "takes"),
    [
        (row(), {}, True),
        (row(), {"campaign_id": 1}, True),
        (row(), {"campaign_id": 2}, False),
        (row(), {"state": State.DELIVERED}, True),
        (row(), {"state": State.FAILED}, False),
        (row(), {"audience": Audience.PERSON_REFERRING}, True),
        (row(), {"audience": Audience.PERSON_INVITED}, False),
        (row(), {"email": " z@Example.com"}, True),
        (row(), {"email": "y@example.com"}, False),
        (row(email=None), {"email": "y"}, False),
        (DOUBTED, {"flag": Flag.UNVERIFIED}, True),
        (DOUBTED, {"flag": Flag.POSSIBLY_DOUBLED}, False),
        (DOUBTED, {"attention": True}, True),
        (row(), {"attention": True}, False),
        (DOUBTED, {"reason": "Own."}, True),
        (DOUBTED, {"reason": "No."}, True),
        (DOUBTED, {"reason": "no."}, False),
        (IN_ANOTHER, {"not_in": "here"}, True),
        (IN_ANOTHER, {"not_in": "there"}, False),
        (row(), {"not_in": "here"}, False),
        (IN_ANOTHER, {"not_in": ""}, False),
        (row(State.FAILED, workspace_id="there"), {"not_in": "here"}, False),
        (row(), {"group": Group.DONE}, True),
        (row(), {"group": Group.QUIET}, False),
        (row(qualified=True), {"converted": True}, True),
        (row(), {"converted": True}, False),
        (row(), {"since": NOW}, True),
        (row(), {"since": NOW + 1}, False),
        (row(), {"until": NOW}, False),
        (row(), {"until": NOW + 1}, True),
        (row(), {"people": frozenset({(1, 7)})}, True),
        (row(), {"people": frozenset({(1, 8)})}, False),
        (row(), {"people": frozenset()}, False),
        (row(), {"text": "ZOE"}, True),
        (row(), {"text": "zox"}, False),
        (row(), {"text": "z@EX"}, True),
        (row(meta={"Last Name": "Stone", "Pet": "Rex"}), {"text": "stone"}, True),
        (row(meta={"Pet": "Rex"}), {"text": "rex"}, False),
        (row(referrer=Referrer(1, "Rita", "r@example.com")), {"text": "rita"}, True),
        (row(referrer=Referrer(1, "Rita", "r@example.com")), {"text": "r@ex"}, True),
    ],
)
def test_a_filter_takes_its_rows(one: Referral, wanted: dict[str, Any], takes: bool) -> None:
    assert ReferralFilter(**wanted).takes(one) is takes


def test_facts_may_hold_a_text_that_is_written_otherwise_or_escaped() -> None:
    assert [may_hold(facts, "Zoë  Stone") for facts in ('"zoe stone"', '"zoe"', '"\\u007a"')] == [True, False, True]


# -- what it says of itself -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("turns", "answered", "converted"),
    [
        ([], None, False),
        ([], True, True),
        ([], False, False),
        ([Happened.QUALIFIED], False, True),
        ([Happened.QUALIFIED, Happened.UNQUALIFIED], True, False),
        ([Happened.UNQUALIFIED, Happened.QUALIFIED, Happened.WAITS], None, True),
    ],
)
def test_a_row_is_converted_by_its_last_turn_else_by_what_was_answered(turns: Any, answered: Any, converted: bool) -> None:
    one = row(qualified=answered)
    for turn in turns:
        one = one.with_event(NOW, turn)

    assert one.converted is converted


def test_waits_are_counted_back_to_the_last_thing_that_was_none() -> None:
    one = row()
    for what in (Happened.WAITS, Happened.DEALT_WITH, Happened.WAITS, Happened.TRIED, Happened.WAITS):
        one = one.with_event(NOW, what)

    assert one.waits == 2
    assert row().waits == 0


def test_a_story_keeps_its_first_line_and_the_newest() -> None:
    one = row()
    for number in range(MAX_HISTORY):
        one = one.with_event(number, f"line {number}")
    full, over = one, one.with_event(99, "one more")

    assert [event.what for event in full.history][:2] == ["line 0", "line 1"]
    assert [event.what for event in over.history][:2] == ["line 0", "line 2"]
    assert over.history[-1].what == "one more"
    assert len(full.history) == len(over.history) == MAX_HISTORY


def test_the_promise_begins_with_the_signup_or_when_the_row_was_opened_again() -> None:
    again = row(confirm_since=1.0).reopened(NOW + 50, NOW + 60, "New facts came.")

    assert row().waits_since == NOW
    assert (again.waits_since, again.due_at) == (NOW + 50, NOW + 60)
    assert (again.state, again.confirm_since) == (State.PENDING, None)
    assert replace(row(), promised_at=0.0).waits_since == 0.0


def test_our_own_signups_and_those_that_referral_factory_named_are_confirmed() -> None:
    assert [one.is_confirmed for one in (row(), row(verified_at=0.0), row(synthetic=True))] == [False, True, True]
    assert [one.key for one in (row(), row(synthetic=True))] == ["1#7", "1#synthetic"]


@pytest.mark.parametrize(
    ("waited", "after"), [(0.0, 600.0), (2_400.0, 600.0), (4_000.0, 1_000.0), (40_000.0, 3_600.0), (LOOKS_FOR - 1, 3_600.0)]
)
def test_what_was_left_out_is_looked_at_again_after_a_quarter_of_the_time_that_it_has_been_so(
    waited: float, after: float
) -> None:
    partial = row(State.PARTIAL).with_event(NOW, "created")

    looking = partial.looking(NOW + waited)

    assert looking.look_at == looking.due_at == NOW + waited + after


def test_nobody_looks_again_after_a_month_nor_at_what_is_dealt_with_or_was_never_left_out() -> None:
    assert row(State.PARTIAL, look_at=1.0).looking(NOW + LOOKS_FOR).look_at is None
    assert row(State.PARTIAL, look_at=1.0, dealt_with=("partial",)).looking(NOW).look_at is None
    assert row(look_at=1.0, unverified=True).looking(NOW).look_at is None
    assert row(refusals={CONTACT_COUNTS: "No."}).looking(NOW).look_at == NOW + 600
    assert row(State.FAILED, due_at=NOW + 10).looking(NOW).due_at == NOW + 10
    assert row(State.FAILED, due_at=NOW + 1_000).looking(NOW).due_at == NOW + 600


def test_what_is_older_than_what_is_known_only_fills_gaps() -> None:
    known = row(facts_at=NOW + 100)
    older, newer = Person(7, first_name="Old", code="c"), Person(7, first_name="New")

    assert known.knowing(older, NOW + 99).person.first_name == "Zoë"
    assert known.knowing(older, NOW + 99).person.code == "c"
    assert (known.knowing(newer, NOW + 100).person.first_name, known.knowing(newer, NOW + 100).facts_at) == ("New", NOW + 100)
    assert row().knowing(older, NOW - 1).person.first_name == "Zoë"
    assert row().knowing(newer, NOW).person.first_name == "New"
    assert row().knowing(Person(7, first_name="Zoë"), NOW + 5) == row(), "nothing new"


def test_once_the_list_held_the_person_a_webhook_only_fills_gaps_but_for_counts() -> None:
    listed = row(verified_at=NOW, referrals_count=5)
    said = Person(7, first_name="New", code="c", referrals_count=6)

    by_webhook, by_list = listed.knowing(said, NOW + 5).person, listed.knowing(said, NOW + 5, listed=True).person

    assert by_webhook.first_name == "Zoë"
    assert (by_webhook.code, by_webhook.referrals_count) == ("c", 6)
    assert (by_list.first_name, by_list.referrals_count) == ("New", 6)


def test_of_several_writes_to_one_contact_the_first_image_is_kept_and_of_another_contact_its_own() -> None:
    first = row().overwrites("c", {"a": 1, "b": None})

    assert first.overwrites("c", {"a": 2, "d": 3}).overwritten == {"a": 1, "b": None, "d": 3}
    assert first.overwrites("x", {"a": 2}).overwritten == {"a": 2}
    assert first.overwrites("x", {"a": 2}).overwritten_on == "x"


def test_what_was_filled_is_what_was_written_where_nothing_was() -> None:
    written = {"a": 1, "b": 2, "c": 3}
    one = row(contact_id="c", written=written).overwrites("c", {"a": 0, "b": None, "c": "", "d": None})

    assert one.filled == {"b": 2, "c": 3}
    assert replace(one, contact_id="other").filled == {}


def test_a_finished_row_is_neither_due_nor_dealt_with_and_its_flags_stay_so() -> None:
    one = row(
        State.PENDING,
        due_at=1.0,
        settle_since=1.0,
        look_at=1.0,
        expires_at=1.0,
        tries=3,
        dealt_with=("failed", "partial", "unverified"),
    )

    done = one.done(State.FAILED, "No.")

    assert (done.state, done.reason) == (State.FAILED, "No.")
    assert [done.due_at, done.settle_since, done.look_at, done.expires_at] == [None] * 4
    assert done.tries == 0
    assert done.dealt_with == ("unverified",)


def test_a_refusal_is_news_once_and_opens_the_row_again() -> None:
    refused = row(dealt_with=("a", "b")).refused("a", "No.")
    accepted = replace(refused, dealt_with=("a", "b")).accepted("a")

    assert (refused.refusals, refused.dealt_with) == ({"a": "No."}, ("b",))
    assert refused.refused("a", "No.") is refused
    assert refused.refused("a", "Never.").refusals == {"a": "Never."}
    assert (accepted.refusals, accepted.dealt_with) == ({}, ("b",))
    assert refused.accepted("other") is refused


# -- where its person is ----------------------------------------------------------------------------------------------


CAMPAIGN = replace(campaign_of(campaign_document()), activation_mark=100)


@pytest.mark.parametrize(
    ("user_id", "one", "place"),
    [
        (100, None, Place.JOINED_BEFORE),
        (101, None, Gap.NO_ROW),
        (7, row(State.PENDING, due_at=1.0), Place.WAITING),
        (7, row(State.PENDING), Gap.NEVER_DUE),
        (7, row(State.HELD), Place.HELD),
        (7, row(), Gap.NO_CONTACT),
        (7, row(State.SKIPPED), Gap.NO_CONTACT),
        (7, row(contact_id="c"), Place.IN_INTERCOM),
        (7, row(State.FAILED), Place.FAILED),
        (7, row(contact_id="c", workspace_id="here"), Place.IN_INTERCOM),
        (7, row(contact_id="c", workspace_id="there"), Gap.ELSEWHERE),
    ],
)
def test_where_each_listed_person_is(user_id: int, one: Referral | None, place: Place | Gap) -> None:
    assert place_of(CAMPAIGN, user_id, one, "here") is place


def test_who_joined_before_is_accounted_for_unless_the_campaign_sends_them_too() -> None:
    assert place_of(replace(CAMPAIGN, activation_mark=None), 1_000, None) is Place.JOINED_BEFORE
    assert place_of(replace(CAMPAIGN, backfill=True), 1, None) is Gap.NO_ROW
    assert place_of(CAMPAIGN, 7, row(contact_id="c", workspace_id="there")) is Place.IN_INTERCOM


def test_people_are_counted_by_place_and_the_first_hundred_gaps_are_named() -> None:
    some = Completeness().counting({1: Place.IN_INTERCOM, 2: Gap.NO_ROW})
    more = some.counting({3: Place.IN_INTERCOM, 4: Place.HELD, **dict.fromkeys(range(10, 10 + MOST_NAMED), Gap.NO_CONTACT)})

    assert more.counts == {"in_intercom": 2, "held": 1}
    assert (more.accounted_for, more.unaccounted) == (3, MOST_NAMED + 1)
    assert more.people == MOST_NAMED + 4
    assert len(more.gaps) == MOST_NAMED
    assert next(iter(more.gaps)) == 2
    assert (more.without_gaps().unaccounted, more.without_gaps().gaps) == (1, {})


def test_a_person_that_the_next_page_shows_again_counts_once() -> None:
    rows = {(1, 7): row(contact_id="c")}
    tally = Tally().counting({1: CAMPAIGN}, [(1, 7), (1, 200)], rows, "")

    again = tally.counting({1: CAMPAIGN}, [(1, 200), (1, 201)], rows, "")

    assert again.campaigns[1].unaccounted == 2
    assert again.gaps == [(1, 200), (1, 201)]
    assert again.lately == (200, 201)
    assert again.without_gaps().gaps == []


def test_a_count_is_stored_and_read() -> None:
    one = {"counts": {"held": 2}, "gaps": {"7": "why"}, "unaccounted": 1, "checked_at": 5}

    assert completeness_of(one) == Completeness({"held": 2}, {7: "why"}, 1, 5.0)
    assert tally_of({"campaigns": {"1": one}, "lately": [7]}) == Tally({1: completeness_of(one)}, (7,))


# -- in which order a list comes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "order"),
    [
        ([1, 2], [8, 9], Order.ASCENDING),
        ([9, 8], [2, 1], Order.DESCENDING),
        ([1, 2], [9, 8], Order.UNKNOWN),
        ([], [], Order.UNKNOWN),
        ([1], [1], Order.UNKNOWN),
        ([1, 1], [2], Order.ASCENDING),
        ([2], [1, 1], Order.DESCENDING),
        ([1], [2], Order.ASCENDING),
    ],
)
def test_the_order_that_a_list_shows(first: list[int], last: list[int], order: Order) -> None:
    assert order_of(first, last) is order


def test_how_far_a_list_is_read() -> None:
    assert [reaches_high_water(page, 1_000) for page in ([], [500], [501], [499, 501])] == [True, True, False, False]
    assert [first_page_to_read(page) for page in (0, 1, 2, 9)] == [1, 1, 1, 8]
