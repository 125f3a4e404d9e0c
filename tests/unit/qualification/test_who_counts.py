"""Who earns a reward and who does not: one for each contact, and whoever takes the place of a contact that was deleted."""

from __future__ import annotations

import json

import pytest

from sandbox.vendors.referral_factory.records import Person
from shared.domain.signup.state import State
from shared.messages import ENQUEUED, QualifyReferral
from tests.support.qualifying import STATUS, Friendship, rules


def twins(story: Friendship) -> tuple[Person, Person]:
    """One address in two spellings: two people there, one contact here."""
    campaign = story.account.campaigns[1]
    friends = [
        story.account.join(campaign, first_name="Ána", email=email, source="Referred", referrer=story.rita)
        for email in ("\u00e1na@example.com", "a\u0301na@example.com")
    ]
    for friend in friends:
        story.webhooks()
        story.app.wait(5)
        story.app.work()
        assert story.row(friend).finished
    story.taken()
    return friends[0], friends[1]


def test_a_contact_qualifies_one_referral_of_a_campaign_the_one_that_signed_up_first(story: Friendship) -> None:
    first, second = twins(story)

    assert story.row(first).contact_id == story.row(second).contact_id

    contact_id = story.row(first).contact_id
    assert contact_id is not None

    story.changes(contact_id, "Connected")
    story.settles(3)

    assert (first.qualified_times, second.qualified_times) == (1, 0)
    assert story.reported() == [True]
    assert "same contact" in story.row(second).notes[-1]
    assert story.story_of(second).count("counts once") == 1

    item = story.item(second)
    assert item is None or item.due_at is None, "nothing sends it any more"

    story.app.wait(400)
    story.app.reconcile()

    assert story.app.queued("qualification") == [], "nor does a search find it again"
    assert story.app.metrics.counts["NotificationMissed"] == 0


def test_the_younger_does_not_count_either_when_it_is_judged_first(story: Friendship) -> None:
    first, second = twins(story)
    contact_id = story.row(first).contact_id
    assert contact_id is not None

    seen_at = story.app.clock.now() + 10
    values = {f"custom_attributes.{STATUS}": "Connected"}
    for friend in (second, first):
        story.app.environment.qualification_queue.send(
            QualifyReferral(
                "contact.user.updated", seen_at, contact_id, values=values, updated_at=seen_at, campaign_id=1, user_id=friend.id
            )
        )
        story.app.qualify()

    assert (first.qualified_times, second.qualified_times) == (1, 0)


def test_an_older_one_that_is_heard_of_when_the_younger_counts_already_does_not_count(story: Friendship) -> None:
    campaign = story.account.campaigns[1]
    first, second = (
        story.account.join(campaign, first_name="Ána", email=email, source="Referred", referrer=story.rita)
        for email in ("\u00e1na@example.com", "a\u0301na@example.com")
    )
    lost, heard = story.app.referral_factory.take_webhooks(story.app.clock.now())

    story.app.post(json.loads(heard.body))
    story.app.work()
    story.app.wait(5)
    story.taken()

    contact_id = story.row(second).contact_id
    assert contact_id is not None

    story.changes(contact_id, "Connected")
    story.settles(2)

    assert story.reported() == [True]

    story.app.post(json.loads(lost.body))
    story.app.work()
    story.settles(2)

    assert story.row(first).contact_id == contact_id

    for value in ("New", "Connected"):
        story.changes(contact_id, value)
        story.settles(2)

    assert story.reported() == [True]
    assert (first.qualified_times, second.qualified_times) == (0, 1)


def test_two_contacts_qualify_two_referrals(story: Friendship) -> None:
    friends = story.invited(), story.invited()
    for friend in friends:
        story.changes(friend, "Connected")
    story.settles(2)
    assert [friend.qualified_times for friend in friends] == [1, 1]


