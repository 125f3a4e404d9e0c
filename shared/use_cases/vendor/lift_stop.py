"""A person lifts the stop that two strikes put on Referral Factory."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.connection.connection import Breaker, BreakerKind, Vendor
from shared.domain.vendor.limits import Strikes
from shared.observability import logger
from shared.ports.operations import Change
from shared.use_cases.environment import Environment


@dataclass(frozen=True, slots=True)
class Lifted:
    """What was before."""

    strikes: Strikes
    breaker: Breaker | None


def lift_stop(environment: Environment, who: str, *, forget: bool = False) -> Lifted:
    """Lets Referral Factory be called again. Its strikes stay counted, so that one more stops all calls at once, unless
    ``forget``: for when the vendor said that it has forgotten them too. Doing it twice does no harm."""
    breaker = environment.breakers.find(Vendor.REFERRAL_FACTORY)
    before, after = environment.strikes.update(Vendor.REFERRAL_FACTORY, lambda strikes: strikes.lifted(forget=forget))
    if breaker is not None and breaker.kind is not BreakerKind.DISCONNECTED:
        environment.breakers.close(Vendor.REFERRAL_FACTORY)
    logger.warning("stop lifted", strikes_before=before.count, strikes=after.count, was_stopped=before.stopped)
    what = "Lifted the stop of Referral Factory" + (" and forgot its warnings." if forget else ".")
    environment.audit.add(Change(environment.clock.now(), who, what))
    return Lifted(before, breaker)
