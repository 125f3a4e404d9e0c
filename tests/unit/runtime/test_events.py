"""Every sample in events/ goes into its function, and what must happen then happens."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from functions.console import handler as console
from sandbox.vendors.referral_factory.records import Person
from shared.adapters.referral_factory.schemas import person_of
from shared.domain.signup.state import Origin, State
from shared.messages import DeliverContact, QualifyReferral, ReconcileCampaigns, message_of
from shared.ports.signup import Pointer
from shared.use_cases.signup.remember_signup import remember_signup
from tests.support.builders import EMAIL, SYNTHETIC_EMAIL, App
from tests.support.documents import campaign_document

EVENTS = Path(__file__).parents[3] / "events"
FUNCTIONS = Path(__file__).parents[3] / "functions"
CONSOLE = {
    "STAGE": "local",
    "OIDC_ISSUER": "http://127.0.0.1:8004",
    "OIDC_CLIENT_ID": "local-console",
    "OIDC_SCOPES": "openid email profile",
    "SIGN_IN_URL": "",
}


def sample(*names: str) -> pytest.MarkDecorator:
    """The test is played with each of these files of events/."""
    return pytest.mark.parametrize("event", names, indirect=True)


@pytest.fixture
def event(request: pytest.FixtureRequest) -> dict[str, Any]:
    return read(request.param)


def function_of(name: str) -> str:
    """The function whose name the sample's begins with."""
    return max((f.name for f in FUNCTIONS.iterdir() if name.startswith(f"{f.name}_")), key=len, default="")


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    for name, value in CONSOLE.items():
        monkeypatch.setenv(name, value)
    console._settings.cache_clear()
    app = new_app()
    app.configure()
    yield app
    console._settings.cache_clear()


def new_app() -> App:
    app = App()
    app.settings = replace(app.settings, admin_group="referral-admins", groups_claim="groups")
    app.environment = app.new_environment()
    return app


def invoke(app: App, function: str, event: dict[str, Any]) -> Any:
    return app.invoke(import_module(f"functions.{function}.handler"), event)


def read(name: str) -> dict[str, Any]:
    return json.loads((EVENTS / f"{name}.json").read_text())


def body(answer: dict[str, Any]) -> Any:
    return json.loads(answer["body"])


def remember_ivo(app: App) -> None:
    """The ledger's row of the person that the samples are about."""
    (record,) = read("deliver_contact_webhook")["Records"]
    fields = message_of(record["body"]).fields
    person = person_of(fields, {})
    campaign = app.environment.campaigns.find(1)
    now = app.clock.now()
    remember_signup(app.environment, 1, person, campaign, accepted_at=now, origin=Origin.WEBHOOK, what="webhook joined")


def test_each_sample_is_played_by_one_test_and_each_function_has_one() -> None:
    decorators = re.findall(r"^@sample\((.*?)\)$", Path(__file__).read_text(), re.DOTALL | re.MULTILINE)
    played = [name for names in decorators for name in re.findall(r'"(\w+)"', names)]
    files = sorted(path.stem for path in EVENTS.iterdir())

    assert sorted(played) == files
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


@sample(
    "signup_webhook_joined_json",
    "signup_webhook_joined_form",
    "signup_webhook_joined_query",
    "signup_webhook_joined_multipart",
    "signup_webhook_joined_latin_1",
    "signup_webhook_joined_utf_16",
    "signup_webhook_joined_repeated_names",
    "signup_webhook_joined_trailing_slash",
)
def test_joined_is_queued_and_delivered(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "signup_webhook", event)["statusCode"] == 202

    (message,) = app.queued()
    assert isinstance(message, DeliverContact)
    assert (message.campaign_id, message.event) == (1, "joined")
    assert not app.wire.calls, "a receiver calls no vendor"

    app.work()
    contact = app.contact()
    assert (contact.role, contact.name) == ("lead", "Ivo Lindqvist")
    assert contact.custom_attributes["referrer_first_name"] == "Rita"
    assert contact.custom_attributes["lead_source"] == "referral"


