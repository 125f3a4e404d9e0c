"""Samples of what schedules start: counts and rewards, reconcile, the sweep, the synthetic signup, syncs."""

from __future__ import annotations

from typing import Any

from tests.support.builders import SYNTHETIC_EMAIL, App
from tests.unit.runtime.events.playing import invoke, remember_ivo, sample, start_run


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
