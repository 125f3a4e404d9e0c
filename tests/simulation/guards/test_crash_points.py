"""Every crash point of one signup, and every second kill after a first or after a lost answer: as user and as lead, of new
people and of known ones who are skipped. Those whose contact is updated have a file of their own, so that two workers share.
"""

from __future__ import annotations

from itertools import product

import pytest

from tests.simulation.aws.boundary import Flavour
from tests.simulation.play.crash_points import try_doubles, try_faults, try_first, try_singles
from tests.simulation.play.stories import SITUATIONS, Situation

HERE = [one for one in SITUATIONS if not one.updates]


@pytest.mark.parametrize("situation", HERE, ids=str)
def test_single_crash_points(situation: Situation) -> None:
    assert not (wrong := try_singles(situation)), "\n".join(wrong)


@pytest.mark.thorough
@pytest.mark.parametrize("first", [Flavour.KILLED, Flavour.AFTER])
@pytest.mark.parametrize("situation", HERE, ids=str)
def test_double_crash_points(situation: Situation, first: Flavour) -> None:
    assert not (wrong := try_doubles(situation, (first, Flavour.KILLED))), "\n".join(wrong)


@pytest.mark.thorough
@pytest.mark.parametrize("situation", SITUATIONS[:2], ids=str)
def test_crash_points_of_a_signup_whose_webhook_was_lost(situation: Situation) -> None:
    """The receiver dies at its first call, which leaves nothing; polling finds the person, and then a worker is killed."""
    wrong: list[str] = []
    for second in range(2, len(try_first(situation, 1, Flavour.KILLED).calls) + 1):
        trial = try_faults(situation, {1: Flavour.KILLED, second: Flavour.KILLED})
        assert trial.played == 2
        wrong += trial.wrong
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("flavours", list(product(Flavour, Flavour)), ids="-then-".join)
@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_double_faults_of_every_flavour(situation: Situation, flavours: tuple[Flavour, Flavour]) -> None:
    assert not (wrong := try_doubles(situation, flavours, every=True)), "\n".join(wrong)