@sample("signup_webhook_qualified", "signup_webhook_rewarded")
def test_other_events_tell_of_a_person_too(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "signup_webhook", event)["statusCode"] == 202

    (message,) = app.queued()
    assert message.event == event["pathParameters"]["event"]

    app.work()

    assert app.row().origin is Origin.RECONCILE
    assert len(app.contacts()) == 1


@sample("signup_webhook_without_user_id")
def test_without_a_user_id_reconcile_is_woken(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "signup_webhook", event)["statusCode"] == 202

    app.work()
    (message,) = app.queued("reconcile")
    assert isinstance(message, ReconcileCampaigns)
    assert not app.rows_of("")


@sample("signup_webhook_unreadable")
def test_what_cannot_be_read_is_quarantined_and_not_refused(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "signup_webhook", event)["statusCode"] == 202
    assert not app.queued()

    (row,) = app.environment.quarantine.list(10).items
    assert "a field comes twice with different values: id" in row.reason
    assert [type(message) for message in app.queued("reconcile")] == [ReconcileCampaigns]


@sample("signup_webhook_wrong_secret", "signup_webhook_no_secret")
def test_a_stranger_is_refused_and_leaves_nothing(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "signup_webhook", event)["statusCode"] == 401
    assert not app.queued()
    assert not app.rows_of("")


# -- deliver_contact --------------------------------------------------------------------------------------------------


@sample("deliver_contact_webhook")
def test_a_webhooks_message_becomes_row_and_contact(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "deliver_contact", event) == {"batchItemFailures": []}

    row = app.row()
    contact = app.contact()
    assert row.state == State.DELIVERED
    assert row.origin == Origin.WEBHOOK
    assert row.contact_id == contact.id


@sample("deliver_contact_enqueued")
def test_an_enqueued_message_delivers_what_the_ledger_holds(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "deliver_contact", event) == {"batchItemFailures": []}
    assert not app.contacts(), "nobody is made up for a message without a row"

    remember_ivo(app)

    assert invoke(app, "deliver_contact", event) == {"batchItemFailures": []}
    assert app.row().state is State.DELIVERED


@sample("deliver_contact_replay")
def test_a_replay_opens_a_finished_row_again(app: App, event: dict[str, Any]) -> None:
    remember_ivo(app)
    app.environment.referrals.update(1, 42, lambda row: row.done(State.FAILED, "an attribute was missing"))

    assert invoke(app, "deliver_contact", event) == {"batchItemFailures": []}

    row = app.row()
    assert row.state is State.DELIVERED
    assert "replay" in [line.what for line in row.history]


@sample("deliver_contact_without_user_id")
def test_a_message_without_a_user_id_wakes_reconcile(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "deliver_contact", event) == {"batchItemFailures": []}
    assert [type(message) for message in app.queued("reconcile")] == [ReconcileCampaigns]


@sample("deliver_contact_batch")
def test_a_bad_record_never_touches_its_neighbours(app: App, event: dict[str, Any]) -> None:
    answer = invoke(app, "deliver_contact", event)
    good, newer, garbage = (record["messageId"] for record in event["Records"])
    assert answer == {"batchItemFailures": [{"itemIdentifier": newer}, {"itemIdentifier": garbage}]}
    assert good
    assert len(app.contacts()) == 1


# -- intercom_webhook and qualify_referral ----------------------------------------------------------------------------

IVOS_CONTACT = "6961d43b372591e999b3ea56"


def connect(app: App, user_id: int = 42) -> None:
    """Ivo is delivered; his contact gets the id that the samples name."""
    app.sign_up(id=user_id)
    pointer = Pointer("local-workspace", contact_id=IVOS_CONTACT)
    app.environment.referrals.point(pointer, 1, user_id)
    app.forget_calls()
    app.clock.at += 10


