"""An old body that Intercom once signed comes again: it has no effect, on the connection as little as on a referral."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from sandbox.vendors.referral_factory.records import Person
from shared.domain.connection.connection import BreakerKind, Connection, Vendor
from shared.domain.qualification.qualification import Qualification
from shared.domain.signup.referral import Referral
from shared.use_cases.connection.connect_intercom import connect_with_token
from shared.use_cases.connection.disconnect import disconnect
from shared.use_cases.operations.read_health import read_health
from shared.use_cases.operations.reconcile_vendors import CONTACTS_AGAIN_AFTER
from shared.use_cases.vendor.guard_vendor import RECONNECT_PROBE
from tests.support.builders import App
from tests.support.qualifying import Friendship, rules
from tests.unit.qualification.test_accept_notification import body_of, hub, signed

UNINSTALL = json.dumps({"app_id": "local-workspace"}).encode()
TOKEN = "local-intercom-token"


def uninstalled(app: App) -> int:
    status: int = app.notify(UNINSTALL, signed(UNINSTALL), path="/webhooks/intercom/uninstall")["statusCode"]
    return status


def reconnect(app: App, token: str = TOKEN) -> Connection:
    app.wait(61)
    return connect_with_token(app.environment, "mara@example.com", "", token, None, None)


def known(story: Friendship, friend: Person) -> tuple[Referral, Qualification | None]:
    """How a friend stands, but for when the row is looked at again, and the list of what was ever seen."""
    item = story.item(friend)
    return replace(story.row(friend), due_at=None, version=0), item and replace(item, sightings=(), version=0)


def asked_who(app: App) -> int:
    """How often Intercom was asked whether it still takes our token."""
    return len([call for call in app.wire.calls if call.path == "/me"])


@pytest.fixture
def app() -> App:
    """Connected; no campaign tracks anything."""
    story = Friendship()
    story.invited()
    story.app.configure(qualification={"trigger": None})
    reconnect(story.app)
    story.app.reconcile_enqueued()
    story.app.metrics.counts.clear()
    story.app.forget_calls()
    return story.app


# -- uninstalled ------------------------------------------------------------------------------------------------------


def test_uninstall_calls_disconnect_nothing_by_themselves_and_intercom_is_asked_once(app: App) -> None:
    before = app.connection()
    for _ in range(5):
        assert uninstalled(app) == 200

    assert asked_who(app) == 0, "not on the receiver's way"
    assert (app.connection().connected, app.connection().epoch) == (True, before.epoch)
    assert app.metrics.counts["UninstallReported"] == 5

    for _ in range(3):
        app.reconcile()

    assert asked_who(app) == 1
    assert (app.connection().connected, app.connection().epoch) == (True, before.epoch)
    assert app.metrics.counts["ConnectionLost"] == 0
    assert app.environment.breakers.find(Vendor.INTERCOM) is None


def test_a_copy_is_shown_on_the_overview_for_a_day(app: App) -> None:
    kinds: Callable[[], set[str]] = lambda: {alarm.kind for alarm in read_health(app.environment).problems}  # noqa: E731

    assert "uninstall_copied" not in kinds()

    uninstalled(app)
    app.reconcile()

    assert "uninstall_copied" in kinds()

    app.wait(86_401)

    assert "uninstall_copied" not in kinds()


def test_a_real_uninstall_is_noticed_by_the_next_pass_of_reconcile(app: App) -> None:
    app.intercom.settings.tokens.clear()

    assert uninstalled(app) == 200

    app.reconcile(work=False)
    breaker = app.breaker()

    assert breaker.kind is BreakerKind.CONNECTION_LOST
    assert app.metrics.counts["ConnectionLost"] == 1

    app.intercom.settings.tokens.append(TOKEN)
    reconnect(app)

    assert app.environment.breakers.find(Vendor.INTERCOM) is None

    app.reconcile()

    assert app.environment.breakers.find(Vendor.INTERCOM) is None


@pytest.mark.parametrize("fault", [{"kind": "lost_answer"}, {"kind": "status", "status": 503}])
def test_an_intercom_that_cannot_say_disconnects_nobody_and_is_asked_again(app: App, fault: dict[str, object]) -> None:
    app.wire.faults.add({**fault, "path": "^/me", "times": 2})
    uninstalled(app)
    app.reconcile()
    app.wait(CONTACTS_AGAIN_AFTER)

    app.reconcile_enqueued()

    assert app.connection().connected
    assert app.connection().doubted_at is not None
    assert app.metrics.counts["ConnectionLost"] == 0

    app.wait(RECONNECT_PROBE)
    app.reconcile()

    assert asked_who(app) == 3
    assert app.connection().doubted_at is None


def test_nobody_is_asked_while_a_person_has_disconnected(app: App) -> None:
    uninstalled(app)
    app.environment.connections.save(replace(app.connection(), connected=False))
    app.reconcile()
    assert asked_who(app) == 0


def before_writing(app: App, act: Callable[[], object]) -> None:
    """Once, ``act`` happens between this worker's look at the connection and its write."""
    connections = app.environment.connections
    write, acts = connections.replace, [act]

    def overtaken(before: Connection, after: Connection) -> bool:
        while acts:
            acts.pop()()
        return write(before, after)

    connections.replace = overtaken  # type: ignore[method-assign]


