"""A sync on bad days: killed a hundred times, answers lost, its own people coming back; each contact is linked once."""

from __future__ import annotations

from random import Random

import pytest

from shared.domain.sync.run import RunState
from tests.simulation.aws.boundary import Call, Flavour, RandomFaults
from tests.simulation.aws.transport import Outage
from tests.simulation.play.syncing import add_contacts, begin, connect, judge_links, run_of, run_to_the_end, sync_settings
from tests.simulation.world import World


class KillSync:
    """Kills workers of the sync at random calls, on average at one of ``every``, so many times."""

    def __init__(self, seed: int, times: int, every: int) -> None:
        self.killed = 0
        self._times, self._every = times, every
        self._chance = Random(f"kills {seed}")

    def __call__(self, call: Call) -> Flavour | None:
        if call.function == "sync_page" and self.killed < self._times and self._chance.random() < 1 / self._every:
            self.killed += 1
            return Flavour.KILLED
        return None


def test_a_run_links_everybody_at_the_pace_and_the_next_one_writes_nothing() -> None:
    with World(1, sync=True, sweep=False, reconcile=False) as world:
        add_contacts(world, 320)
        connect(world)
        world.configure(sync_settings())
        run = run_to_the_end(world, begin(world))
        assert run.state == RunState.DONE
        assert run.tally.linked == 320
        assert run.tally.created == 320
        assert judge_links(world) == {}
        world.run(1_000)
        calls = world.calls()
        again = run_to_the_end(world, begin(world))
        assert (again.tally.unchanged, again.tally.linked) == (320, 0)
        assert world.calls() - calls == 2 + 3, "two pages of people and three of contacts"


@pytest.mark.parametrize("seed", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_killed_a_hundred_times_at_random_each_contact_is_linked_exactly_once(seed: int) -> None:
    faults = KillSync(seed, times=100, every=12)
    with World(seed, sync=True, faults=faults) as world:
        add_contacts(world, 100)
        connect(world)
        world.configure(sync_settings())
        run = run_to_the_end(world, begin(world), longest=8 * 86_400.0, step=120.0)
        assert (run.state, faults.killed) == (RunState.DONE, 100), "all of them in this one run"
        assert run.tally.finished == 100
        assert run.tally.linked == 100
        assert run.tally.created == 100
        world.run(3_600)
        assert judge_links(world) == {}
        assert world.counted("ContactFromSync") >= 100, "our own people came back, and were known"
        assert world.counted("ContactCreated") == 0


def test_a_fifth_of_all_answers_lost_costs_nobody_the_link() -> None:
    with World(3, sync=True, faults=RandomFaults(3, vendors=0.2, aws=0.02)) as world:
        add_contacts(world, 120)
        connect(world)
        world.configure(sync_settings())
        run = run_to_the_end(world, begin(world), longest=4 * 86_400.0, step=120.0)
        assert run.state is RunState.DONE
        world.crossing.faults = RandomFaults(3)
        world.run(3_600)
        assert {name: value for name, value in judge_links(world).items() if name != "refused"} == {}


def test_referral_factory_answering_in_25_seconds_makes_no_storm() -> None:
    with World(4, sync=True, sweep=False, reconcile=False) as world:
        add_contacts(world, 60)
        connect(world)
        world.configure(sync_settings())
        world.transport.slowness["referral_factory"] = 22.0
        run = run_to_the_end(world, begin(world))
        assert (run.state, run.tally.linked) == (RunState.DONE, 60)
        assert world.calls("referral_factory") <= 60 + 5
        assert world.transport.most_in_flight["referral_factory"] <= 6, "sync leaves four of ten to others"
        assert not world.lambda_errors
        assert judge_links(world) == {}


def test_an_outage_of_both_vendors_is_waited_for() -> None:
    with World(5, sync=True, sweep=False, reconcile=False) as world:
        add_contacts(world, 200)
        connect(world)
        world.configure(sync_settings())
        now = world.now()
        world.transport.outages = [
            Outage("intercom", now + 20, now + 1_200, 503),
            Outage("referral_factory", now + 1_500, now + 2_400, "hang"),
        ]
        run = begin(world)
        world.run(900)
        assert run_of(world, run).state is RunState.WAITING
        assert run_to_the_end(world, run).state is RunState.DONE
        assert judge_links(world) == {}


def test_two_campaigns_with_the_same_people_are_both_synced_by_the_schedule() -> None:
    with World(6, sync=True) as world:
        contacts = add_contacts(world, 40)
        connect(world)
        world.configure(sync_settings(1))
        world.configure(sync_settings(2, write_back={"referral_link": "custom_attributes.referral_campaign"}))
        world.run(1_800)
        account = world.referral_factory.account
        for contact in contacts:
            assert account.people.with_email(1, contact.email)
            assert account.people.with_email(2, contact.email)
        assert judge_links(world) == {}
