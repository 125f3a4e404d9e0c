"""Ids of contacts that lead nowhere: merged, archived, deleted."""

from __future__ import annotations

import pytest

from shared.domain.signup.state import State
from tests.support.builders import EMAIL, App
from tests.support.writing import (
    GET,
    UNARCHIVE,
    app_for,
    deleted,
    known,
)


def test_a_merged_contact_is_followed_to_its_survivor() -> None:
    app = app_for(duplicates="update")
    row = known(app)
    survivor = app.given("user", name="Survivor")
    app.intercom.contacts.merge({"from": row.contact_id, "into": survivor.id})

    after = app.sign_up(first_name="Iwan")

    assert after.state == State.DELIVERED
    assert after.contact_id == survivor.id
    assert app.contact().name == "Iwan Lindqvist"
    assert after.notes == (f"contact {row.contact_id} was merged into {survivor.id}",)

    person = app.person()
    assert person is not None
    assert (person.contact_id, person.ours) == (survivor.id, False)


def test_a_survivor_that_nobody_here_created_is_left_alone_and_the_referral_stays_delivered(app: App) -> None:
    row = known(app)
    survivor = app.given("user", name="Survivor")
    app.intercom.contacts.merge({"from": row.contact_id, "into": survivor.id})

    after = app.sign_up(first_name="Iwan")

    assert after.state == State.DELIVERED
    assert after.contact_id == survivor.id
    assert app.contact().name == "Survivor"
    assert not after.ours


@pytest.mark.parametrize("duplicates", ["update", "skip"])
def test_a_dead_id_whose_e_mail_another_contact_has_leads_to_that_one(duplicates: str) -> None:
    app = app_for(duplicates=duplicates)
    row = known(app)
    app.intercom.contacts.archive(str(row.contact_id))
    other = app.given("lead", name="Other")

    after = app.sign_up(first_name="Iwan")

    assert after.state == State.DELIVERED
    assert after.contact_id == other.id
    assert after.ours is False
    assert after.notes == (f"contact {row.contact_id} is gone; {other.id} has the e-mail now",)
    assert app.contact().name == ("Iwan Lindqvist" if duplicates == "update" else "Other")


def test_a_contact_found_again_by_its_e_mail_gets_all_that_is_mapped() -> None:
    app = app_for(duplicates="update")
    row = known(app)
    app.intercom.contacts.archive(str(row.contact_id))
    app.given("lead")

    app.sign_up(first_name="Iwan")

    there = app.contact().custom_attributes
    assert (there["referral_link"], there["referrer_first_name"]) == (app.row().person.url, "Rita")


def test_a_new_signup_brings_an_archived_contact_back(app: App) -> None:
    app.configure(campaign_id=2)
    row = known(app)
    app.intercom.contacts.archive(str(row.contact_id))

    after = app.sign_up(campaign_id=2, id=77, first_name="Iwan")

    assert after.state == State.SKIPPED
    assert after.contact_id == row.contact_id
    assert app.contact().name == "Ivo Lindqvist"
    assert "brought back from Intercom's archive" in after.notes


def test_an_archived_contact_stays_archived_when_the_campaign_says_skip() -> None:
    app = app_for(archived="skip")
    app.configure(campaign_id=2, person_invited={"archived": "skip"})
    row = known(app)
    app.intercom.contacts.archive(str(row.contact_id))

    after = app.sign_up(campaign_id=2, id=77, first_name="Iwan")

    assert (after.state, app.contacts()) == (State.FAILED, [])
    assert "the campaign leaves it so" in after.reason


def test_later_facts_of_a_delivered_signup_bring_nobody_back(app: App) -> None:
    row = known(app)
    app.intercom.contacts.archive(str(row.contact_id))
    after = app.sign_up(first_name="Iwan")

    assert (after.state, app.contacts()) == (State.FAILED, [])
    assert "only a new signup brings a contact back" in after.reason
    assert UNARCHIVE not in app.calls()


