"""Every call that changes something is kept with who, what and when; none that merely looks is."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from functions.admin_api.handler import ROUTES
from shared.domain.signup.state import State
from shared.ports.signup import Quarantined
from tests.support.builders import App
from tests.support.clock import NOW
from tests.support.console_api import Console
from tests.support.documents import campaign_document, mapping
from tests.unit.campaign.test_try_campaign import at_our_own_address, begin
from tests.unit.operations.test_activity import add

UNREAD = base64.b64encode(b'{"person": 8, "mail": "p8@example.com", "first_name": "P"}').decode()
SYNC = {
    "mode": "once",
    "source": {"kind": "all"},
    "mapping": [{"from": "name", "to": "first_name"}, {"from": "email", "to": "email"}],
    "write_back": {"referral_link": "custom_attributes.referral_link"},
}
Act = Callable[[Console], Any]
CHANGES: dict[str, tuple[Act, str]] = {
    "POST /api/connection/intercom": (
        lambda console: console.post("/api/connection/intercom", {"access_token": "local-intercom-token"}),
        "Connected the Intercom workspace “Local workspace”.",
    ),
    "PUT /api/connection/referral-factory": (
        lambda console: console.call("PUT", "/api/connection/referral-factory", {"api_key": "local-referral-factory-key"}),
        "Connected Referral Factory.",
    ),
    "POST /api/connection/referral-factory/lift-stop": (
        lambda console: console.post("/api/connection/referral-factory/lift-stop", {"forget": True}),
        "Lifted the stop of Referral Factory and forgot its warnings.",
    ),
    "POST /api/connection/disconnect": (
        lambda console: console.post("/api/connection/disconnect", {"vendor": "referral_factory"}),
        "Disconnected Referral Factory.",
    ),
    "POST /api/connection/webhook-secrets": (
        lambda console: console.post("/api/connection/webhook-secrets", {"action": "make_next"}),
        "Made the next webhook secret.",
    ),
    "POST /api/attributes": (
        lambda console: console.post("/api/attributes", {"name": "plan", "data_type": "string"}),
        "Created the attribute custom_attributes.plan in Intercom.",
    ),
    "PUT /api/campaigns/{id}": (
        lambda console: console.call("PUT", "/api/campaigns/2", campaign_document(campaign_id=2), if_none_match="*"),
        "Saved version 1 of campaign 2 (active).",
    ),
    "DELETE /api/campaigns/{id}": (
        lambda console: paused_and_deleted(console),
        "Deleted the settings of campaign 2 (version 1).",
    ),
    "POST /api/campaigns/{id}/syncs": (
        lambda console: console.call("POST", "/api/campaigns/1/syncs", {}),
        "Started a sync run of campaign 1.",
    ),
    "POST /api/campaigns/{id}/syncs/{run_id}/cancel": (
        lambda console: cancelled(console),
        "Cancelled a sync run of campaign 1.",
    ),
    "POST /api/campaigns/{id}/trial": (
        lambda console: begin(at_our_own_address(console)),
        "Sent a made-up person through campaign 1.",
    ),
    "DELETE /api/campaigns/{id}/trial": (
        lambda console: begun_and_taken_back(console),
        "Took the made-up person of campaign 1 back, with its contact in Intercom.",
    ),
    "POST /api/referrals/{campaign_id}/{user_id}/replay": (
        lambda console: console.post("/api/referrals/1/7/replay"),
        "Replayed the referral of user 7 in campaign 1.",
    ),
    "POST /api/referrals/{campaign_id}/{user_id}/put-back": (
        lambda console: overwritten_and_put_back(console),
        "Put back what the contact of user 42 in campaign 1 held: name.",
    ),
    "POST /api/replays": (lambda console: console.post("/api/replays", {"state": "failed"}), "Replayed 1 referral at once."),
    "POST /api/referrals/{campaign_id}/{user_id}/close": (
        lambda console: console.post("/api/referrals/1/7/close"),
        "Marked the referral of user 7 in campaign 1 as dealt with.",
    ),
    "POST /api/closes": (
        lambda console: console.post("/api/closes", {"state": "failed"}),
        "Marked 1 referral as dealt with at once.",
    ),
    "POST /api/quarantine/{id}/replay": (
        lambda console: console.post("/api/quarantine/q1/replay"),
        "Read the message q1 after all.",
    ),
    "DELETE /api/quarantine/{id}": (
        lambda console: console.call("DELETE", "/api/quarantine/q1"),
        "Discarded the message q1 that could not be read.",
    ),
    "POST /api/people/export": (
        lambda console: console.post("/api/people/export", {"email": "p7@example.com"}),
        "Exported a person by e-mail address.",
    ),
    "POST /api/people/erase": (
        lambda console: console.post("/api/people/erase", {"email": "p7@example.com"}),
        "Erased a person by e-mail address.",
    ),
}
LOOKS = {"POST /api/connection/intercom/check", "POST /api/campaigns/{id}/preview"}


def paused_and_deleted(console: Console) -> None:
    console.app.configure(campaign_id=2, status="paused")
    assert console.call("DELETE", "/api/campaigns/2", if_match='"1"').status == 200


def begun_and_taken_back(console: Console) -> None:
    begin(at_our_own_address(console))
    console.app.work()
    assert console.call("DELETE", "/api/campaigns/1/trial", {}).status == 200


def cancelled(console: Console) -> None:
    run_id = console.call("POST", "/api/campaigns/1/syncs", {}).json["run_id"]
    for _ in range(2):  # the second press changes nothing
        assert console.call("POST", f"/api/campaigns/1/syncs/{run_id}/cancel", {}).json["state"] == "cancelled"


@pytest.fixture
def app() -> App:
    made = App()
    made.configure(sync=SYNC)
    add(made, 7, state=State.FAILED)
    return made


def overwritten_and_put_back(console: Console) -> None:
    console.app.configure(person_invited={"duplicates": "update", "mapping": mapping()})
    console.app.given("lead", name="Customer")
    console.app.sign_up()
    console.post("/api/referrals/1/42/put-back")


def test_every_call_that_is_no_look_is_here() -> None:
    assert {f"{route.method} {route.path}" for route in ROUTES if route.method != "GET"} == {*CHANGES, *LOOKS}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_kept_with_who_what_and_when(console: Console, name: str) -> None:
    act, what = CHANGES[name]
    app = console.app
    app.environment.quarantine.add(Quarantined("q1", "1", "joined", "odd", "application/json", UNREAD, NOW))
    app.configure(aliases={"person": "id", "mail": "email"}, sync=SYNC)

    act(console)

    kept = console.get("/api/connection/changes")["items"]
    assert [each for each in kept if each["what"] == what] == [
        {
            "at": NOW,
            "who": "mara@example.com",
            "what": what,
            "subject": "x",
            "issuer": "https://login.example.com",
            "email_verified": None,
            "result": "done",
        }
    ]


def test_looking_is_no_change(console: Console) -> None:
    console.post("/api/connection/intercom/check")
    console.post("/api/campaigns/1/preview", {"person": {"first_name": "A", "email": "a@example.com"}})
    assert console.audit_lines() == []


def rows(console: Console) -> list[tuple[str, str, str | None]]:
    return [(row["who"], row["what"], row["result"]) for row in reversed(console.kept())]


def test_who_read_a_story_a_quarantined_body_or_a_table_is_kept_once_an_hour(app: App, console: Console) -> None:
    app.environment.quarantine.add(Quarantined("q1", "1", "joined", "odd", "application/json", UNREAD, NOW))
    for _ in range(3):  # the page looks again every five seconds
        console.get("/api/referrals/1/7")
        console.get("/api/quarantine/q1")
        app.wait(5)
    app.environment = app.new_environment()
    console.get("/api/referrals/1/7")
    console.call("GET", "/api/referrals", accept="text/csv")
    app.wait(3_600)
    console.get("/api/referrals/1/7")
    story = ("mara@example.com", "One referral's whole story (GET /api/referrals/1/7)", "looked")
    body = ("mara@example.com", "One message that could not be read, with its body (GET /api/quarantine/q1)", "looked")

    export = ("mara@example.com", "Exported a table (/api/referrals).", "done")

    assert sorted(rows(console)) == sorted([story, body, export, story])


def test_one_worker_writes_each_look_once(app: App, console: Console) -> None:
    add(app, 8, state=State.FAILED)
    written: list[str] = []
    real = app.dynamodb.real.put_item
    app.dynamodb.real.put_item = lambda **request: (written.append(request["Item"]["pk"]["S"]), real(**request))[1]

    for _ in range(3):
        console.get("/api/referrals/1/7")
        console.get("/api/referrals/1/8")

    assert written.count("AUDIT") == 2


def test_refusals_and_sign_ins_of_strangers_are_kept(console: Console) -> None:
    console.claims = {"groups": ["ops"], "sub": "stranger", "email": "s@example.com", "email_verified": False}
    for _ in range(3):
        console.call("GET", "/api/overview")
    console.claims = {"groups": ["viewers"], "sub": "vera", "email": "v@example.com", "email_verified": True}
    console.call("POST", "/api/replays", {"state": "failed"})

    console.call("GET", "/api/referrals", accept="text/csv")

    kept = {(row["subject"], row["email_verified"], row["what"]) for row in console.kept() if row["result"] == "refused"}
    assert kept == {
        ("stranger", False, "Was refused: in no group that may do this."),
        ("vera", True, "Was refused: in no group that may do this. It was a change."),
        ("vera", True, "Was refused: in no group that may do this. It was an export."),
    }


def test_what_was_refused_or_failed_is_kept_as_such_and_no_address_is_in_it(console: Console) -> None:
    console.call("POST", "/api/referrals/1/someone@example.com/replay", {})
    console.app.wait(1)
    console.call("POST", "/api/people/erase", {"email": "nobody"})
    assert [(what, result) for _, what, result in rows(console)] == [
        ("Deliver one again; safe to press twice (POST /api/referrals/1/…/replay)", "refused"),
        ("Erase a person by e-mail address; it cannot be undone (POST /api/people/erase)", "refused"),
    ]


def test_a_row_is_completed_once_and_never_written_over(console: Console) -> None:
    console.post("/api/referrals/1/7/replay")
    dynamodb = console.app.dynamodb
    requests: list[dict[str, Any]] = []
    for name in ("put_item", "update_item"):
        real = getattr(dynamodb.real, name)
        setattr(dynamodb.real, name, lambda real=real, **request: (requests.append(request), real(**request))[1])
    console.app.wait(1)

    console.post("/api/referrals/1/7/replay")

    ours = [one for one in requests if (one.get("Key") or one.get("Item"))["pk"]["S"] == "AUDIT"]
    assert [one["ConditionExpression"] for one in ours] == [
        "attribute_not_exists(pk)",
        "attribute_exists(pk) AND attribute_not_exists(#result)",
    ]


def test_who_did_what_is_exported_as_a_table(console: Console) -> None:
    console.post("/api/referrals/1/7/replay")
    answer = console.call("GET", "/api/connection/changes", accept="text/csv", query="limit=1")

    assert answer.headers["content-type"].startswith("text/csv")

    head, first, *_ = answer.text.splitlines()
    assert head == '\ufeff"done_at","who","what","result","subject","issuer","email_verified"'
    assert '"Exported a table (/api/connection/changes)."' in first  # itself, begun
    assert 'rel="next"' in answer.headers["link"]
