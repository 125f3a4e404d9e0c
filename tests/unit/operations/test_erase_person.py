"""A person who asks to be erased is gone from every row, and nothing brings them back."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.person import Person, Referrer
from shared.domain.signup.referral import Origin, Referral, State
from shared.errors import MalformedPayloadError
from shared.messages import DeliverContact
from shared.ports.signup import Quarantined
from shared.use_cases.signup.remember_signup import remember_signup
from tests.support.builders import App
from tests.support.syncing import SyncApp
from tools import operate

EMAIL = "Canary.Stone@example.com"
NAME = "Canaryname"
CANARIES = ("canary.stone", "canaryname", "canarylink", "canaryanswer")


def run(app: App, *words: str) -> str:
    return "\n".join(operate.run(app.environment, operate.parser().parse_args(["--stack", "x", *words])))


def stored(app: App) -> str:
    """Everything in every table and queue, quarantined bodies readable."""
    text = ""
    for table in (app.settings.referrals_table, app.settings.campaigns_table):
        for item in app.environment._dynamodb.scan(TableName=table)["Items"]:
            text += json.dumps(item, ensure_ascii=False) + "\n"
            if item["sk"]["S"] == "QUARANTINE":
                text += base64.b64decode(item["body"]["S"]).decode() + "\n"
    text += "\n".join(str(message) for message in app.queued())
    return text.casefold().replace("%40", "@")


@pytest.fixture
def app() -> App:
    """Somebody signed up, changed their address, invited a friend, and left traces beside the ledger."""
    app = App()
    app.configure()
    facts: dict[str, Any] = {"first_name": NAME, "url": "https://example.com/canarylink", "Favourite": "canaryanswer"}
    app.sign_up(id=7, email=EMAIL, **facts)
    app.sign_up(id=8, email="friend@example.com", first_name="Fred")
    app.environment.referrals.update(1, 8, lambda row: _invited_by(row))
    for number, body in enumerate((f"email={EMAIL.replace('@', '%40')}", json.dumps({"mail": EMAIL}))):
        quarantined = base64.b64encode(body.encode()).decode()
        app.environment.quarantine.add(
            Quarantined(f"q{number}", "1", "joined", "odd", "text/plain", quarantined, app.clock.now())
        )
    app.environment.inbox.add(DeliverContact(1, 7, "joined", app.clock.now(), {"id": "7", "email": EMAIL}), app.clock.now())
    return app


def put_into_quarantine(app: App, quarantine_id: str, body: str) -> None:
    encoded = base64.b64encode(body.encode()).decode()
    app.environment.quarantine.add(Quarantined(quarantine_id, "1", "joined", "odd", "text/plain", encoded, app.clock.now()))


def _invited_by(row: Referral) -> Referral:
    referrer = Referrer(7, NAME, EMAIL, "code7", "https://example.com/canarylink")
    return replace(row, person=replace(row.person, referrer=referrer), written={**row.written, "custom_attributes.r": EMAIL})


def test_nothing_of_the_person_is_left_in_any_table(app: App) -> None:
    assert all(canary in stored(app) for canary in CANARIES)
    assert "rows were deleted or emptied" in run(app, "erase", EMAIL.upper(), "--yes")
    assert [line for line in stored(app).splitlines() if any(canary in line for canary in CANARIES)] == []
    assert app.row(7).state is State.ERASED
    assert app.row(8).person.email == "friend@example.com"
    assert app.row(8).person.referrer.user_id == 7
    assert json.loads(run(app, "export", EMAIL))["rows"] == []


def test_erasing_wants_a_yes_and_may_be_repeated(app: App) -> None:
    with pytest.raises(operate.OperatingError, match="--yes"):
        run(app, "erase", EMAIL)
    assert CANARIES[0] in stored(app)
    run(app, "erase", EMAIL, "--yes")
    assert run(app, "erase", EMAIL, "--yes").startswith("0 rows")


def test_the_export_holds_all_of_it(app: App) -> None:
    text = run(app, "export", EMAIL)
    assert all(canary in text.casefold() for canary in CANARIES)
    kinds = {row["sk"].partition("#")[0] for row in json.loads(text)["rows"]}
    assert {"REFERRAL", "PERSON", "QUARANTINE", "INBOX"} <= kinds


def test_who_erased_is_in_the_audit_without_the_address(app: App) -> None:
    run(app, "erase", EMAIL, "--yes")
    assert [change.what for change in app.environment.audit.list(1).items] == ["Erased a person by e-mail address."]


def test_neither_webhooks_nor_reconcile_nor_a_replay_bring_them_back(app: App) -> None:
    late = {"first_name": NAME, "url": "https://example.com/canarylink"}
    run(app, "erase", EMAIL, "--yes")
    app.sign_up("qualified", id=7, email=EMAIL, **late)
    app.ring(7, replay=True)
    person = Person(7, email=EMAIL, first_name=NAME)
    row = app.environment.referrals.update(1, 7, lambda row: row.knowing(person, app.clock.now()))
    assert (row.state, row.person.email) == (State.ERASED, None)
    assert CANARIES[0] not in stored(app)


@pytest.mark.parametrize(("origin", "kept_out"), [(Origin.RECONCILE, True), (Origin.WEBHOOK, False)])
def test_under_another_id_only_a_new_signup_of_their_own_begins_anew(app: App, origin: Origin, kept_out: bool) -> None:
    run(app, "erase", EMAIL, "--yes")
    app.wait(10)
    person = Person(70, email=EMAIL, first_name=NAME)
    row = remember_signup(
        app.environment, 1, person, app.environment.campaigns.find(1), accepted_at=app.clock.now(), origin=origin, what="x"
    )
    assert (row.state is State.ERASED) == kept_out
    assert (CANARIES[0] not in stored(app)) == kept_out


def test_a_sync_leaves_them_out() -> None:
    app = SyncApp()
    app.choose()
    app.add(EMAIL, "other@example.com", name=NAME)
    app.environment.erasures.erase(EMAIL, app.clock.now())
    app.sync()
    assert CANARIES[0] not in stored(app)
    assert "other@example.com" in stored(app)


@pytest.mark.parametrize("nobody", ["", " ", "x", "@", "a" * 300 + "@example.com"])
def test_what_is_no_address_erases_nobody(app: App, nobody: str) -> None:
    app.sign_up(id=9, email="")
    before = stored(app)
    for command in (("erase", nobody, "--yes"), ("export", nobody)):
        with pytest.raises(MalformedPayloadError):
            run(app, *command)
    assert stored(app) == before


def test_an_address_is_found_in_each_spelling(app: App) -> None:
    put_into_quarantine(app, "q9", json.dumps({"e": "Canary.Stone@Bücher.example"}))
    assert "1 rows" in run(app, "erase", "canary.stone@xn--bcher-kva.example", "--yes")