def test_a_new_signup_of_somebody_whose_contact_was_deleted_creates_another(app: App) -> None:
    app.configure(campaign_id=2)
    row = known(app)
    app.intercom.contacts.delete(str(row.contact_id))

    after = app.sign_up(campaign_id=2, id=77, first_name="Iwan")

    assert (after.state, app.contact().name) == (State.DELIVERED, "Iwan Lindqvist")
    assert after.contact_id == app.contact().id != row.contact_id
    assert after.notes == (f"contact {row.contact_id} was deleted in Intercom before this signup",)


def test_a_new_signup_of_somebody_whose_contact_was_merged_into_one_that_was_deleted_creates_another(app: App) -> None:
    app.configure(campaign_id=2)
    row = known(app)
    survivor = app.given("user", name="Survivor")
    app.intercom.contacts.merge({"from": row.contact_id, "into": survivor.id})
    app.intercom.contacts.delete(survivor.id)

    after = app.sign_up(campaign_id=2, id=77, first_name="Iwan")

    assert (after.state, app.contact().name) == (State.DELIVERED, "Iwan Lindqvist")
    assert after.contact_id == app.contact().id not in {row.contact_id, survivor.id}


@pytest.mark.parametrize("gone", ["archive", "delete"])
def test_somebody_who_was_skipped_and_signs_up_again_after_the_contact_is_gone_is_in_intercom(app: App, gone: str) -> None:
    app.configure(campaign_id=2)
    before = app.given("lead", name="Old name")

    assert app.sign_up().state is State.SKIPPED

    getattr(app.intercom.contacts, gone)(before.id)
    app.wait(3_600)
    row = app.sign_up(campaign_id=2, id=77)

    assert row.contact_id == app.contact().id
    assert row.state is (State.DELIVERED if gone == "delete" else State.SKIPPED)


def test_a_signup_from_before_the_erasure_creates_nothing_and_one_after_it_does(app: App) -> None:
    app.configure(campaign_id=3)
    row = known(app)
    before = app.clock.now()
    app.wait(100)
    deleted(app, row)

    old = app.move_due(replay=True)

    assert (old.state, app.contacts()) == (State.ERASED, [])
    assert old.accepted_at == before

    app.wait(1)
    new = app.sign_up(campaign_id=3, id=78)

    assert (new.state, len(app.contacts())) == (State.DELIVERED, 1)


def test_a_signup_that_was_held_before_the_erasure_creates_nothing_once_it_is_released(app: App) -> None:
    app.configure(campaign_id=3, status="paused")
    row = known(app)

    assert app.sign_up(campaign_id=3, id=78).state is State.HELD

    app.wait(100)
    deleted(app, row)

    assert app.row().state is State.ERASED

    app.configure(campaign_id=3)
    app.wait(60)
    app.sweep()

    assert (app.row(78, campaign_id=3).state, app.contacts()) == (State.ERASED, [])


def test_a_contact_that_is_gone_for_a_delivered_row_is_not_created_again(app: App) -> None:
    row = known(app)
    app.intercom.contacts.delete(str(row.contact_id))
    after = app.sign_up(first_name="Iwan")

    assert after.state in {State.FAILED, State.ERASED}
    assert app.contacts() == []


def test_dead_ids_are_followed_four_steps_at_most(app: App) -> None:
    row = known(app)
    for dead in range(6):
        link = {"Link": f'</contacts/{"%024x" % (dead + 1)}>; rel="canonical"'}
        app.wire.faults.add({"kind": "status", "status": 404, "method": "PUT", "times": 1, "id": f"put {dead}"})
        app.wire.faults.add(
            {"kind": "status", "status": 410, "method": "GET", "times": 1, "headers": link, "id": f"get {dead}"}
        )
    after = app.sign_up(first_name="Iwan")

    assert after.state is State.FAILED
    assert "from one dead end to the next" in after.reason
    assert row.contact_id
    assert len([call for call in app.calls() if call == GET]) == 5


def test_a_lead_that_cannot_become_a_user_beside_one_leads_to_that_user() -> None:
    app = app_for("user", search_lag=300, duplicates="update")
    lead = app.given("lead")
    user = app.intercom.contacts.create({"role": "user", "email": EMAIL})

    row = app.sign_up()

    assert row.state is State.DELIVERED
    assert row.contact_id == user.id
    assert f"contact {lead.id} stands beside the user {user.id}, which was used" in row.notes
