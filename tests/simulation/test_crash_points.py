"""Every crash point of one signup, and every second kill after a first: as user and as lead, new and known."""

from __future__ import annotations

from itertools import product

import pytest

from tests.simulation.boundary import Flavour
from tests.simulation.crash_points import try_doubles, try_faults
from tests.simulation.stories import SITUATIONS, Situation, points_of


@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_single_crash_points(situation: Situation) -> None:
    points = points_of(situation)
    assert len(points) > 12
    wrong: list[str] = []
    for number, flavour in product(range(1, len(points) + 1), Flavour):
        found, played = try_faults(situation, {number: flavour})
        assert played == 1
        wrong += found
    for number, point in enumerate(points, start=1):
        if not point.is_vendor:
            wrong += try_faults(situation, {number: Flavour.AFTER}, once=True)[0]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_double_crash_points(situation: Situation) -> None:
    assert not (wrong := try_doubles(situation, (Flavour.KILLED, Flavour.KILLED))), "\n".join(wrong)


@pytest.mark.parametrize("situation", SITUATIONS[:2], ids=str)
def test_crash_points_of_a_signup_whose_webhook_was_lost(situation: Situation) -> None:
    """The receiver dies at its first call, which leaves nothing; polling finds the person, and then a worker is killed."""
    wrong: list[str] = []
    for second in range(2, len(points_of(situation, {1: Flavour.KILLED})) + 1):
        found, played = try_faults(situation, {1: Flavour.KILLED, second: Flavour.KILLED})
        assert played == 2
        wrong += found
    assert not wrong, "\n".join(wrong)
