"""Contacts, attributes and lists that go while a sync reads or works."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.vendors.intercom.lists import add_segment, save_tag
from shared.domain.sync.run import RunState
from tests.support.syncing import COUNT, LINK, PER_PAGE, SyncApp, change, fault


def at_work(app: SyncApp, act: Callable[[], Any]) -> None:
    """Between the reading of the contacts and the first link."""
    app.wire.interrupt("POST /api/v2/users", act)


@pytest.mark.parametrize("condition", ["archived", "deleted"])
def test_a_contact_that_goes_meanwhile_is_skipped_and_not_brought_back(app: SyncApp, condition: str) -> None:
    stays, goes = app.add_many(2)
    path = f"/contacts/{goes.id}/archive" if condition == "archived" else f"/contacts/{goes.id}"
    at_work(app, lambda: intercom_call(app, "POST" if condition == "archived" else "DELETE", path))

    run = app.sync()

    assert (run.state, run.tally.linked) == (RunState.DONE, 1)
    assert run.tally.skipped == {"archived, merged or deleted in Intercom meanwhile": 1}

    app.assert_linked(stays)

    assert app.intercom.workspace.contacts.get(goes.id) is None or (
        app.intercom.workspace.contacts[goes.id].condition != "live"
    )


def test_a_contact_that_is_merged_meanwhile_is_linked_where_it_lives_on(app: SyncApp) -> None:
    (lead,) = app.add("ann@example.com", role="lead")
    (user,) = app.add("")
    body = {"from": lead.id, "into": user.id, "skip_duplicate_validation": True}
    at_work(app, lambda: intercom_call(app, "POST", "/contacts/merge", body))

    run = app.sync()

    assert (run.state, run.tally.linked) == (RunState.DONE, 1)

    (person,) = app.people("ann@example.com")
    assert app.link_of(user) == app.referral_factory.account.url(person.code)


def test_a_contact_that_lives_on_where_the_link_is_already_is_not_written_again(app: SyncApp) -> None:
    user, lead = app.add("ann@example.com")[0], app.add("ann@example.com", role="lead")[0]
    app.wire.interrupt(
        f"PUT /contacts/{user.id}",
        lambda: intercom_call(app, "POST", "/contacts/merge", {"from": lead.id, "into": user.id}),
    )
    run = app.sync()

    assert run.state == RunState.DONE
    assert run.tally.created == 1
    assert run.tally.failed == {}
    assert [call.path for call in app.wire.calls if call.method == "PUT"] == [f"/contacts/{one.id}" for one in (user, lead)]

    app.assert_linked(user)


def test_a_contact_that_changes_meanwhile_keeps_what_it_has(app: SyncApp) -> None:
    (contact,) = app.add("ann@example.com")
    at_work(app, lambda: change(app, contact.id, name="New Name", custom_attributes={"lead_source": "fair"}))

    app.sync()

    there = app.intercom.workspace.contacts[contact.id]
    assert (there.name, there.custom_attributes["lead_source"]) == ("New Name", "fair")

    app.assert_linked(contact)


def intercom_call(app: SyncApp, method: str, path: str, body: Any = None) -> None:
    headers = {"Authorization": "Bearer local-intercom-token", "Accept": "application/json", "Intercom-Version": "2.16"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    answer = app.wire.send(method, f"http://intercom.test{path}", headers, json.dumps(body).encode() if body else None, 10)
    assert answer.status == 200, answer.body


@pytest.mark.parametrize("write_back", [{"referral_link": LINK}, {"referral_link": LINK, "referral_count": COUNT}])
def test_a_write_back_attribute_that_is_gone_is_the_campaigns_problem_until_it_is_back(
    app: SyncApp, write_back: dict[str, str]
) -> None:
    """Whether it costs the contacts nothing else, or all of them fail."""
    app.choose(write_back=write_back)
    app.add_many(3)
    attribute = next(one for one in app.intercom.workspace.attributes.values() if one.name == "referral_link")
    path = f"/data_attributes/{attribute.id}"
    intercom_call(app, "PUT", path, {"archived": True})

    app.sync()

    problems = app.environment.campaigns.get(1).problems
    assert len(problems) == 1
    assert LINK in problems[0]

    intercom_call(app, "PUT", path, {"archived": False})
    app.wait(700)
    app.sync()

    assert app.environment.campaigns.get(1).problems == ()


def test_a_deleted_segment_ends_the_run_with_the_reason_and_marks_the_campaign(app: SyncApp) -> None:
    app.add_many(3)
    workspace = app.intercom.workspace
    segment = add_segment(workspace, "All", "contact", {"field": "name", "operator": "=", "value": "Ada Stone"})
    app.choose(source={"kind": "segments", "ids": [segment.id]})
    app.sync()
    del workspace.segments[segment.id]
    app.wait(60)

    run = app.sync()

    assert run.state is RunState.FAILED
    assert segment.id in run.reason
    assert "no longer in Intercom" in run.reason

    campaign = app.campaign()
    assert campaign.problems == (run.reason,)

    workspace.segments[segment.id] = segment
    app.wait(60)

    assert app.sync().state is RunState.DONE

    campaign = app.campaign()
    assert campaign.problems == ()


@pytest.mark.usefixtures("small_pages")
def test_a_segment_that_is_deleted_between_two_pages_ends_the_run(app: SyncApp) -> None:
    app.add_many(PER_PAGE + 5)
    workspace = app.intercom.workspace
    segment = add_segment(workspace, "All", "contact", {"field": "name", "operator": "=", "value": "Ada Stone"})
    app.choose(source={"kind": "segments", "ids": [segment.id]})

    def delete() -> None:
        del workspace.segments[segment.id]

    app.wire.interrupt("POST /contacts/search", delete)
    run = app.sync()

    assert (run.state, run.tally.linked) == (RunState.FAILED, 0)


def test_a_deleted_tag_shows_as_an_empty_list_and_is_told_apart_from_one(app: SyncApp) -> None:
    app.choose(source={"kind": "tags", "ids": ["424242"]})
    run = app.sync()
    assert run.state is RunState.FAILED
    assert "The tag 424242 is no longer in Intercom" in run.reason


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_deleted_list_is_told_apart_from_a_refusal_of_any_kind(app: SyncApp, status: int) -> None:
    """How Intercom answers a search for a list that is gone, it does not document."""
    fault(app, "status", path="^/contacts/search$", times=10_000, status=status)
    app.choose(source={"kind": "segments", "ids": ["656565656565656565656565"]})
    run = app.sync()

    assert run.state is RunState.FAILED
    assert "The segment 656565656565656565656565 is no longer in Intercom" in run.reason


def test_a_search_that_is_not_found_while_its_list_is_there_is_waited_for(app: SyncApp) -> None:
    contacts = app.add_many(3)
    query = {"field": "name", "operator": "=", "value": "Ada Stone"}
    app.choose(source={"kind": "segments", "ids": [add_segment(app.intercom.workspace, "All", "contact", query).id]})

    fault(app, "status", path="^/contacts/search$", times=1, status=404)

    assert app.sync().state is RunState.DONE

    app.assert_linked(*contacts)


def test_one_deleted_list_among_several_ends_the_run_before_the_others_are_worked_on(app: SyncApp) -> None:
    (member,) = app.add("ann@example.com")
    tag = save_tag(app.intercom.workspace, {"name": "vip"}).id
    change(app, member.id, tags={tag: int(app.clock.now())})
    app.choose(source={"kind": "tags", "ids": [tag, "424242"]})

    run = app.sync()

    assert (run.state, run.tally.seen) == (RunState.FAILED, 0)
    assert "The tag 424242 is no longer in Intercom" in run.reason
    assert app.writes() == []
