"""The days on which an alarm rings: each trouble, and all that rings with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from sandbox.vendors.intercom.attributes import update_attribute
from sandbox.vendors.intercom.lists import remove_tag, save_tag
from sandbox.vendors.wire import OutgoingWebhook, Request, Response
from shared.domain.connection.connection import Connection
from tests.simulation.aws.boundary import Flavour, When
from tests.simulation.aws.transport import Outage
from tests.simulation.play.alarm_days import Day
from tests.simulation.play.referral_stories import uninstall
from tests.simulation.play.syncing import begin, sync_settings
from tests.simulation.world import APP_URL, WEBHOOK_SECRET, World

Trouble = Callable[[World], None]
CONFLICT = json.dumps({"errors": [{"code": "conflict", "message": "Multiple existing users match this email address"}]})


def broken(function: str) -> Trouble:
    """It cannot be imported."""

    def fail(_event: object, _context: object) -> None:
        raise ImportError("Runtime.ImportModuleError")

    def trouble(world: World) -> None:
        world.functions[function].handler = fail

    return _with_a_message(function, trouble)


def unmapped(function: str) -> Trouble:
    """Its event source mapping is disabled."""

    def trouble(world: World) -> None:
        for poller in world.pollers:
            poller.stopped = poller.function.made.name == function

    return _with_a_message(function, trouble)


def _with_a_message(function: str, trouble: Trouble) -> Trouble:
    """Not every queue has something on every day."""

    def both(world: World) -> None:
        trouble(world)
        for poller in world.pollers:
            if poller.function.made.name == function:
                world.cloud.sqs.send_message(QueueUrl=poller.url, MessageBody="{}", MessageGroupId="1")

    return both

    return trouble


def unstorable(function: str) -> Trouble:
    """Tables and queues refuse it; somebody changed its role."""

    def trouble(world: World) -> None:
        world.crossing.faults = When(
            lambda call: call.function == function and call.service in {"dynamodb", "sqs"}, Flavour.BEFORE
        )

    return trouble


def refused(vendor: str, method: str, path: str, status: int, body: str = "", *, about: bytes = b"") -> Trouble:
    """The vendor answers such calls so. ``about``: only those whose body holds it."""

    def trouble(world: World) -> None:
        rules = world.intercom if vendor == "intercom" else world.referral_factory
        answer = rules.answer

        def refusing(request: Request) -> Response:
            asked = request.method == method and request.path.startswith(path) and about in request.body
            if not asked:
                return answer(request)
            refusal: Response = rules.refuse(status)
            return replace(refusal, body=body.encode()) if body else refusal

        rules.answer = refusing  # type: ignore[method-assign]

    return trouble


def outage(vendor: str, minutes: float) -> Trouble:
    return lambda world: world.transport.outages.append(Outage(vendor, world.now(), world.now() + minutes * 60, 503))


def silent(*functions: str) -> Trouble:
    """Their schedules do not fire."""
    return lambda world: world.paused.update(functions)


def another_secret(name: str, **values: str) -> Trouble:
    return lambda world: world.cloud.put_secret(name, **values)


def archived(attribute: str) -> Trouble:
    def trouble(world: World) -> None:
        workspace = world.intercom.workspace
        update_attribute(workspace, str(workspace.attributes["contact", attribute].id), {"archived": True})

    return trouble


def no_concurrency(world: World) -> None:
    world.concurrency = 0
    world.at(world.now() + 600, lambda: setattr(world, "concurrency", 1_000))


def unstartable(world: World) -> None:
    world.unstartable.add("start_sync")


def no_webhooks(world: World) -> None:
    world.drop_webhook = lambda _: True


def no_notifications(world: World) -> None:
    world.intercom.change_settings({"webhook_url": ""})


def another_token(world: World) -> None:
    world.intercom.settings.tokens = ["another-token"]


def uninstalled(world: World) -> None:
    world.environment("deliver_contact").connections.save(Connection(world.intercom.settings.workspace_id, "US", "UTC"))
    world.intercom.settings.tokens = []
    uninstall(world)


def poisoned(world: World) -> None:
    """Intercom contradicts itself about this person, for ever."""
    refused("intercom", "POST", "/contacts", 409, CONFLICT, about=b"poison@")(world)
    world.sign_up("poison@example.com")


def attribute_left_out(world: World) -> None:
    archived("referrer_first_name")(world)
    for number in range(12):
        world.sign_up(f"left{number}@example.com")


def doubled(world: World) -> None:
    """Somebody else creates the same lead in the same moment."""
    world.sign_up("twice@example.com")
    world.run(2)
    world.known_contacts.add(world.intercom.contacts.create({"role": "lead", "email": "twice@example.com"}).id)


def unreadable(world: World) -> None:
    headers = {"X-Webhook-Secret": WEBHOOK_SECRET, "Content-Type": "application/json"}
    url = f"{APP_URL}/webhooks/referral-factory/1/joined"
    world.post(OutgoingWebhook("referral_factory", "POST", url, headers, b"[" * 5_000))


def invented(count: int) -> Trouble:
    """Somebody has the webhook secret."""

    def trouble(world: World) -> None:
        for number in range(count):
            world.invent(900_000 + number, f"stranger{number}@example.com")

    return trouble


def deleted_tag(world: World) -> None:
    """The contacts of a tag are to get a link, and somebody deletes the tag while the run is on its way."""
    tag = save_tag(world.intercom.workspace, {"name": "to be linked"}).id
    world.configure(sync_settings(source={"kind": "tags", "ids": [tag]}))
    begin(world)
    remove_tag(world.intercom.workspace, tag)


def cannot_be_imported(function: str, alarm: str, queue: str, lasts: float = 2.5, **more: float) -> Day:
    """A message is taken 20 times, each time after the queue's visibility time-out, before it is dead."""
    rings = {f"{alarm}ErrorAlarm": 10, f"{queue}DeadLetterAlarm": lasts * 60, **more}
    return Day(f"{function} cannot be imported", broken(function), rings, lasts)


