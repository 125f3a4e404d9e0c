"""A receiver's first invocation finds made what it needs: somebody waits for its answer."""

from __future__ import annotations

import pytest

from bench.first_call import measure
from shared.domain.connection.connection import Connection
from shared.runtime.bootstrap import Environment, get_ready, use
from tests.support.builders import App
from tests.support.qualifying import Friendship, rules
from tests.support.roles import refused


@pytest.fixture
def starting(monkeypatch: pytest.MonkeyPatch) -> App:
    """In Lambda's init phase."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "receiver")
    app = App()
    app.configure()
    app.environment.connections.save(Connection(app.intercom.settings.workspace_id, "US", "UTC"))
    app.environment = app.new_environment()
    return app


def test_the_first_invocation_of_a_receiver_takes_20_ms_of_cpu() -> None:
    assert [figure.name for figure in measure(1) if figure.missed] == []


def test_a_receiver_reads_its_secret_at_the_start(starting: App) -> None:
    with use(starting.environment):
        get_ready("signup_webhook", Environment.ready_for_signups)
    starting.secrets.refuse("get_secret_value", 9)
    assert starting.post({"id": 42, "first_name": "Ivo", "email": "ivo@example.com"})["statusCode"] == 202


def test_a_receiver_that_could_not_get_ready_starts_all_the_same(starting: App) -> None:
    with use(starting.environment):
        starting.secrets.refuse("get_secret_value", 1)
        get_ready("signup_webhook", Environment.ready_for_signups)
        starting.dynamodb.refuse("query", 1, code="AccessDeniedException")
        get_ready("intercom_webhook", Environment.ready_for_notifications)
    assert starting.post({"id": 42, "first_name": "Ivo", "email": "ivo@example.com"})["statusCode"] == 202


def test_nothing_is_made_outside_lambda(starting: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME")
    with use(starting.environment):
        get_ready("signup_webhook", Environment.ready_for_signups)
    assert "_secrets" not in starting.environment.__dict__


def test_the_roles_allow_what_the_start_asks_for() -> None:
    action = "sqs:GetQueueAttributes"
    assert (
        refused({("signup_webhook", action, "DeliveryQueue", ""), ("intercom_webhook", action, "QualificationQueue", "")}) == []
    )


def test_a_rule_saved_after_the_process_began_holds_for_its_first_notification() -> None:
    story = Friendship(rules(qualified_values=["Won"]))
    friend = story.invited()
    story.app.environment.ready_for_notifications()
    story.app.configure(qualification=rules())
    story.changes(friend, "Connected")

    story.notified()

    assert "NotificationQueued" in story.app.metrics.counts
