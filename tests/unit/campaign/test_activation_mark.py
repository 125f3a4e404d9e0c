"""Activating a campaign stores the highest user id: who joined before is known, not delivered."""

from __future__ import annotations

import pytest

from shared.domain.timing import LONGEST_REFERRAL_FACTORY_CALL
from shared.errors import BlockedError, ConfigurationError, UnavailableError
from tests.support.admin_api import Api
from tests.support.documents import example

DOCUMENT = example()


def activation_mark(api: Api) -> int | None:
    campaign = api.environment.campaigns.find(1)
    assert campaign is not None
    return campaign.activation_mark


def test_a_draft_stores_no_mark_and_asks_nobody(api: Api) -> None:
    assert api.put({**DOCUMENT, "status": "draft"}).status == 201
    assert activation_mark(api) is None
    assert api.environment.account.asked == []


@pytest.mark.parametrize("pages", [[[3, 8]], [[3, 8], [9, 12]], [[12, 9], [8, 3]]])
def test_activating_stores_the_highest_user_id_whatever_the_order(api: Api, pages: list[list[int]]) -> None:
    api.environment.account.pages = pages
    assert api.put({**DOCUMENT, "status": "active"}).status == 201
    assert activation_mark(api) == max(id_ for page in pages for id_ in page)


def test_a_list_without_order_leaves_the_mark_to_reconcile(api: Api) -> None:
    api.environment.account.pages = [[8, 3], [12, 9]]
    assert api.put({**DOCUMENT, "status": "active"}).status == 201
    assert activation_mark(api) is None


@pytest.mark.parametrize("failure", [UnavailableError("x"), BlockedError("x"), ConfigurationError("x")])
def test_activating_does_not_depend_on_referral_factory(api: Api, failure: Exception) -> None:
    api.environment.account.failure = failure
    assert api.put({**DOCUMENT, "status": "active"}).status == 201
    assert activation_mark(api) is None


def test_the_mark_is_stored_once(api: Api) -> None:
    first = api.put({**DOCUMENT, "status": "active"})
    api.environment.account.pages = [[50]]

    paused = api.put({**DOCUMENT, "status": "paused"}, if_match=first.headers["etag"])

    api.environment.account.asked = []
    assert api.put({**DOCUMENT, "status": "active"}, if_match=paused.headers["etag"]).status == 200
    assert activation_mark(api) == 9
    assert api.environment.account.asked == [], "Referral Factory is not asked for what is known"


@pytest.mark.parametrize(("seconds", "mark"), [(LONGEST_REFERRAL_FACTORY_CALL, None), (LONGEST_REFERRAL_FACTORY_CALL + 1, 9)])
def test_without_the_time_for_a_call_the_mark_is_left_to_reconcile(
    api: Api, monkeypatch: pytest.MonkeyPatch, seconds: float, mark: int | None
) -> None:
    monkeypatch.setattr(api.environment, "time_left", lambda: seconds)

    assert api.put({**DOCUMENT, "status": "active"}).status == 201

    assert activation_mark(api) == mark
    assert api.environment.account.asked == ([] if mark is None else [1])


def test_backfill_needs_no_mark(api: Api) -> None:
    assert api.put({**DOCUMENT, "status": "active", "backfill": True}).status == 201
    assert activation_mark(api) is None
