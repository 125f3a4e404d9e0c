"""Every kill of a signup after a lost answer, in a file of its own so that two workers share the crash points; and, slowly,
faults of every flavour after each other."""

from __future__ import annotations

from itertools import product

import pytest

from tests.simulation.boundary import Flavour
from tests.simulation.crash_points import try_doubles
from tests.simulation.stories import SITUATIONS, Situation


@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_double_crash_points(situation: Situation) -> None:
    assert not (wrong := try_doubles(situation, (Flavour.AFTER, Flavour.KILLED))), "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("flavours", list(product(Flavour, Flavour)), ids="-then-".join)
@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_double_faults_of_every_flavour(situation: Situation, flavours: tuple[Flavour, Flavour]) -> None:
    assert not (wrong := try_doubles(situation, flavours, every=True)), "\n".join(wrong)
