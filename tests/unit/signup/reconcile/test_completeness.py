"""The proof that nobody is lost: the whole pass counts where each of Referral Factory's people is, and the API shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.signup.completeness import MOST_NAMED, Gap
from shared.domain.signup.state import State
from shared.use_cases.signup.compare_people import PeopleComparison
from shared.use_cases.signup.reconcile_progress import PROOFS
from tests.support.builders import App
from tests.support.clock import NOW
from tests.support.console_api import Console
from tests.unit.signup.reconcile.passes import Deadline, join, newest, progress, refuse_rows_of


def console_of(people: int = 0, **settings: Any) -> Console:
    """Campaign 1 wants all of its people: two that are always there, and so many more."""
    console = Console(App(seed_people=people, **settings))
    console.app.configure(backfill=True)
    return console


def shown(console: Console, campaign_id: int = 1) -> Any:
    """What the API reports about the campaign's people."""
    found = console.get("/api/health")["campaigns"]
    return next(one["completeness"] for one in found if one["campaign_id"] == campaign_id)


def places(console: Console) -> dict[str, int]:
    return {name: count for name, count in shown(console)["places"].items() if count}


def passes(app: App, count: int = 1, *, full: bool = False) -> None:
    for _ in range(count):
        app.reconcile(full=full)
        app.wait(300)


def everybody(app: App, campaign_id: int = 1) -> list[int]:
    people = app.referral_factory.account.people
    return [user_id for user_id in people.ids() if people.with_id(user_id).campaign_id == campaign_id]


def lose(monkeypatch: pytest.MonkeyPatch, *user_ids: int) -> None:
    """The comparison of reconcile overlooks somebody, who has no row then."""
    compare = PeopleComparison.compare

    def overlooking(self: PeopleComparison, page: Iterable[Any]) -> None:
        compare(self, [one for one in page if one[1].user_id not in user_ids])

    monkeypatch.setattr(PeopleComparison, "compare", overlooking)


def test_before_the_first_whole_pass_nothing_is_claimed() -> None:
    assert shown(console_of()) is None


def test_everybody_is_accounted_for_and_it_says_when_that_was_checked() -> None:
    console = console_of(people=20)
    passes(console.app, 2)
    console.app.wait(86_400)
    checked_at = console.app.clock.now()

    passes(console.app)

    count = len(everybody(console.app))
    found = shown(console)

    assert found["people"] == count
    assert found["accounted_for"] == count
    assert found["unaccounted"] == []
    assert found["checked_at"] == checked_at
    assert places(console) == {"in_intercom": count}
    assert console.app.metrics.gauges["PeopleUnaccounted"] == 0


def test_each_person_counts_where_they_are() -> None:
    console = console_of()
    app = console.app
    passes(app)
    app.given("user", email="skipped@example.com")
    skipped = join(app, "skipped")
    app.wire.faults.add({"kind": "status", "status": 422, "method": "POST", "path": "^/contacts$", "times": 20})
    failed = join(app, "failed")
    passes(app)
    app.wire.faults.clear()
    erased = join(app, "erased")
    passes(app)
    console.post("/api/people/erase", {"email": "erased@example.com"})

    waiting = join(app, "waiting")
    app.reconcile(work=False)
    app.reconcile(full=True, work=False)

    assert [app.row(one).state for one in (skipped, failed, erased, waiting)] == [
        State.SKIPPED,
        State.FAILED,
        State.ERASED,
        State.PENDING,
    ]

    found = places(console)
    assert {name: found[name] for name in ("skipped", "failed", "erased", "waiting")} == dict.fromkeys(
        ("skipped", "failed", "erased", "waiting"), 1
    )
    assert shown(console)["accounted_for"] == shown(console)["people"] == len(everybody(app))


def test_who_joined_before_the_activation_or_is_of_no_interest_is_accounted_for_too() -> None:
    console = Console(App(seed_people=10))
    app = console.app
    app.configure(newest(app), person_referring={"action": "none"})
    before = len(everybody(app))
    join(app, "of no interest")

    passes(app, full=True)

    assert places(console) == {"joined_before": before, "waiting": 1}

    passes(app, full=True)

    assert places(console) == {"joined_before": before, "not_sent": 1}


def test_a_paused_campaigns_people_are_held_and_a_drafts_are_not_counted() -> None:
    console = Console()
    app = console.app
    app.configure(backfill=True, status="paused")
    app.configure(campaign_id=2, status="draft")

    passes(app, 2, full=True)

    assert places(console) == {"held": len(everybody(app))}
    assert shown(console, 2) is None


def test_a_campaign_without_people_is_proved_empty() -> None:
    console = Console()
    console.app.configure(campaign_id=3, backfill=True)

    passes(console.app)

    found = shown(console, 3)

    assert found["people"] == 0
    assert found["accounted_for"] == 0
    assert found["checked_at"] == NOW


