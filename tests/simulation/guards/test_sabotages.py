"""Each guarding line, once broken, makes a named test fail: the tests can see the faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sandbox.vendors.wire import OutgoingWebhook
from shared.domain.connection.connection import Vendor
from shared.use_cases.operations.enqueue_due import PROBES
from shared.use_cases.vendor.guard_vendor import LONGEST_PAUSE
from tests.simulation.aws.boundary import Flavour, When
from tests.simulation.aws.transport import Outage
from tests.simulation.conftest import MakeWorld
from tests.simulation.faults import (
    test_dynamodb_faults,
    test_queue_faults,
    test_receiver_faults,
    test_referral_factory_faults,
    test_worker_faults,
)
from tests.simulation.judge.oracle import assert_kept, expected_values
from tests.simulation.play import sabotage
from tests.simulation.play.driving import run_to_the_end
from tests.simulation.play.interleaving import Workers, hold_messages, let_go, take
from tests.simulation.play.stories import EMAIL, Situation, problems, tell
from tests.simulation.settings import build_settings
from tests.simulation.world import World

Detector = Callable[[MakeWorld], None]


def a_receiver_killed_after_its_first_write_and_a_sender_that_repeats(make: MakeWorld) -> None:
    world = make(reconcile=False)
    seen = []
    world.drop_webhook = lambda webhook: bool(seen.append(webhook))
    world.crossing.faults = When(
        lambda call: call.function == "signup_webhook" and call.service != "secretsmanager", Flavour.KILLED, times=1
    )
    world.sign_up(EMAIL)
    world.post(seen[0])
    world.run(1)
    world.post(seen[0])
    world.run(300)
    assert_kept(world)


def a_worker_that_wakes_after_its_lease(make: MakeWorld) -> None:
    """Frozen just before its reservation, for longer than its lease; meanwhile another delivers."""
    world = _two_deliveries(make)
    workers = Workers(world, [take(world, again=True), take(world)])
    _step_up_to(workers, "/search")
    workers.step(0)
    _step_up_to(workers, "update_item")
    world.loop.time += 200.0
    while 1 in workers.alive():
        workers.step(1)
    _end(world, workers)


def _step_up_to(workers: Workers, what: str) -> None:
    """The first worker, to just before such a call."""
    while (call := workers.next_call(0)) is None or not call.what.endswith(what):
        if 0 not in workers.alive():
            raise RuntimeError(f"the worker ended without {what}")
        workers.step(0)


def two_workers_in_step(make: MakeWorld) -> None:
    world = _two_deliveries(make)
    workers = Workers(world, [take(world, again=True), take(world)])
    while len(workers.alive()) == 2:
        workers.step(0)
        workers.step(1)
    _end(world, workers)


def _two_deliveries(make: MakeWorld) -> World:
    world = make(sweep=False, reconcile=False)
    hold_messages(world)
    world.sign_up(EMAIL)
    world.run(1)
    return world


def _end(world: World, workers: Workers) -> None:
    workers.end()
    let_go(world)
    run_to_the_end(world)
    assert_kept(world)


def a_second_campaign_within_the_search_lag(make: MakeWorld) -> None:
    world = make(search_lag=300.0)
    world.configure(build_settings(2, name="Partner programme"))
    world.sign_up(EMAIL)
    world.run(60)
    world.sign_up(EMAIL, campaign=2, referrer=4)
    world.run(120)
    assert_kept(world)


def people_who_joined_before_the_activation(make: MakeWorld) -> None:
    world = make(settings={"invited": "lead", "referring": "user"})
    world.run(700)
    assert_kept(world)


def an_outage_in_which_the_sweep_is_silent(make: MakeWorld) -> None:
    world = make()
    world.transport.outages.append(Outage("intercom", world.now(), world.now() + 1_200))
    for number in range(60):
        world.sign_up(f"p{number}@example.com")
    world.run(1_200)
    invocations = world.functions["deliver_contact"].invocations
    probes = PROBES * 1_200 / LONGEST_PAUSE[Vendor.INTERCOM]
    assert invocations < 60 + probes, f"{invocations} invocations for 60 signups while the breaker was open"


def an_application_that_is_refused_for_hours(make: MakeWorld) -> None:
    world = make()
    world.transport.outages.append(Outage("intercom", world.now(), world.now() + 8 * 3_600, 403))
    signups = [world.sign_up(f"p{number}@example.com") for number in range(5)]
    world.run(8 * 3_600 + 300)
    assert {str(row.state) for one in signups if (row := world.row_of(one))} == {"delivered"}


def strikes_that_outlive_every_process(make: MakeWorld) -> None:
    world = make(referral_factory={"calls_per_minute": 1, "seed_people": 600})

    def recycle() -> None:
        world.functions["reconcile"].idle.clear()
        world.at(world.now() + 60, recycle)

    recycle()
    world.run(3 * 3_600)
    assert not world.referral_factory.account.limit.is_blocked("127.0.0.1", world.now())
    assert world.counted("Strike") == 2


def a_sweep_killed_while_it_empties_the_inbox(make: MakeWorld) -> None:
    world = make(reconcile=False)
    world.crossing.faults = When(
        lambda call: call.function == "signup_webhook" and call.what == "send_message",
        Flavour.BEFORE,
        times=4,
        also=When(lambda call: call.function == "sweep" and call.what == "delete_item", Flavour.KILLED, times=1),
    )
    world.sign_up(EMAIL)
    world.run(600)
    assert_kept(world)


def a_second_campaign_that_skips_whom_the_first_created(make: MakeWorld) -> None:
    world = make(settings={"invited": "user"})
    world.configure(build_settings(2, invited="user"))
    world.sign_up(EMAIL, campaign=1)
    world.run(120)
    world.sign_up(EMAIL, campaign=2, referrer=4, first_name="Mallory")
    world.run(600)
    assert_kept(world)


def a_contact_that_was_edited_within_the_search_lag(make: MakeWorld) -> None:
    """The index shows it as the signup wants it; by now it holds another name."""
    world = make(settings={"invited": "lead", "duplicates": "update"}, reconcile=False)
    there = world.add_contact(EMAIL, "lead")
    webhook, values = _held_webhook(world)
    name = values.pop("name")
    world.intercom.contacts.update(there.id, {"name": name, "custom_attributes": values})
    world.run(700)
    world.intercom.contacts.update(there.id, {"name": "Edited"})
    world.post(webhook)
    world.run(60)
    assert_kept(world)


def two_webhooks_of_one_person_at_once(make: MakeWorld) -> None:
    """The first one's contact is being created when the second brings the link."""
    world = make(reconcile=False)
    whole, _ = _held_webhook(world)
    thin = {name: value for name, value in json.loads(whole.body).items() if name != "url"}
    world.transport.slowness["intercom"] = 5.0
    world.post(replace(whole, body=json.dumps(thin).encode()))
    world.run(7)
    world.post(whole)
    world.run(600)
    assert_kept(world)


