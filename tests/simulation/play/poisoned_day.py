"""One signup a second, and among them one person of each kind that a vendor treats badly for ever: what the others notice of
it, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import quantiles

from tests.simulation.judge.oracle import Verdict, judge
from tests.simulation.play.poison import DAY, FUNCTIONS, KINDS, Kind, Poisoning
from tests.simulation.play.referral_stories import INTERCOM_WEBHOOK, WRITE_BACK
from tests.simulation.settings import build_settings
from tests.simulation.world import BEGINNING, World

FIRST = 60.0
"""Seconds until the first of them signs up."""


@dataclass(frozen=True, slots=True)
class PoisonedDay:
    """``verdict``: without those people, who may fail. ``calls``: kind → the calls that the person cost in their busiest day.
    ``wrong_ends``: who did not end as they may. ``delay`` and ``delay_without``: the others' p99, and that of the same day
    on which nobody is treated badly."""

    verdict: Verdict
    calls: Mapping[str, int]
    wrong_ends: tuple[str, ...]
    delay: float
    delay_without: float
    calls_per_signup: float
    strikes: float
    breakers: float
    trace: str


def play_poisoned(
    seed: int,
    signups: int,
    progress: Callable[[int], None] = lambda _: None,
    kinds: Iterable[Kind] = KINDS,
    lasts: float = DAY,
) -> PoisonedDay:
    """``progress`` is called with how many more have signed up; ``lasts``: seconds after the last signup."""
    kinds = tuple(kinds)
    with _world(seed, signups, kinds, lambda _: None, active=False) as (world, poisoning):
        world.run(until=BEGINNING + signups + 1_200)
        delay_without = _p99(judge(world, apart=poisoning.user_ids))
    with _world(seed, signups, kinds, progress, active=True) as (world, poisoning):
        world.run(until=BEGINNING + signups + lasts)
        verdict = judge(world, apart=poisoning.user_ids)
        return PoisonedDay(
            verdict=verdict,
            calls=poisoning.most_calls_in_a_day(),
            wrong_ends=tuple(poisoning.wrong_ends()),
            delay=_p99(verdict),
            delay_without=delay_without,
            calls_per_signup=len(world.transport.calls["intercom"]) / max(1, signups),
            strikes=world.counted("Strike"),
            breakers=world.counted("BreakerOpened"),
            trace=str(world.crossing.trace),
        )


@contextmanager
def _world(
    seed: int, signups: int, kinds: tuple[Kind, ...], progress: Callable[[int], None], *, active: bool
) -> Iterator[tuple[World, Poisoning]]:
    with World(seed, functions=FUNCTIONS, referral_factory={"auto_issue": False}) as world:
        section = {"mode": "off", "write_back": WRITE_BACK}
        world.configure(build_settings(1, invited="lead", referring="user", sync=section))
        world.configure(build_settings(2, invited="lead", duplicates="update"))
        world.intercom.change_settings({"webhook_url": INTERCOM_WEBHOOK, "api_writes_notify": False})
        world.intercom.take_webhooks(world.now())
        world.start_schedule("update_referrer")
        poisoning = Poisoning(world, kinds, active=active)
        for number in range(signups):
            world.at(BEGINNING + number, lambda number=number: _sign_up(world, number, progress))
        for number, kind in enumerate(kinds):
            at = BEGINNING + FIRST + number * (signups - FIRST) / len(kinds) + 0.5
            world.at(at, lambda kind=kind: poisoning.let_sign_up(kind))
        yield world, poisoning


def _sign_up(world: World, number: int, progress: Callable[[int], None]) -> None:
    world.sign_up(f"person{number}@example.com", f"Person {number}", referrer=1 if number % 2 else None)
    progress(1)


def _p99(verdict: Verdict) -> float:
    return quantiles(verdict.delays["lead"] + verdict.delays["user"], n=100)[98]
