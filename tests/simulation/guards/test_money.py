"""Everybody who converted is paid, and nobody who did not; and the oracle would see it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.domain.qualification import verdict
from shared.use_cases.qualification import qualify_referral, reconcile_contacts
from tests.simulation.judge.money import Books, judge_money, live
from tests.simulation.play.sabotage import Patch


@pytest.mark.parametrize("reversal", [False, True])
@pytest.mark.parametrize("seed", range(1, 4))
def test_everybody_who_earned_it_is_paid_and_nobody_else(seed: int, reversal: bool) -> None:
    assert judge_money(*live(seed, reversal=reversal), reversal=reversal) == Books()


def standing_counts(patch: Patch) -> None:
    patch.setattr(verdict, "_counts", lambda *_: True)


def reconcile_finds_nobody(patch: Patch) -> None:
    patch.setattr(reconcile_contacts, "is_news", lambda *_: False)


def every_value_qualifies(patch: Patch) -> None:
    patch.setattr(qualify_referral, "is_wanted", lambda *_: (True, "Connected"))


@pytest.mark.parametrize(
    ("how", "law"),
    [(standing_counts, "paid_for_nothing"), (every_value_qualifies, "paid_for_nothing"), (reconcile_finds_nobody, "unpaid")],
)
def test_a_broken_line_shows_in_the_books(how: Callable[[Patch], None], law: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        how(patch)
        books = [judge_money(*live(seed, reversal=False), reversal=False) for seed in range(1, 4)]
    assert any(getattr(one, law) for one in books)