def _held_webhook(world: World) -> tuple[OutgoingWebhook, dict[str, Any]]:
    """Of somebody who signs up, with what the contact must hold then."""
    held: list[OutgoingWebhook] = []
    world.drop_webhook = lambda webhook: held.append(webhook) is None
    signup = world.sign_up(EMAIL)
    [webhook] = held
    return webhook, expected_values(world, signup)


def _story(situation: Situation) -> Detector:
    def detect(_: MakeWorld) -> None:
        with tell(situation) as world:
            found = problems(world, situation)
            assert not found, found

    return detect


def _lost_create(make: MakeWorld) -> None:
    test_worker_faults.test_35_search_that_lags_ten_minutes_doubles_nobody(make, "lead")


CASES: dict[Callable[[sabotage.Patch], None], Detector] = {
    sabotage.dedupe_row_before_the_enqueue: a_receiver_killed_after_its_first_write_and_a_sender_that_repeats,
    sabotage.lag_wait_skipped: _lost_create,
    sabotage.reservation_not_written: _lost_create,
    sabotage.fence_ignored: a_worker_that_wakes_after_its_lease,
    sabotage.lease_and_fence_ignored: two_workers_in_step,
    sabotage.contact_id_forgotten: a_second_campaign_within_the_search_lag,
    sabotage.conflict_is_an_error: test_worker_faults.test_36_a_conflict_on_create_is_a_success,
    sabotage.secret_not_checked: lambda make: test_receiver_faults.test_12_a_stranger_gets_401_and_leaves_nothing(
        make(), "wrong"
    ),
    sabotage.activation_mark_forgotten: people_who_joined_before_the_activation,
    sabotage.sweep_rings_while_the_breaker_is_open: an_outage_in_which_the_sweep_is_silent,
    sabotage.strikes_in_memory: strikes_that_outlive_every_process,
    sabotage.waiting_rows_are_never_due: lambda make: test_queue_faults.test_24_an_outage_does_not_use_up_the_receives(make()),
    sabotage.inbox_not_written: lambda make: test_receiver_faults.test_02_a_signup_that_sqs_refuses_waits_in_the_inbox(
        make(reconcile=False)
    ),
    sabotage.inbox_row_removed_before_the_send: a_sweep_killed_while_it_empties_the_inbox,
    sabotage.limiter_off: lambda make: test_referral_factory_faults.test_57_many_workers_at_once_stay_under_the_cap(make()),
    sabotage.skip_overwrites: _story(Situation("user", "skip", known="user")),
    sabotage.every_contact_of_ours_belongs_to_every_row: a_second_campaign_that_skips_whom_the_first_created,
    sabotage.values_of_a_search_are_believed: a_contact_that_was_edited_within_the_search_lag,
    sabotage.facts_reported_meanwhile_are_forgotten: two_webhooks_of_one_person_at_once,
    sabotage.defaults_go_into_every_write: _story(Situation("user", "update", known="user")),
    sabotage.address_in_the_log: lambda make: test_worker_faults.test_44_an_intercom_that_is_slow_delivers_slowly_and_once(
        make()
    ),
    sabotage.own_write_taken_for_anothers: lambda make: (
        test_dynamodb_faults.test_68_our_own_write_that_the_sdk_sends_again_is_a_success(make, "lead")
    ),
    sabotage.records_taken_to_the_last_second: test_queue_faults.test_23_a_worker_stops_taking_records_while_there_is_time,
    sabotage.no_check_after_a_create: (
        test_worker_faults.test_92_what_somebody_else_creates_at_the_same_time_is_found_by_the_check
    ),
    sabotage.what_was_left_out_is_forgotten: lambda make: (
        test_worker_faults.test_49_an_attribute_that_is_back_is_sent_again_by_itself(make())
    ),
    sabotage.every_trouble_is_a_rows_own: lambda make: an_application_that_is_refused_for_hours(make),
    sabotage.deleted_contacts_are_brought_back: test_worker_faults.test_39_93_a_contact_deleted_on_purpose_is_not_brought_back,
}
OWN = (
    an_application_that_is_refused_for_hours,
    a_receiver_killed_after_its_first_write_and_a_sender_that_repeats,
    a_worker_that_wakes_after_its_lease,
    two_workers_in_step,
    a_second_campaign_within_the_search_lag,
    people_who_joined_before_the_activation,
    an_outage_in_which_the_sweep_is_silent,
    strikes_that_outlive_every_process,
    a_sweep_killed_while_it_empties_the_inbox,
    a_second_campaign_that_skips_whom_the_first_created,
    a_contact_that_was_edited_within_the_search_lag,
    two_webhooks_of_one_person_at_once,
)


@pytest.mark.thorough
@pytest.mark.parametrize("how", CASES, ids=lambda how: how.__name__)
def test_a_broken_guard_is_seen(make_world: MakeWorld, how: Callable[[sabotage.Patch], None]) -> None:
    with sabotage.sabotaged(how), pytest.raises(AssertionError):
        CASES[how](make_world)


@pytest.mark.parametrize("detect", OWN, ids=lambda detect: detect.__name__)
def test_what_the_guards_are_for(make_world: MakeWorld, detect: Detector) -> None:
    """The same stories with every guard in place; the others are tests of their own."""
    detect(make_world)


def test_there_are_twenty_and_more() -> None:
    assert len(CASES) >= 20
