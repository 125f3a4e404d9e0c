"""People that a sync added come back as signups."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.operations.story import sentence_of
from shared.domain.signup.state import State
from shared.domain.sync.run import RunState
from shared.use_cases.sync.read_syncs import cancel_run
from tests.support.syncing import SyncApp, fault, posted


def test_people_we_added_come_back_as_webhooks_and_are_known_by_the_reservation(app: SyncApp) -> None:
    (contact,) = app.add("ann@example.com")
    before = len(app.intercom.workspace.contacts)

    def come_back() -> None:
        """Before our own answer is stored."""
        person = app.people("ann@example.com")[0]
        row = app.sign_up(
            id=person.id, email="ann@example.com", source="Api", code=person.code, referrer_id=None, referrer_code=None,
            referrer_first_name=None, referrer_email=None,
        )  # fmt: skip
        assert (row.state, row.contact_id) == (State.DELIVERED, contact.id)
        assert row.history[-1].what == "from sync"
        assert sentence_of(row.history[-1]) == "The sync added this person from a contact in Intercom."

    app.wire.interrupt("POST /api/v2/users", come_back)
    app.sync()
    person = app.people("ann@example.com")[0]
    app.reconcile(full=True)

    row = app.row(person.id)
    assert (row.state, row.contact_id) == (State.DELIVERED, contact.id)
    assert len(app.intercom.workspace.contacts) - before == 3, "reconcile brought the seeded three, and nobody twice"
    assert len(app.contacts("ann@example.com")) == 1

    app.forget_calls()
    app.wait(60)
    app.sync()

    assert app.calls("referral_factory").count("POST /api/v2/users") == 0 or "ann@example.com" not in posted(app)


def test_a_signup_that_was_tried_before_it_turned_out_to_be_ours_counts_no_tries(app: SyncApp) -> None:
    (contact,) = app.add("ann@example.com")
    app.sync()
    member, person = app.member("ann@example.com"), app.people("ann@example.com")[0]

    assert member is not None

    fields = {"source": "Api", "code": person.code, "referrer_id": None, "referrer_code": None}
    names = {"referrer_first_name": None, "referrer_email": None}
    app.sign_up(id=person.id, email="ann@example.com", **fields, **names)
    app.environment.referrals.update(
        1, person.id, lambda row: replace(row.waiting(app.clock.now(), "Intercom did not answer."), attempts=3)
    )

    row = app.move_due(person.id)

    assert row.state is State.DELIVERED
    assert row.contact_id == contact.id
    assert row.attempts == 0
    assert row.due_at is None


def test_people_we_added_are_known_when_reconcile_finds_them_first(app: SyncApp) -> None:
    (contact,) = app.add("ann@example.com")
    app.sync()

    person = app.people("ann@example.com")[0]
    app.reconcile(full=True)

    row = app.row(person.id)
    assert (row.state, row.contact_id) == (State.DELIVERED, contact.id)
    assert "PUT /contacts/<id>" in app.calls()


def test_a_person_invited_by_somebody_is_no_signup_of_ours(app: SyncApp) -> None:
    app.add("ann@example.com")
    app.sync()

    member = app.member("ann@example.com")
    assert member is not None

    row = app.sign_up(id=member.user_id + 1000 if member.user_id else 1, email="ann@example.com")
    assert row.state is State.SKIPPED, "as every contact that was there before"


@pytest.mark.parametrize("learned_by", ["a page of people", "a search"])
def test_who_was_invited_while_our_own_addition_is_in_doubt_is_no_signup_of_ours(app: SyncApp, learned_by: str) -> None:
    """Our call was lost on its way; a friend's link was quicker than our next try."""
    (contact,) = app.add("ann@example.com")
    fault(app, "reset", method="POST", path="^/api/v2/users$", times=1)
    run = app.start()

    app.step()

    member = app.member("ann@example.com")
    assert member is not None
    assert member.reserved

    invited = app.joined("ann@example.com", source="Referred", referrer=app.joined("friend@example.com"))
    if learned_by == "a page of people":
        cancel_run(app.environment, 1, str(run.slot), "a test")
        app.wait(5)
        run = app.start()
    app.drain()
    found = app.run(run.slot)

    assert found.state == RunState.DONE
    assert found.tally.created == 0
    assert found.tally.linked == 1

    app.assert_linked(contact)
    row = app.sign_up(id=invited.id, email="ann@example.com", code=invited.code)

    assert row.state is State.SKIPPED, "as every contact that was there before"
