"""Whose lists come in smaller pages at the moment, since large ones did not come."""

from __future__ import annotations

from shared.domain.connection.connection import Vendor
from shared.use_cases.environment import Environment
from shared.use_cases.qualification import reconcile_contacts
from shared.use_cases.qualification.search_contacts import asks_for_fewer
from shared.use_cases.signup.reconcile_progress import USERS_PROGRESS, progress_of


def find_smaller_pages(environment: Environment) -> frozenset[Vendor]:
    """As the last passes of reconcile left it."""
    now, found = environment.clock.now(), set[Vendor]()
    if progress_of(environment.progresses.find(USERS_PROGRESS)).smaller(now):
        found.add(Vendor.REFERRAL_FACTORY)
    if asks_for_fewer(environment.progresses.find(reconcile_contacts.CONTACTS_PROGRESS) or {}, now):
        found.add(Vendor.INTERCOM)
    return frozenset(found)
