"""Whatever happens, in whichever order: contacts hold the right values, everybody who earned it is paid, nobody else, and once;
and ledger, Referral Factory and Intercom agree when all is at rest."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.domain.qualification import verdict
from shared.use_cases.contact import update_contact
from shared.use_cases.qualification import qualify_referral, report_qualification
from shared.use_cases.signup.compare_people import PeopleComparison
from tests.support.histories import History

SEEDS, PARTS = 200, 10
MANY = 3_000
Patch = pytest.MonkeyPatch


def failures(seeds: range) -> list[str]:
    """Each with its seed and what happened."""
    found = []
    for seed in seeds:
        history = History(seed)
        history.play()
        found += [f"seed {seed}: {wrong}\n    {'; '.join(history.played)}" for wrong in history.wrong()]
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_happens_all_is_right_in_the_end(part: int) -> None:
    each = SEEDS // PARTS
    assert failures(range(part * each, (part + 1) * each)) == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(MANY // 100))
def test_whatever_happens_in_thousands_of_histories(part: int) -> None:
    assert failures(range(1_000 + part * 100, 1_100 + part * 100)) == []


def standing_counts(patch: Patch) -> None:
    patch.setattr(verdict, "_counts", lambda *_: True)


def every_value_qualifies(patch: Patch) -> None:
    patch.setattr(qualify_referral, "is_wanted", lambda *_: (True, "Connected"))


def fill_overwrites(patch: Patch) -> None:
    changes_of = update_contact.changes_of
    patch.setattr(update_contact, "changes_of", lambda *given, fills, **more: changes_of(*given, fills=False, **more))


def later_facts_are_forgotten(patch: Patch) -> None:
    patch.setattr(PeopleComparison, "_reconciled", lambda *_: ())


def turns_are_never_shown(patch: Patch) -> None:
    patch.setattr(report_qualification, "_show", lambda *_: None)


@pytest.mark.parametrize(
    ("how", "seeds"),
    [
        (standing_counts, range(8, 16)),
        (every_value_qualifies, range(8, 16)),
        (fill_overwrites, range(64, 72)),
        (later_facts_are_forgotten, range(4)),
        (turns_are_never_shown, range(3_996, 3_997)),
    ],
)
def test_a_broken_line_shows_in_some_history(how: Callable[[Patch], None], seeds: range) -> None:
    with pytest.MonkeyPatch.context() as patch:
        how(patch)
        assert any(failures(range(seed, seed + 1)) for seed in seeds)
