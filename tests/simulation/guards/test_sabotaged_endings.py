"""The rules of how things end: each guarding line, once broken, makes a test of its own fail."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.simulation.play import sabotage
from tests.support.builders import App
from tests.support.console_api import Console
from tests.support.referring import Story
from tests.unit.connection import test_another_workspace
from tests.unit.connection.test_another_workspace import connected, with_a_sync
from tests.unit.operations import test_enqueue_due, test_put_back
from tests.unit.qualification import test_bad_days
from tests.unit.referrer import test_update_referrer
from tests.unit.signup import test_confirmation, test_marks_that_go_away, test_unknown_audience
from tests.unit.vendor import test_smaller_pages


def configured(test: Callable[[App], None]) -> Callable[[], None]:
    def run() -> None:
        app = App()
        app.configure()
        test(app)

    return run


def in_a_connected_workspace(test: Callable[[App, Console], None]) -> Callable[[], None]:
    def run() -> None:
        app = connected()
        test(app, Console(app))

    return run


CASES: dict[Callable[[sabotage.Patch], None], Callable[[], None]] = {
    sabotage.reopened_rows_are_only_checked: configured(
        test_enqueue_due.test_rows_reopened_soon_after_their_create_are_delivered_and_not_only_checked
    ),
    sabotage.tries_without_a_call_are_kept: configured(
        test_enqueue_due.test_a_try_after_a_pause_that_needed_no_call_goes_to_the_next
    ),
    sabotage.lease_kept_after_a_failure: lambda: (
        test_update_referrer.test_an_update_that_failed_for_a_moment_is_tried_again_within_seconds(Story())
    ),
    sabotage.readings_ignore_the_breaker: (
        test_bad_days.test_a_value_is_not_read_while_intercom_is_to_be_left_alone_and_is_afterwards
    ),
    sabotage.promise_counts_from_the_signup: (
        test_marks_that_go_away.test_people_held_by_a_draft_for_days_are_not_late_when_it_is_activated
    ),
    sabotage.pages_stay_large: test_smaller_pages.test_pages_of_people_that_never_come_are_asked_for_smaller,
    sabotage.answers_too_large_are_an_outage: (
        test_smaller_pages.test_answers_over_a_megabyte_are_asked_for_in_parts_and_referral_factory_is_not_taken_for_down
    ),
    sabotage.facts_of_a_webhook_outlive_the_confirmation: (
        test_confirmation.test_what_a_webhook_says_of_another_persons_id_is_not_what_is_written
    ),
    sabotage.whoever_waited_is_written: (
        test_confirmation.test_a_flood_of_questions_does_not_pass_for_a_referral_factory_that_cannot_be_asked
    ),
    sabotage.runs_outlive_their_workspace: lambda: (
        test_another_workspace.test_a_run_whose_workspace_was_replaced_between_two_looks_adds_nobody(with_a_sync())
    ),
    sabotage.heads_are_of_every_workspace: lambda: (
        test_another_workspace.test_the_first_run_of_the_new_workspace_reads_everybody_at_once(with_a_sync())
    ),
    sabotage.rows_are_of_every_workspace: in_a_connected_workspace(
        test_another_workspace.test_nothing_of_it_is_delivered_unless_somebody_asks_for_it
    ),
    sabotage.referrers_are_of_every_workspace: in_a_connected_workspace(
        test_another_workspace.test_counts_of_somebody_who_refers_come_to_the_contact_in_the_new_workspace
    ),
    sabotage.whoever_did_not_say_refers: (
        test_unknown_audience.test_somebody_invited_becomes_a_lead_although_the_webhook_did_not_say
    ),
    sabotage.what_stood_there_is_not_kept: test_put_back.test_a_worker_that_dies_after_the_write_has_kept_what_was_there,
    sabotage.any_text_is_a_link: lambda: test_confirmation.test_a_link_that_is_no_address_of_a_page_reaches_no_contact(
        "javascript:alert(1)", "url"
    ),
}


@pytest.mark.thorough
@pytest.mark.parametrize("how", CASES, ids=lambda how: how.__name__)
def test_a_broken_rule_is_seen(how: Callable[[sabotage.Patch], None]) -> None:
    with sabotage.sabotaged(how), pytest.raises(AssertionError):
        CASES[how]()
