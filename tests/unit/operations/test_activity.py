"""Referrals by filter, their stories, replays, tables for spreadsheets, and what nobody could read."""

from __future__ import annotations

import base64
import csv
import io
import json
from typing import Any

import pytest

from functions.admin_api.http.csv_table import csv_of
from functions.signup_webhook import handler as signup_webhook
from shared.adapters.dynamodb.signup.referral_items import item_of
from shared.domain.connection.connection import Breaker, BreakerKind, Vendor
from shared.domain.person import Person
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.errors import TransientError
from shared.messages import DeliverContact
from shared.ports.signup import Quarantined
from shared.use_cases.operations.enqueue_due import PACE
from tests.fakes.dynamodb_tables import Row
from tests.fakes.dynamodb_values import normalise_item
from tests.support.builders import EMAIL, App, webhook_event, webhook_fields
from tests.support.clock import NOW
from tests.support.console_api import Console, Recorded

DOWN = {"kind": "status", "status": 503, "path": "^/contacts"}
"""The user id that is replaced in a copied row."""
MOST_CALLS_A_PAGE = 7
"""The connection, a query for each of up to five partitions, the rows in one batch."""


def referral(user_id: int, *, campaign_id: int = 1, state: State = State.DELIVERED, **more: Any) -> Referral:
    person = Person(user_id, first_name=f"P{user_id}", email=more.pop("email", f"p{user_id}@example.com"))
    return Referral(campaign_id, user_id, state, person, more.pop("accepted_at", NOW + user_id), **more)


def add(app: App, user_id: int, **more: Any) -> None:
    app.environment.referrals.add(referral(user_id, **more))


def fill(app: App, count: int) -> None:
    """Rows of two campaigns, every thousandth failed: as ``add`` writes them."""
    table = app.dynamodb._tables[app.settings.referrals_table]
    for user_id in range(1, count + 1):
        campaign_id, state = 1 + user_id % 2, State.FAILED if user_id % 1_000 == 0 else State.DELIVERED
        row = referral(user_id, campaign_id=campaign_id, state=state, accepted_at=NOW + user_id)
        item, size = normalise_item(item_of(row))
        key = (item["pk"]["S"], "REFERRAL")
        table.change(key, Row(key, item, size), NOW, app.dynamodb._lags)


def ids(page: dict[str, Any]) -> list[int]:
    return [row["user_id"] for row in page["items"]]


def everything(console: Console, query: str, limit: int = 3) -> list[int]:
    found: list[int] = []
    cursor = ""
    for _ in range(50):
        page = console.get("/api/referrals", f"{query}&limit={limit}{cursor and '&cursor=' + cursor}")
        found += ids(page)
        if page["cursor"] is None:
            return found
        cursor = page["cursor"]
    raise AssertionError("no end")


def test_referrals_come_newest_first_of_all_campaigns_even_unconfigured_ones(console: Console) -> None:
    for user_id in range(1, 11):
        add(console.app, user_id, campaign_id=1 + user_id % 3)
    assert everything(console, "") == list(range(10, 0, -1))
    assert everything(console, "campaign_id=2") == [10, 7, 4, 1]


def test_our_own_daily_test_is_told_apart(console: Console) -> None:
    add(console.app, 1)
    add(console.app, 900_000_000_020_000, synthetic=True, accepted_at=NOW)

    items = console.get("/api/referrals", "")["items"]
    assert {row["user_id"]: row["origin"] for row in items} == {1: "webhook", 900_000_000_020_000: "synthetic"}
    assert console.get("/api/referrals/1/900000000020000")["referral"]["origin"] == "synthetic"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=failed", [9, 3]),
        ("state=delivered", [6, 5, 4]),
        ("state=held", [1]),
        ("attention=true", [9, 6, 5, 3, 2]),
        ("flag=possibly_doubled", [6]),
        ("flag=unverified", [5]),
        ("state=failed&campaign_id=2", [9]),
        ("audience=person_referring", [9, 7, 6, 5, 4, 3, 2, 1]),
        ("audience=person_invited", []),
        ("email=P3@Example.com%20", [3]),
        ("email=nobody@example.com", []),
    ],
)
def test_each_filter_finds_its_rows(app: App, console: Console, query: str, found: list[int]) -> None:
    add(app, 1, state=State.HELD)
    add(app, 2, state=State.PARTIAL)
    add(app, 3, state=State.FAILED)
    add(app, 4)
    add(app, 5, unverified=True)
    add(app, 6, possibly_doubled=True)
    add(app, 7, state=State.SKIPPED)

    add(app, 9, state=State.FAILED, campaign_id=2)

    assert everything(console, query) == found


