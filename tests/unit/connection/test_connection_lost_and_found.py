"""Intercom taken away and given back: nothing is called meanwhile, and afterwards everything goes on by itself."""

import pytest

from shared.adapters.intercom.connection_gate import ConnectionGate
from shared.adapters.limits import UnlimitedLimiter
from shared.domain.connection.connection import BreakerKind, Vendor
from shared.domain.signup.state import State
from shared.errors import BreakerOpenError, RateLimitedError, UnavailableError
from shared.messages import DeliverContact
from shared.use_cases.connection.disconnect import disconnect, reconnect
from shared.use_cases.signup.deliver_contact import DeliveryAttempt
from shared.use_cases.vendor.guard_vendor import FAILURES_TO_OPEN, MOMENT, PROBE, VendorGuard
from tests.support.builders import App, webhook_fields

DOWN = {"kind": "status", "status": 503, "path": "^/contacts"}


def switch(app: App, *, connected: bool) -> None:
    if connected:
        reconnect(app.environment, "a test")
    else:
        disconnect(app.environment, "a test", Vendor.INTERCOM, keep_token=True)


def connect_again(app: App) -> None:
    """A reconnect between two calls."""
    switch(app, connected=False)
    switch(app, connected=True)


def open_breaker(guard: VendorGuard) -> None:
    assert guard.pause(BreakerKind.FAILING, 30)


def sign_up_many(app: App, people: int, first: int = 100) -> None:
    for user_id in range(first, first + people):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")


def delivered(app: App, people: int, first: int = 100) -> int:
    return sum(app.row(user_id).state is State.DELIVERED for user_id in range(first, first + people))


def test_messages_that_wait_out_a_lost_connection_make_no_call_and_a_new_token_delivers_all(app: App) -> None:
    app.sign_up()
    app.intercom.settings.tokens[:] = ["new-token"]
    app.forget_calls()

    sign_up_many(app, 100)

    assert len(app.wire.calls) == 4  # one call and GET /me, each once more with the secret read again
    assert app.metrics.counts["ConnectionLost"] == 1

    app.live(10)

    assert len(app.wire.calls) <= 4 * 11
    assert delivered(app, 100) == 0

    app.set_secret("intercom", access_token="new-token")
    app.live(6)

    assert delivered(app, 100) == 100
    assert app.environment.breakers.find(Vendor.INTERCOM) is None
    assert all(len(app.contacts(f"person{user_id}@example.com")) == 1 for user_id in range(100, 200))


def test_an_empty_secret_is_read_again_as_soon_as_there_is_a_token(app: App) -> None:
    app.set_secret("intercom", access_token="")
    app.sign_up()
    app.set_secret("intercom", access_token="local-intercom-token")

    app.live(4)

    assert app.row().state is State.DELIVERED


def test_a_disconnect_stops_queued_work_and_a_reconnect_resumes_it(app: App) -> None:
    app.sign_up()
    switch(app, connected=False)
    app.forget_calls()
    sign_up_many(app, 20)

    app.live(5)

    assert app.wire.calls == []

    switch(app, connected=True)
    app.live(5)

    assert delivered(app, 20) == 20


def test_a_disconnect_in_the_middle_of_a_delivery_stops_its_next_call(app: App) -> None:
    app.sign_up()
    app.forget_calls()
    app.wire.interrupt("POST /contacts/search", lambda: switch(app, connected=False))

    app.sign_up(id=7, email="seven@example.com")

    assert app.calls() == ["POST /contacts/search"]

    person = app.person("seven@example.com")
    assert person is None or person.reservation is None

    switch(app, connected=True)
    app.live(5)

    assert app.row(7).state is State.DELIVERED
    assert len(app.contacts("seven@example.com")) == 1


def test_work_begun_under_an_older_epoch_begins_again(app: App) -> None:
    app.sign_up()
    app.wire.interrupt("POST /contacts/search", lambda: connect_again(app))
    app.sign_up(id=7, email="seven@example.com")

    assert app.contacts("seven@example.com") == []
    assert app.metrics.counts["ConnectionLost"] == 0

    app.wait(30)
    app.work()

    assert app.row(7).state is State.DELIVERED


def test_no_call_is_made_when_the_connection_cannot_be_read(app: App) -> None:
    app.sign_up()
    app.forget_calls()
    app.dynamodb.refuse("get_item", 10_000)

    with pytest.raises(RateLimitedError, match="AWS"):
        app.environment.intercom().search_by_email("ivo@example.com")
    assert app.wire.calls == []


