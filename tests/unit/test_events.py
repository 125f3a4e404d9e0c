"""Every sample in events/ goes into its function, and what must happen then happens."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.world import World
from functions.console import handler as console
from sandbox.demo_people import build_settings
from shared.adapters.referral_factory.schemas import person_of
from shared.domain.referral import Origin, State
from shared.messages import message_of
from shared.use_cases.deliver_contact import remember_signup

EVENTS = Path(__file__).parents[2] / "events"
FUNCTIONS = Path(__file__).parents[2] / "functions"
CONSOLE = {
    "STAGE": "local",
    "OIDC_ISSUER": "http://127.0.0.1:8004",
    "OIDC_CLIENT_ID": "local-console",
    "OIDC_SCOPES": "openid email profile",
}
IVO = "ivo.invited@example.com"
Check = Callable[[World, dict[str, Any]], None]
CHECKS: dict[str, Check] = {}


def sample(*names: str) -> Callable[[Check], Check]:
    """The test of these samples."""

    def register(check: Check) -> Check:
        for name in names:
            assert name not in CHECKS, f"{name} has two tests"
            CHECKS[name] = check
        return check

    return register


def function_of(name: str) -> str:
    """The function whose name the sample's begins with."""
    return max((f.name for f in FUNCTIONS.iterdir() if name.startswith(f"{f.name}_")), key=len, default="")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name, value in CONSOLE.items():
        monkeypatch.setenv(name, value)
    console._settings.cache_clear()
    world = World()
    world.configure(build_settings("skip"))
    yield world
    console._settings.cache_clear()


def read(name: str) -> dict[str, Any]:
    return json.loads((EVENTS / f"{name}.json").read_text())


def body(answer: dict[str, Any]) -> Any:
    return json.loads(answer["body"])


def remember_ivo(world: World) -> None:
    """The ledger's row of the person that the samples are about."""
    (record,) = read("deliver_contact_webhook")["Records"]
    fields = message_of(record["body"]).fields
    person = person_of(fields, {})
    campaign = world.environment.campaigns.find(1)
    now = world.clock.now()
    remember_signup(world.environment, 1, person, campaign, accepted_at=now, origin=Origin.WEBHOOK, what="webhook joined")


@pytest.mark.parametrize("name", sorted(path.stem for path in EVENTS.iterdir()))
def test_sample_does_what_it_should(name: str, world: World) -> None:
    assert name in CHECKS, f"nobody reads events/{name}.json"
    assert function_of(name), f"no function has a name that {name} begins with"
    CHECKS[name](world, read(name))


def test_every_function_has_a_sample_and_every_checked_sample_is_there() -> None:
    files = {path.stem for path in EVENTS.glob("*.json")}
    assert set(CHECKS) == files
    assert {function_of(name) for name in files} == {path.name for path in FUNCTIONS.iterdir() if path.is_dir()}


@pytest.mark.parametrize("path", sorted(EVENTS.iterdir()), ids=lambda path: path.stem)
def test_http_samples_are_complete_api_gateway_events(path: Path) -> None:
    event = json.loads(path.read_text())
    if "Records" in event or event.get("source") == "aws.scheduler":
        return
    context = event["requestContext"]
    assert event["version"] == "2.0"
    assert event["routeKey"] == context["routeKey"]
    assert event["rawPath"] == context["http"]["path"]
    assert {"accountId", "apiId", "domainName", "requestId", "stage", "time", "timeEpoch"} <= set(context)
    assert {"method", "path", "protocol", "sourceIp", "userAgent"} == set(context["http"])
    assert all(name == name.lower() for name in event["headers"])
    assert isinstance(event["isBase64Encoded"], bool)


# -- signup_webhook ---------------------------------------------------------------------------------------------------


