"""A signup that Intercom refused or contradicted until it was given up is sent again once somebody mended what may have been
the cause: connected Intercom again, ticked a permission, saved the campaign."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.domain.signup.state import State
from shared.use_cases.signup.check_delivered import next_check
from shared.use_cases.signup.look_again import look_again
from shared.use_cases.signup.replay_referrals import replay_referral
from tests.support.builders import App
from tests.support.console_api import Console

TAKEN = '{"errors": [{"code": "conflict", "message": "Multiple existing users match this email address"}]}'


@pytest.fixture
def console(console: Console) -> Console:
    connect(console)
    return console


def given_up(app: App, status: int, body: str | None = None) -> None:
    fault = {"kind": "status", "status": status, "body": body, "method": "POST", "path": "^/contacts$", "id": "refused"}
    app.wire.faults.add(fault)
    app.sign_up()
    app.live(8 * 60, step=5)
    assert app.row().state is State.FAILED


def creates(app: App) -> int:
    return app.calls().count("POST /contacts")


def check(console: Console) -> None:
    assert console.post("/api/connection/intercom/check")["missing_permissions"] == []


def connect(console: Console) -> None:
    console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})


def save(console: Console) -> None:
    console.app.configure(name="Friends of friends")


@pytest.mark.parametrize("mend", [check, connect, save])
@pytest.mark.parametrize(("status", "body"), [(403, None), (409, TAKEN), (500, None)])
def test_it_is_sent_again_by_itself(console: Console, mend: Callable[[Console], Any], status: int, body: str | None) -> None:
    app = console.app
    given_up(app, status, body)
    app.wire.faults.clear()
    tried = creates(app)

    app.live(3 * 60, step=5)

    assert (app.row().state, creates(app)) == (State.FAILED, tried), "nobody has mended anything"

    mend(console)
    app.live(70, step=5)

    assert app.row().state is State.DELIVERED
    assert creates(app) == tried + 1
    assert "connected" in console.get("/api/referrals/1/42")["story"][-2]["sentence"]


def test_once_for_each_time_that_something_is_mended(app: App, console: Console) -> None:
    given_up(app, 409, TAKEN)
    save(console)
    app.live(10 * 60, step=5)

    assert app.row().state is State.FAILED

    tried = creates(app)
    app.live(24 * 60, step=30)

    assert creates(app) == tried
    assert app.metrics.counts["DeliveryGivenUp"] == 2


def test_a_check_that_finds_a_permission_missing_mends_nothing(app: App, console: Console) -> None:
    given_up(app, 403)
    tried = creates(app)
    app.wire.faults.add({"kind": "status", "status": 403, "method": "PUT", "path": "^/contacts/", "id": "writes"})

    assert console.post("/api/connection/intercom/check")["missing_permissions"] == ["Write users and companies"]

    app.live(3 * 60, step=5)

    assert creates(app) == tried


def test_what_somebody_has_dealt_with_and_what_was_the_persons_own_stay_as_they_are(app: App, console: Console) -> None:
    given_up(app, 409, TAKEN)
    console.post("/api/referrals/1/42/close")
    app.sign_up(id=43, email="nobody")
    save(console)
    tried = creates(app)

    app.live(3 * 60, step=5)

    assert {app.row(42).state, app.row(43).state} == {State.FAILED}
    assert creates(app) == tried


def test_what_was_given_up_stays_so_while_its_campaign_is_paused(app: App, console: Console) -> None:
    given_up(app, 409, TAKEN)
    app.wire.faults.clear()
    app.configure(status="paused")
    tried = creates(app)

    app.live(3 * 60, step=5)

    assert app.row().state is State.FAILED, "not held: nobody has asked for it"
    assert creates(app) == tried


def test_a_replay_that_is_pressed_during_a_look_is_delivered_though_its_message_is_lost(app: App) -> None:
    given_up(app, 409, TAKEN)
    app.wire.faults.clear()
    looked_at = app.row()
    app.wait((looked_at.look_at or 0.0) - app.clock.now())
    replay_referral(app.environment, "mara@example.com", 1, 42)

    look_again(app.environment, looked_at, next_check)
    app.sqs.real.purge_queue(QueueUrl=app.settings.delivery_queue_url)
    app.live(30, step=5)

    assert app.row().state is State.DELIVERED
