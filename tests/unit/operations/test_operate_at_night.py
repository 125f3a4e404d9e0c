"""What the person on call sees and presses: who waits and why, queues, workers, logs, tokens."""

from __future__ import annotations

import json

import pytest

from shared.domain.connection.connection import Vendor
from shared.messages import DeliverContact, body_of
from shared.version import VERSION
from tests.support.builders import webhook_fields
from tests.support.night import Night
from tools import operate
from tools.operating.operator import OperatingError

OUTAGE = {"kind": "status", "status": 503, "path": "^/contacts", "times": 99}


@pytest.fixture
def night() -> Night:
    return Night()


def test_status_says_who_waits_longest_and_why(night: Night) -> None:
    app = night.app
    app.wire.faults.add(OUTAGE)
    for user_id in (7, 8):
        app.post(webhook_fields(id=user_id, email=f"{user_id}@example.com"))
        app.work()
        app.wait(60)
    text = night.call("status")

    first, second = (line for line in text.splitlines() if line.startswith("  waits"))

    assert "user 7: " in first
    assert "503" in first
    assert "tried 2 times" in first
    assert "user 8: " in second
    assert "@" not in text.replace("local@", "")


def test_status_names_the_version_that_is_deployed_and_the_one_of_this_checkout(night: Night) -> None:
    lines = night.call("status").splitlines()
    assert lines[:2] == ["deployed             version 0.0.1", f"this checkout        version {VERSION}"]


