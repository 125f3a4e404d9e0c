"""Intercom fails while its contacts are looked through: nothing else stops, somebody hears of it, and it is tried again."""

from __future__ import annotations

import pytest

from sandbox.vendors.wire import Request, Response
from shared.domain.connection.connection import BreakerKind, Vendor
from shared.messages import ReconcileCampaigns
from shared.use_cases.operations.reconcile_vendors import CONTACTS_AGAIN_AFTER, FAILED_AGAIN_AFTER, FOUND_AGAIN_AFTER
from shared.use_cases.vendor.guard_vendor import FAILURES_TO_OPEN
from tests.support.qualifying import Friendship, rules

SEARCH = "^/contacts/search"


def changed() -> Friendship:
    """A friend's contact is at the qualified value, and no notification reported it."""
    story = Friendship()
    story.changes(story.invited(), "Connected")
    story.taken()
    return story


def test_a_scheduled_pass_that_intercom_did_not_answer_is_made_again_each_minute_until_it_does() -> None:
    story = changed()
    story.app.wire.faults.add({"kind": "status", "status": 503, "path": SEARCH, "times": 2})
    story.app.reconcile(work=False)

    assert [type(one) for one in story.app.queued("reconcile")] == [ReconcileCampaigns]

    story.app.wait(CONTACTS_AGAIN_AFTER - 1)

    assert story.app.reconcile_enqueued() == 0, "not before a minute has passed"

    story.app.wait(1)

    assert story.app.reconcile_enqueued() == 1, "refused again"
    assert story.app.metrics.counts["ContactReconcileFailed"] == 2

    story.app.wait(CONTACTS_AGAIN_AFTER)

    assert story.app.reconcile_enqueued() == 1
    assert story.app.queued("reconcile") == [], "answered: no more until the next slot"
    assert story.app.metrics.counts["ContactReconcileFailed"] == 2


def test_the_pass_that_is_made_again_finds_what_the_first_one_missed() -> None:
    story = changed()
    story.app.wire.faults.add({"kind": "lost_answer", "path": SEARCH, "times": 1})
    story.app.reconcile()

    assert story.app.queued("qualification") == []

    story.app.wait(CONTACTS_AGAIN_AFTER)
    story.app.reconcile_enqueued()
    story.app.qualify()

    assert story.reported() == [True]


def test_contacts_that_were_looked_through_are_not_again_because_referral_factory_fails() -> None:
    story = changed()
    story.app.wire.faults.add({"kind": "status", "status": 503, "path": "/users", "times": 3})
    story.app.reconcile(work=False)

    assert story.app.metrics.counts["ReconcileFailed"] == 1

    searches = [call for call in story.app.calls() if call == "POST /contacts/search"]
    assert searches

    story.app.wait(FAILED_AGAIN_AFTER)

    assert story.app.reconcile_enqueued() == 1
    assert story.app.metrics.counts["ReconcileSucceeded"] == 1
    assert [call for call in story.app.calls() if call == "POST /contacts/search"] == searches


@pytest.mark.parametrize(("failing", "whole_again"), [("/users", True), (SEARCH, False)])
def test_a_whole_pass_is_made_whole_again_only_where_referral_factory_did_not_answer(failing: str, whole_again: bool) -> None:
    story = changed()
    story.app.wire.faults.add({"kind": "status", "status": 503, "path": failing, "times": 3})

    story.app.reconcile(full=True, work=False)

    [again] = story.app.queued("reconcile")
    assert again.full is whole_again


def test_a_refusal_is_no_reason_to_look_again_in_a_minute() -> None:
    story = changed()
    story.app.reconcile()
    story.app.wait(FOUND_AGAIN_AFTER)

    assert story.app.reconcile_enqueued() == 1, "the first pass found people"

    story.app.wire.faults.add({"kind": "status", "status": 400, "path": SEARCH, "times": 1})
    story.app.reconcile()

    assert story.app.queued("reconcile") == []


def test_a_search_that_intercom_refuses_costs_only_its_own_campaign(story: Friendship) -> None:
    story.app.configure(campaign_id=2, qualification=rules(attribute="custom_attributes.lead_source"))
    story.changes(story.invited(), "Connected")
    story.taken()
    answer = story.app.intercom.answer

    def refuse(request: Request) -> Response:
        return story.app.intercom.refuse(400) if b"lead_source" in request.body else answer(request)

    story.app.intercom.answer = refuse  # type: ignore[method-assign]
    story.app.reconcile()
    story.app.qualify()

    assert story.reported() == [True]
    assert story.app.metrics.counts["ContactReconcileFailed"] == 1


def test_a_lost_connection_is_noticed_in_a_quiet_night_too() -> None:
    story = changed()
    story.app.set_secret("intercom", access_token="revoked")
    story.app.wait(301)
    story.app.reconcile()

    breaker = story.app.breaker()

    assert breaker.kind is BreakerKind.CONNECTION_LOST
    assert story.app.metrics.counts["ConnectionLost"] == 1


def test_passes_without_an_answer_open_the_breaker() -> None:
    story = changed()
    story.app.wire.faults.add({"kind": "status", "status": 503, "path": SEARCH})
    for _ in range(FAILURES_TO_OPEN):
        assert story.app.environment.breakers.find(Vendor.INTERCOM) is None
        story.app.reconcile(work=False)
    assert story.app.environment.breakers.find(Vendor.INTERCOM) is not None
