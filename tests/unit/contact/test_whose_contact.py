"""A contact is written only by the signup for which it was created, or under the campaign's policy; never by inheritance."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.use_cases.contact.contact_of_row import in_workspace
from shared.use_cases.signup.replay_referrals import replay_referral
from tests.support.builders import CUSTOM, EMAIL, App
from tests.support.documents import mapping
from tests.unit.contact.two_campaigns import app_for, corrected, settle

PUT, GET = "PUT /contacts/<id>", "GET /contacts/<id>"


# -- others' contacts -------------------------------------------------------------------------------------------------


def test_a_strangers_signup_in_a_second_campaign_renames_nobody() -> None:
    app = app_for()
    app.sign_up()
    row = app.sign_up(campaign_id=2, id=77, first_name="Mallory", code="evil")

    assert app.contact().name == "Ivo Lindqvist"
    assert row.state == State.SKIPPED
    assert row.contact_id == app.row().contact_id


def test_a_contact_that_another_signup_of_ours_created_may_qualify_although_it_was_skipped() -> None:
    app = app_for()
    app.sign_up()
    row = app.sign_up(campaign_id=2, id=77)

    assert row.state == State.SKIPPED
    assert row.ours is True
    assert row.baseline == "New"


def test_the_customers_own_contact_that_was_skipped_is_not_ours() -> None:
    app = app_for()
    app.given("lead")
    row = app.sign_up()
    assert (row.state, row.ours) == (State.SKIPPED, False)


def test_the_lost_create_of_one_signup_stays_its_own_when_another_finds_it() -> None:
    app = app_for("user", search_lag=300)
    app.wire.faults.add({"kind": "lost_answer", "method": "POST", "path": "^/contacts$", "times": 1})

    assert app.sign_up().state is State.PENDING

    app.wait(1)
    second = app.sign_up(campaign_id=2, id=77, first_name="Mallory")

    assert (second.state, app.contact().name) == (State.SKIPPED, "Ivo Lindqvist")
    assert (second.history[-1].what, second.settle_since) == ("skipped", None), "no create of its own"

    settle(app, 2)

    assert app.row().state is State.DELIVERED

    app.sign_up(first_name="Iwan")

    assert app.contact().name == "Iwan Lindqvist"


def test_a_lead_of_ours_that_collides_with_a_user_does_not_make_that_user_ours() -> None:
    app = app_for("lead", search_lag=300)
    app.sign_up()
    user = app.intercom.contacts.create({"role": "user", "email": EMAIL, "name": "Customer"})
    app.configure(person_invited={"action": "user"})

    row = app.sign_up(first_name="Iwan")

    assert row.contact_id == user.id
    assert row.ours is False
    assert app.intercom.workspace.contacts[user.id].name == "Customer"
    assert row.state is State.DELIVERED


def test_a_row_from_before_contacts_knew_their_signup_keeps_the_one_that_it_created() -> None:
    app = app_for()
    app.sign_up()

    with_mark = app.person()
    assert with_mark is not None

    leased = app.environment.people.lease("local-workspace", EMAIL, "test", app.clock.now(), 1)
    app.environment.people.save(replace(leased, created_for=""))
    app.environment.people.release(leased)
    app.environment.referrals.update(1, 42, lambda row: replace(row, ours=False, address="", workspace_id=""))
    app.sign_up(first_name="Iwan")

    assert app.contact().name == "Iwan Lindqvist"


def test_a_row_from_before_contacts_knew_their_signup_claims_no_other_contact_that_took_its_place() -> None:
    app = app_for()
    first = app.sign_up()
    other = app.given("lead", email="other@example.com", name="Olga")
    leased = app.environment.people.lease("local-workspace", EMAIL, "test", app.clock.now(), 1)
    app.environment.people.save(replace(leased, contact_id=other.id, ours=True, created_for=""))
    app.environment.people.release(leased)

    app.sign_up(first_name="Iwan")

    assert app.contact("other@example.com").name == "Olga"
    assert app.contact().id == first.contact_id


# -- fill -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["lead", "user"])
def test_fill_writes_only_what_is_empty_on_a_contact_that_was_there_before(role: str) -> None:
    app = app_for("user", duplicates="fill")
    before = app.given(role, name="Customer", custom_attributes={"referrer_first_name": ""})
    row = app.sign_up()

    [body] = app.bodies("PUT")

    assert "name" not in body
    assert "email" not in body

    contact = app.contact()
    assert contact.id == before.id
    assert contact.role == role
    assert contact.name == "Customer"
    assert contact.custom_attributes["referrer_first_name"] == "Rita"
    assert contact.custom_attributes["referral_link"] == row.person.url
    assert row.state == State.DELIVERED
    assert "name" not in row.written
    assert row.history[-1].what == "updated"

    app.sign_up(referrer_first_name="Margherita", first_name="Iwan")

    assert (app.contact().name, app.contact().custom_attributes["referrer_first_name"]) == ("Customer", "Rita")


def test_fill_is_for_others_contacts_and_ones_own_gets_all() -> None:
    app = app_for(duplicates="fill")
    app.sign_up()
    app.sign_up(first_name="Iwan")
    assert app.contact().name == "Iwan Lindqvist"


def test_fill_never_turns_a_lead_that_was_there_into_a_user_and_its_defaults_stay_out() -> None:
    app = app_for("user", duplicates="fill", defaults={f"{CUSTOM}lead_source": "referral"})
    app.given("lead")

    app.sign_up()

    there = app.contact()
    assert (there.role, there.custom_attributes.get("lead_source")) == ("lead", None)
    assert "referral_status" not in there.custom_attributes


# -- values as they are now -------------------------------------------------------------------------------------------


def test_what_a_search_shows_may_be_old_and_is_compared_with_the_contact_itself() -> None:
    app = app_for(search_lag=300, duplicates="update", mapping=mapping())
    before = app.given("lead", name="Ivo")
    corrected(app, before.id, name="Somebody else")

    row = app.sign_up()

    assert (app.contact().name, row.history[-1].what) == ("Ivo", "updated")


@pytest.mark.parametrize("duplicates", ["skip", "update"])
def test_a_contact_that_stood_at_the_qualified_value_before_its_signup_has_that_baseline(duplicates: str) -> None:
    app = app_for(search_lag=300, duplicates=duplicates)
    before = app.given("lead")
    corrected(app, before.id, custom_attributes={"referral_status": "Connected"})
    corrected_at = app.clock.now()
    app.wait(60)

    row = app.sign_up()

    assert row.baseline == "Connected"
    assert row.standing == {before.id: "Connected"}
    assert row.baseline_at == int(corrected_at), "since the last change, not since it was created a day before"


def test_a_replay_compares_with_the_contact_and_mends_what_differs() -> None:
    app = app_for()
    row = app.sign_up()
    corrected(app, row.contact_id, name="Edited", custom_attributes={"referral_link": "https://example.com/other"})
    app.forget_calls()

    after = app.move_due(replay=True)

    assert app.calls() == [GET, PUT]
    assert (app.contact().name, app.contact().custom_attributes["referral_link"]) == ("Ivo Lindqvist", row.person.url)
    assert after.history[-1].what == "updated"
    assert not after.asked_again


def test_a_replay_of_a_contact_that_is_gone_does_not_say_delivered() -> None:
    app = app_for()
    row = app.sign_up()
    app.intercom.contacts.archive(str(row.contact_id))

    after = app.move_due(replay=True)

    assert (after.state, app.contacts()) == (State.FAILED, [])


def test_later_facts_leave_alone_what_somebody_corrected_in_intercom() -> None:
    app = app_for(duplicates="update")
    app.given("lead")
    row = app.sign_up(referrer_first_name=None)
    corrected(app, row.contact_id, name="Corrected")

    app.sign_up(referrer_first_name="Margherita")

    assert (app.contact().name, app.contact().custom_attributes["referrer_first_name"]) == ("Corrected", "Margherita")


def test_an_edit_in_intercom_outlives_a_change_of_the_policy_from_fill_to_update() -> None:
    """What fill found as the signup has it counts as delivered: nobody's later edit is taken back for it."""
    app = app_for(duplicates="fill")
    contact = app.given("lead", name="Ivo Lindqvist")
    app.sign_up(url=None)
    corrected(app, contact.id, name="Dr. Ivo")
    app.configure(person_invited={"action": "lead", "duplicates": "update"})

    app.sign_up()

    assert app.contact().custom_attributes["referral_link"], "the later facts are written"
    assert app.contact().name == "Dr. Ivo"