def test_somebody_that_reconcile_overlooks_is_named_and_needs_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    console = console_of(people=5)
    lost = everybody(console.app)[2]
    lose(monkeypatch, lost)
    passes(console.app, full=True)

    found, count = shown(console), len(everybody(console.app))

    assert (found["people"], found["accounted_for"]) == (count, count - 1)
    assert found["unaccounted"] == [{"user_id": lost, "why": Gap.NO_ROW}]

    health = console.get("/api/health")
    [problem] = [one for one in health["problems"] if one["kind"] == "unaccounted"]
    assert problem["what"].endswith(f": 1 of {count} people at Referral Factory are not accounted for.")
    assert problem["where"] == "#/campaigns/1"
    assert health["level"] == "bad"
    assert console.app.metrics.gauges["PeopleUnaccounted"] == 1

    monkeypatch.undo()
    passes(console.app, full=True)

    assert shown(console)["unaccounted"] == []
    assert "unaccounted" not in {one["kind"] for one in console.get("/api/health")["problems"]}


def test_many_are_counted_and_the_first_hundred_named(monkeypatch: pytest.MonkeyPatch) -> None:
    console = console_of(people=300)
    app = console.app
    lost = everybody(app)[: MOST_NAMED + 20]
    lose(monkeypatch, *lost)

    passes(app, full=True)

    found = shown(console)

    assert found["people"] - found["accounted_for"] == len(lost)
    assert len(found["unaccounted"]) == MOST_NAMED


def test_a_signup_that_nothing_will_ever_take_up_is_not_accounted_for() -> None:
    console = console_of()
    app = console.app
    user_id = join(app, "stuck")
    app.reconcile(work=False)
    app.environment.referrals.update(1, user_id, lambda row: replace(row, due_at=None))

    app.reconcile(full=True, work=False)

    assert shown(console)["unaccounted"] == [{"user_id": user_id, "why": Gap.NEVER_DUE}]


def test_contacts_of_another_workspace_are_not_in_the_connected_one() -> None:
    console = console_of()
    app = console.app
    passes(app, full=True)
    connection = app.connection()
    app.environment.connections.save(replace(connection, workspace_id="production"))

    app.reconcile(full=True, work=False)

    assert {one["why"] for one in shown(console)["unaccounted"]} == {Gap.ELSEWHERE}
    assert len(shown(console)["unaccounted"]) == len(everybody(app))


def test_a_delivery_without_a_contact_is_not_accounted_for() -> None:
    console = console_of()
    app = console.app
    passes(app)
    user_id = everybody(app)[0]
    app.environment.referrals.update(1, user_id, lambda row: replace(row, contact_id=None))

    app.reconcile(full=True, work=False)

    assert shown(console)["unaccounted"] == [{"user_id": user_id, "why": Gap.NO_CONTACT}]


@pytest.mark.parametrize("order", ["ascending", "descending", "shuffled"])
def test_a_pass_that_goes_on_where_it_stopped_counts_each_person_once(order: str) -> None:
    console = console_of(people=1_200, order=order)
    app = console.app
    app.configure(newest(app), backfill=False)
    app.wire.faults.add({"kind": "delay", "seconds": 10, "path": "/users"})

    for number in range(9):
        app.context = Deadline(app)
        app.reconcile(full=not number, work=False)

    count = len(everybody(app))

    assert (shown(console)["people"], shown(console)["accounted_for"]) == (count, count)
    assert (progress(app).tally is None) is (progress(app).scan_page == 0), "no pass carries along what is proved"


@pytest.mark.parametrize("arrivals", [1, 40])
def test_people_that_new_signups_move_to_the_next_page_count_once(arrivals: int) -> None:
    console = console_of(people=700, order="descending")
    app = console.app
    app.configure(newest(app), backfill=False)
    before = len(everybody(app))

    def arrive() -> None:
        with app.referral_factory.account.outbox.silent():
            for number in range(arrivals):
                join(app, f"late{number}")

    app.wire.interrupt("GET /api/v2/users", arrive)
    app.reconcile(full=True, work=False)

    assert len(everybody(app)) == before + arrivals
    assert before <= shown(console)["people"] <= before + arrivals

    passes(app, full=True)

    assert shown(console)["people"] == before + arrivals


def test_a_row_that_could_not_be_written_at_once_is_looked_up_again_before_anybody_is_alarmed() -> None:
    console = console_of(people=10)
    app = console.app
    failing = everybody(app)[3]

    refuse_rows_of(app, failing)
    app.reconcile(full=True, work=False)

    assert shown(console) is None, "the pass has not come to its end"

    del app.environment.referrals.add
    passes(app)

    assert shown(console)["people"] == len(everybody(app))
    assert shown(console)["unaccounted"] == []


def test_a_scan_that_is_set_back_proves_nothing_and_the_former_proof_stays() -> None:
    console = console_of(people=1_200, order="descending")
    app = console.app
    app.configure(newest(app), backfill=False)
    app.reconcile(full=True, work=False)
    former = shown(console)
    app.wait(86_400)

    stored = dict(app.environment.progresses.find("users") or {})

    assert "tally" in stored

    app.environment.progresses.save(
        "users",
        {**stored, "scan_page": 5, "scan_began_at": app.clock.now(), "tally": {"campaigns": {}, "lately": []}, "high_water": 0},
    )
    app.wire.faults.add({"kind": "delay", "seconds": 10, "path": "/users"})
    for _ in range(3):
        app.context = Deadline(app)
        app.reconcile(work=False)

    assert progress(app).scan_page == 0
    assert shown(console) == former
    assert app.environment.progresses.find(PROOFS) is not None
