"""Who was the newest person of the Referral Factory account when a campaign was activated."""

from __future__ import annotations

from collections.abc import Callable

from shared.domain.signup.reconcile import Order, order_of
from shared.domain.timing import LONGEST_REFERRAL_FACTORY_CALL
from shared.ports.vendors import ReferralFactory


def highest_user_id(referral_factory: ReferralFactory, time_left: Callable[[], float]) -> int | None:
    """The newest person's id, by at most two calls; None when the list shows no order, so that only a scan can tell, or the
    time does not suffice.

    Raises what the Referral Factory port raises.
    """
    first = referral_factory.users(1)
    ids = [person.user_id for _, person in first.people]
    if (first.last_page or 1) <= 1:
        return max(ids, default=0)
    if time_left() < LONGEST_REFERRAL_FACTORY_CALL:
        return None
    last = [person.user_id for _, person in referral_factory.users(first.last_page or 1).people]
    return None if order_of(ids, last) is Order.UNKNOWN else max([*ids, *last])