def test_a_row_that_is_mended_needs_no_attention_any_more(console: Console) -> None:
    add(console.app, 1, state=State.FAILED)
    console.app.environment.referrals.update(1, 1, lambda row: row.done(State.DELIVERED))
    assert everything(console, "attention=true") == []
    assert everything(console, "state=delivered") == [1]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "state=x", "audience=x", "flag=x", "attention=1", "campaign_id=0", "campaign_id=x"]
    + ["email=" + "a" * 255]
    + [f"cursor={text}" for text in ("x", "W10=", "%C3%BC", "e30=", "W1siMWU5OTkiLCJhIiwiYiJdXQ==", "a" * 9000)],
)
def test_a_filter_that_means_nothing_is_refused(console: Console, query: str) -> None:
    assert console.call("GET", "/api/referrals", query=query).status == 400


@pytest.mark.parametrize("at", ["\u0661\u0662\u0663", "\uff11", "-1", "1e3"])
def test_a_cursor_holds_only_numbers_that_the_table_takes(console: Console, at: str) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps([[at, "REFERRAL#1#1", "REFERRAL"]]).encode()).decode()
    assert console.call("GET", "/api/referrals", query=f"email=a@example.com&cursor={cursor}").status == 400


@pytest.mark.parametrize(
    "text", ["=1", " =1", "\u00a0=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20a", "\t1", "\n=1", "|a", "%a"]
)
def test_no_cell_begins_as_a_formula(text: str) -> None:
    assert csv_of(["name"], [{"name": text}]) == f'\ufeff"name"\r\n"\'{text}"\r\n'


@pytest.mark.parametrize("text", ["", " ", "a=1", "Ivo", "\u00fc"])
def test_other_cells_are_left_as_they_are(text: str) -> None:
    assert csv_of(["name"], [{"name": text}]) == f'\ufeff"name"\r\n"{text}"\r\n'


def test_ten_thousand_referrals_are_listed_without_a_scan(app: App, console: Console) -> None:
    fill(app, 10_000)

    assert app.row(77, 2) == referral(77, campaign_id=2)

    app.dynamodb = Recorded(app.dynamodb)  # type: ignore[assignment]
    app.environment = app.new_environment()
    console.app = app
    for query in ("", "campaign_id=1", "state=failed", "attention=true", "campaign_id=2&state=failed", "email=p77@example.com"):
        before = len(app.dynamodb.called)
        assert console.get("/api/referrals", f"limit=50&{query}")["items"] or "campaign_id=2&state" in query
        assert len(app.dynamodb.called) - before <= MOST_CALLS_A_PAGE
    console.get("/api/overview")
    console.get("/api/connection")
    console.get("/api/referrals/1/10000")
    console.post("/api/replays", {"state": "failed"})

    assert {"query", "batch_get_item"} <= set(app.dynamodb.called)
    assert [name for name in app.dynamodb.called if name == "scan"] == []


def test_a_referrals_whole_story_is_shown_in_plain_words(console: Console) -> None:
    console.app.sign_up()
    shown = console.get("/api/referrals/1/42")
    assert shown["referral"]["contact_url"].endswith(f"/ui/contacts/{shown['referral']['contact_id']}")
    assert [line["sentence"] for line in shown["story"]] == [
        "Referral Factory reported that the person joined.",
        "A contact was created in Intercom.",
    ]
    assert shown["person"]["referrer"]["first_name"] == "Rita"
    assert shown["written"]["name"] == "Ivo Lindqvist"
    assert console.call("GET", "/api/referrals/1/43").status == 404


