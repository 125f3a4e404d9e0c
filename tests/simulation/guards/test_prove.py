"""``make prove`` and ``make simulate``: what they say when all went well, when something broke, and when asked for nonsense."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.simulation import __main__ as simulate
from tests.simulation import prove, publish
from tests.simulation.judge.oracle import Verdict
from tests.simulation.play.scenarios import SCENARIOS, Outcome


def outcome(**verdict: list[str]) -> Outcome:
    made = Verdict(**verdict)  # type: ignore[arg-type]
    return Outcome(
        scenario=SCENARIOS[1],
        seed=1,
        signups=60,
        verdict=made,
        calls_per_signup=2.1,
        referral_factory_strikes=0.0,
        flagged=0.0,
        net_after_outage=0.0,
        calls_in_outage=0,
        trace="",
    )


def test_a_good_run_passes_and_its_row_is_all_zero() -> None:
    assert prove.passed(outcome())
    row = prove.table([outcome()]).splitlines()[1]
    assert row.split() == ["random", "faults", "60", "0", "0", "0", "0", "0", "0.0"]


@pytest.mark.parametrize("law", ["lost", "failed", "doubled", "invented", "wrong", "over_cap", "leaked", "unalarmed"])
def test_any_broken_law_fails_the_proof(law: str) -> None:
    assert not prove.passed(outcome(**{law: ["one"]}))


@pytest.mark.parametrize("law", prove.COLUMNS)
def test_the_table_counts_what_broke(law: str) -> None:
    broken = outcome(**{law.replace(" ", "_"): ["one", "two"]})
    assert prove.broken_laws(broken)[law] == 2
    assert " 2 " in prove.table([broken]).splitlines()[1]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (["--scenario", "a sunny day"], "no scenario has 'a sunny day' in its name; there are: without faults"),
        (["--scenario", "burst", "--scenario", "nonsense"], "no scenario has 'nonsense'"),
        (["--seeds", "0"], "at least 1"),
        (["--signups", "0"], "at least 1"),
    ],
)
def test_a_simulation_that_would_play_nothing_is_an_error(
    given: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        simulate.main(given)
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


def test_the_days_that_the_introduction_describes_are_there() -> None:
    assert tuple(day.name for day in prove.DAYS) == prove.NAMES


def test_a_run_is_published_with_its_command_and_what_it_missed(tmp_path: Path) -> None:
    """So small a run misses a target, for what is asked of Intercom once a day counts among its few calls."""
    path = tmp_path / "simulation.md"
    assert simulate.main(["--scenario", "without faults", "--signups", "20", "--publish", str(path)]) == 1

    text = path.read_text()
    assert "\npython -m tests.simulation --scenario 'without faults' --signups 20\n" in text
    assert "| without faults | 1 | 20 | 0 | 0 | 0 | 0 | 0 |" in text
    assert "**1 of 1 runs missed a target.**" in text
    assert "calls per signup, at most" in text


def test_a_run_that_reached_everything_says_so() -> None:
    text = publish.page([outcome()], "x", "abc", datetime(2026, 1, 5, tzinfo=UTC))
    assert "Played on 2026-01-05 on commit `abc`" in text
    assert "All runs reached their targets." in text
