"""A campaign's settings are deleted: what that means is said first, and nothing else goes."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.campaign_document import campaign_of
from shared.domain.signup.state import State
from shared.use_cases.campaign.delete_campaign import delete_campaign
from shared.use_cases.campaign.save_campaign import save_campaign
from tests.support.builders import App
from tests.support.console_api import Console
from tests.support.documents import campaign_document
from tests.support.qualifying import Friendship, rules

ADDRESS = "/api/campaigns/1"


@pytest.fixture
def app(app: App) -> App:
    app.sign_up()
    return app


def delete(console: Console, if_match: str = '"2"') -> Any:
    return console.call("DELETE", ADDRESS, if_match=if_match)


def pause(console: Console) -> None:
    console.app.configure(status="paused")


def test_an_active_campaign_is_not_deleted(console: Console) -> None:
    answer = delete(console, '"1"')
    assert (answer.status, answer.json["detail"].startswith("The campaign is active. Pause it first")) == (409, True)
    assert console.get(f"{ADDRESS}/deletion")["refused"] == answer.json["detail"]
    assert console.get(ADDRESS)["name"]


def test_what_it_means_is_said_with_how_many_are_held(console: Console) -> None:
    pause(console)
    for user_id in (50, 51):
        console.app.sign_up(id=user_id, email=f"{user_id}@example.com")

    said = console.get(f"{ADDRESS}/deletion")
    assert (said["version"], said["refused"]) == (2, "")
    assert "2 signups are kept and reach Intercom only if the campaign is set up again." in said["means"]
    assert "Nothing is deleted in Referral Factory or Intercom." in said["means"][0]


def test_one_who_waits_is_one_signup(console: Console) -> None:
    pause(console)
    console.app.sign_up(id=50, email="50@example.com")
    said = console.get(f"{ADDRESS}/deletion")
    assert "1 signup is kept and reaches Intercom only if the campaign is set up again." in said["means"]


def test_settings_go_and_everything_else_stays(console: Console) -> None:
    pause(console)

    assert delete(console).status == 200
    assert console.call("GET", ADDRESS).status == 404
    assert console.get("/api/campaigns")["items"] == []
    assert [row["version"] for row in console.get(f"{ADDRESS}/versions")["items"]] == [2, 1]
    assert console.app.row().state is State.DELIVERED
    assert console.app.contact()
    assert "Deleted the settings of campaign 1 (version 2)." in console.audit_lines()


@pytest.mark.parametrize(("if_match", "status"), [("", 428), ('"1"', 412), ("*", 428), ('"3"', 412)])
def test_only_the_version_that_was_looked_at_is_deleted(console: Console, if_match: str, status: int) -> None:
    pause(console)
    assert delete(console, if_match).status == status
    assert console.get(ADDRESS)["status"] == "paused"


def test_settings_that_somebody_saves_while_they_are_being_deleted_stay(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause(console)
    campaigns = console.app.environment.campaigns
    delete_now = campaigns.delete

    def after_somebody_has_saved(campaign_id: int, expected_version: int) -> None:
        console.app.configure(status="paused", name="Saved meanwhile")
        delete_now(campaign_id, expected_version)

    monkeypatch.setattr(campaigns, "delete", after_somebody_has_saved)
    answer = delete(console)

    assert answer.status == 409
    assert "changed meanwhile" in answer.json["detail"]
    assert console.get(ADDRESS)["name"] == "Saved meanwhile"
    assert "Deleted the settings of campaign 1 (version 2)." not in console.audit_lines()


def test_deleting_twice_is_404_and_a_lost_answer_no_conflict(console: Console) -> None:
    pause(console)
    console.app.dynamodb.refuse("update_item", code="InternalServerError", happens=True)

    assert delete(console).status in {200, 503}
    assert delete(console).status == 404
    assert console.call("GET", f"{ADDRESS}/deletion").status == 404


def test_signups_of_a_deleted_campaign_are_held_for_thirty_days(console: Console) -> None:
    pause(console)
    delete(console)
    row = console.app.sign_up(id=60, email="later@example.com")
    assert (row.state, row.expires_at) == (State.HELD, console.app.clock.now() + 30 * 86_400)


def test_settings_that_are_saved_again_go_on_counting_versions_and_release_who_was_held(app: App, console: Console) -> None:
    pause(console)
    delete(console)
    app.sign_up(id=60, email="later@example.com")

    saved = console.call("PUT", ADDRESS, campaign_document())

    assert (saved.status, saved.json["version"]) == (201, 3)

    app.wait(60)
    app.sweep()

    assert app.row(60).state is State.DELIVERED
    assert [row["version"] for row in console.get(f"{ADDRESS}/versions")["items"]] == [3, 2, 1]


def test_two_who_bring_it_back_at_once_do_not_overwrite_each_other(console: Console) -> None:
    pause(console)
    delete(console)

    assert console.call("PUT", ADDRESS, campaign_document(name="One")).status == 201
    assert console.call("PUT", ADDRESS, campaign_document(name="Two"), if_none_match="*").status == 412
    assert console.get(ADDRESS)["name"] == "One"


def test_nobody_is_paid_for_a_value_that_their_contact_had_before_the_campaign_came_back() -> None:
    """It stood there while nobody tracked it: the same as under a rule that is set later."""
    story = Friendship()
    friend = story.invited()
    paused = story.app.configure(status="paused", qualification=rules())
    delete_campaign(story.app.environment, 1, paused.version, "mara@example.com")
    story.app.wait(61)
    story.changes(friend, "Connected")
    story.settles(1)
    story.app.wait(60)
    settings = campaign_of(campaign_document(qualification=rules()))

    ((_, text),) = save_campaign(story.app.environment, settings, None, "mara@example.com").warnings

    assert text.startswith("1 person of this campaign stood at “Connected” before, which does not count:")

    story.app.wait(61)
    story.changes(friend, "spring", "lead_source")
    story.settles(2)
    story.app.reconcile()
    story.settles(2)

    assert story.reported() == []


def test_a_viewer_may_read_what_it_means_and_not_do_it(console: Console) -> None:
    pause(console)
    console.claims = {"groups": ["viewers"], "email": "vera@example.com", "sub": "v"}
    assert console.call("GET", f"{ADDRESS}/deletion").status == 200
    assert delete(console).status == 403
