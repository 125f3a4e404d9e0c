"""The ledger row first, then the contact: what is held, released, known, replayed, changed later, failed and waited for."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.signup.state import Origin, State
from shared.messages import ENQUEUED, DeliverContact, ReconcileCampaigns
from shared.use_cases.signup.put_aside import HELD_UNCONFIGURED
from tests.support.builders import EMAIL, App, webhook_fields
from tests.support.clock import NOW
from tests.support.documents import mapping

DOWN = {"kind": "status", "status": 503}

# -- held, released, not wanted ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["draft", "paused"])
def test_a_draft_or_paused_campaign_holds_its_signups_for_good(status: str) -> None:
    app = App()
    app.configure(status=status)

    row = app.sign_up()

    assert row.state == State.HELD
    assert row.reason == f"The campaign is {status}."
    assert row.due_at is None
    assert row.expires_at is None
    assert app.calls() == []


def test_a_campaign_that_nobody_configured_holds_its_signups_30_days() -> None:
    app = App()
    row = app.sign_up()

    assert (row.state, row.expires_at) == (State.HELD, NOW + HELD_UNCONFIGURED)

    app.wait(86_400)

    assert app.sign_up().expires_at == NOW + HELD_UNCONFIGURED

    app.wait(HELD_UNCONFIGURED)

    assert app.environment.referrals.find(1, 42) is None


def test_activation_releases_what_was_held_through_the_sweep() -> None:
    app = App()
    app.configure(status="draft")

    for user_id in (42, 43, 44):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")
    app.sweep()

    assert app.calls() == []

    app.configure(status="active")

    assert app.sweep()["released"] == 3
    assert {app.row(user_id).state for user_id in (42, 43, 44)} == {State.DELIVERED}
    assert app.sweep()["released"] == 0


def test_configuring_a_campaign_as_a_draft_keeps_its_signups_beyond_30_days() -> None:
    app = App()
    app.sign_up()

    app.configure(status="draft")
    app.sweep()

    assert app.row().expires_at is None

    app.wait(HELD_UNCONFIGURED + 1)
    app.configure(status="active")
    app.sweep()

    assert app.row().state is State.DELIVERED


def test_a_campaign_that_was_paused_meanwhile_holds_what_is_sent_again(app: App) -> None:
    app.wire.faults.add({**DOWN, "path": "^/contacts"})
    app.sign_up()
    app.configure(status="paused")
    app.wire.faults.clear()
    app.wait(60)

    app.work()

    assert (app.row().state, app.contacts()) == (State.HELD, [])


def test_an_audience_without_an_action_is_not_sent_to_intercom() -> None:
    app = App()
    app.configure(person_invited={"action": "none"})
    row = app.sign_up()

    assert (row.state, row.reason) == (State.NOT_WANTED, "The campaign sends no person invited to Intercom.")
    assert app.wire.calls == []


@pytest.mark.parametrize(("invited", "referring"), [("lead", "user"), ("user", "lead"), ("lead", "none"), ("none", "user")])
def test_each_audience_has_its_own_action(invited: str, referring: str) -> None:
    app = App()
    app.configure(
        person_invited={"action": invited, "mapping": mapping()}, person_referring={"action": referring, "mapping": mapping()}
    )
    alone: dict[str, Any] = {f"referrer_{name}": None for name in ("id", "code", "first_name", "email")}
    app.sign_up(id=1, email="invited@example.com")

    app.sign_up(id=2, email="referring@example.com", source="Direct", **alone)

    roles = {audience: [one.role for one in app.contacts(f"{audience}@example.com")] for audience in ("invited", "referring")}
    assert roles == {
        "invited": [] if invited == "none" else [invited],
        "referring": [] if referring == "none" else [referring],
    }


def test_people_at_or_below_the_activation_mark_are_known_unless_a_webhook_tells_that_they_join() -> None:
    app = App()
    app.configure(activation_mark=100)

    assert app.sign_up("qualified", id=100).state is State.KNOWN
    assert app.sign_up("qualified", id=101, email="later@example.com").state is State.DELIVERED
    assert app.sign_up("joined", id=99, email="joins@example.com").state is State.DELIVERED
    assert len(app.contacts()) == 0


def test_with_backfill_the_mark_keeps_nobody_out() -> None:
    app = App()
    app.configure(activation_mark=100, backfill=True)
    assert app.sign_up("qualified", id=100).state is State.DELIVERED


# -- e-mail addresses -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        (None, "There is no e-mail address."),
        ("", "There is no e-mail address."),
        ("   ", "There is no e-mail address."),
        ("ivo", "No mail system takes this e-mail address."),
        ("ivo@localhost", "No mail system takes this e-mail address."),
        ("ivo@example.com, eve@example.com", "No mail system takes this e-mail address."),
    ],
)
def test_without_a_usable_address_the_row_fails_with_the_reason(app: App, email: str | None, reason: str) -> None:
    row = app.sign_up(email=email)

    assert row.state == State.FAILED
    assert row.reason == reason
    assert row.history[-1].what == "failed"
    assert app.wire.calls == []
    assert app.queued() == []
    assert app.metrics.counts["ContactFailed"] == 1


def test_a_failed_row_that_learns_its_address_is_delivered(app: App) -> None:
    app.sign_up(email="ivo")
    assert app.sign_up().state is State.DELIVERED


def test_emoji_right_to_left_names_and_plus_addresses_reach_intercom_untouched(app: App) -> None:
    name, email = "Zoë 🎉👩‍👧 \u202bمحمد\u202c שלום", "ivo+friends.2026@example.com"
    app.sign_up(first_name=name, email=email, **{"Last Name": None})
    assert app.contact(email).name == name


def test_nul_and_lone_surrogates_are_cleaned_before_intercom(app: App) -> None:
    app.sign_up(first_name="I\x00v\ud83do")
    assert app.contact().name == "Ivo Lindqvist"


# -- what comes later -------------------------------------------------------------------------------------------------


def test_what_comes_after_the_delivery_changes_the_contact_only_where_it_is_mapped(app: App) -> None:
    app.sign_up(Town=None)
    app.forget_calls()
    app.sign_up(Town="Rome", referrals_count=3)

    assert app.calls() == []

    app.sign_up(referrer_first_name="Margherita")

    assert app.calls() == ["PUT /contacts/<id>"]
    assert app.contact().custom_attributes["referrer_first_name"] == "Margherita"

    row = app.row()
    assert (row.person.meta["Town"], row.person.referrals_count) == ("Rome", 0)


def test_a_qualified_webhook_that_comes_first_creates_the_contact_and_joined_completes_it(app: App) -> None:
    row = app.sign_up("qualified", referrer_first_name=None)

    assert (row.state, row.origin) == (State.DELIVERED, Origin.RECONCILE)

    app.sign_up("joined")

    assert app.contact().custom_attributes["referrer_first_name"] == "Rita"
    assert len(app.contacts()) == 1


def test_a_person_whose_audience_turns_out_later_is_treated_by_it() -> None:
    app = App()
    app.configure(person_referring={"action": "none"})

    alone: dict[str, Any] = {f"referrer_{name}": None for name in ("id", "code", "first_name", "email")}
    assert app.sign_up(source=None, **alone).state is State.NOT_WANTED
    assert app.sign_up().state is State.DELIVERED


def test_a_changed_address_goes_to_the_same_contact(app: App) -> None:
    before = app.sign_up()
    after = app.sign_up(email="ivo.new@example.com")

    assert (after.contact_id, after.state) == (before.contact_id, State.DELIVERED)
    assert (app.contacts(), app.contact("ivo.new@example.com").id) == ([], before.contact_id)

    new = app.person("ivo.new@example.com")
    assert new is not None


def test_an_old_webhook_that_comes_again_in_a_storm_of_duplicates_changes_nothing(app: App) -> None:
    for _ in range(5):
        app.environment.delivery_queue.send(DeliverContact(1, None, "joined", NOW, webhook_fields()))
    app.work()
    assert app.calls() == ["POST /contacts/search", "POST /contacts"]
    assert len(app.row().history) == 2


def test_an_old_webhook_that_comes_again_late_never_undoes_what_was_reported_since(app: App) -> None:
    old = DeliverContact(1, None, "joined", app.clock.now(), webhook_fields(first_name="Ivo", code=None))
    app.deliver(old)
    app.wait(3_600)
    app.sign_up("qualified", first_name="Ivana")
    app.wait(86_400)

    app.deliver(replace(old, fields=webhook_fields(first_name="Ivo", code="L8")))

    assert (app.row().person.first_name, app.row().person.code) == ("Ivana", webhook_fields()["code"])
    assert str(app.contact().name).startswith("Ivana")


def test_an_old_webhook_still_tells_what_nobody_else_did(app: App) -> None:
    old = DeliverContact(1, None, "joined", app.clock.now(), webhook_fields(first_name="Ivo"))
    app.wait(3_600)

    app.sign_up("qualified", first_name="Ivana", **{"Last Name": None})
    app.deliver(old)

    assert (app.row().person.first_name, app.row().person.meta) == ("Ivana", {"Last Name": "Lindqvist"})


def test_settings_changed_later_reach_a_delivered_person_by_replay_only(app: App) -> None:
    app.sign_up()
    app.configure(name="Renamed")
    app.move_due()

    assert app.contact().custom_attributes["referral_campaign"] == "Friends of ours"

    row = app.move_due(replay=True)

    assert app.contact().custom_attributes["referral_campaign"] == "Renamed"
    assert (row.settings_version, [event.what for event in row.history][-2:]) == (2, ["replay", "updated"])


def test_each_attempt_uses_the_newest_settings() -> None:
    app = App()
    app.configure(person_invited={"action": "user"})
    app.wire.faults.add({**DOWN, "path": "^/contacts/search", "times": 1})
    app.sign_up()
    app.configure(person_invited={"action": "lead"})
    app.wait(7)

    app.work()

    assert (app.contact().role, app.row().settings_version) == ("lead", 2)


# -- nobody, or nothing that can be read ------------------------------------------------------------------------------


def test_a_webhook_without_a_user_id_calls_reconcile_and_leaves_no_row(app: App) -> None:
    app.deliver(DeliverContact(1, None, "joined", NOW, {"email": EMAIL}))
    assert app.queued("reconcile") == [ReconcileCampaigns(requested_at=NOW, contacts=False)]
    assert app.rows_of("REFERRAL#") == []
    assert app.metrics.counts["WebhookWithoutUserId"] == 1


def test_a_message_about_a_row_that_is_not_there_does_nothing(app: App) -> None:
    assert app.deliver(DeliverContact(1, 4711, ENQUEUED, NOW)) is None
    assert app.queued() == []


def test_a_message_that_names_nobody_is_quarantined(app: App) -> None:
    app.deliver(DeliverContact(1, None, ENQUEUED, NOW, id="a1"))
    (row,) = app.environment.quarantine.list(10).items
    assert row.id == "a1"
    assert row.reason == "the message names nobody"
    assert base64.b64decode(row.body) == b"null"


def test_aliases_name_the_fields_of_a_form() -> None:
    app = App()
    app.configure(aliases={"mail": "email", "Vorname": "first_name", "user": "id", "Firma": "meta.Last Name"})
    fields = {"user": "42", "mail": EMAIL, "Vorname": "Ivo", "Firma": "Acme", "source": "Referred"}

    app.environment.delivery_queue.send(DeliverContact(1, None, "joined", NOW, fields))
    app.work()

    assert app.contact().name == "Ivo Acme"


def test_a_replay_of_nobody_is_worked_off() -> None:
    """A quarantined message, or one that waited while its person was taken out."""
    app = App()
    app.configure()
    app.environment.delivery_queue.send(DeliverContact(1, 999, ENQUEUED, NOW, replay=True))

    assert app.work() == []
    assert app.environment.referrals.find(1, 999) is None
