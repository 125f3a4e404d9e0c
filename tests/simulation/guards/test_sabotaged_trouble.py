"""The rules of whose trouble it is and how it ends: each guarding line, once broken, makes a test of its own fail."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.domain.signup.state import State
from tests.simulation.faults import test_receiver_faults
from tests.simulation.play import sabotage, sabotaged_trouble
from tests.simulation.settings import build_settings
from tests.simulation.world import World
from tests.support.builders import App
from tests.support.console_api import Console
from tests.support.qualifying import Friendship, rules
from tests.support.referring import Story
from tests.support.syncing import SyncApp
from tests.unit.connection import test_mended
from tests.unit.operations import test_dealt_with
from tests.unit.qualification import test_own_trouble, test_refused_qualification
from tests.unit.referrer import test_missing_permission, test_refused_rewards
from tests.unit.signup import test_merged_leads, test_who_failed
from tests.unit.signup.reconcile import test_referrers_of_the_polled
from tests.unit.sync import test_pages_that_fail
from tests.unit.vendor import test_smaller_pages


def with_one_known() -> App:
    """As the tests of who failed begin."""
    app = App()
    app.configure()
    app.sign_up(id=99, email="known@example.com")
    app.forget_calls()
    return app


def with_a_sync_of_users() -> SyncApp:
    app = SyncApp()
    app.choose(mode="once", source={"kind": "users"})
    return app


def with_a_console() -> Console:
    console = Console()
    console.app.configure()
    return console


def with_intercom() -> Console:
    console = Console()
    test_mended.connect(console)
    console.app.configure()
    return console


def secrets_that_hang() -> None:
    with World() as world:
        world.configure(build_settings())
        test_receiver_faults.test_87_a_receiver_that_knows_the_secret_answers_while_secrets_manager_hangs(world)


def one_whose_create_fails_alone_on_a_quiet_day() -> None:
    """Nobody else signs up, so that all failures there are, are hers."""
    app = with_one_known()
    app.wire.faults.add({"kind": "status", "status": 500, "method": "POST", "path": "^/contacts$"})
    app.sign_up()
    app.live(12 * 60, step=5)
    assert app.row().state == "failed"
    assert app.metrics.counts["BreakerOpened"] == 0


CASES: dict[Callable[[sabotage.Patch], None], Callable[[], None]] = {
    sabotaged_trouble.nobody_is_asked_about_others: lambda: (
        test_own_trouble.test_one_person_that_referral_factory_answers_with_errors_delays_nobody_else(
            Friendship(rules(unqualify_on_reversal=True))
        )
    ),
    sabotaged_trouble.whoever_fails_again_counts_again: one_whose_create_fails_alone_on_a_quiet_day,
    sabotaged_trouble.own_trouble_never_ends: lambda: (
        test_who_failed.test_one_contact_that_is_refused_costs_nobody_else_and_fails_at_last(with_one_known(), 403)
    ),
    sabotaged_trouble.writes_are_never_an_outage: lambda: test_who_failed.test_creates_alone_that_answer_500_open_the_breaker(
        with_one_known()
    ),
    sabotaged_trouble.a_401_is_a_lost_connection: lambda: (
        test_who_failed.test_one_contact_that_is_refused_costs_nobody_else_and_fails_at_last(with_one_known(), 401)
    ),
    sabotaged_trouble.a_refused_application_is_the_persons_trouble: lambda: (
        test_who_failed.test_an_application_that_is_refused_fails_nobody_and_all_are_delivered_soon_after(
            with_one_known(), 403, test_who_failed.PLAN, "^/contacts"
        )
    ),
    sabotaged_trouble.any_id_of_a_conflict_is_adopted: lambda: (
        test_who_failed.test_a_conflict_that_names_somebody_of_another_address_is_not_adopted(with_one_known())
    ),
    sabotaged_trouble.leads_are_merged_unasked: test_merged_leads.test_by_default_the_lead_is_flagged_and_stays,
    sabotaged_trouble.our_own_merge_qualifies: (test_merged_leads.test_our_own_merge_pays_for_nobody_who_becomes_a_user),
    sabotaged_trouble.what_a_campaign_lacks_is_not_noted: lambda: (
        test_refused_rewards.test_an_attribute_that_is_gone_is_the_campaigns_problem_once_until_it_is_back(
            Story(), "last_reward"
        )
    ),
    sabotaged_trouble.people_are_asked_for_in_whole_pages: lambda: (
        test_pages_that_fail.test_pages_of_referral_factorys_people_that_never_come_are_asked_for_smaller(
            with_a_sync_of_users()
        )
    ),
    sabotaged_trouble.rewards_are_asked_for_in_whole_pages: (
        lambda: test_smaller_pages.test_lists_of_rewards_that_never_come_are_asked_for_smaller(too_large=False)
    ),
    sabotaged_trouble.a_refused_reward_is_settled: (
        test_refused_rewards.test_it_is_tried_again_with_growing_pauses_and_done_when_it_is_taken
    ),
    sabotaged_trouble.a_refused_qualification_is_nobodys_trouble: (
        test_refused_qualification.test_it_needs_attention_and_qualifies_once_referral_factory_takes_it
    ),
    sabotaged_trouble.one_refused_event_is_a_missing_permission: lambda: (
        test_missing_permission.test_events_that_are_refused_for_one_contact_alone_are_no_missing_permission(Story(), 403)
    ),
    sabotaged_trouble.deleted_referrers_are_asked_for_again: (
        test_referrers_of_the_polled.test_a_referrer_who_was_deleted_is_asked_for_once_and_leaves_the_look_ups_to_others
    ),
    sabotaged_trouble.deleted_referrers_are_not_remembered: (
        test_referrers_of_the_polled.test_a_referrer_who_was_deleted_is_asked_for_once_and_leaves_the_look_ups_to_others
    ),
    sabotaged_trouble.a_known_secret_is_not_kept: secrets_that_hang,
    sabotaged_trouble.a_hanging_store_of_secrets_is_asked_each_time: secrets_that_hang,
    sabotaged_trouble.what_somebody_mended_is_not_seen: lambda: test_mended.test_it_is_sent_again_by_itself(
        with_intercom(), test_mended.check, 409, test_mended.TAKEN
    ),
    sabotaged_trouble.what_is_given_up_is_sent_again_and_again: lambda: test_mended.test_it_is_sent_again_by_itself(
        with_intercom(), test_mended.check, 409, test_mended.TAKEN
    ),
    sabotaged_trouble.come_again_later_is_an_answer: lambda: test_who_failed.test_a_long_outage_fails_nobody(
        with_one_known(), 423
    ),
    sabotaged_trouble.what_is_dealt_with_stays_open: lambda: test_dealt_with.test_what_is_dealt_with_asks_for_nobody_any_more(
        with_a_console(), {"state": State.FAILED}
    ),
    sabotaged_trouble.what_is_dealt_with_is_closed_for_good: lambda: test_dealt_with.test_what_goes_wrong_later_shows_again(
        with_a_console()
    ),
}


@pytest.mark.thorough
@pytest.mark.parametrize("how", CASES, ids=lambda how: how.__name__)
def test_a_broken_rule_is_seen(how: Callable[[sabotage.Patch], None]) -> None:
    with sabotage.sabotaged(how), pytest.raises((AssertionError, ValueError)):  # the one that was to be there is not
        CASES[how]()


def test_one_whose_create_fails_alone_on_a_quiet_day_has_failed_at_last() -> None:
    one_whose_create_fails_alone_on_a_quiet_day()