@sample("signup_webhook_joined_json", "signup_webhook_joined_form", "signup_webhook_joined_query")
def joined_is_queued_and_delivered(world: World, event: dict[str, Any]) -> None:
    assert world.invoke("signup_webhook", event)["statusCode"] == 202
    (message,) = world.bodies("delivery")
    assert (message["kind"], message["campaign_id"], message["event"]) == ("DeliverContact", 1, "joined")
    assert not world.calls, "a receiver calls no vendor"
    world.deliver_all()
    (contact,) = world.contacts(IVO)
    assert (contact.role, contact.name) == ("lead", "Ivo Lindqvist")
    assert contact.custom_attributes["referrer_first_name"] == "Rita"
    assert contact.custom_attributes["lead_source"] == "referral"


@sample("signup_webhook_qualified", "signup_webhook_rewarded")
def other_events_tell_of_a_person_too(world: World, event: dict[str, Any]) -> None:
    assert world.invoke("signup_webhook", event)["statusCode"] == 202
    (message,) = world.bodies("delivery")
    assert message["event"] == event["pathParameters"]["event"]
    world.deliver_all()
    assert world.environment.referrals.get(1, 42).origin is Origin.RECONCILE
    assert len(world.contacts(IVO)) == 1


@sample("signup_webhook_without_user_id")
def without_a_user_id_reconcile_is_woken(world: World, event: dict[str, Any]) -> None:
    assert world.invoke("signup_webhook", event)["statusCode"] == 202
    world.deliver_all()
    (message,) = world.bodies("reconcile")
    assert message["kind"] == "ReconcileCampaigns"
    assert not world.dynamodb.items("referrals")


@sample("signup_webhook_unreadable")
def what_cannot_be_read_is_quarantined_and_not_refused(world: World, event: dict[str, Any]) -> None:
    assert world.invoke("signup_webhook", event)["statusCode"] == 202
    assert not world.bodies("delivery")
    (row,) = world.environment.quarantine.list(10).items
    assert "a field comes twice" in row.reason


@sample("signup_webhook_wrong_secret", "signup_webhook_no_secret")
def a_stranger_is_refused_and_leaves_nothing(world: World, event: dict[str, Any]) -> None:
    assert world.invoke("signup_webhook", event)["statusCode"] == 401
    assert not world.bodies("delivery")
    assert not world.dynamodb.items("referrals")


# -- deliver_contact --------------------------------------------------------------------------------------------------


@sample("deliver_contact_webhook")
def a_webhooks_message_becomes_row_and_contact(world: World, event: dict[str, Any]) -> None:
    assert world.invoke("deliver_contact", event) == {"batchItemFailures": []}
    row = world.environment.referrals.get(1, 42)
    (contact,) = world.contacts(IVO)
    assert (row.state, row.origin, row.contact_id) == (State.DELIVERED, Origin.WEBHOOK, contact.id)


@sample("deliver_contact_ring")
def a_ring_delivers_what_the_ledger_holds(world: World, event: dict[str, Any]) -> None:
    assert world.invoke("deliver_contact", event) == {"batchItemFailures": []}
    assert not world.contacts(IVO), "nobody is made up for a ring without a row"
    remember_ivo(world)
    assert world.invoke("deliver_contact", event) == {"batchItemFailures": []}
    assert world.environment.referrals.get(1, 42).state is State.DELIVERED


@sample("deliver_contact_replay")
def a_replay_opens_a_finished_row_again(world: World, event: dict[str, Any]) -> None:
    remember_ivo(world)
    world.environment.referrals.update(1, 42, lambda row: row.done(State.FAILED, "an attribute was missing"))
    assert world.invoke("deliver_contact", event) == {"batchItemFailures": []}
    row = world.environment.referrals.get(1, 42)
    assert row.state is State.DELIVERED
    assert "replay" in [line.what for line in row.history]


@sample("deliver_contact_without_user_id")
def a_message_without_a_user_id_wakes_reconcile(world: World, event: dict[str, Any]) -> None:
    assert world.invoke("deliver_contact", event) == {"batchItemFailures": []}
    assert [message["kind"] for message in world.bodies("reconcile")] == ["ReconcileCampaigns"]