@sample(
    "intercom_webhook_user_updated", "intercom_webhook_lead_updated", "intercom_webhook_signed_up", "intercom_webhook_merged"
)
def test_what_can_matter_is_queued(app: App, event: dict[str, Any]) -> None:
    connect(app)

    assert invoke(app, "intercom_webhook", event)["statusCode"] == 200

    (message,) = app.queued("qualification")
    assert isinstance(message, QualifyReferral)
    assert (message.contact_id, message.values) == (IVOS_CONTACT, {"custom_attributes.referral_status": "Connected"})
    assert not app.calls("intercom", "referral_factory"), "a receiver calls no vendor"


@sample("intercom_webhook_archived", "intercom_webhook_deleted")
def test_a_contacts_end_is_queued(app: App, event: dict[str, Any]) -> None:
    connect(app)

    assert invoke(app, "intercom_webhook", event)["statusCode"] == 200

    (message,) = app.queued("qualification")
    assert isinstance(message, QualifyReferral)
    assert (message.contact_id, message.email) == (IVOS_CONTACT, None)


@sample(
    "intercom_webhook_another_value",
    "intercom_webhook_another_workspace",
    "intercom_webhook_unknown_topic",
    "intercom_webhook_ping",
    "intercom_webhook_head",
)
def test_what_cannot_matter_is_answered_and_dropped(app: App, event: dict[str, Any]) -> None:
    connect(app)
    assert invoke(app, "intercom_webhook", event)["statusCode"] == 200
    assert not app.queued("qualification")


@sample("intercom_webhook_wrong_signature", "intercom_webhook_no_signature")
def test_an_unsigned_notification_is_refused(app: App, event: dict[str, Any]) -> None:
    connect(app)
    assert invoke(app, "intercom_webhook", event)["statusCode"] == 401
    assert not app.queued("qualification")


@sample("intercom_webhook_uninstall")
def test_an_uninstall_puts_the_connection_in_doubt(app: App, event: dict[str, Any]) -> None:
    connect(app)
    assert invoke(app, "intercom_webhook", event)["statusCode"] == 200
    connection = app.connection()
    assert connection.doubted_at is not None


@sample("intercom_webhook_health")
def test_health_is_reported(app: App, event: dict[str, Any]) -> None:
    connect(app)
    assert body(invoke(app, "intercom_webhook", event)) == {"state": "OK"}


@sample("qualify_referral_notification")
def test_a_referral_is_qualified_once(app: App, event: dict[str, Any]) -> None:
    connect(app)
    ivo = Person(42, 1, "Ivo", EMAIL, "Iv0K0de1", "Referred", app.clock.at, referrer_id=41)
    app.referral_factory.account.people.add(ivo)
    for _ in range(2):
        assert invoke(app, "qualify_referral", event) == {"batchItemFailures": []}
    looked_up = "GET /api/v2/users/42?with=user.analytics"
    assert app.calls("intercom", "referral_factory") == [looked_up, "PUT /api/v2/users/qualification"]


@sample("qualify_referral_young_contact")
def test_a_contact_that_may_be_ours_waits_in_the_queue(app: App, event: dict[str, Any]) -> None:
    connect(app)
    answer = invoke(app, "qualify_referral", event)
    assert answer == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}


@sample("qualify_referral_by_hand")
def test_referral_factory_is_asked_whether_somebody_is_qualified(app: App, event: dict[str, Any]) -> None:
    connect(app)
    assert invoke(app, "qualify_referral", event) == {"batchItemFailures": []}
    assert app.calls("intercom", "referral_factory") == ["GET /api/v2/users/42?with=user.analytics"]


@sample("qualify_referral_enqueued")
def test_nothing_is_reported_when_nothing_was_seen(app: App, event: dict[str, Any]) -> None:
    connect(app)
    assert invoke(app, "qualify_referral", event) == {"batchItemFailures": []}
    assert not app.calls("intercom", "referral_factory")


# -- update_referrer --------------------------------------------------------------------------------------------------


