"""Sync and the updates of referrers write the same attributes: no older count over a newer one, and no quarrel."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.vendors.intercom.workspace import Contact
from shared.domain.sync.run import RunState
from shared.use_cases.campaign.delete_campaign import delete_campaign
from shared.use_cases.referrer.mark_referrer import mark_referrer
from tests.support.syncing import COUNT, LINK, SyncApp

ANN = "ann@example.com"


def attributes_of(app: SyncApp, contact: Contact) -> Any:
    return app.intercom.workspace.contacts[contact.id].custom_attributes


def brings_a_friend(app: SyncApp, name: str, campaign_id: int = 1) -> None:
    """A friend joins through Ann's link, and her contact is brought up to date as after the webhook."""
    account = app.referral_factory.account
    ann = account.people.with_email(campaign_id, ANN)
    assert ann is not None
    app.joined(f"{name}@example.com", campaign_id, source="Referred", referrer=ann)
    mark_referrer(app.environment, campaign_id, ann.id, ANN)
    app.wait(40)
    app.update_referrers()


def test_a_count_that_was_read_before_a_referral_is_not_written_over_the_newer_one(app: SyncApp) -> None:
    (contact,) = app.add(ANN)
    app.joined(ANN)
    app.wire.interrupt("GET /contacts", lambda: brings_a_friend(app, "friend"))

    assert app.sync().state is RunState.DONE
    assert attributes_of(app, contact)["referral_count"] == 1

    app.assert_linked(contact)


def test_a_count_that_becomes_newer_right_before_the_write_is_right_at_the_end(app: SyncApp) -> None:
    (contact,) = app.add(ANN)
    app.joined(ANN)
    app.wire.interrupt(f"PUT /contacts/{contact.id}", lambda: brings_a_friend(app, "friend"))

    assert app.sync().state is RunState.DONE
    assert attributes_of(app, contact)["referral_count"] == 1


@pytest.mark.parametrize("first", ["sync", "update"])
def test_a_count_of_two_campaigns_belongs_to_the_one_that_wrote_it_first(app: SyncApp, first: str) -> None:
    """Campaign 1 syncs; campaign 2 only counts referrals, into the same attribute."""
    app.configure(
        campaign_id=2, person_invited={"action": "none"}, sync={"mode": "off", "write_back": {"referral_count": COUNT}}
    )
    (contact,) = app.add(ANN)
    app.joined(ANN)
    app.joined(ANN, 2)
    if first == "update":
        brings_a_friend(app, "friend", 2)
    app.sync()

    expected = 1 if first == "update" else 0

    assert attributes_of(app, contact)["referral_count"] == expected

    for name in ("second", "third"):
        brings_a_friend(app, name, 2)
        app.wait(1_000)  # what was written lately counts as there
        app.forget_calls()
        app.sync()
        expected += 1 if first == "update" else 0
        assert attributes_of(app, contact)["referral_count"] == expected
        assert app.writes() == []
    app.assert_linked(contact)


def test_an_attribute_that_another_campaign_gave_up_is_taken_over(app: SyncApp) -> None:
    app.configure(
        campaign_id=2, person_invited={"action": "none"}, sync={"mode": "off", "write_back": {"referral_count": COUNT}}
    )
    (contact,) = app.add(ANN)
    app.joined(ANN)
    app.joined(ANN, 2)
    brings_a_friend(app, "friend", 2)

    app.sync()

    assert attributes_of(app, contact)["referral_count"] == 1

    app.configure(campaign_id=2, person_invited={"action": "none"}, sync={"mode": "off", "write_back": {"referral_link": LINK}})
    app.wait(60)
    app.sync()

    assert attributes_of(app, contact)["referral_count"] == 0


@pytest.mark.parametrize("ends", ["draft", "deleted"])
def test_a_campaign_that_is_a_draft_again_or_deleted_gives_up_its_attributes(app: SyncApp, ends: str) -> None:
    write_back: dict[str, Any] = {"mode": "off", "write_back": {"referral_count": COUNT}}
    app.configure(campaign_id=2, person_invited={"action": "none"}, sync=write_back)
    (contact,) = app.add(ANN)
    app.joined(ANN)
    app.joined(ANN, 2)
    brings_a_friend(app, "friend", 2)
    app.configure(campaign_id=2, status="paused", person_invited={"action": "none"}, sync=write_back)

    app.sync()

    assert attributes_of(app, contact)["referral_count"] == 1, "a paused one keeps them"

    if ends == "draft":
        app.configure(campaign_id=2, status="draft", person_invited={"action": "none"}, sync=write_back)
    else:
        delete_campaign(app.environment, 2, app.environment.campaigns.get(2).version, "mara@example.com")
    app.wait(60)
    app.sync()

    assert attributes_of(app, contact)["referral_count"] == 0


def test_a_run_says_whose_link_the_contact_holds(app: SyncApp) -> None:
    (contact,) = app.add(ANN)
    app.sync()
    link = app.link_of(contact)
    app.choose(2)
    app.wait(1_000)

    run = app.sync(2)

    assert (run.tally.unchanged, run.tally.linked) == (0, 0)
    assert run.tally.skipped == {"holds campaign 1's link": 1}
    assert app.link_of(contact) == link
