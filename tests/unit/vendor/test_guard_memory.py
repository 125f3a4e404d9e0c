"""The breaker counts failures in a row: an answer in between forgets those before."""

from __future__ import annotations

import pytest

from shared.domain.connection.connection import Vendor
from shared.errors import RejectedError, UnavailableError
from shared.use_cases.vendor.guard_vendor import FAILURES_TO_OPEN, VendorGuard
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