def test_the_referrers_own_contact_qualifies_nobody() -> None:
    story = Friendship(person_referring={"action": "user"})
    friend = story.invited()
    story.app.reconcile()

    assert story.row(story.rita).state is State.DELIVERED

    story.app.wait(5)
    story.taken()
    story.changes(story.contact(story.rita.email).id, "Connected")
    story.settles(2)

    assert story.reported() == []
    assert story.item(story.rita) is None, "nothing is kept of a person that nobody invited"
    assert (friend.qualified_times, story.rita.qualified_times) == (0, 0)


@pytest.mark.parametrize("topic", [ENQUEUED, "delivered", "qualified"])
def test_a_message_that_names_the_referrers_row_qualifies_nobody(topic: str) -> None:
    story = Friendship(person_referring={"action": "user"})
    story.invited()
    story.app.reconcile()
    contact = story.contact(story.rita.email)
    values = {f"custom_attributes.{STATUS}": "Connected"}
    at = story.app.clock.now() + 5
    named = {"campaign_id": 1, "user_id": story.rita.id, "contact_id": contact.id, "values": values, "updated_at": at}
    story.app.wait(10)

    story.app.environment.qualification_queue.send(QualifyReferral(topic, at, **named))
    story.settles(1)

    assert (story.reported(), story.item(story.rita)) == ([], None)


def test_of_two_contacts_with_the_address_the_other_goes_on_when_one_is_deleted(story: Friendship) -> None:
    friend = story.invited()
    first_id = story.row(friend).contact_id
    assert first_id is not None

    other = story.app.given("user", email=friend.email)
    story.app.intercom.contacts.delete(first_id, by_api=False)
    story.settles(2)

    row = story.row(friend)
    assert (row.state, row.contact_id) == (State.DELIVERED, other.id)
    assert "followed" in story.story_of(friend)

    story.changes(other.id, "Connected")
    story.settles(2)

    assert friend.qualified_times == 1


def test_when_the_only_contact_is_deleted_the_referral_is_erased(story: Friendship) -> None:
    friend = story.invited()
    story.app.given("lead", email="somebody.else@example.com")

    first_id = story.row(friend).contact_id
    assert first_id is not None

    story.app.intercom.contacts.delete(first_id, by_api=False)
    story.settles(2)

    assert story.row(friend).state is State.ERASED


def test_a_deleted_contact_that_only_shares_the_address_erases_nobodys_referral(story: Friendship) -> None:
    """The referral's own contact has another address by now, so no search by its e-mail finds it."""
    friend = story.invited()
    own, other = story.contact(friend.email), story.app.given("user", email=friend.email)
    story.app.wait(10)
    story.app.intercom.contacts.update(own.id, {"email": "moved@example.com"}, by_api=False)
    story.taken()

    story.app.intercom.contacts.delete(other.id, by_api=False)
    story.settles(2)

    assert story.row(friend).state is State.DELIVERED
    assert story.row(friend).contact_id == own.id

    story.changes(own.id, "Connected")
    story.settles(2)

    assert friend.qualified_times == 1


def test_the_other_contact_does_not_count_for_the_value_at_which_it_stands_already(story: Friendship) -> None:
    friend = story.invited()
    first_id = story.row(friend).contact_id
    assert first_id is not None

    other = story.app.given("user", email=friend.email, custom_attributes={"referral_status": "Connected"})
    story.app.intercom.contacts.delete(first_id, by_api=False)
    story.settles(2)
    story.changes(other.id, "a new name", "lead_source")
    story.settles(2)

    assert story.reported() == []

    story.app.wait(120)
    for value in ("New", "Connected"):
        story.changes(other.id, value)
        story.settles(2)

    assert story.reported() == [True]


def test_one_referrals_failure_does_not_stop_the_contacts_others() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    story.app.configure(campaign_id=2, qualification=rules(unqualify_on_reversal=True))
    robin = story.refers("Robin", "robin@example.com", campaign=2)
    first = story.invited()
    second = story.account.join(
        story.account.campaigns[2], first_name="Friend", email=first.email, source="Referred", referrer=robin
    )

    story.webhooks()
    story.app.wait(120)
    story.taken()

    contact_id = story.row(first).contact_id
    assert contact_id is not None
    assert story.row(second).contact_id == contact_id

    story.app.wire.faults.add(
        {"kind": "status", "status": 500, "method": "GET", "path": f"^/contacts/{contact_id}", "times": 1}
    )
    story.changes(contact_id, "Connected")
    story.notified()
    story.app.qualify()

    assert sorted([first.qualified_times, second.qualified_times]) == [0, 1], "one waits, the other is done"

    story.settles(5)

    assert (first.qualified_times, second.qualified_times) == (1, 1)


