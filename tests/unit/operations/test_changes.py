"""Every call that changes something is kept with who, what and when; none that merely looks is."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from functions.admin_api.handler import ROUTES
from shared.domain.signup.referral import State
from shared.ports.signup import Quarantined
from tests.support.builders import NOW, campaign_document
from tests.support.console_api import Console
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
    "POST /api/campaigns/{id}/syncs": (
        lambda console: console.call("POST", "/api/campaigns/1/syncs", {}),
        "Started a sync run of campaign 1.",
    ),
    "POST /api/campaigns/{id}/syncs/{run_id}/cancel": (
        lambda console: cancelled(console),
        "Cancelled a sync run of campaign 1.",
    ),
    "POST /api/referrals/{campaign_id}/{user_id}/replay": (
        lambda console: console.post("/api/referrals/1/7/replay"),
        "Replayed the referral of user 7 in campaign 1.",
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
        "Replayed the webhook q1 out of quarantine.",
    ),
    "DELETE /api/quarantine/{id}": (
        lambda console: console.call("DELETE", "/api/quarantine/q1"),
        "Discarded the webhook q1 in quarantine.",
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


def cancelled(console: Console) -> None:
    run_id = console.call("POST", "/api/campaigns/1/syncs", {}).json["run_id"]
    for _ in range(2):  # the second press changes nothing
        assert console.call("POST", f"/api/campaigns/1/syncs/{run_id}/cancel", {}).json["state"] == "cancelled"


@pytest.fixture
def console() -> Console:
    console = Console()
    console.app.configure(sync=SYNC)
    add(console.app, 7, state=State.FAILED)
    return console


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
    assert [each for each in kept if each["what"] == what] == [{"at": NOW, "who": "mara@example.com", "what": what}]


def test_looking_is_no_change(console: Console) -> None:
    console.post("/api/connection/intercom/check")
    console.post("/api/campaigns/1/preview", {"person": {"first_name": "A", "email": "a@example.com"}})
    assert console.told() == []
