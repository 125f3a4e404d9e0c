"""Where becoming a user is the trigger, somebody else has to make the lead one: our own writes qualify nobody."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.qualifying import Friendship, rules


def test_a_lead_that_became_a_user_qualifies_where_that_is_the_trigger() -> None:
    story = Friendship({"trigger": {"kind": "became_user"}})
    friend = story.invited()
    story.app.wait(10)

    story.app.intercom.contacts.update(story.contact(friend.email).id, {"role": "user"}, by_api=False)
    story.settles(1)

    assert friend.qualified_times == 1


def test_a_lead_that_became_a_user_qualifies_also_when_our_own_write_saw_it_first() -> None:
    """The notification was lost, and new facts of the friend were written before reconcile looked."""
    story = Friendship({"trigger": {"kind": "became_user"}})
    friend = story.invited()
    story.app.wait(10)
    story.app.intercom.contacts.update(story.contact(friend.email).id, {"role": "user"}, by_api=False)
    facts = {"id": friend.id, "email": friend.email, "source": "Referred", "campaign_id": 1}

    story.app.post({**facts, "first_name": "Another name"})
    story.app.work()

    assert story.contact(friend.email).name == "Another name"

    story.looks_through()

    assert friend.qualified_times == 1


def test_a_user_that_we_made_of_the_lead_ourselves_does_not_qualify() -> None:
    story = Friendship({"trigger": {"kind": "became_user"}}, person_invited={"action": "user", "duplicates": "update"})
    story.app.given("lead", email="friend1@example.com")
    friend = story.invites()

    assert story.contact(friend.email).role == "user"

    story.settles(2)

    assert friend.qualified_times == 0


def test_a_user_that_another_campaign_made_of_the_lead_does_not_qualify_however_late_that_is_reported() -> None:
    story = Friendship({"trigger": {"kind": "became_user"}})
    story.app.configure(campaign_id=2, qualification=rules(), person_invited={"action": "user", "duplicates": "update"})
    friend = story.invited()

    story.joins_by(story.refers("Olga", "olga@example.com", campaign=2), friend)

    assert story.contact(friend.email).role == "user"

    echoes = story.taken()
    assert any(b"contact.lead.signed_up" in one.body for one in echoes)

    story.app.wait(86_400)
    story.notified(*echoes)
    story.settles(1)
    story.app.reconcile()
    story.app.qualify()

    assert friend.qualified_times == 0


@pytest.mark.parametrize(
    ("fault", "qualified_times"),
    [({"kind": "status", "status": status}, 1) for status in (400, 401, 429)] + [({"kind": "lost_answer"}, 0)],
)
def test_a_user_that_intercom_did_not_let_us_make_qualifies_when_somebody_else_does(
    fault: dict[str, Any], qualified_times: int
) -> None:
    """A refused conversion is not ours; one without an answer may have happened."""
    story = Friendship({"trigger": {"kind": "became_user"}})
    story.app.configure(campaign_id=2, qualification=rules(), person_invited={"action": "user", "duplicates": "update"})
    friend = story.invited()
    story.app.wire.faults.add({"method": "PUT", "path": "^/contacts/", **fault})
    story.joins_by(story.refers("Olga", "olga@example.com", campaign=2), friend)
    contact = story.contact(friend.email)
    if contact.role == "lead":
        story.app.intercom.contacts.update(contact.id, {"role": "user"}, by_api=False)
    story.notified(*story.taken())
    story.app.wire.faults.clear()

    story.settles(3)

    assert friend.qualified_times == qualified_times
