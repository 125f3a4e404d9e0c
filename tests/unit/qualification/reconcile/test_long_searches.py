"""More contacts at a qualified value than one search page, one pass or one refusal lets through: none is lost."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.vendors.referral_factory.records import Person
from shared.adapters.intercom import client
from shared.domain.timing import LONGEST_INTERCOM_CALL
from shared.use_cases.qualification.reconcile_contacts import FAILED_METRIC
from shared.use_cases.qualification.search_contacts import RESUMABLE
from tests.support.qualifying import Friendship, rules

SEARCH = "^/contacts/search"
CROWD = 25
"""Contacts that are newer than the friend's, so that search shows them first; one a page."""


@pytest.fixture(autouse=True)
def _one_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SEARCH_PAGE", 1)


def crowded(qualification: dict[str, Any] | None = None) -> tuple[Friendship, Person]:
    """A friend whose notification was lost, behind a crowd at the same value who are nobody's referral."""
    story = Friendship(qualification)
    friend = story.invited()
    story.changes(friend, "Connected")
    for number in range(CROWD):
        values = {"referral_status": "Connected"}
        story.app.given("user", email=f"crowd{number}@example.com", age=0.0, custom_attributes=values)
    story.taken()
    story.app.forget_calls()
    return story, friend


def pages(story: Friendship) -> list[Any]:
    """The cursors that were asked with since the calls were last forgotten; None for a first page."""
    asked = story.app.bodies("POST", "/contacts/search")
    return [body["pagination"].get("starting_after") for body in asked]


class Hourglass:
    """Lambda's context of an invocation that has time for so many searches, after everything before them."""

    def __init__(self, story: Friendship, searches: int) -> None:
        self._story = story
        self._searches = len(pages(story)) + searches

    aws_request_id = "an-invocation"

    def get_remaining_time_in_millis(self) -> int:
        left = self._searches - len(pages(self._story))
        return 60_000 if left > 0 else int(LONGEST_INTERCOM_CALL * 1000) - 1


def reconcile(story: Friendship, searches: int | None = None) -> None:
    """A pass with time for so many pages of search."""
    context = story.app.context
    if searches is not None:
        story.app.context = Hourglass(story, searches)  # type: ignore[assignment]
    try:
        story.app.reconcile(work=False)
    finally:
        story.app.context = context
    story.app.qualify()


def test_a_search_of_many_pages_is_read_to_its_end() -> None:
    story, friend = crowded()
    reconcile(story)

    assert len(pages(story)) == CROWD + 1
    assert friend.qualified_times == 1
    assert story.app.metrics.counts[FAILED_METRIC] == 0


def test_a_pass_whose_time_is_up_has_not_failed_and_the_next_one_goes_on_where_it_stopped() -> None:
    story, friend = crowded()
    reconcile(story, 10)

    assert (len(pages(story)), friend.qualified_times) == (10, 0)

    story.app.wait(300)
    reconcile(story, 10)
    story.app.wait(300)
    reconcile(story, 10)

    assert len(pages(story)) == CROWD + 1
    assert len(set(pages(story))) == CROWD + 1, "no page was read twice"
    assert friend.qualified_times == 1
    assert story.app.metrics.counts[FAILED_METRIC] == 0


def test_a_pass_that_has_time_for_no_page_has_failed() -> None:
    story, _ = crowded()
    reconcile(story, 0)
    assert story.app.metrics.counts[FAILED_METRIC] == 1


