"""Every crash point of the signup of somebody whose contact is updated; see ``test_crash_points``."""

from __future__ import annotations

import pytest

from tests.simulation.aws.boundary import Flavour
from tests.simulation.play.crash_points import try_doubles, try_singles
from tests.simulation.play.stories import SITUATIONS, Situation

ONE_IN = 4
HERE = [one for one in SITUATIONS if one.updates]


@pytest.mark.parametrize("situation", HERE, ids=str)
def test_single_crash_points(situation: Situation) -> None:
    assert not (wrong := try_singles(situation)), "\n".join(wrong)


@pytest.mark.thorough
@pytest.mark.parametrize("first", [Flavour.KILLED, Flavour.AFTER])
@pytest.mark.parametrize("situation", HERE, ids=str)
def test_double_crash_points(situation: Situation, first: Flavour) -> None:
    """The signup is delivered in two attempts, before and after Referral Factory's word, so there are three times as many pairs
    as elsewhere; each situation plays others of them."""
    begin = HERE.index(situation) + (first is Flavour.AFTER) * len(HERE)
    wrong = try_doubles(situation, (first, Flavour.KILLED), one_in=ONE_IN, begin=begin)
    assert not wrong, "\n".join(wrong)