BECAME_USER = {"trigger": {"kind": "became_user"}}


def test_a_user_beside_the_lead_is_no_lead_that_became_a_user() -> None:
    story = Friendship(BECAME_USER)
    friend = story.invited()
    other = story.app.given("user", email=friend.email)

    story.changes(other.id, "anything", "lead_source")
    story.settles(2)
    for _ in range(3):
        story.app.wait(300)
        story.app.reconcile()
        story.settles(2)

    assert friend.qualified_times == 0
    assert story.app.metrics.counts["NotificationsSilent"] == 0, "nothing was missed"


def test_a_lead_did_not_become_the_user_that_somebody_elses_lead_was_merged_into() -> None:
    story = Friendship(BECAME_USER)
    story.app.intercom.change_settings({"merged_webhook_names_source": False})
    friend = story.invited()
    lead = story.contact(friend.email)
    another = story.app.given("lead", email="somebody.else@example.com")
    user = story.app.given("user", email=friend.email)
    story.app.wait(10)

    story.app.intercom.contacts.merge({"from": another.id, "into": user.id, "skip_duplicate_validation": True}, by_api=False)
    story.settles(3)
    story.app.reconcile()
    story.settles(3)

    assert friend.qualified_times == 0
    assert story.row(friend).contact_id == lead.id


@pytest.mark.parametrize("notified", [True, False])
def test_a_lead_that_was_merged_into_the_user_beside_it_became_a_user(notified: bool) -> None:
    story = Friendship(BECAME_USER)
    story.app.intercom.change_settings({"merged_webhook_names_source": False})
    friend = story.invited()
    lead, user = story.contact(friend.email), story.app.given("user", email=friend.email)
    story.app.wait(10)
    story.app.intercom.contacts.merge({"from": lead.id, "into": user.id}, by_api=False)

    if not notified:
        story.taken()
        story.app.wait(120)
        story.app.reconcile()
    story.settles(2)

    assert friend.qualified_times == 1
    assert story.row(friend).contact_id == user.id


def test_intercom_is_not_asked_about_a_merge_where_the_lead_itself_became_a_user() -> None:
    story = Friendship(BECAME_USER)
    friend = story.invited()
    story.app.wait(10)
    story.app.forget_calls()

    story.app.intercom.contacts.update(story.contact(friend.email).id, {"role": "user"}, by_api=False)
    story.notified()
    story.app.qualify()

    assert friend.qualified_times == 1
    assert [call for call in story.app.calls() if call.startswith("GET /contacts/")] == []


def test_intercom_is_not_asked_about_a_merge_where_the_value_of_a_user_beside_the_lead_counts(story: Friendship) -> None:
    friend = story.invited()
    twin = story.app.given("user", email=friend.email)
    story.app.forget_calls()

    story.changes(twin.id, "Connected")
    story.looks_through()

    assert friend.qualified_times == 1
    assert [call for call in story.app.calls() if call.startswith("GET /contacts/")] == []


def test_a_user_that_a_deleted_leads_referral_goes_on_with_has_become_nothing() -> None:
    story = Friendship({"trigger": {"kind": "became_user"}})
    friend = story.invited()

    first = story.row(friend).contact_id
    assert first is not None

    other = story.app.given("user", email=friend.email)
    story.app.intercom.contacts.delete(first, by_api=False)
    story.settles(2)

    story.changes(other.id, "spring", "lead_source")
    story.settles(2)
    for _ in range(2):
        story.app.wait(400)
        story.app.reconcile()
        story.settles(2)

    assert story.row(friend).contact_id == other.id
    assert story.reported() == []
