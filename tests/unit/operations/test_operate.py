"""The operator's command, on the application's own tables."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from shared.domain.connection.connection import BreakerKind, Vendor
from shared.errors import ApplicationError, TransientError
from tests.support.builders import App
from tests.support.deployed import ARN, TABLES, AppDeployment, Aws
from tools import operate
from tools.operating import syncs
from tools.operating.deployment import Deployment
from tools.operating.operator import OperatingError, Operator


def operator_of(words: Sequence[str]) -> Operator:
    """Nobody is asked, so that what does harm is refused without ``--yes``; a secret is typed as ``SECRET``."""
    return Operator(sure="--yes" in words, read_hidden=lambda _: SECRET)


def run(app: App, *words: str) -> str:
    given = operate.parser().parse_args(["--stack", "x", *words])
    return "\n".join(operate.run(app.environment, given, operator_of(words)))


SECRET = "local-intercom-token"
MAPPING = [{"from": "name", "to": "first_name"}, {"from": "email", "to": "email"}]
WRITE_BACK = {"referral_link": "custom_attributes.referral_link"}
ADDRESS = "canary@example.com"


def call(app: App, *words: str, aws: Aws | None = None) -> list[str]:
    """The whole command, as ``main`` carries it out."""
    arguments = operate.parser().parse_args(["--stack", "x", *words])
    return list(operate.lines_of(AppDeployment(app, aws), arguments, operator_of(words)))


def items(app: App, *tables: str) -> list[dict[str, Any]]:
    return [item for table in tables for item in app.dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]]


def kept(app: App) -> list[tuple[str, str, str, str, str | None]]:
    """Rows of who did what, oldest first, with the words that were written before it was done."""
    rows = [item for item in items(app, "campaigns") if item["pk"]["S"] == "AUDIT"]
    names = ("who", "subject", "issuer", "what", "result")
    return [tuple(row.get(name, {}).get("S") for name in names) for row in sorted(rows, key=lambda row: row["sk"]["S"])]  # type: ignore[misc]


CALLS = {
    "status": (["status"], "looked"),
    "lift-stop": (["lift-stop", "--yes", "--forget"], "done"),
    "log": (["log", "deliver-contact"], "looked"),
    "referrals": (["referrals", "failed"], "looked"),
    "referral": (["referral", "1", "42"], "looked"),
    "replay": (["replay", "1", "42"], "done"),
    "quarantine": (["quarantine"], "looked"),
    "reconcile": (["reconcile", "--full"], "done"),
    "redrive": (["redrive", "Delivery", "--yes"], "done"),
    "purge": (["purge", "Reconcile", "--yes"], "done"),
    "worker": (["worker", "off", "deliver-contact", "--yes"], "done"),
    "set-token": (["set-token", "intercom", "--yes"], "done"),
    "webhook-secret": (["webhook-secret", "next"], "done"),
    "disconnect": (["disconnect", "--yes"], "done"),
    "reconnect": (["reconnect"], "done"),
    "close-breaker": (["close-breaker", "intercom", "--yes"], "done"),
    "split-secret": (["split-secret"], "done"),
    "export": (["export", ADDRESS], "done"),
    "erase": (["erase", ADDRESS, "--yes"], "done"),
    "restore": (["restore", "referrals", "as-it-was", "--yes"], "done"),
    "sync": (["sync", "show", "1"], "looked"),
}
REFUSED = (
    ["lift-stop"],
    ["erase", ADDRESS],
    ["export", "nobody"],
    ["log", "canary@example.com"],
    ["sync", "cancel", "1"],
    ["sync", "start", "7"],
    ["disconnect"],
)


def test_every_command_is_here() -> None:
    actions = [action for action in operate.parser()._actions if action.dest == "command"]
    assert set(actions[0].choices or ()) == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_every_call_is_kept_with_whose_credentials_it_was(app: App, name: str) -> None:
    app.sign_up()
    words, result = CALLS[name]
    call(app, *words)
    written = ["…" if word == ADDRESS else word for word in words]

    ((who, subject, issuer, what, ended),) = kept(app)

    assert who == ARN
    assert subject == "AROA:nina"
    assert issuer == "AWS account 123456789012"
    assert ended == result
    assert sorted(what.rstrip(".").split()) == sorted(["Ran", "tools.operate", *written])


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_a_call_that_was_refused_is_kept_as_such_without_the_persons_address(app: App, words: list[str]) -> None:
    with pytest.raises(ApplicationError):
        call(app, *words)
    ((_, _, _, what, ended),) = kept(app)

    assert ended == "refused"
    assert "canary" not in what
    assert "nobody" not in what


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_cannot_be_kept_is_not_carried_out(app: App, name: str) -> None:
    app.sign_up()
    app.environment.intercom_guard.pause(BreakerKind.BLOCKED, 60)
    app.dynamodb.cut_off("put_item", "AUDIT")
    before = items(app, *TABLES.values())

    with pytest.raises(TransientError):
        call(app, *CALLS[name][0])
    assert items(app, *TABLES.values()) == before


def test_a_run_that_is_started_is_kept_before_one_follows_it(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    app.configure(sync={"mode": "once", "source": {"kind": "all"}, "mapping": MAPPING, "write_back": WRITE_BACK})
    during: list[str | None] = []

    def follow(_: Any) -> Any:
        during.extend(ended for *_, ended in kept(app))
        raise KeyboardInterrupt

    monkeypatch.setattr(syncs, "follow", follow)
    with pytest.raises(KeyboardInterrupt):
        call(app, "sync", "start", "1")
    assert (during, [ended for *_, ended in kept(app)]) == (["done"], ["done"])


def test_status_of_a_stack_where_nothing_has_happened(app: App) -> None:
    text = run(app, "status")

    assert "not connected yet" in text
    assert "breaker intercom          closed" in text
    assert "oldest undelivered   none" in text
    assert "has not succeeded yet" in text


def test_status_shows_what_is_wrong(app: App) -> None:
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
    with pytest.raises(OperatingError, match="--yes"):
        run(app, "lift-stop")
    assert app.environment.strikes.find(Vendor.REFERRAL_FACTORY).stopped
    assert "2 strikes, stopped since" in run(app, "lift-stop", "--yes")
    assert app.environment.strikes.find(Vendor.REFERRAL_FACTORY).count == 2
    assert "not stopped" in run(app, "lift-stop", "--yes", "--forget")
    assert app.environment.strikes.find(Vendor.REFERRAL_FACTORY).count == 0


def test_disconnect_and_reconnect_begin_new_epochs(app: App) -> None:
    app.sign_up()
    for _ in range(2):
        assert run(app, "disconnect", "--yes") == "Intercom is disconnected; its token is kept for `reconnect`."
    found = app.connection()

    assert found.epoch == 2

    app.environment.intercom_guard.connection_lost()

    assert run(app, "reconnect") == "Intercom is connected, epoch 3."
    assert app.environment.breakers.find(Vendor.INTERCOM) is None


def test_a_breaker_is_closed_by_name(app: App) -> None:
    app.environment.intercom_guard.pause(BreakerKind.BLOCKED, 60)
    assert "OPEN (blocked)" in run(app, "close-breaker", "intercom", "--yes")
    assert app.environment.breakers.find(Vendor.INTERCOM) is None
    with pytest.raises(SystemExit):
        run(app, "close-breaker", "somebody")


def test_the_tables_are_found_by_the_stacks_outputs(app: App) -> None:
    assert list(operate.show_status(Deployment("x", Aws(app)).environment))
    with pytest.raises(OperatingError, match="CampaignsTableName"):
        Deployment("x", Aws(app, {})).environment  # noqa: B018


def test_without_a_stack_nothing_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        operate.main(["status"])
    assert "--stack" in capsys.readouterr().err


def test_the_apps_secret_of_an_older_deployment_is_moved_to_its_own() -> None:
    app = App()
    app.set_secret("intercom", access_token="t", client_id="i", client_secret="s", client_secret_next="n", pending_client_id="")
    app.set_secret("intercom_app", client_id="", client_secret="")
    arguments = operate.parser().parse_args(["--stack", "x", "split-secret"])

    def held(name: str) -> dict[str, str]:
        value: dict[str, str] = json.loads(app.secrets.get_secret_value(SecretId=name)["SecretString"])
        return value

    for _ in range(2):  # again harmlessly
        lines = list(operate.lines_of(Deployment("x", Aws(app)), arguments))
        assert held("intercom") == {"access_token": "t"}
        assert held("intercom_app") == {"client_id": "i", "client_secret": "s", "client_secret_next": "n"}

    assert lines == ["Moved: nothing. What the app's own secret held already was left as it is."]

    with pytest.raises(OperatingError, match="Deploy this version first"):
        list(operate.lines_of(Deployment("x", Aws(app, TABLES | {"IntercomSecretArn": "intercom"})), arguments))


def test_looking_at_a_sync_starts_none(app: App) -> None:
    assert run(app, "sync", "show", "1") == "Campaign 1 has no sync run."
    assert app.queued("sync") == []