def test_status_shows_queues_dead_letters_and_workers_that_are_off(night: Night) -> None:
    app = night.app
    app.environment.delivery_queue.send(DeliverContact(1, 7, "joined", 0.0))
    dead = night.aws("sqs").create_queue(QueueName="delivery-dead", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    app.sqs.send_message(QueueUrl=dead, MessageBody=body_of(DeliverContact(1, 8, "joined", 0.0)))
    night.aws.mappings["DeliverContact"] = "Disabled"

    text = night.call("status")

    assert "queue delivery       1 waiting, 0 with a worker, 0 later · 1 DEAD LETTERS" in text
    assert "worker deliver-contact    OFF (Disabled): `worker on deliver-contact` switches it on" in text
    assert text.count("OFF") == 1


def test_status_shows_each_functions_last_run_and_last_error(night: Night) -> None:
    night.aws.log("deliver-contact", json.dumps({"level": "ERROR", "message": "record failed", "campaign_id": 1}))
    night.app.wait(60)
    night.aws.log("deliver-contact", json.dumps({"level": "INFO", "message": "batch processed"}))
    text = night.call("status")

    (line,) = (line for line in text.splitlines() if line.startswith("function deliver-contact"))

    assert "last ran 2026-11-22 00:01:00 UTC · last error 2026-11-22 00:00:00 UTC: ERROR" in line
    assert "record failed  campaign_id=1" in line

    (line,) = (line for line in text.splitlines() if line.startswith("function sweep"))
    assert "has not run · no error within a day" in line


def test_a_log_is_read_without_the_aws_command(night: Night) -> None:
    night.aws.log("sweep", "START RequestId: 1")
    night.aws.log("sweep", json.dumps({"level": "INFO", "message": "swept", "enqueued": 3}))
    night.aws.log("sweep", '{"_aws": {}, "RowRung": 3}')
    night.aws.log("sweep", "2026-11-22T00:00:00 1 Task timed out after 45.00 seconds")
    night.app.wait(7_000)

    night.aws.log("sweep", json.dumps({"level": "INFO", "message": "later"}))

    assert night.call("log", "sweep").splitlines() == ["2026-11-22 01:56:40  INFO     later"]

    lines = night.call("log", "SweepFunction", "--since", "3h").splitlines()
    assert [line[21:] for line in lines] == [
        "INFO     swept  enqueued=3",
        "2026-11-22T00:00:00 1 Task timed out after 45.00 seconds",
        "INFO     later",
    ]
    assert len(night.call("log", "sweep", "--since", "3h", "--errors").splitlines()) == 1
    assert night.call("log", "reconcile", "--errors") == "reconcile has logged no error in the last 1h."

    with pytest.raises(OperatingError, match="The stack has: deliver-contact, qualify-referral"):
        night.call("log", "nobody")
    with pytest.raises(OperatingError, match="for example 30m"):
        night.call("log", "sweep", "--since", "soon")


def test_dead_letters_go_back_whole_and_only_once_somebody_agrees(night: Night) -> None:
    app = night.app
    dead = night.aws("sqs").create_queue(QueueName="delivery-dead", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    bodies = [body_of(DeliverContact(1, user_id, "joined", 0.0)) for user_id in range(25)]
    for body in bodies:
        app.sqs.send_message(QueueUrl=dead, MessageBody=body, MessageGroupId="1")
    night.answer = "n"

    with pytest.raises(OperatingError, match="Nothing was changed"):
        night.call("redrive", "Delivery")
    assert app.queued() == []

    night.answer = "y"
    assert night.call("redrive", "Delivery").startswith("25 messages went back")
    assert sorted(map(body_of, app.queued())) == sorted(bodies)
    assert app.sqs.real.bodies(dead) == []
    assert "Is the cause mended?" in night.asked[0]


def test_peoples_dead_letters_cannot_be_purged(night: Night) -> None:
    with pytest.raises(SystemExit):
        night.call("purge", "Delivery")
    night.call("purge", "Reconcile")
    assert night.asked == ["Delete the 0 dead letters of reconcile? [y/N] "]


def test_a_worker_is_switched_off_after_a_question_and_on_without(night: Night) -> None:
    night.call("worker", "off", "deliver-contact")

    assert night.aws.mappings["DeliverContact"] == "Disabled"
    assert "nobody reaches Intercom" in night.asked[0]

    night.call("worker", "on", "deliver-contact")

    assert night.aws.mappings["DeliverContact"] == "Enabled"
    assert night.call("worker", "on", "deliver-contact").endswith("on already.")
    assert len(night.asked) == 1


# -- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_of_the_same_workspace_is_stored_and_what_waited_goes_on(night: Night) -> None:
    app = night.app
    app.sign_up()
    app.environment.intercom_guard.connection_lost()
    app.intercom.settings.tokens.append("the-new-token")
    night.secret = "the-new-token\n"

    text = night.call("set-token", "intercom")

    assert "local-workspace" in text
    assert night.stored("intercom")["access_token"] == "the-new-token"
    assert "Store it?" in night.asked[0]
    assert app.environment.breakers.find(Vendor.INTERCOM) is None
    assert "the-new-token" not in text + "".join(night.asked) + json.dumps(app.dynamodb.real.items("campaigns"))


@pytest.mark.parametrize("disconnected", [False, True])
def test_a_token_of_another_workspace_is_refused(night: Night, disconnected: bool) -> None:
    app = night.app
    app.sign_up()
    if disconnected:
        night.call("disconnect")
    before = night.stored("intercom")
    app.intercom.settings.change({"workspace_id": "somebody-elses"})
    app.intercom.settings.tokens.append("a-foreign-token")
    night.secret = "a-foreign-token"

    with pytest.raises(OperatingError, match="Nothing was changed"):
        night.call("set-token", "intercom")
    assert night.stored("intercom") == before


@pytest.mark.parametrize("kind", ["intercom", "referral-factory"])
@pytest.mark.parametrize("secret", ["", "nonsense", "local-webhook-secret", "ünïcode"])
def test_what_the_vendor_does_not_take_is_not_stored(night: Night, kind: str, secret: str) -> None:
    """One vendor's token pasted for the other's among it."""
    before = night.stored("intercom"), night.stored("referral_factory")
    night.secret = secret
    with pytest.raises(operate.ApplicationError):
        night.call("set-token", kind)
    assert (night.stored("intercom"), night.stored("referral_factory")) == before


def test_a_key_of_an_account_without_our_campaigns_is_refused(night: Night) -> None:
    night.secret = "local-referral-factory-key"
    assert "1 campaigns" in night.call("set-token", "referral-factory") or night.asked

    night.app.referral_factory.account.campaigns.clear()
    before = night.stored("referral_factory")
    with pytest.raises(OperatingError, match="none of the campaigns"):
        night.call("set-token", "referral-factory")
    assert night.stored("referral_factory") == before


def test_trying_a_key_is_one_call(night: Night) -> None:
    night.secret = "local-referral-factory-key"
    night.app.forget_calls()
    night.call("set-token", "referral-factory")
    assert len(night.app.calls("referral_factory")) == 1


def test_the_client_secret_is_accepted_beside_the_old_one_then_alone(night: Night) -> None:
    night.secret = "a-new-client-secret"
    night.call("set-token", "intercom-app")

    assert night.stored("intercom_app")["client_secret"] == "local-client-secret"
    assert night.stored("intercom_app")["client_secret_next"] == "a-new-client-secret"
    assert night.asked == []

    night.call("set-token", "intercom-app")

    assert night.stored("intercom_app")["client_secret"] == "a-new-client-secret"
    assert night.stored("intercom_app")["client_secret_next"] == ""
    assert "Developer Hub" in night.asked[0]

    with pytest.raises(OperatingError, match="in use already"):
        night.call("set-token", "intercom-app")


def test_the_webhook_secret_is_shown_once_and_promoted_when_it_is_in_use(night: Night) -> None:
    app = night.app
    assert night.call("webhook-secret", "show") == "The current webhook secret is set.\nA next one is not made."

    made = night.call("webhook-secret", "next").splitlines()[-1]
    assert night.stored("webhook") | {"next": made} == night.stored("webhook")
    assert made not in night.call("webhook-secret", "show")

    with pytest.raises(operate.ApplicationError, match="No webhook has come"):
        night.call("webhook-secret", "promote")
    app.post(webhook_fields(id=7, email="7@example.com"), secret=made)
    app.work()
    app.environment.flush()
    night.call("webhook-secret", "promote")

    assert night.stored("webhook")["current"] == made


# -- referrals --------------------------------------------------------------------------------------------------------


def test_a_failed_referral_is_listed_read_and_sent_again(night: Night) -> None:
    app = night.app
    app.sign_up(email=None)
    listed = night.call("referrals", "failed")

    assert listed == "campaign 1, user 42: failed, There is no e-mail address."
    assert night.call("referrals", "failed", "--campaign", "2") == "No referral is failed."

    story = night.call("referral", "1", "42")
    assert "The delivery failed." in story
    assert "what to do: " in story
    assert night.call("replay", "1", "42") == "It is delivered again now."
    assert [message.user_id for message in app.queued()] == [42]  # type: ignore[union-attr]


def test_reconcile_can_be_asked_for_the_whole_list(night: Night) -> None:
    night.call("reconcile", "--full")
    (message,) = night.app.queued("reconcile")
    assert message.full  # type: ignore[union-attr]


def test_quarantined_webhooks_are_listed_without_their_bodies(night: Night) -> None:
    assert night.call("quarantine") == "Nothing is in quarantine."
    night.app.post(b"{nonsense canary@example.com")
    assert "campaign 1, joined: " in night.call("quarantine")
    assert "canary" not in night.call("quarantine")
