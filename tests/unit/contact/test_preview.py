"""The preview of a referral says what becomes of its contact, and shows the fields that are sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.builders import CUSTOM, EMAIL, App
from tests.support.console_api import Console
from tests.support.documents import campaign_document
from tests.unit.contact.two_campaigns import app_for, corrected


def preview(app: App, section: Any = None) -> Any:
    document = campaign_document(person_invited={"action": "lead", **(section or {})})
    return Console(app).post("/api/campaigns/1/preview", {"settings": document, "user_id": 42})


def test_the_preview_of_a_replay_shows_what_differs_on_the_contact_itself() -> None:
    app = app_for()
    row = app.sign_up()

    corrected(app, row.contact_id, custom_attributes={"referral_link": "https://example.com/other"})

    sent = {one["attribute"] for one in preview(app)["fields"] if one["sent"]}
    assert sent == {f"{CUSTOM}referral_link"}


@pytest.mark.parametrize("duplicates", ["skip", "fill", "update"])
def test_the_preview_of_anothers_contact_follows_the_policy(duplicates: str) -> None:
    app = app_for(duplicates=duplicates)
    app.sign_up(campaign_id=2, id=77, first_name="Olga")
    app.sign_up()
    corrected(app, app.row().contact_id, name="Customer")

    shown = preview(app, {"duplicates": duplicates})

    assert {one["attribute"] for one in shown["fields"] if one["sent"]} == ({"name"} if duplicates == "update" else set())


@pytest.mark.parametrize(
    ("duplicates", "words"),
    [
        ("skip", "Intercom has a lead with this e-mail address, and the campaign leaves such contacts as they are."),
        ("fill", "Intercom has a lead with this e-mail address, of which only empty attributes are written."),
        ("update", "Intercom has a lead with this e-mail address, which is updated; values may be overwritten."),
    ],
)
def test_the_preview_says_of_a_contact_that_was_there_before_what_becomes_of_it(duplicates: str, words: str) -> None:
    app = app_for(duplicates=duplicates)
    app.configure(status="paused", person_invited={"action": "lead", "duplicates": duplicates})
    app.sign_up()
    there = app.given("lead")

    shown = preview(app, {"duplicates": duplicates})

    assert shown["outcome"] == words
    assert shown["contact_id"] == there.id


def test_the_preview_says_of_ones_own_contact_that_it_is() -> None:
    app = app_for("lead")
    app.sign_up()
    assert preview(app)["outcome"] == (
        "This application made a lead for this e-mail address, which gets what has changed since."
    )
    assert preview(app, {"action": "user"})["outcome"].endswith("since. The lead becomes a user.")


@pytest.mark.parametrize(("seconds", "sent"), [(-1, True), (0, False), (1, False)])
def test_the_preview_of_a_signup_whose_contact_was_deleted_since_sends_nothing(seconds: float, sent: bool) -> None:
    app = app_for()
    app.sign_up(id=7, email="somebody.else@example.com")
    app.configure(status="paused", person_invited={"action": "lead"})
    row = app.sign_up()
    person = app.environment.people.lease("local-workspace", EMAIL, "test", app.clock.now(), 1)
    app.environment.people.save(replace(person, erased_at=row.accepted_at + seconds))
    app.environment.people.release(person)

    shown = preview(app)

    assert bool(shown["fields"]) is sent
    assert ("deleted in Intercom after this signup" in shown["outcome"]) is not sent


def test_the_preview_of_a_referral_whose_contact_is_gone_says_so() -> None:
    app = app_for()
    app.intercom.contacts.archive(str(app.sign_up().contact_id))
    assert "only a new signup brings a contact back" in preview(app)["outcome"]
