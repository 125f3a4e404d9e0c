"""From the test workspace to production: what the one holds counts for nothing in the other, and nobody is forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.signup.state import State
from shared.domain.sync.run import RunState
from shared.messages import DeliverContact, QualifyReferral
from tests.support.builders import EMAIL, App
from tests.support.console_api import Console
from tests.support.documents import mapping
from tests.support.qualifying import STATUS
from tests.support.syncing import SyncApp

PRODUCTION = "production"
HOUR = 3_600.0


def disconnect(console: Console) -> None:
    console.post("/api/connection/disconnect", {"vendor": "intercom"})


def connect(console: Console, workspace_id: str = PRODUCTION) -> None:
    """Another workspace, in the place of the one before."""
    console.app.use_workspace(workspace_id)
    console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})
    console.app.environment = console.app.new_environment()


def switch(console: Console, workspace_id: str = PRODUCTION) -> None:
    disconnect(console)
    console.app.wait(60)
    connect(console, workspace_id)


def connected() -> App:
    made = App()
    made.environment.connections.save(made.environment.intercom().identify())
    made.configure()
    return made


@pytest.fixture
def app() -> App:
    return connected()


def deliver_again(console: Console) -> int:
    replayed, cursor = 0, ""
    while cursor is not None:
        body = {"elsewhere": True, **({"cursor": cursor} if cursor else {})}
        part = console.post("/api/replays", body)
        replayed, cursor = replayed + part["replayed"], part["cursor"]
    console.app.work()
    return replayed


# -- referrals ----------------------------------------------------------------------------------------------------------


def test_the_connection_page_says_what_is_in_the_other_workspace_and_offers_to_deliver_it(app: App, console: Console) -> None:
    for number in range(3):
        app.sign_up(id=100 + number, email=f"p{number}@example.com")
    switch(console)
    app.sign_up(id=200, email="new@example.com")

    assert console.get("/api/connection")["intercom"]["workspace_before"] == {
        "id": "local-workspace",
        "name": "Local workspace",
    }

    there = console.get("/api/referrals", "elsewhere=true")["items"]
    assert [(one["user_id"], one["in_another_workspace"], one["contact_url"]) for one in there] == [
        (102, True, None),
        (101, True, None),
        (100, True, None),
    ]
    assert "another Intercom workspace" in there[0]["what_to_do"]
    assert deliver_again(console) == 3
    assert [len(app.contacts(f"p{number}@example.com")) for number in range(3)] == [1, 1, 1]
    assert console.get("/api/referrals", "elsewhere=true")["items"] == []
    assert len(app.contacts("new@example.com")) == 1


def test_nothing_of_it_is_delivered_unless_somebody_asks_for_it(app: App, console: Console) -> None:
    app.configure(person_invited={"mapping": mapping(("referrals_count", "custom_attributes.referral_count"))})
    app.sign_up()
    switch(console)
    app.sign_up(referrals_count=7)

    app.environment.referrals.update(1, 42, lambda row: replace(row, look_at=app.clock.now()))
    for _ in range(20):
        app.wait(300)
        app.reconcile(full=True)
        app.sweep()

    assert app.contacts() == []
    assert app.row().workspace_id == "local-workspace"


def test_the_way_back_finds_what_was_there(app: App, console: Console) -> None:
    first = app.sign_up()
    switch(console)
    switch(console, "local-workspace")

    assert console.get("/api/referrals", "elsewhere=true")["items"] == []
    assert app.row().contact_id == first.contact_id


def test_a_contact_that_was_ours_there_makes_the_customers_own_contact_here_not_ours(app: App, console: Console) -> None:
    app.configure(person_invited={"duplicates": "skip"})

    assert app.sign_up().ours

    app.use_workspace(PRODUCTION)
    standing = app.given("lead", custom_attributes={STATUS: "Connected"})
    switch(console)

    assert deliver_again(console) == 1

    row = app.row()
    assert row.state == State.SKIPPED
    assert row.contact_id == standing.id
    assert row.ours is False
    assert (row.baseline, row.written) == ("Connected", {})


def test_connecting_the_same_one_again_leaves_nothing_behind(console: Console) -> None:
    console.app.sign_up()
    disconnect(console)
    console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})

    assert console.get("/api/connection")["intercom"]["workspace_before"] is None
    assert console.get("/api/referrals", "elsewhere=true")["items"] == []


def test_signups_that_waited_while_nothing_was_connected_go_to_the_new_workspace(app: App, console: Console) -> None:
    disconnect(console)

    assert app.sign_up().state is State.PENDING

    app.wait(400)
    connect(console)
    for _ in range(3):
        app.wait(60)
        app.sweep()
        app.work()

    assert len(app.contacts()) == 1


def test_an_old_referral_qualifies_once_it_is_delivered_there(app: App, console: Console) -> None:
    app.sign_up()
    switch(console)
    deliver_again(console)
    contact = app.contact()
    app.wait(60)
    attributes = {"custom_attributes.referral_status": "Connected"}

    app.environment.qualification_queue.send(
        QualifyReferral(
            "contact.lead.updated",
            app.clock.now(),
            contact_id=contact.id,
            values=attributes,
            updated_at=app.clock.now(),
            email=EMAIL,
        )
    )
    app.qualify()

    seen = app.environment.qualifications.find(1, 42)
    assert seen is not None
    assert seen.wanted


def test_the_other_workspaces_contact_does_not_qualify_or_end_anybody_here(app: App, console: Console) -> None:
    old = app.sign_up().contact_id
    switch(console)

    app.environment.qualification_queue.send(QualifyReferral("contact.deleted", app.clock.now(), contact_id=old, email=EMAIL))
    app.qualify()

    assert app.row().state is State.DELIVERED


def test_counts_of_somebody_who_refers_come_to_the_contact_in_the_new_workspace(app: App, console: Console) -> None:
    """They have not changed: what the other workspace holds of them is no reason to leave them out here."""
    count = {"referral_count": "custom_attributes.referral_count"}
    app.configure(person_referring={"action": "none"}, sync={"mode": "off", "write_back": count})
    rita = next(p for p in map(app.referral_factory.account.people.with_id, app.referral_factory.account.people.ids()) if p)
    app.given("user", email=rita.email)
    app.sign_up(referrer_id=rita.id, referrer_email=rita.email)
    _settle(app)
    before = app.contact(rita.email).custom_attributes["referral_count"]
    switch(console)
    app.given("user", email=rita.email)
    deliver_again(console)

    _settle(app)

    assert app.contact(rita.email).custom_attributes.get("referral_count") == before


def _settle(app: App) -> None:
    for _ in range(6):
        app.wait(60)
        app.work()
        app.update_referrers()
        app.sweep()


# -- sync ---------------------------------------------------------------------------------------------------------------


def with_a_sync() -> Console:
    made = Console(app=SyncApp())
    made.app.choose()
    return made


@pytest.fixture
def syncing() -> Console:
    return with_a_sync()


def added(app: Any) -> int:
    return sum(1 for call in app.calls("referral_factory") if call.endswith("POST /api/v2/users"))


def test_a_run_does_not_outlive_its_workspace(syncing: Console) -> None:
    """59 people of the test workspace were added to the campaign, and mailed."""
    app: Any = syncing.app
    app.add_many(60)
    run = app.start()
    app.wire.interrupt("POST /api/v2/users", lambda: disconnect(syncing))
    app.drain(60)
    connect(syncing)
    before = len(app.referral_factory.account.people.ids())

    app.drain(HOUR)

    assert (added(app), len(app.referral_factory.account.people.ids())) == (1, before)

    ended = app.run(run.slot)
    assert (ended.state, ended.reason) == (RunState.CANCELLED, "Intercom was disconnected.")


def test_a_run_whose_workspace_was_replaced_between_two_looks_adds_nobody(syncing: Console) -> None:
    app: Any = syncing.app
    app.add_many(60)
    run = app.start()
    connection = app.environment.connections.find()
    elsewhere = replace(connection, workspace_id=PRODUCTION, epoch=connection.epoch + 1)
    app.wire.interrupt("POST /api/v2/users", lambda: app.environment.connections.save(elsewhere))

    app.drain(HOUR)

    assert added(app) == 1, "the one whose call was under way"

    ended = app.run(run.slot)
    assert ended.state is RunState.CANCELLED
    assert "Another Intercom workspace" in ended.reason


def test_a_disconnected_workspace_starts_no_runs(syncing: Console) -> None:
    app: Any = syncing.app
    disconnect(syncing)
    app.wait(HOUR)

    assert app.tick()["started"] == 0
    assert syncing.call("POST", "/api/campaigns/1/syncs", {}).status == 409


def test_the_first_run_of_the_new_workspace_reads_everybody_at_once(syncing: Console) -> None:
    app: Any = syncing.app
    app.add_many(3)
    app.tick()

    app.drain(HOUR)

    assert app.latest().state is RunState.DONE

    switch(syncing)
    contacts = app.add("other@example.com", "contact-0@example.com")
    app.wait(1_000)

    assert app.tick()["started"] == 1
    assert app.latest().whole

    app.drain(HOUR)
    app.assert_linked(*contacts)


def test_nobody_has_left_a_list_because_it_is_another_workspaces(syncing: Console) -> None:
    app: Any = syncing.app
    app.add_many(3)
    app.tick()
    app.drain(HOUR)
    switch(syncing)
    app.wait(1_000)
    app.tick()

    app.drain(HOUR)

    assert (app.latest().left, app.latest().leavers) == (None, ())


def test_somebody_that_the_other_workspaces_sync_added_is_delivered_here_like_anybody(syncing: Console) -> None:
    app: Any = syncing.app
    [contact] = app.add("known@example.com")
    app.sync()

    person = app.people("known@example.com")[0]
    facts = {"id": person.id, "email": person.email, "first_name": "Ada", "source": "Direct", "campaign_id": 1}
    app.deliver(DeliverContact(1, None, "joined", app.clock.now(), facts, id="w1"))

    assert (app.row(person.id).contact_id, app.row(person.id).workspace_id) == (contact.id, "local-workspace")

    switch(syncing)

    assert deliver_again(syncing) == 1

    row = app.row(person.id)
    assert row.state == State.DELIVERED
    assert row.contact_id != contact.id
    assert row.workspace_id == PRODUCTION
