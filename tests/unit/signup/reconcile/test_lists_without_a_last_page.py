"""Referral Factory's list of people may not say how many pages it has."""

from __future__ import annotations

import pytest

from sandbox.vendors.referral_factory.settings import ReferralFactorySettings
from tests.support.builders import App


@pytest.mark.parametrize("link", ["absolute", "relative"])
def test_people_of_later_pages_are_found(link: str) -> None:
    app = App(last_page_missing=True, next_link=link)
    app.configure(backfill=True)
    account = app.referral_factory.account
    with account.outbox.silent():
        people = [
            account.join(account.campaigns[1], first_name="P", email=f"p{number}@example.com", source="Direct")
            for number in range(600)
        ]
    for _ in range(3):
        app.reconcile()
        app.wait(300)

    found = app.environment.referrals.find_all([(1, person.id) for person in people])

    assert len(found) == 600
    assert ReferralFactorySettings().last_page_missing is False