@sample("deliver_contact_batch")
def a_bad_record_never_touches_its_neighbours(world: World, event: dict[str, Any]) -> None:
    answer = world.invoke("deliver_contact", event)
    good, newer, garbage = (record["messageId"] for record in event["Records"])
    assert answer == {"batchItemFailures": [{"itemIdentifier": newer}, {"itemIdentifier": garbage}]}
    assert good
    assert len(world.contacts(IVO)) == 1


# -- reconcile and sweep ----------------------------------------------------------------------------------------------


@sample("reconcile_schedule", "reconcile_wake", "reconcile_full")
def reconcile_finds_who_no_webhook_brought(world: World, event: dict[str, Any]) -> None:
    answer = world.invoke("reconcile", event, seconds=60.0)
    assert answer == {"batchItemFailures": []}
    assert world.metrics.counts["ReconcileSucceeded"] == 1
    assert world.metrics.counts["SignupFoundByReconcile"] == 3, "the stand-in's people of campaign 1; 2 is not configured"
    world.deliver_all()
    assert len(world.contacts("bruno@example.com")) == 1


@sample("sweep_schedule")
def sweep_rings_what_is_due(world: World, event: dict[str, Any]) -> None:
    remember_ivo(world)
    world.clock.at += 120
    assert world.invoke("sweep", event, seconds=50.0)["rung"] == 1
    world.deliver_all()
    assert len(world.contacts(IVO)) == 1


# -- admin_api and console --------------------------------------------------------------------------------------------


@sample("admin_api_list_campaigns")
def admin_lists_campaigns(world: World, event: dict[str, Any]) -> None:
    answer = world.invoke("admin_api", event)
    assert [row["campaign_id"] for row in body(answer)["items"]] == [1]


@sample("admin_api_get_campaign")
def admin_reads_settings(world: World, event: dict[str, Any]) -> None:
    answer = world.invoke("admin_api", event)
    assert (answer["statusCode"], answer["headers"]["etag"]) == (200, '"1"')
    assert body(answer) == build_settings("skip")


@sample("admin_api_head_campaign")
def admin_answers_head_without_a_body(world: World, event: dict[str, Any]) -> None:
    answer = world.invoke("admin_api", event)
    assert (answer["statusCode"], answer["headers"]["etag"], answer["body"]) == (200, '"1"', "")


@sample("admin_api_put_campaign")
def admin_saves_the_next_version(world: World, event: dict[str, Any]) -> None:
    answer = world.invoke("admin_api", event)
    assert (answer["statusCode"], body(answer)["version"]) == (200, 2)
    assert body(answer)["warnings"] == []


@sample("admin_api_put_new_campaign")
def admin_saves_a_new_campaign_only_once(world: World, event: dict[str, Any]) -> None:
    fresh = World()
    assert fresh.invoke("admin_api", event)["statusCode"] == 201
    assert fresh.environment.campaigns.find(1) is not None
    assert world.invoke("admin_api", event)["statusCode"] == 412


@sample("admin_api_get_versions")
def admin_lists_versions(world: World, event: dict[str, Any]) -> None:
    assert [row["version"] for row in body(world.invoke("admin_api", event))["items"]] == [1]


@sample("admin_api_get_openapi")
def admin_describes_itself(world: World, event: dict[str, Any]) -> None:
    assert "/api/campaigns/{id}" in body(world.invoke("admin_api", event))["paths"]


@sample("console_get_page", "console_get_file", "console_get_config")
def console_serves_its_files(world: World, event: dict[str, Any]) -> None:
    answer = world.invoke("console", event)
    assert answer["statusCode"] == 200
    expected = {"/": "<html", "/console/app.js": "import", "/console/config.json": "local-console"}[event["rawPath"]]
    assert expected in answer["body"]
