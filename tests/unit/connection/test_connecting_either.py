"""One contract for connecting either vendor: a token that is not taken changes nothing, one that is taken ends the stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from shared.domain.connection.connection import Breaker, BreakerKind, Vendor
from tests.support.admin_api import Answer
from tests.support.builders import App
from tests.support.console_api import Console


@dataclass(frozen=True)
class Side:
    """``accept``: the vendor takes that token from now on."""

    vendor: Vendor
    method: str
    path: str
    field: str
    accept: Callable[[App, str], None]

    @property
    def secret(self) -> str:
        return str(self.vendor)

    def connect(self, console: Console, token: str) -> Answer:
        return console.call(self.method, self.path, {self.field: token})


def intercom_accepts(app: App, token: str) -> None:
    app.intercom.settings.tokens.append(token)


def referral_factory_accepts(app: App, token: str) -> None:
    app.referral_factory.change_settings({"token": token})


INTERCOM, FACTORY = "/api/connection/intercom", "/api/connection/referral-factory"
SIDES = {
    "Intercom": Side(Vendor.INTERCOM, "POST", INTERCOM, "access_token", intercom_accepts),
    "Referral Factory": Side(Vendor.REFERRAL_FACTORY, "PUT", FACTORY, "api_key", referral_factory_accepts),
}


@pytest.fixture(params=SIDES.values(), ids=SIDES)
def side(request: pytest.FixtureRequest) -> Side:
    found: Side = request.param
    return found


def in_use(console: Console, side: Side) -> str:
    return console.secret(side.secret)[side.field]


def stop(console: Console, vendor: Vendor, kind: BreakerKind) -> None:
    now = console.app.clock.at
    console.app.environment.breakers.open(vendor, Breaker(kind, open_until=now + 3_600, opened_at=now))


def stopped(console: Console, vendor: Vendor) -> BreakerKind | None:
    breaker = console.app.environment.breakers.find(vendor)
    return breaker.kind if breaker else None


def test_one_that_is_taken_is_stored_and_written_down(console: Console, side: Side) -> None:
    side.accept(console.app, "brand-new")

    assert side.connect(console, "brand-new").status == 200
    assert in_use(console, side) == "brand-new"
    assert console.audit_lines()[-1].startswith("Connected")

    shown = console.get("/api/connection")[side.secret]
    assert (shown["connected"], shown["connected_by"]) == (True, "mara@example.com")


@pytest.mark.parametrize("pasted", [" brand-new", "brand-new\n", "brand new", ""])
def test_what_was_copied_badly_is_not_even_tried(console: Console, side: Side, pasted: str) -> None:
    side.accept(console.app, "brand-new")
    before = in_use(console, side)
    console.app.forget_calls()

    assert side.connect(console, pasted).status == 422
    assert (in_use(console, side), console.app.wire.calls) == (before, [])


def test_one_that_is_not_taken_leaves_the_one_in_use_and_stops_nothing(console: Console, side: Side) -> None:
    before = in_use(console, side)
    answer = side.connect(console, "mistyped")

    assert answer.status == 422
    assert "does not take" in answer.json["detail"]
    assert (in_use(console, side), stopped(console, side.vendor)) == (before, None)
    assert not [line for line in console.audit_lines() if line.startswith("Connected")]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_vendor_that_cannot_say_leaves_the_one_in_use(console: Console, side: Side, status: int) -> None:
    side.accept(console.app, "brand-new")
    before = in_use(console, side)
    console.app.wire.faults.add({"kind": "status", "status": status, "path": "^/(me|api/v2/campaigns)"})

    assert side.connect(console, "brand-new").status == 503
    assert in_use(console, side) == before
    assert not [line for line in console.audit_lines() if line.startswith("Connected")]


def test_one_that_is_taken_ends_a_lost_connection_of_that_vendor_alone(console: Console, side: Side) -> None:
    side.accept(console.app, "brand-new")
    for vendor in Vendor:
        stop(console, vendor, BreakerKind.CONNECTION_LOST)

    assert side.connect(console, "brand-new").status == 200

    (other,) = (vendor for vendor in Vendor if vendor is not side.vendor)
    assert (stopped(console, side.vendor), stopped(console, other)) == (None, BreakerKind.CONNECTION_LOST)


def test_one_that_is_not_taken_ends_no_lost_connection(console: Console, side: Side) -> None:
    stop(console, side.vendor, BreakerKind.CONNECTION_LOST)
    assert side.connect(console, "mistyped").status == 422
    assert stopped(console, side.vendor) is BreakerKind.CONNECTION_LOST


def test_after_disconnecting_one_that_is_taken_connects_again(console: Console, side: Side) -> None:
    before = in_use(console, side)
    console.post("/api/connection/disconnect", {"vendor": side.secret})

    assert (in_use(console, side), stopped(console, side.vendor)) == ("", BreakerKind.DISCONNECTED)
    assert side.connect(console, before).status == 200
    assert (in_use(console, side), stopped(console, side.vendor)) == (before, None)


def test_after_disconnecting_one_that_is_not_taken_connects_nothing(console: Console, side: Side) -> None:
    console.post("/api/connection/disconnect", {"vendor": side.secret})
    assert side.connect(console, "mistyped").status == 422
    assert (in_use(console, side), stopped(console, side.vendor)) == ("", BreakerKind.DISCONNECTED)


def test_what_cannot_be_written_down_is_not_done(console: Console, side: Side) -> None:
    side.accept(console.app, "brand-new")
    before = in_use(console, side)

    console.app.dynamodb.cut_off("put_item", "AUDIT")
    console.app.forget_calls()

    assert side.connect(console, "brand-new").status == 503
    assert (in_use(console, side), console.app.wire.calls) == (before, [])


@pytest.mark.parametrize("groups", [["viewers"], ["others"], []])
def test_nobody_but_an_admin_connects(console: Console, side: Side, groups: list[str]) -> None:
    side.accept(console.app, "brand-new")

    before = in_use(console, side)
    console.claims["groups"] = groups
    console.app.forget_calls()

    assert side.connect(console, "brand-new").status == 403
    assert (in_use(console, side), console.app.wire.calls) == (before, [])


def test_the_token_is_in_no_answer(console: Console, side: Side) -> None:
    side.accept(console.app, "brand-new")
    answers = [side.connect(console, "brand-new"), side.connect(console, "mistyped")]
    assert not [one.text for one in answers if "brand-new" in one.text or "mistyped" in one.text]
