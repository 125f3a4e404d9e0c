"""Which contact gets the counts of a person who refers: theirs alone, never a new one, one campaign's to an attribute."""

from __future__ import annotations

from typing import Any

from shared.domain.contact import MOST_STEPS
from shared.domain.signup.referral import FORGOTTEN
from shared.domain.signup.state import State
from shared.use_cases.operations.erase_person import erase_person
from shared.use_cases.referrer.report_rewards import NO_CONTACT
from tests.support.referring import CONVERTED, COUNT, REWARDS, RITA, Story

PUT, SEARCH = "PUT /contacts/<id>", "POST /contacts/search"


def test_a_skipped_contact_gets_its_counts_too(story: Story) -> None:
    story.app.configure(person_referring={"action": "user", "duplicates": "skip"})
    story.account.outbox.announce("joined", story.rita)
    story.webhooks()

    assert story.app.row(story.rita.id).state is State.SKIPPED

    story.invites()
    story.passes()

    assert story.counts() == (1, 0)


def test_a_known_contact_is_not_searched_for() -> None:
    story = Story(contact=False)
    story.account.outbox.announce("joined", story.rita)
    story.webhooks()
    story.invites()
    story.app.forget_calls()

    story.passes()

    assert story.app.calls("intercom") == [PUT]
    assert story.counts() == (1, 0)


def test_a_missing_contact_is_never_created() -> None:
    story = Story(contact=False)

    story.invites()
    story.app.forget_calls()
    story.passes(180)

    assert story.app.contacts(RITA) == []
    assert story.app.calls("intercom") == [SEARCH]

    mark = story.mark()

    assert (mark.is_marked, "no contact" in mark.note) == (False, True)


def test_a_contact_that_comes_later_gets_the_counts() -> None:
    story = Story(contact=False)
    story.invites()
    story.passes()
    story.account.outbox.announce("joined", story.rita)
    story.webhooks()

    story.passes()

    assert story.counts() == (1, 0)


def test_a_merged_contact_leads_to_its_survivor(story: Story) -> None:
    lead = story.app.given("lead", email=RITA, age=90_000.0)
    story.invites()
    story.passes()
    story.app.intercom.contacts.merge({"from": lead.id, "into": story.before.id})
    story.invites()

    story.passes(120)

    assert story.counts() == (2, 0)


def test_the_survivor_of_a_merge_gets_the_counts_whatever_its_address_is() -> None:
    story = Story(contact=False)
    lead = story.app.given("lead", email=RITA)
    story.account.outbox.announce("joined", story.rita)
    story.webhooks()

    story.invites()
    story.passes()

    assert story.counts() == (1, 0)

    survivor = story.app.given("user", email="rita.at.home@example.com")
    story.app.intercom.contacts.merge({"from": lead.id, "into": survivor.id, "skip_duplicate_validation": True})
    story.invites()
    story.passes(120)

    assert story.counts("rita.at.home@example.com") == (2, 0)

    story.invites()
    story.app.forget_calls()
    story.passes(120)

    assert story.app.calls("intercom") == [PUT], "the contact that is gone is not asked for again"


def test_nothing_is_written_to_somebody_who_was_erased_though_no_row_says_so(story: Story) -> None:
    story.app.environment.erasures.erase(RITA, story.app.clock.now(), lambda: 60.0)
    story.app.poll_rewards()
    story.qualifies(story.invites(), webhook=False)

    story.app.poll_rewards()

    assert story.app.environment.referrals.find(1, story.rita.id) is None

    story.passes(180)

    assert story.writes() == []
    assert story.events() == []
    assert not story.mark().is_marked


def test_an_archived_contact_is_left_with_a_note(story: Story) -> None:
    story.invites()
    story.passes()
    story.app.intercom.contacts.archive(story.before.id)
    story.invites()

    story.passes(120)

    assert story.app.contacts(RITA) == []
    assert (story.mark().is_marked, "no contact" in story.mark().note) == (False, True)


def test_a_contact_that_is_archived_between_search_and_write_is_searched_for_once(story: Story) -> None:
    story.invites()
    story.app.forget_calls()
    story.app.wire.interrupt(SEARCH, lambda: story.app.intercom.contacts.archive(story.before.id))

    story.passes()

    assert story.app.calls("intercom").count(SEARCH) == 1
    assert len(story.writes()) == 1
    assert story.mark().contact_id is None
    assert story.mark().note == NO_CONTACT


def test_merges_without_end_are_followed_four_steps_at_most_and_nothing_counts_as_written(story: Story) -> None:
    """Intercom answers each contact with another one that it was merged into."""
    story.invites()
    story.passes()
    before = story.mark()
    for dead in range(MOST_STEPS + 2):
        link = {"Link": f'</contacts/{"%024x" % (dead + 1)}>; rel="canonical"'}
        fault = {"kind": "status", "status": 410, "method": "PUT", "path": "^/contacts", "times": 1, "headers": link}
        story.app.wire.faults.add({**fault, "id": f"put {dead}"})
    story.invites()
    story.app.forget_calls()

    story.app.wait(40)
    story.app.update_referrers()

    assert len(story.writes()) == MOST_STEPS
    assert story.mark().written == before.written
    assert story.mark().note == NO_CONTACT


def two_campaigns() -> tuple[Story, Any]:
    story = Story()
    story.app.configure(campaign_id=2, name="Partners")
    return story, story.refers("Rita", RITA, campaign=2)


def test_the_campaign_that_wrote_first_keeps_the_attribute() -> None:
    story, partner = two_campaigns()
    story.invites()
    story.passes()
    story.invites(partner)

    story.invites(partner)
    story.passes(120)

    assert story.counts() == (1, 0)
    assert "Campaign 1 wrote" in story.mark(partner).note

    story.invites()
    story.passes(120)

    assert story.counts() == (2, 0)
    assert not story.mark(partner).is_marked


def test_a_campaign_that_no_longer_writes_there_gives_the_attribute_up() -> None:
    story, partner = two_campaigns()
    story.invites()
    story.passes()
    story.app.configure(sync={"mode": "off", "write_back": {"converted_referral_count": CONVERTED}})

    story.invites(partner)
    story.passes(120)

    assert story.counts() == (1, 0)

    story.invites(partner)
    story.passes(120)

    assert story.counts() == (2, 0)
    assert COUNT in str(story.mark(partner).written)


def test_nothing_is_written_to_an_erased_person_that_only_a_friends_signup_names() -> None:
    story = Story()
    story.app.configure(rewards=REWARDS, sync={"mode": "off", "write_back": {}})
    erase_person(story.app.environment, "mara@example.com", RITA)
    story.qualifies(story.invites(), webhook=False)
    story.app.poll_rewards()
    story.app.environment.referrers.mark(1, story.rita.id, story.app.clock.now(), RITA)
    story.app.forget_calls()

    story.passes(180)

    assert story.writes() == []
    assert story.events() == []
    assert not story.mark().is_marked
    assert story.mark().note == FORGOTTEN