def failures(story: Friendship, minutes: int, searches: int = 1) -> int:
    """Of passes that have time for so few pages each, for so long."""
    before = story.app.metrics.counts[FAILED_METRIC]
    for _ in range(minutes // 5):
        reconcile(story, searches)
        story.app.wait(300)
    return story.app.metrics.counts[FAILED_METRIC] - before


def test_a_search_that_is_not_done_within_an_hour_counts_as_failed_until_it_is() -> None:
    story, friend = crowded()

    assert failures(story, 65) == 0
    assert failures(story, 15) == 3

    reconcile(story)

    assert friend.qualified_times == 1
    assert failures(story, 15) == 0, "the next reading has an hour of its own"


def test_a_search_that_keeps_starting_over_is_not_done_within_an_hour_either() -> None:
    story, _ = crowded()
    answer = story.app.intercom.answer

    def forgets(request: Any) -> Any:
        return story.app.intercom.refuse(400) if b"starting_after" in request.body else answer(request)

    story.app.intercom.answer = forgets  # type: ignore[method-assign]
    assert failures(story, 65, 2) == 0
    assert failures(story, 15, 2) == 3


def test_a_search_that_was_not_made_for_hours_has_an_hour_from_its_next_pass() -> None:
    story, _ = crowded()
    reconcile(story, 1)
    story.app.configure(status="paused", qualification=rules())
    story.app.configure(campaign_id=2, qualification=rules(attribute="custom_attributes.lead_source"))
    for _ in range(3):
        story.app.wait(3_600)
        reconcile(story)

    story.app.configure(qualification=rules())

    assert failures(story, 15) == 0


def test_what_changes_while_a_search_is_read_over_several_passes_is_found_by_the_next_one() -> None:
    story, friend = crowded()
    other = story.invited()
    reconcile(story, 20)
    story.changes(other, "Connected")  # search shows the newest first: this one's page was read already
    story.taken()
    story.app.wait(2_400)  # more than what passes overlap
    reconcile(story)

    reconcile(story)

    assert (friend.qualified_times, other.qualified_times) == (1, 1)


def test_a_pass_that_intercom_broke_off_goes_on_where_it_stopped() -> None:
    story, friend = crowded()
    answer, asked = story.app.intercom.answer, []

    def fails_once(request: Any) -> Any:
        asked.append(request.path)
        broken = asked.count("/contacts/search") == 10 and request.path == "/contacts/search"
        return story.app.intercom.refuse(503) if broken else answer(request)

    story.app.intercom.answer = fails_once  # type: ignore[method-assign]
    reconcile(story)

    assert friend.qualified_times == 0

    reconcile(story)

    assert friend.qualified_times == 1
    assert len(pages(story)) == CROWD + 2, "only the refused page was asked for twice"


def test_a_cursor_that_intercom_no_longer_takes_restarts_the_search() -> None:
    story, friend = crowded()
    reconcile(story, 10)
    story.app.forget_calls()
    story.app.wire.faults.add({"kind": "status", "status": 400, "path": SEARCH, "times": 1})

    reconcile(story)

    assert pages(story)[:2] != [None, None]
    assert pages(story)[1] is None
    assert friend.qualified_times == 1


def test_a_cursor_of_long_ago_is_not_tried() -> None:
    story, friend = crowded()
    reconcile(story, 10)
    story.app.forget_calls()
    story.app.wait(RESUMABLE + 1)

    reconcile(story)

    assert pages(story)[0] is None
    assert friend.qualified_times == 1


def test_a_search_that_was_refused_for_days_makes_good_what_it_missed() -> None:
    story, friend = crowded()
    story.app.wire.faults.add({"kind": "status", "status": 400, "path": SEARCH, "id": "refused"})
    for _ in range(6):
        reconcile(story)
        story.app.wait(43_200)
    story.app.wire.faults.remove("refused")

    reconcile(story)

    assert friend.qualified_times == 1


def test_a_campaign_that_was_paused_for_hours_makes_good_what_it_missed() -> None:
    story, friend = crowded()
    story.app.configure(status="paused", qualification=rules())
    for _ in range(6):
        reconcile(story)
        story.app.wait(1_800)
    story.app.configure(qualification=rules())

    reconcile(story)

    assert friend.qualified_times == 1


def test_a_search_that_is_never_done_in_one_pass_does_not_starve_another_campaigns() -> None:
    story, friend = crowded(rules(qualified_values=["Lost", "Connected"]))
    story.app.configure(
        campaign_id=2,
        qualification=rules(attribute="custom_attributes.lead_source", initial_value=None, qualified_values=["Won"]),
        person_invited={"defaults": {}},
    )
    other = story.refers("Olga", "olga@example.com", campaign=2)
    second = story.invites(other)
    story.app.wait(5)
    story.changes(second, "Won", "lead_source")
    story.taken()

    for _ in range(6):
        reconcile(story, (CROWD + 1) // 2)  # so that nothing is left for another when it is done
        story.app.wait(300)

    assert (friend.qualified_times, second.qualified_times) == (1, 1)