def test_a_try_that_did_not_succeed_is_in_the_story_with_the_vendors_answer(app: App, console: Console) -> None:
    app.wire.faults.add(DOWN)
    app.sign_up()

    app.wire.faults.clear()
    app.wait(40)
    app.work()

    lines = [(line["sentence"], line["detail"]) for line in console.get("/api/referrals/1/42")["story"]]
    assert lines == [
        ("Referral Factory reported that the person joined.", ""),
        ("An attempt to deliver failed; it will be tried again.", "Intercom answered 503"),
        ("A contact was created in Intercom.", ""),
    ]


def test_a_failed_one_says_why_and_what_to_do(console: Console) -> None:
    console.app.sign_up(email="no address")
    (row,) = console.get("/api/referrals", "state=failed")["items"]
    assert (row["reason"], row["what_to_do"]) == (
        "No mail system takes this e-mail address.",
        "Put right what the reason names, then press Send again.",
    )


@pytest.mark.parametrize(
    ("row", "advice"),
    [
        ({"possibly_doubled": True}, "merge them if they are the same person"),
        ({"unverified": True}, "change the secret"),
        ({"state": State.PARTIAL}, "Put right what was left out"),
        ({"state": State.HELD}, "Activate the campaign"),
    ],
)
def test_each_thing_to_look_at_says_what_to_do(console: Console, row: dict[str, Any], advice: str) -> None:
    add(console.app, 1, **row)
    (shown,) = console.get("/api/referrals")["items"]
    assert advice in shown["what_to_do"]


@pytest.mark.parametrize(
    ("paused", "who_acts"),
    [
        (None, "Nobody has to do anything"),
        (BreakerKind.FAILING, "Intercom does not answer"),
        (BreakerKind.CONNECTION_LOST, "Reconnect Intercom"),
        (BreakerKind.DISCONNECTED, "Reconnect Intercom"),
        (BreakerKind.REFUSED, "Whoever looks after the Intercom app"),
        (BreakerKind.BLOCKED, "Whoever runs this application"),
    ],
)
def test_what_waits_says_who_has_to_act(app: App, console: Console, paused: BreakerKind | None, who_acts: str) -> None:
    add(app, 1, state=State.PENDING, version=1)  # one that was never tried is there for seconds, and not listed

    if paused:
        app.environment.breakers.open(Vendor.INTERCOM, Breaker(paused, app.clock.now() + 600, app.clock.now()))

    (listed,) = console.get("/api/referrals")["items"]
    shown = console.get("/api/referrals/1/1")["referral"]
    assert who_acts in listed["what_to_do"]
    assert shown["what_to_do"] == listed["what_to_do"]


def test_a_short_wait_shows_its_reason_and_how_often_it_was_tried(app: App, console: Console) -> None:
    """Within seconds, long before the row waits in the ledger."""
    app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts", "times": 2})
    app.post(webhook_fields())

    for tries in (1, 2):
        app.work()
        (row,) = console.get("/api/referrals")["items"]
        assert row["state"] == "pending"
        assert row["reason"] == "Intercom answered 503"
        assert row["attempts"] == tries
        app.wait(13)
    app.work()

    assert console.get("/api/referrals")["items"][0]["state"] == "delivered"


def test_a_double_click_on_replay_has_one_effect(app: App, console: Console) -> None:
    app.wire.faults.add({"kind": "status", "status": 400, "path": "^/contacts"})
    app.sign_up()

    assert app.row().state is State.FAILED

    app.wire.faults.clear()
    app.forget_calls()

    results = [console.post("/api/referrals/1/42/replay")["result"] for _ in range(2)]
    assert results == ["replayed", "already_waiting"]
    assert len(app.queued()) == 1

    app.work()

    assert console.post("/api/referrals/1/42/replay")["result"] == "already_waiting"
    assert app.calls().count("POST /contacts") == 1
    assert [event.what for event in app.row().history].count("replay") == 1

    app.wait(11)

    assert console.post("/api/referrals/1/42/replay")["result"] == "replayed"

    app.work()

    assert app.calls().count("POST /contacts") == 1
    assert len(app.contacts()) == 1