def mark_rita(app: App) -> None:
    """The person who refers in the samples, with a contact of hers, has something to be reported."""
    app.given("user", email="rita.referring@example.com")
    app.environment.referrers.mark(1, 41, app.clock.now(), "rita.referring@example.com")


@sample("update_referrer_enqueued")
def test_a_marked_referrer_is_asked_about_once(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "update_referrer", event) == {"batchItemFailures": []}
    assert not app.calls("referral_factory"), "nobody was marked"

    mark_rita(app)

    assert invoke(app, "update_referrer", event) == {"batchItemFailures": []}
    assert invoke(app, "update_referrer", event) == {"batchItemFailures": []}
    assert app.calls("referral_factory") == ["GET /api/v2/users/41?with=user.analytics"]


@sample("update_referrer_batch")
def test_a_message_of_newer_code_stays_in_the_queue(app: App, event: dict[str, Any]) -> None:
    answer = invoke(app, "update_referrer", event)
    assert answer == {"batchItemFailures": [{"itemIdentifier": event["Records"][1]["messageId"]}]}


@sample("update_referrer_schedule")
def test_the_lists_of_rewards_are_looked_through(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "update_referrer", event) == {"batchItemFailures": []}
    assert len(app.calls("referral_factory")) == 8


# -- reconcile and sweep ----------------------------------------------------------------------------------------------


@sample("reconcile_schedule", "reconcile_wake", "reconcile_full")
def test_reconcile_finds_who_no_webhook_brought(app: App, event: dict[str, Any]) -> None:
    answer = invoke(app, "reconcile", event)
    assert answer == {"batchItemFailures": []}
    assert app.metrics.counts["ReconcileSucceeded"] == 1
    assert app.metrics.counts["SignupFoundByReconcile"] == 3, "the stand-in's people of campaign 1; 2 is not configured"

    app.work()

    assert len(app.contacts("bruno@example.com")) == 1


@sample("sweep_schedule")
def test_sweep_enqueues_what_is_due(app: App, event: dict[str, Any]) -> None:
    remember_ivo(app)
    app.wait(120)

    assert invoke(app, "sweep", event)["enqueued"] == 1

    app.work()

    assert len(app.contacts()) == 1


@sample("synthetic_signup_schedule")
def test_we_sign_up_ourselves(app: App, event: dict[str, Any]) -> None:
    app.make_synthetic_signup()

    assert invoke(app, "synthetic_signup", event) == {"accepted": True, "arrived": False}

    app.work()

    assert invoke(app, "synthetic_signup", event) == {"accepted": True, "arrived": True}
    assert len(app.contacts(SYNTHETIC_EMAIL)) == 1


# -- sync -------------------------------------------------------------------------------------------------------------


def start_run(app: App, **section: Any) -> None:
    """The run that the samples are about, as the sample of the schedule starts it."""
    chosen = {**campaign_document()["sync"], "mode": "ongoing", **section}
    app.configure(sync=chosen)
    app.given(email="sam@example.com", name="Sam Sample")
    invoke(app, "start_sync", read("start_sync_schedule"))


@sample("start_sync_schedule")
def test_the_schedule_starts_the_run_of_its_slot_once(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "start_sync", event) == {"started": 0, "enqueued": 0}, "the campaign has no sync"
    start_run(app)
    assert [message.slot for message in app.queued("sync")] == [1_795_305_600]
    assert invoke(app, "start_sync", event) == {"started": 0, "enqueued": 0}


@sample("sync_page_lane")
def test_a_piece_of_a_run_links_contacts(app: App, event: dict[str, Any]) -> None:
    start_run(app)
    app.context.seconds = 60
    assert invoke(app, "sync_page", event) == {"batchItemFailures": []}

    run = app.environment.sync_runs.find(1, 1_795_305_600)
    assert (run.state, run.tally.linked) == ("done", 1)
    assert app.contact("sam@example.com").custom_attributes["referral_link"]


