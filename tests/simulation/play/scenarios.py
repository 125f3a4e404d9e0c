"""The bad days that ``make simulate`` plays: thousands of signups, a share of all calls going wrong, and one trouble more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from statistics import quantiles

from tests.simulation.aws.boundary import RandomFaults
from tests.simulation.aws.transport import Outage
from tests.simulation.judge.oracle import Verdict, judge
from tests.simulation.play.poisoned_day import PoisonedDay, play_poisoned
from tests.simulation.settings import build_settings
from tests.simulation.world import BEGINNING, World

HOUR = 3_600.0
CALM = 2 * HOUR
"""Seconds that a scenario goes on after its last trouble at most."""
SETTLED = 1_200.0
"""Seconds after which all checks after a create are made."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """``within``: seconds in which everybody signs up. ``outage``: from, to, in seconds; Intercom is down, as ``how`` says, for
    all calls or for ``call``. ``lost``: from, to; no webhook arrives. ``faults`` False: nothing else goes wrong. ``poisoned``:
    one signup a second instead, and among them people that a vendor treats badly for ever."""

    name: str
    within: float
    outage: tuple[float, float] | None = None
    lost: tuple[float, float] | None = None
    faults: bool = True
    how: str | int = 503
    call: str = ""
    poisoned: bool = False

    @property
    def refuses(self) -> bool:
        """Whether Intercom refuses the application."""
        return self.how == 403

    @property
    def quiet_from(self) -> float:
        """When the troubles are over."""
        return max(self.within, self.outage[1] if self.outage else 0.0, self.lost[1] if self.lost else 0.0)


SCENARIOS = (
    Scenario("without faults", HOUR, faults=False),
    Scenario("random faults", 2 * HOUR),
    Scenario("25 min outage", 2 * HOUR, outage=(1_800.0, 3_300.0)),
    Scenario("burst in 60 s", 60.0),
    Scenario("webhooks lost for 2 h", 3 * HOUR, lost=(1_800.0, 9_000.0)),
    Scenario("6 h outage", 8 * HOUR, outage=(HOUR, 7 * HOUR)),
    Scenario("refused for 60 min", 3 * HOUR, outage=(HOUR, 2 * HOUR), faults=False, how=403),
    Scenario("creates answer 500", 3 * HOUR, outage=(HOUR, 2 * HOUR), faults=False, how=500, call="POST /contacts"),
    Scenario("poisoned people", 0.0, faults=False, poisoned=True),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of one run. Delays are seconds. ``calls_per_signup``: Intercom's, until all was delivered and checked;
    ``flagged``: signups taken for invented, which none was."""

    scenario: Scenario
    seed: int
    signups: int
    verdict: Verdict
    calls_per_signup: float
    referral_factory_strikes: float
    flagged: float
    net_after_outage: float
    calls_in_outage: int
    trace: str
    poisoned: PoisonedDay | None = None

    def delay(self, role: str, percent: int) -> float:
        delays = sorted(self.verdict.delays[role])
        if not delays:
            return 0.0
        return delays[-1] if percent == 100 or len(delays) < 2 else quantiles(delays, n=100)[percent - 1]


def play(scenario: Scenario, seed: int, signups: int, progress: Callable[[int], None] = lambda _: None) -> Outcome:
    """``progress`` is called with how many more have signed up."""
    if scenario.poisoned:
        return _outcome_of(scenario, seed, signups, play_poisoned(seed, signups, progress))
    with World(seed, duplicates=0.02 if scenario.faults else 0.0, index_lag=1.0) as world:
        world.configure(build_settings(invited="lead", referring="user"))
        if scenario.faults:
            world.crossing.faults = RandomFaults(seed, vendors=0.20, aws=0.02, kills=0.01)
        if scenario.outage:
            begins, ends = (BEGINNING + at for at in scenario.outage)
            world.transport.outages.append(Outage("intercom", begins, ends, scenario.how, scenario.call))
        if scenario.lost:
            begins, ends = (BEGINNING + at for at in scenario.lost)
            world.drop_webhook = lambda _: begins <= world.now() < ends
        _let_sign_up(world, scenario, seed, signups, progress)
        world.run(until=BEGINNING + scenario.quiet_from)
        for _ in range(int(CALM // 300)):
            world.run(300)
            if not any(_unfinished(world)):
                break
        world.run(SETTLED)
        verdict = judge(world)
        return Outcome(
            scenario=scenario,
            seed=seed,
            signups=signups,
            verdict=verdict,
            calls_per_signup=len(world.transport.calls["intercom"]) / max(1, signups),
            referral_factory_strikes=world.counted("Strike"),
            flagged=world.counted("SignupUnverified"),
            net_after_outage=_last_after_outage(world, scenario, verdict),
            calls_in_outage=_most_in_a_minute(world, scenario),
            trace=str(world.crossing.trace),
        )


def _outcome_of(scenario: Scenario, seed: int, signups: int, day: PoisonedDay) -> Outcome:
    return Outcome(
        scenario=scenario,
        seed=seed,
        signups=signups,
        verdict=day.verdict,
        calls_per_signup=day.calls_per_signup,
        referral_factory_strikes=day.strikes,
        flagged=0.0,
        net_after_outage=0.0,
        calls_in_outage=0,
        trace=day.trace,
        poisoned=day,
    )


def _let_sign_up(world: World, scenario: Scenario, seed: int, signups: int, progress: Callable[[int], None]) -> None:
    """At random times; every other one invited (a lead), the rest referring (users)."""
    chance = Random(f"arrivals {seed}")
    times = sorted(chance.random() * scenario.within for _ in range(signups))

    def sign_up(number: int) -> None:
        world.sign_up(f"person{number}@example.com", f"Person {number}", referrer=1 if number % 2 else None)
        progress(1)

    for number, at in enumerate(times):
        world.at(BEGINNING + at, lambda number=number: sign_up(number))


def _unfinished(world: World) -> Iterator[int]:
    for user_id, signup in world.signups.items():
        row = world.row_of(signup)
        if row is None or not row.finished:
            yield user_id


def _last_after_outage(world: World, scenario: Scenario, verdict: Verdict) -> float:
    """Seconds from the outage's end to the last contact of those who signed up before it; waits for search apart."""
    if not scenario.outage:
        return 0.0
    ends = BEGINNING + scenario.outage[1]
    before = (one for one in world.signups.values() if one.at < ends and one.person.id in verdict.net)
    return max((one.at + verdict.net[one.person.id] - ends for one in before), default=0.0)


def _most_in_a_minute(world: World, scenario: Scenario) -> int:
    """Intercom's calls in the busiest minute of the outage, also the one in which it begins."""
    if not scenario.outage:
        return 0
    begins, ends = (BEGINNING + at for at in scenario.outage)
    minutes = Counter(int((at - begins) // 60) for at in world.transport.calls["intercom"] if begins <= at < ends)
    return max(minutes.values(), default=0)