def test_a_replay_that_sqs_refuses_is_sent_again_by_the_sweep(app: App, console: Console) -> None:
    app.sign_up(email="nobody")
    app.sqs.refuse("send_message_batch", 2)

    assert console.post("/api/referrals/1/42/replay")["result"] == "replayed"
    assert app.queued() == []

    app.wait(91)

    assert app.sweep()["enqueued"] == 1


def test_a_held_one_is_not_replayed(console: Console) -> None:
    add(console.app, 1, state=State.HELD)
    assert console.post("/api/referrals/1/1/replay")["result"] == "held"
    assert console.call("POST", "/api/referrals/1/999/replay").status == 404


def test_all_that_match_are_replayed_in_batches_and_once(app: App, console: Console) -> None:
    for user_id in range(1, 251):
        add(app, user_id, state=State.FAILED if user_id % 2 else State.DELIVERED)
    for expected in (125, 0):
        replayed, waiting, cursor = 0, 0, None
        for _ in range(10):
            done = console.post("/api/replays", {"state": "failed", "cursor": cursor})
            replayed, waiting, cursor = replayed + done["replayed"], waiting + done["already_waiting"], done["cursor"]
            if cursor is None:
                break
        assert (replayed, cursor) == (expected, None)
    assert len(app.queued()) == 125 <= PACE
    assert all(app.row(user_id).state is State.PENDING for user_id in range(1, 251, 2))


def test_replaying_everything_by_accident_is_refused(console: Console) -> None:
    answer = console.call("POST", "/api/replays", {"campaign_id": 1})
    assert (answer.status, "Say which ones" in answer.json["errors"][0]["message"]) == (422, True)


def test_a_table_holds_no_formula(console: Console) -> None:
    for user_id, name in enumerate(["=1+1", "+49", "-2", "@cmd", "\t=1", "|x", "<b>Zoë</b>", 'say "hi"', "  =2"], 1):
        person = Person(user_id, first_name=name, email="a@example.com")
        console.app.environment.referrals.add(Referral(1, user_id, State.DELIVERED, person, NOW + user_id))
    answer = console.call("GET", "/api/referrals", query="limit=1000", accept="text/csv")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"

    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["first_name"] for row in reversed(rows)] == [
        "'=1+1", "'+49", "'-2", "'@cmd", "'\t=1", "'|x", "<b>Zoë</b>", 'say "hi"', "'  =2",
    ]  # fmt: skip
    assert rows[0]["accepted_at"].endswith("+00:00")

    paged = console.call("GET", "/api/referrals", query="limit=2&state=delivered", accept="text/csv")
    assert 'rel="next"' in paged.headers["link"]
    assert "state=delivered" in paged.headers["link"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json, TEXT/CSV ; q=0.5", "text/csv; charset=utf-8"),
        ("text/csv;q=much", "text/csv; charset=utf-8"),
        ("text/csv;q=0", "application/json"),
        ("text/csv; Q=0.000, */*", "application/json"),
        ("text/csvs", "application/json"),
    ],
)
def test_a_table_comes_only_to_who_takes_one(console: Console, accept: str, kind: str) -> None:
    assert console.call("GET", "/api/referrals", accept=accept).headers["content-type"] == kind


# -- quarantine -------------------------------------------------------------------------------------------------------


def quarantined(app: App, body: bytes, **more: Any) -> str:
    app.invoke(signup_webhook, webhook_event(body, **more))
    (row,) = app.environment.quarantine.list(10).items
    return row.id


