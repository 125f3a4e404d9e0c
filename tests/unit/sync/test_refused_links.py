"""A contact that Intercom will not let be written costs its run nothing but itself."""

from __future__ import annotations

import json

import pytest

from shared.domain.sync.run import RunState
from tests.support.syncing import SyncApp

BOTH = ("referral_count", "converted_referral_count")


def refuse(
    app: SyncApp, path: str, status: int, *names: str, code: str = "parameter_invalid", times: int | None = None
) -> None:
    errors = [{"code": code, "message": f"{name} is invalid", "field": name} for name in names]
    body = json.dumps({"type": "error.list", "errors": errors or [{"code": code, "message": "No."}]})
    app.wire.faults.add({"kind": "status", "status": status, "body": body, "method": "PUT", "path": path, "times": times})


@pytest.mark.parametrize(("status", "code"), [(409, "conflict"), (403, "forbidden"), (401, "unauthorized")])
def test_one_contact_that_is_contradicted_fails_with_its_reason_and_the_run_ends(app: SyncApp, status: int, code: str) -> None:
    first, bad, last = app.add_many(3)
    refuse(app, f"^/contacts/{bad.id}$", status, code=code)
    run = app.sync()

    assert run.state == RunState.DONE
    assert run.tally.linked == 2
    assert list(run.tally.failed.values()) == [1]
    assert all("Intercom" in reason for reason in run.tally.failed)
    assert app.link_of(first)
    assert app.link_of(last)
    assert app.metrics.counts["ConnectionLost"] == 0


@pytest.mark.parametrize("rounds", [[BOTH], [BOTH[:1], BOTH[1:]]])
def test_two_attributes_that_intercom_refuses_cost_only_themselves(app: SyncApp, rounds: list[tuple[str, ...]]) -> None:
    (contact,) = app.add("ann@example.com")
    for names in rounds:
        refuse(app, "^/contacts/", 400, *names, times=1)
    run = app.sync()

    assert (run.state, run.tally.linked) == (RunState.DONE, 1)
    assert app.link_of(contact)


def test_what_was_left_out_is_written_by_the_next_run(app: SyncApp) -> None:
    (contact,) = app.add("ann@example.com")
    refuse(app, "^/contacts/", 400, "referral_count", times=1)
    app.sync()
    app.wait(3_600)

    app.sync()

    custom = app.intercom.workspace.contacts[contact.id].custom_attributes
    assert custom["referral_count"] == 0