def gets_nothing(function: str, queue: str, **more: float) -> Day:
    return Day(f"{function} gets nothing", unmapped(function), {f"{queue}QueueAgeAlarm": 17, **more})


# A signup waits; Intercom's notification is found by reconcile; a vendor is down.
WAITS = {"OldestUndeliveredAlarm": 17, "OutageAlarm": 17}
UNNOTICED = {"NotificationsSilentAlarm": 25}

ORDINARY = Day("an ordinary day", lambda _: None, {}, 4)
DAYS = (
    # What AWS does or does not do.
    cannot_be_imported("deliver_contact", "DeliverContact", "Delivery", **WAITS),
    cannot_be_imported("qualify_referral", "QualifyReferral", "Qualification", QualificationQueueAgeAlarm=20, **UNNOTICED),
    cannot_be_imported("update_referrer", "UpdateReferrer", "Referrer", ReferrerQueueAgeAlarm=20),
    cannot_be_imported(
        "reconcile", "Reconcile", "Reconcile", 4.2, ReconcileQueueAgeAlarm=17, ReconcileSilentAlarm=20, OutageAlarm=20
    ),
    cannot_be_imported("sync_page", "SyncPage", "Sync"),
    gets_nothing("deliver_contact", "Delivery", **WAITS),
    gets_nothing("qualify_referral", "Qualification", **UNNOTICED),
    gets_nothing("update_referrer", "Referrer"),
    gets_nothing("reconcile", "Reconcile"),
    gets_nothing("sync_page", "Sync"),
    Day("sweep cannot be imported", broken("sweep"), {"SweepSilentAlarm": 6}),
    Day("start_sync cannot be imported", broken("start_sync"), {"StartSyncSilentAlarm": 20}),
    Day("signup_webhook cannot be imported", broken("signup_webhook"), {"WebhookServerErrorAlarm": 6}),
    Day("notifications cannot be stored", unstorable("intercom_webhook"), {"NotificationServerErrorAlarm": 6, **UNNOTICED}),
    Day(
        "the account has no concurrency left for ten minutes",
        no_concurrency,
        {"ThrottledAlarm": 6, "WebhookServerErrorAlarm": 6, "NotificationServerErrorAlarm": 6, "SweepSilentAlarm": 6},
        calm=890.0,  # the first burst is worked off, and the next signup has not begun
    ),
    Day(
        "a schedule may not start its function",
        unstartable,
        {"ScheduleDeadLetterAlarm": 10, "StartSyncSilentAlarm": 20},
    ),
    Day("the schedule of sweep does not fire", silent("sweep"), {"SweepSilentAlarm": 6}),
    Day("the schedule of start_sync does not fire", silent("start_sync"), {"StartSyncSilentAlarm": 20}),
    Day("the schedule of reconcile does not fire", silent("reconcile"), {"ReconcileSilentAlarm": 20, "OutageAlarm": 20}),
    Day(
        "our own signup does not arrive",
        broken("deliver_contact"),
        {"SyntheticSignupAlarm": 70, "DeliverContactErrorAlarm": 6, **WAITS},
        lasts=1.25,
        calm=0,
        synthetic=True,
    ),
    # What somebody has set wrong.
    Day("the webhook secret differs", another_secret("WebhookSecret", current="another", next=""), {"WebhookRefusedAlarm": 15}),
    Day(
        "the client secret differs",
        another_secret("IntercomAppSecret", client_id="canary-id", client_secret="another"),
        {"NotificationRefusedAlarm": 15, **UNNOTICED},
    ),
    Day("no webhooks", no_webhooks, {"WebhooksSilentAlarm": 360}, lasts=6.1, calm=0),
    Day("no notifications", no_notifications, UNNOTICED),
    Day("an attribute of the mapping is gone", attribute_left_out, {"AttributeLeftOutAlarm": 15}),
    Day("the tracked attribute is gone", archived("referral_status"), {"TrackedAttributeMissingAlarm": 20}),
    Day("the tag of a sync is deleted", deleted_tag, {"NeedsAttentionAlarm": 5}, shown="SyncFailed"),
    # What the vendors do.
    Day(
        "Intercom does not answer",
        outage("intercom", 50),
        {"BreakerOpenAlarm": 10, "ContactReconcileFailedAlarm": 20, **WAITS},
    ),
    Day(
        "Referral Factory does not answer",
        outage("referral_factory", 50),
        {"BreakerOpenAlarm": 10, "OutageAlarm": 10, "RewardPollFailedAlarm": 15, "ReconcileSilentAlarm": 15},
    ),
    Day(
        "Intercom takes another token",
        another_token,
        {"ConnectionLostAlarm": 6, "ContactReconcileFailedAlarm": 20, **WAITS},
    ),
    Day(
        "the app was uninstalled",
        uninstalled,
        {"ConnectionLostAlarm": 6, "ContactReconcileFailedAlarm": 20, **WAITS},
    ),
    Day(
        "Intercom refuses the application",
        refused("intercom", "POST", "/contacts", 403),
        {"BreakerOpenAlarm": 10, "ContactReconcileFailedAlarm": 20, **WAITS},
    ),
    Day(
        "Intercom refuses events",
        refused("intercom", "POST", "/events", 403),
        {"PermissionMissingAlarm": 6, "NeedsAttentionAlarm": 6},
        shown="RewardEventRefused",
    ),
    Day(
        "Intercom refuses one search",
        refused("intercom", "POST", "/contacts/search", 400, about=b"updated_at"),
        {"NeedsAttentionAlarm": 15, "ContactReconcileFailedAlarm": 15, "OutageAlarm": 15},
        shown="SyncFailed",
    ),
    Day(
        "Referral Factory says we are too fast",
        refused("referral_factory", "GET", "/", 429),
        {"StrikeAlarm": 5, "CallsStoppedAlarm": 10, "OutageAlarm": 10, "RewardPollFailedAlarm": 15, "ReconcileSilentAlarm": 15},
    ),
    Day(
        "Referral Factory refuses to qualify",
        refused("referral_factory", "PUT", "/api/v2/users/qualification", 422),
        {"NeedsAttentionAlarm": 6},
        shown="QualificationFailed",
    ),
    # What people do.
    Day("one person's lead is contradicted", poisoned, {"NeedsAttentionAlarm": 80, **WAITS}, 1.5, shown="DeliveryGivenUp"),
    Day("somebody else creates the same lead", doubled, {"NeedsAttentionAlarm": 20}, shown="PossiblyDoubled"),
    Day("a webhook that nobody can read", unreadable, {"NeedsAttentionAlarm": 2}, shown="SignupQuarantined"),
    Day("a signup that Referral Factory does not know", invented(1), {"SignupUnverifiedAlarm": 65}, 1.5),
    Day(
        "many signups that Referral Factory does not know",
        invented(25),
        {"SignupUnverifiedAlarm": 65, "CreatesWaitAlarm": 65},
        1.5,
    ),
)