def test_a_webhook_is_read_again_after_its_aliases_were_mended(console: Console) -> None:
    from tests.fakes.errors import client_error  # noqa: F401 - the fakes are loaded

    app = console.app
    stored = quarantined(app, b"person=42&mail=ivo.invited%40example.com&first_name=Ivo&source=Referred", event="nonsense")

    assert console.get(f"/api/quarantine/{stored}")["text"].startswith("person=42")

    answer = console.call("POST", f"/api/quarantine/{stored}/replay")
    assert (answer.status, "names no event" in answer.json["detail"]) == (422, True)

    app.environment.quarantine_shelf.remove(stored)
    body = b'{"person": 42, "mail": "ivo.invited@example.com", "first_name": "Ivo", "source": "Referred"}'
    app.environment.quarantine.add(
        Quarantined("q1", "1", "joined", "odd", "application/json", base64.b64encode(body).decode(), NOW)
    )
    answer = console.call("POST", "/api/quarantine/q1/replay")

    assert (answer.status, "user id" in answer.json["detail"]) == (422, True)

    app.configure(aliases={"person": "id", "mail": "email"})

    assert console.call("POST", "/api/quarantine/q1/replay").status == 200
    assert console.call("POST", "/api/quarantine/q1/replay").status == 404

    app.work()

    assert app.contact().email == EMAIL
    assert console.get("/api/quarantine")["items"] == []


def test_a_webhook_whose_address_was_typed_oddly_can_be_read_again(console: Console) -> None:
    body = base64.b64encode(json.dumps(webhook_fields()).encode()).decode()
    console.app.environment.quarantine.add(Quarantined("q1", " 1", "Joined/", "odd", "application/json", body, NOW))

    assert console.call("POST", "/api/quarantine/q1/replay").status == 200

    console.app.work()

    assert console.app.contact().email == EMAIL


@pytest.mark.parametrize(
    "campaign_id", ["", "one", "1.0", "-1", "\N{SUPERSCRIPT ONE}", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 4_400]
)
def test_a_webhook_whose_address_names_no_campaign_stays_where_it_is(console: Console, campaign_id: str) -> None:
    body = base64.b64encode(json.dumps(webhook_fields()).encode()).decode()
    console.app.environment.quarantine.add(Quarantined("q1", campaign_id, "joined", "odd", "application/json", body, NOW))

    answer = console.call("POST", "/api/quarantine/q1/replay")

    assert answer.status == 422
    assert "names no campaign id" in answer.json["detail"]
    assert len(console.get("/api/quarantine")["items"]) == 1
    assert console.app.queued() == []


def test_a_webhook_that_is_read_after_all_is_the_one_that_came_then(console: Console) -> None:
    body = base64.b64encode(b"id=42&email=ivo.invited%40example.com&source=Referred").decode()
    quarantined_as = Quarantined("q1", "1", "joined", "odd", "application/x-www-form-urlencoded", body, NOW - 3_600)
    console.app.environment.quarantine.add(quarantined_as)

    console.post("/api/quarantine/q1/replay")

    (message,) = console.app.queued()
    assert isinstance(message, DeliverContact)
    assert message.received_at == NOW - 3_600
    assert message.id == "q1"
    assert message.form is True


def test_a_body_that_stays_unreadable_says_so_and_can_be_thrown_away(console: Console) -> None:
    stored = quarantined(console.app, b"{nonsense")
    answer = console.call("POST", f"/api/quarantine/{stored}/replay")

    assert (answer.status, "still cannot be read" in answer.json["detail"]) == (422, True)

    (row,) = console.get("/api/quarantine")["items"]
    assert row["id"] == stored
    assert row["size"] == 9
    assert row["event"] == "joined"
    assert console.call("DELETE", f"/api/quarantine/{stored}").status == 200
    assert console.call("GET", f"/api/quarantine/{stored}").status == 404
    assert console.audit_lines()[-1] == f"Discarded the message {stored} that could not be read."


def test_a_message_that_is_no_longer_there_cannot_be_thrown_away(console: Console) -> None:
    answer = console.call("DELETE", "/api/quarantine/q9")

    assert answer.status == 404
    assert not [line for line in console.audit_lines() if line.startswith("Discarded")]


def test_a_ledger_that_does_not_answer_is_503(console: Console) -> None:
    console.app.dynamodb.refuse("query", 50)
    assert console.call("GET", "/api/referrals").status == 503
    assert TransientError
    assert webhook_fields()["id"] == 42