def test_a_lead_that_only_becomes_a_user_has_a_story_that_says_so() -> None:
    app = app_for("lead")
    app.sign_up()
    app.configure(person_invited={"action": "user"})

    row = app.move_due(replay=True)

    assert app.contact().role == "user"
    assert row.history[-1].what == "updated"
    assert app.move_due(replay=True).history[-1].what == "unchanged"


# -- another workspace ------------------------------------------------------------------------------------------------


def test_a_replay_in_another_workspace_delivers_there() -> None:
    app = app_for()
    first = app.sign_up()
    row = in_another_workspace(app)

    assert row.state == State.DELIVERED
    assert row.contact_id != first.contact_id
    assert row.workspace_id == "other-workspace"
    assert row.contact_id == app.contact().id
    assert row.history[-1].what == "created"


def test_what_is_known_of_a_contact_in_one_workspace_is_known_of_none_in_another() -> None:
    row = app_for(duplicates="update").sign_up()

    assert row.contact_id
    assert row.written
    assert row.ours is True

    elsewhere = in_workspace(row, "other-workspace")

    assert elsewhere == replace(
        Referral(row.campaign_id, row.user_id, row.state, row.person, row.accepted_at),
        origin=row.origin,
        history=row.history,
        version=row.version,
        settings_version=row.settings_version,
        look_at=row.look_at,
        reason=row.reason,
        workspace_id="other-workspace",
    )
    assert in_workspace(row, row.workspace_id) == row

    earlier = replace(row, workspace_id="")
    assert in_workspace(earlier, "other-workspace") == earlier, "rows from before the mark are here"


def test_a_replay_while_no_workspace_is_known_forgets_nothing_of_the_contact(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_for()
    before = app.sign_up()
    monkeypatch.setattr(app.environment.connections, "find", lambda: None)

    replay_referral(app.environment, "mara@example.com", 1, 42)

    row = app.row()
    assert row.state is State.PENDING
    assert row.contact_id == before.contact_id
    assert row.written == before.written
    assert row.workspace_id == before.workspace_id


def in_another_workspace(app: App) -> Referral:
    """Somebody connects production after the test, and replays a referral."""
    connection = app.connection()
    app.environment.connections.save(replace(connection, workspace_id="other-workspace"))
    app.intercom.workspace.contacts.clear()
    app.intercom.workspace.by_email.clear()
    app.wait(3_600)
    return app.move_due(replay=True)