@sample("sync_page_old_round", "sync_page_unknown_run")
def test_a_message_that_counts_no_more_does_nothing(app: App, event: dict[str, Any]) -> None:
    start_run(app)
    assert invoke(app, "sync_page", event) == {"batchItemFailures": []}
    assert not app.calls("intercom", "referral_factory")


# -- admin_api and console --------------------------------------------------------------------------------------------


@sample("admin_api_list_campaigns")
def test_admin_lists_campaigns(app: App, event: dict[str, Any]) -> None:
    answer = invoke(app, "admin_api", event)
    assert [row["campaign_id"] for row in body(answer)["items"]] == [1]


@sample("admin_api_get_campaign")
def test_admin_reads_settings(app: App, event: dict[str, Any]) -> None:
    answer = invoke(app, "admin_api", event)
    assert (answer["statusCode"], answer["headers"]["etag"]) == (200, '"1"')
    assert body(answer) == campaign_document()


@sample("admin_api_head_campaign")
def test_admin_answers_head_without_a_body(app: App, event: dict[str, Any]) -> None:
    answer = invoke(app, "admin_api", event)
    assert answer["statusCode"] == 200
    assert answer["headers"]["etag"] == '"1"'
    assert answer["body"] == ""


@sample("admin_api_put_campaign")
def test_admin_saves_the_next_version(app: App, event: dict[str, Any]) -> None:
    answer = invoke(app, "admin_api", event)
    assert (answer["statusCode"], body(answer)["version"]) == (200, 2)
    assert body(answer)["warnings"] == []


@sample("admin_api_put_new_campaign")
def test_admin_saves_a_new_campaign_only_once(app: App, event: dict[str, Any]) -> None:
    fresh = new_app()
    assert invoke(fresh, "admin_api", event)["statusCode"] == 201
    assert fresh.environment.campaigns.find(1) is not None
    assert invoke(app, "admin_api", event)["statusCode"] == 412


@sample("admin_api_get_versions")
def test_admin_lists_versions(app: App, event: dict[str, Any]) -> None:
    assert [row["version"] for row in body(invoke(app, "admin_api", event))["items"]] == [1]


@sample("admin_api_oauth_callback")
def test_a_strangers_way_back_from_intercom_is_a_page(app: App, event: dict[str, Any]) -> None:
    answer = invoke(app, "admin_api", event)
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (409, "text/html; charset=utf-8")


@sample("admin_api_start_sync")
def test_admin_starts_one_run_at_a_time(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "admin_api", event)["statusCode"] == 422, "the campaign has no sync"

    app.configure(sync={**campaign_document()["sync"], "mode": "once"})
    answer = invoke(app, "admin_api", event)
    assert (answer["statusCode"], body(answer)["state"]) == (202, "queued")
    assert len(app.queued("sync")) == 1
    assert invoke(app, "admin_api", event)["statusCode"] == 409


@sample("admin_api_list_syncs", "admin_api_get_sync", "admin_api_cancel_sync")
def test_admin_sees_runs_and_cancels_them(app: App, event: dict[str, Any]) -> None:
    start_run(app)
    answer = invoke(app, "admin_api", event)
    assert answer["statusCode"] == 200

    run = body(answer)["items"][0] if event["rawPath"].endswith("syncs") else body(answer)
    expected = "cancelled" if event["rawPath"].endswith("cancel") else "queued"
    assert (run["run_id"], run["state"]) == ("1795305600", expected)


@sample("admin_api_get_openapi")
def test_admin_describes_itself(app: App, event: dict[str, Any]) -> None:
    assert "/api/campaigns/{id}" in body(invoke(app, "admin_api", event))["paths"]


@sample("console_get_page", "console_get_file", "console_get_config")
def test_console_serves_its_files(app: App, event: dict[str, Any]) -> None:
    answer = invoke(app, "console", event)
    assert answer["statusCode"] == 200
    expected = {"/": "<html", "/console/app.js": "import", "/console/config.json": "local-console"}[event["rawPath"]]
    assert expected in answer["body"]
