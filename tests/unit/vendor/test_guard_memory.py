"""The breaker counts failures in a row: an answer in between forgets those before, and one person's own trouble is none."""

from __future__ import annotations

import pytest

from shared.domain.connection.connection import Breaker, BreakerKind, Vendor
from shared.errors import BreakerOpenError, RejectedError, UnavailableError
from shared.use_cases.vendor.guard_vendor import FAILURES_TO_ASK, FAILURES_TO_OPEN, LAST_WORKS, VendorGuard
from tests.support.builders import App


@pytest.fixture
def app() -> App:
    return App()


def fails(guard: VendorGuard, times: int, vendor: Vendor = Vendor.INTERCOM) -> None:
    for _ in range(times):
        guard.failed(UnavailableError("no answer", vendor=vendor))


def is_open(app: App) -> bool:
    breaker = app.environment.breakers.find(Vendor.INTERCOM)
    return breaker is not None and breaker.is_open(app.clock.now())


def test_failures_in_a_row_open_it(app: App) -> None:
    guard = VendorGuard(app.environment, Vendor.INTERCOM)
    fails(guard, FAILURES_TO_OPEN - 1)

    assert not is_open(app)

    fails(guard, 1)

    assert is_open(app)


def test_failures_before_an_answer_are_forgotten(app: App) -> None:
    guard = VendorGuard(app.environment, Vendor.INTERCOM)
    for _ in range(3):
        fails(guard, FAILURES_TO_OPEN - 1)
        guard.answered()
        guard.succeeded()
    assert app.metrics.counts["BreakerOpened"] == 0


def test_work_in_which_the_vendor_had_no_part_forgets_nothing(app: App) -> None:
    guard = VendorGuard(app.environment, Vendor.INTERCOM)
    fails(guard, FAILURES_TO_OPEN - 1)
    guard.succeeded()

    fails(guard, 1)

    assert is_open(app)


def test_another_vendors_failure_and_a_refusal_do_not_count(app: App) -> None:
    guard = VendorGuard(app.environment, Vendor.INTERCOM)
    fails(guard, FAILURES_TO_OPEN, Vendor.REFERRAL_FACTORY)
    for _ in range(FAILURES_TO_OPEN):
        guard.failed(RejectedError("refused", vendor=Vendor.INTERCOM))
    assert not is_open(app)


def test_a_try_after_a_pause_that_needed_no_call_goes_to_the_next_at_once(app: App) -> None:
    now = app.clock.now()
    app.environment.breakers.open(Vendor.INTERCOM, Breaker(BreakerKind.FAILING, now + 30, now))
    first, second = VendorGuard(app.environment, Vendor.INTERCOM), VendorGuard(app.environment, Vendor.INTERCOM)
    app.wait(30)
    first.admit()
    with pytest.raises(BreakerOpenError):
        second.admit()

    first.succeeded()

    second.admit()

    assert app.breaker().openings == 1, "nobody has said that Intercom answers"


# -- writes, and trouble of one person --------------------------------------------------------------------------------


def unanswered(
    vendor: Vendor = Vendor.INTERCOM, *, status: int | None = None, writes: bool = False, about_person: bool = False
) -> UnavailableError:
    error = UnavailableError("no answer", vendor=vendor, status=status)
    error.writes, error.about_person = writes, about_person
    return error


def test_one_write_that_fails_again_and_again_opens_nothing(app: App) -> None:
    guard = VendorGuard(app.environment, Vendor.INTERCOM)

    for _ in range(3 * FAILURES_TO_OPEN):
        assert guard.failed(unanswered(status=503, writes=True), again=True), "it is this write's own trouble"

    assert not is_open(app)


def test_the_writes_of_as_many_people_open_it(app: App) -> None:
    guard = VendorGuard(app.environment, Vendor.INTERCOM)
    for _ in range(FAILURES_TO_OPEN - 1):
        guard.failed(unanswered(status=503, writes=True))

    assert not is_open(app)

    guard.failed(unanswered(status=503, writes=True))

    assert is_open(app)


def test_writes_that_get_no_answer_at_all_are_failures_as_any_other(app: App) -> None:
    guard = VendorGuard(app.environment, Vendor.INTERCOM)

    for _ in range(FAILURES_TO_OPEN):
        guard.failed(unanswered(writes=True), again=True)

    assert is_open(app)


def test_of_three_that_fail_at_their_first_try_among_twenty_none_is_alone(app: App) -> None:
    guard = VendorGuard(app.environment, Vendor.INTERCOM)

    def fails_beside_an_answer() -> bool:
        guard.answered()
        return guard.failed(unanswered(), first=True)

    assert fails_beside_an_answer()
    assert fails_beside_an_answer()
    assert not fails_beside_an_answer()

    for _ in range(LAST_WORKS - 1):
        guard.answered()
        guard.succeeded()

    assert fails_beside_an_answer(), "those before are twenty pieces of work ago"


@pytest.mark.parametrize("vendor", Vendor)
def test_whether_a_failure_is_one_persons_own_is_asked_by_a_search_for_nobody(app: App, vendor: Vendor) -> None:
    search = "^/contacts/search" if vendor is Vendor.INTERCOM else "^/api/v2/users/search"
    guard = VendorGuard(app.environment, vendor)

    alone = [guard.failed(unanswered(vendor, about_person=True)) for _ in range(FAILURES_TO_ASK)]
    assert alone == [False] * (FAILURES_TO_ASK - 1) + [True]
    assert len(app.calls(vendor)) == 1

    app.wire.faults.add({"kind": "status", "status": 503, "path": search})

    down = [guard.failed(unanswered(vendor, about_person=True)) for _ in range(FAILURES_TO_ASK)]
    assert down == [False] * FAILURES_TO_ASK