def test_after_a_pause_one_worker_tries_and_the_others_wait(app: App) -> None:
    first, second = app.environment.intercom_guard, app.new_environment().intercom_guard
    first.pause(BreakerKind.FAILING, 30)
    app.wait(30)
    seen = second.check()
    first.admit()

    with pytest.raises(BreakerOpenError) as refused:
        second.take_try(seen)
    assert refused.value.retry_after == PROBE

    first.failed(UnavailableError("down", vendor="intercom"))
    again = app.breaker()

    assert again.openings == 2
    assert again.probing is False
    assert again.open_until == app.clock.now() + 15


def test_while_a_delivery_tries_after_a_pause_no_other_delivery_calls(app: App) -> None:
    app.sign_up()
    app.environment.intercom_guard.pause(BreakerKind.FAILING, 30)
    app.wait(30)
    app.forget_calls()
    fields = webhook_fields(id=8, email="eight@example.com")
    other = DeliveryAttempt(app.new_environment(), DeliverContact(1, None, "joined", app.clock.now(), fields))
    refused: list[float | None] = []

    def deliver_another() -> None:
        other.prepare()
        with pytest.raises(BreakerOpenError) as open_for_one:
            other.run()
        refused.append(open_for_one.value.retry_after)

    app.wire.interrupt("POST /contacts/search", deliver_another)

    assert app.sign_up(id=7, email="seven@example.com").state is State.DELIVERED
    assert (len(refused), app.contacts("eight@example.com")) == (1, [])


def test_referral_factory_is_left_alone_for_longer_each_time() -> None:
    app = App()
    guard, seconds = VendorGuard(app.environment, Vendor.REFERRAL_FACTORY), []
    guard.pause(BreakerKind.FAILING, 30)

    for _ in range(2):
        breaker = app.breaker(Vendor.REFERRAL_FACTORY)
        app.wait(breaker.open_until - app.clock.now())
        guard.admit()
        guard.failed(UnavailableError("down", vendor="referral_factory"))
        opened = app.breaker(Vendor.REFERRAL_FACTORY)
        seconds.append(opened.open_until - app.clock.now())

    assert seconds == [60, 60]


def test_a_try_that_never_came_back_is_followed_by_another(app: App) -> None:
    guard = app.environment.intercom_guard
    guard.pause(BreakerKind.FAILING, 30)
    app.wait(30)
    guard.admit()
    app.wait(PROBE)
    app.new_environment().intercom_guard.admit()


def test_a_success_closes_a_breaker_that_opened_during_the_delivery(app: App) -> None:
    other = app.new_environment().intercom_guard

    def open_meanwhile() -> None:
        open_breaker(other)
        app.wait(MOMENT + 1)

    app.wire.interrupt("POST /contacts", open_meanwhile)

    assert app.sign_up().state is State.DELIVERED
    assert app.environment.breakers.find(Vendor.INTERCOM) is None


def test_a_message_without_a_call_neither_forgets_failures_nor_closes_a_breaker(app: App) -> None:
    app.sign_up()
    app.wire.faults.add(DOWN)
    for number in range(FAILURES_TO_OPEN - 1):
        app.sign_up(id=200 + number, email=f"p{number}@example.com")

    app.move_due(42)  # finished long ago

    assert app.environment.breakers.find(Vendor.INTERCOM) is None

    app.sign_up(id=300, email="last@example.com")

    assert app.environment.breakers.find(Vendor.INTERCOM) is not None

    app.move_due(42)

    assert app.environment.breakers.find(Vendor.INTERCOM) is not None


def test_a_refused_person_shows_that_the_vendor_works_again(app: App) -> None:
    app.sign_up()
    app.environment.intercom_guard.pause(BreakerKind.FAILING, 30)
    app.wait(30)

    app.wire.faults.add({"kind": "status", "status": 422, "path": "^/contacts", "method": "POST", "times": 1})

    assert app.sign_up(id=7, email="seven@example.com").state is State.FAILED
    assert app.environment.breakers.find(Vendor.INTERCOM) is None


@pytest.mark.parametrize(
    ("status", "works"), [(200, True), (404, True), (403, True), (401, False), (429, False), (500, False), (None, False)]
)
def test_only_an_answer_that_shows_a_working_intercom_counts_as_one(app: App, status: int | None, *, works: bool) -> None:
    answers: list[int | None] = []
    gate = ConnectionGate(app.environment.connections, UnlimitedLimiter(), lambda: answers.append(status))

    gate.finish(gate.acquire(), status, {})

    assert bool(answers) is works