def test_what_a_person_did_meanwhile_is_not_undone(app: App) -> None:
    """A person disconnects while an uninstall call is written down."""
    before_writing(app, lambda: disconnect(app.environment, "mara@example.com", Vendor.INTERCOM))
    assert uninstalled(app) == 200
    assert not app.connection().connected


def test_a_flood_of_copies_is_written_down_once(app: App) -> None:
    uninstalled(app)
    app.dynamodb.refuse("put_item", 100)
    assert {uninstalled(app) for _ in range(20)} == {200}


@pytest.mark.parametrize("what", ["health", "notification", "notification of an uninstall's form"])
def test_a_body_that_was_signed_for_something_else_uninstalls_nothing(story: Friendship, what: str) -> None:
    story.invited()
    health = json.dumps({"workspace_id": "local-workspace"}).encode()

    body, headers = {
        "health": (health, signed(health)),
        "notification": (body_of(), hub(body_of())),
        "notification of an uninstall's form": (body_of("New", "ping"), hub(body_of("New", "ping"))),
    }[what]
    assert story.app.notify(body, headers, path="/webhooks/intercom/uninstall")["statusCode"] == 200
    assert story.app.connection().doubted_at is None
    assert story.app.metrics.counts["NotificationUnknown"] == 1


# -- notifications and health -----------------------------------------------------------------------------------------


def test_the_daily_question_asked_again_changes_nothing(app: App) -> None:
    before, rows = app.connection(), app.dynamodb.real.items("referrals")
    health = json.dumps({"workspace_id": "local-workspace"}).encode()
    for _ in range(3):
        app.notify(health, signed(health), path="/webhooks/intercom/health")

    assert app.connection() == before
    assert app.dynamodb.real.items("referrals") == rows
    assert app.queued("qualification") == []


@pytest.mark.parametrize("reversal", [False, True])
def test_the_notifications_of_a_whole_life_replayed_change_nothing(reversal: bool) -> None:
    """Created, changed and changed back, archived and unarchived, become a user, merged: each old body comes again,
    days later and in the other order."""
    story = Friendship(rules(unqualify_on_reversal=reversal))
    friend = story.invites()
    story.app.wait(5)
    heard = story.taken()
    story.notified(*heard)
    other = story.invited()
    contacts = story.app.intercom.contacts
    lead, stays = story.contact(friend.email), story.contact(other.email)

    def hear(act: Callable[[], object]) -> None:
        story.app.wait(10)
        act()
        heard.extend(taken := story.taken())
        assert taken
        story.notified(*taken)
        story.settles(2)

    for value in ("Connected", "New"):
        hear(lambda value=value: story.changes(lead.id, value))  # type: ignore[misc]
    hear(lambda: contacts.archive(lead.id, by_api=False))
    hear(lambda: contacts.unarchive(lead.id, by_api=False))
    hear(lambda: contacts.update(stays.id, {"role": "user"}, by_api=False))
    user = story.app.given("user", email=friend.email, age=0.0)
    hear(lambda: contacts.merge({"from": lead.id, "into": user.id}, by_api=False))
    hear(lambda: story.changes(user.id, "Connected"))
    story.settles(20)

    topics = {json.loads(one.body)["topic"] for one in heard}
    assert topics >= {"contact.lead.created", "contact.user.updated", "contact.archived", "contact.unarchive", "contact.merged"}

    reports, before = story.reported(), [known(story, one) for one in (friend, other)]
    assert reports[-1] is True

    story.app.forget_calls()
    story.app.wait(3 * 86_400)
    for webhook in reversed(heard):
        assert story.notified(webhook) == [200]
        story.settles(1)

    assert story.reported() == []
    assert story.app.calls("intercom") == []
    assert [known(story, one) for one in (friend, other)] == before


def test_a_deletion_replayed_erases_nobody_else(story: Friendship) -> None:
    friend = story.invited()
    gone = story.contact(friend.email)
    story.app.wait(10)
    story.app.intercom.contacts.delete(gone.id, by_api=False)
    (old,) = story.taken()
    story.notified(old)
    story.settles(2)
    again = story.invites()
    story.settles(20)
    before = [known(story, one) for one in (friend, again)]
    story.app.wait(86_400)

    story.notified(old)
    story.settles(2)

    assert [known(story, one) for one in (friend, again)] == before
