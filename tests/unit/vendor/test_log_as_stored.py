"""The sliding minute as it is stored: small, and read as it was written."""

from shared.adapters.dynamodb.vendor.limiter_referral_factory import LOG_KEY, ReferralFactoryLimiter
from shared.domain.vendor.limits import MOST_IN_FLIGHT, Priority
from tests.contract.aws.engines import fake_engine
from tests.contract.repository_tables import new_table
from tests.support.clock import NOW, SeededChance, VirtualClock


def test_a_full_minute_is_stored_in_little_more_than_a_kilobyte_and_forgets_no_call() -> None:
    with fake_engine() as engine:
        table, clock = new_table(engine), VirtualClock()
    limiter = ReferralFactoryLimiter(table, clock, SeededChance(), 480)
    ends = list[float]()

    for number in range(600):
        permit = limiter.acquire(Priority.QUALIFICATION)
        clock.at = NOW + (number + 1) * 0.13
        limiter.finish(permit, 200, {})
        ends.append(clock.at)

    assert limiter.usage() == (sum(-(-end * 2 // 1) / 2 + 61 > clock.at for end in ends), 0)

    for _ in range(MOST_IN_FLIGHT):
        limiter.acquire(Priority.QUALIFICATION)

    item = table.find(*LOG_KEY)
    assert item is not None
    assert sum(len(name) + len(next(iter(value.values()))) for name, value in item.items()) <= 1_536
