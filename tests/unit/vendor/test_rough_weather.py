"""Intercom fails many people's first tries: nobody's failures are put to their own account meanwhile."""

from __future__ import annotations

import pytest

from shared.domain.signup.state import State
from tests.support.builders import App

UNLUCKY = 1_000


@pytest.fixture
def app(app: App) -> App:
    app.sign_up(id=99, email="known@example.com")
    app.wire.faults.add({"kind": "status", "status": 503, "sent": "unlucky"})
    app.sign_up(id=UNLUCKY, email="unlucky@example.com")
    return app


def an_hour_in_which_somebody_signs_up_each_minute(app: App, *, first_tries_fail: bool) -> None:
    for minute in range(60):
        if first_tries_fail:
            app.wire.faults.add({"kind": "status", "status": 503, "sent": f"lucky{minute}@", "times": 1})
        app.sign_up(id=minute + 1, email=f"lucky{minute}@example.com")
        app.wait(60)
        app.sweep()


def test_whoever_fails_among_many_who_fail_is_not_given_up(app: App) -> None:
    an_hour_in_which_somebody_signs_up_each_minute(app, first_tries_fail=True)

    assert app.row(UNLUCKY).state is State.PENDING

    app.wire.faults.clear()
    app.wait(1_800)
    app.sweep()

    assert app.row(UNLUCKY).state is State.DELIVERED


def test_whoever_fails_while_all_others_arrive_is_given_up(app: App) -> None:
    an_hour_in_which_somebody_signs_up_each_minute(app, first_tries_fail=False)
    app.wait(1_800)
    app.sweep()
    assert app.row(UNLUCKY).state is State.FAILED
