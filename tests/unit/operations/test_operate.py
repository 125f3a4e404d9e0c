"""The operator's command, on the application's own tables."""

import json
from typing import Any

import pytest

from shared.domain.connection.connection import BreakerKind, Vendor
from tests.support.builders import App
from tools import operate


@pytest.fixture
def app() -> App:
    app = App()
    app.configure()
    return app


def run(app: App, *words: str) -> str:
    return "\n".join(operate.run(app.environment, operate.parser().parse_args(["--stack", "x", *words])))


def test_status_of_a_stack_where_nothing_has_happened(app: App) -> None:
    text = run(app, "status")
    assert "not connected yet" in text
    assert "breaker intercom          closed" in text
    assert "oldest undelivered   none" in text
    assert "has not succeeded yet" in text


def test_status_tells_what_is_wrong(app: App) -> None:
    app.sign_up()
    app.reconcile()
    app.wire.faults.add({"kind": "status", "status": 429, "path": "^/api/v2/users", "times": 2})
    for _ in range(2):
        app.wait(300)
        app.reconcile()
    app.environment.intercom_guard.pause(BreakerKind.FAILING, 30)
    app.sign_up(id=7, email="seven@example.com")
    app.wait(20)
    text = run(app, "status")
    for fact in (
        "connected · workspace local-workspace",
        "OPEN (failing)",
        "OPEN (strike)",
        "ALL CALLS STOPPED",
        "0 in flight",
        "20 s, since",
        "succeeded 2026-11-22 00:00:00 UTC",
    ):
        assert fact in text


def test_a_stop_is_lifted_only_with_yes(app: App) -> None:
    for at in (0.0, 100.0):
        app.environment.strikes.update(Vendor.REFERRAL_FACTORY, lambda strikes, at=at: strikes.struck(app.clock.now() + at))
    with pytest.raises(operate.OperatingError, match="--yes"):
        run(app, "lift-stop")
    assert app.environment.strikes.find(Vendor.REFERRAL_FACTORY).stopped
    assert "2 strikes, stopped since" in run(app, "lift-stop", "--yes")
    assert app.environment.strikes.find(Vendor.REFERRAL_FACTORY).count == 2
    assert "not stopped" in run(app, "lift-stop", "--yes", "--forget")
    assert app.environment.strikes.find(Vendor.REFERRAL_FACTORY).count == 0


def test_disconnect_and_reconnect_begin_new_epochs(app: App) -> None:
    app.sign_up()
    assert run(app, "disconnect") == "Intercom is disconnected, epoch 2."
    assert run(app, "disconnect") == "Intercom is disconnected, epoch 2."
    app.environment.intercom_guard.connection_lost()
    assert run(app, "reconnect") == "Intercom is connected, epoch 3."
    assert app.environment.breakers.find(Vendor.INTERCOM) is None


def test_a_breaker_is_closed_by_name(app: App) -> None:
    app.environment.intercom_guard.pause(BreakerKind.BLOCKED, 60)
    assert "OPEN (blocked)" in run(app, "close-breaker", "intercom")
    assert app.environment.breakers.find(Vendor.INTERCOM) is None
    with pytest.raises(SystemExit):
        run(app, "close-breaker", "somebody")


def test_the_tables_are_found_by_the_stacks_outputs(app: App) -> None:
    class CloudFormation:
        def describe_stacks(self, **_: Any) -> dict[str, Any]:
            names = {"CampaignsTableName": "campaigns", "ReferralsTableName": "referrals"}
            return {"Stacks": [{"Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in names.items()]}]}

    clients = {"cloudformation": CloudFormation(), "dynamodb": app.dynamodb}
    environment = operate.environment_of("x", clients.__getitem__)
    assert list(operate.show_status(environment))
    clients["cloudformation"].describe_stacks = lambda **_: {"Stacks": [{}]}  # type: ignore[attr-defined]
    with pytest.raises(operate.OperatingError, match="CampaignsTableName"):
        operate.environment_of("x", clients.__getitem__)


def test_without_a_stack_nothing_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        operate.main(["status"])
    assert "--stack" in capsys.readouterr().err


def test_the_apps_secret_of_an_older_deployment_is_moved_to_its_own() -> None:
    app = App()
    app.set_secret("intercom", access_token="t", client_id="i", client_secret="s", client_secret_next="n", pending_client_id="")
    app.set_secret("intercom_app", client_id="", client_secret="")
    outputs = {"IntercomSecretArn": "intercom", "IntercomAppSecretArn": "intercom_app"}

    class CloudFormation:
        def describe_stacks(self, **_: Any) -> dict[str, Any]:
            return {"Stacks": [{"Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]}]}

    clients = {"cloudformation": CloudFormation(), "secretsmanager": app.secrets}
    arguments = operate.parser().parse_args(["--stack", "x", "split-secret"])

    def held(name: str) -> dict[str, str]:
        value: dict[str, str] = json.loads(app.secrets.get_secret_value(SecretId=name)["SecretString"])
        return value

    for _ in range(2):  # again harmlessly
        lines = list(operate.lines_of("x", clients.__getitem__, arguments))
        assert held("intercom") == {"access_token": "t"}
        assert held("intercom_app") == {"client_id": "i", "client_secret": "s", "client_secret_next": "n"}
    assert lines == ["Moved: nothing. What the app's own secret held already was left as it is."]
    del outputs["IntercomAppSecretArn"]
    with pytest.raises(operate.OperatingError, match="Deploy this version first"):
        list(operate.lines_of("x", clients.__getitem__, arguments))


def test_looking_at_a_sync_starts_none(app: App) -> None:
    assert run(app, "sync", "1", "--show") == "Campaign 1 has no sync run."
    assert app.queued("sync") == []
