"""Every way a signup can be written, through the real handlers: the rows of ``bodies.py``, and one person spelt at random."""

from __future__ import annotations

import json
import time
import unicodedata
from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.referral_factory.bodies import read_body
from shared.adapters.referral_factory.schemas import reported_person_of
from shared.domain.person import fold_email
from shared.domain.signup.state import State
from shared.errors import MalformedPayloadError
from shared.messages import ReconcileCampaigns
from shared.runtime import bootstrap
from tests.support.builders import EMAIL, App, webhook_fields
from tests.unit.signup.bodies import ROWS, Row

BOUND = 0.050
"""Seconds of processor that one body may cost."""


def play(row: Row) -> App:
    app = App()
    app.configure()
    answer = app.post(row.body, content_type=row.kind, query=row.query, method="GET" if row.query else "POST")
    assert answer["statusCode"] == 202
    app.work()
    return app


def test_the_table_is_long_and_no_row_comes_twice() -> None:
    assert len(ROWS) >= 120
    assert len({row.what for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", [row for row in ROWS if not row.no], ids=lambda row: row.what)
def test_it_is_delivered_as_it_was_meant(row: Row) -> None:
    app = play(row)
    referral = app.row()
    assert (referral.state, referral.reason) == (State.DELIVERED, "")

    contact = app.contact(row.email)
    assert (contact.email, contact.name) == (row.email, row.name)
    assert dict(referral.person.meta) == row.meta
    assert referral.person.referrer.email == row.referrer
    assert contact.custom_attributes.get("referrer_email") == row.referrer


@pytest.mark.parametrize("row", [row for row in ROWS if row.no], ids=lambda row: row.what)
def test_it_is_kept_with_the_reason_and_nobody_is_made(row: Row) -> None:
    app = play(row)
    assert list(app.intercom.workspace.contacts.values()) == []
    kept = app.environment.quarantine.list(10).items
    if kept:
        assert row.no in kept[0].reason
        assert [type(message) for message in app.queued("reconcile")] == [ReconcileCampaigns]
    else:
        assert app.row().state is State.FAILED
        assert row.no in app.row().reason


@pytest.mark.parametrize("event", ["joined/", "Joined", "JOINED", " joined ", "joined"])
def test_the_address_may_end_in_a_slash_and_be_in_any_letter_case(app: App, event: str) -> None:
    assert app.post(webhook_fields(), event=event)["statusCode"] == 202
    app.work()
    assert app.contact(EMAIL).name == "Ivo Lindqvist"


def test_what_the_list_reported_is_not_overwritten_by_a_webhook(app: App) -> None:
    app.post(webhook_fields())
    app.work()
    listed = app.row()
    row = app.environment.referrals.update(1, 42, lambda fresh: replace(fresh, verified_at=listed.accepted_at))
    app.wait(5)

    app.post(webhook_fields(email="ivo invited@example.com", referrals_count=3))
    app.work()

    assert app.row().person.email == row.person.email
    assert app.row().person.referrals_count == 3


@pytest.mark.parametrize("there", ["info@xn--bcher-kva.example", "info@bücher.example"])
@pytest.mark.parametrize("written", ["info@xn--bcher-kva.example", "info@bücher.example", "INFO@Bücher.example"])
def test_a_contact_under_the_other_spelling_is_found(app: App, there: str, written: str) -> None:
    app.given("lead", email=there)
    app.post(webhook_fields(email=written))
    app.work()

    assert app.row().state is State.SKIPPED
    assert len(app.intercom.workspace.contacts) == 1


# -- one person in random spellings -----------------------------------------------------------------------------------

HIDDEN = st.text(st.sampled_from("\u200b\u200c\u200e\u2060\ufeff\u00ad"), max_size=2)
CHARSETS = st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-8-sig", "windows-1252", "iso-8859-1"])


@st.composite
def spellings(draw: st.DrawFn) -> tuple[bytes, str]:
    """A body that describes zoë@bücher.example with the id 42, and its content type."""
    email = draw(
        st.sampled_from(["zoë@bücher.example", "zoë@xn--bcher-kva.example", "ZOË@BÜCHER.EXAMPLE", "Zoë@Bücher.Example"])
    )
    email = unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD"])), email)
    at = draw(st.integers(0, len(email)))
    email = draw(st.sampled_from(["", " ", "\u00a0"])) + email[:at] + draw(HIDDEN) + email[at:]
    fields = {"id": "42", "first_name": "Zoë", "email": email, "source": "Referred"}
    charset = draw(CHARSETS)
    if not _fits("".join(fields.values()), charset):
        charset = "utf-8"  # what a sender does with signs that its charset lacks
    names = {"utf-16-le": "utf-16le", "utf-8-sig": "utf-8"}
    named = f"; charset={names.get(charset, charset)}"
    match draw(st.sampled_from(["json", "form", "multipart"])):
        case "json":
            text = json.dumps(fields, ensure_ascii=draw(st.booleans()))
            return text.encode(charset), f"application/json{named}"
        case "form":
            escapes = "utf-8" if charset.startswith("utf") else charset
            pairs = [
                f"{name}={quote_plus(value, encoding=escapes)}" for name, value in draw(st.permutations(list(fields.items())))
            ]
            return "&".join(pairs).encode(charset), f"application/x-www-form-urlencoded{named}"
        case _:
            parts = [f'--b\r\ncontent-disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
            narrow = "utf-8" if charset.startswith("utf-") else charset
            return "".join([*parts, "--b--"]).encode(narrow), f"multipart/form-data; boundary=b; charset={narrow}"


def _fits(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


@given(st.lists(spellings(), min_size=1, max_size=3))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_one_person_is_one_contact_however_she_is_written(bodies: list[tuple[bytes, str]]) -> None:
    app = App()
    app.configure()
    for body, kind in bodies:
        assert app.post(body, content_type=kind)["statusCode"] == 202
        app.work()

    assert not app.environment.quarantine.list(10).items

    (contact,) = app.intercom.workspace.contacts.values()
    assert fold_email(contact.email) == "zoë@xn--bcher-kva.example"
    assert contact.name == "Zoë"


# -- what a body may cost ---------------------------------------------------------------------------------------------

K64 = 64 * 1024
HEAVY = {
    "separators": (b"a&" * (K64 // 2), "application/x-www-form-urlencoded"),
    "one name": (b"a=1&" * (K64 // 4), "application/x-www-form-urlencoded"),
    "escapes": (b"a=" + b"%41" * (K64 // 3), "application/x-www-form-urlencoded"),
    "brackets in a name": (b"a" + b"[a]" * (K64 // 3 - 2) + b"=1", "application/x-www-form-urlencoded"),
    "an address without end": (json.dumps({"id": 1, "email": "é" * 10_000 + "@" + "é." * 1_000}).encode(), "application/json"),
    "hidden characters": (json.dumps({"id": 1, "email": "\u200b" * 10_000}).encode(), "application/json"),
    "entities": (json.dumps({"id": 1, "Town": "&#039;" * 10_000}).encode(), "application/json"),
    "ampersands": (json.dumps({"id": 1, "Town": "&" * 60_000}).encode(), "application/json"),
    "a nest": (b'{"a":' * (K64 // 5), "application/json"),
    "a nest of lists": (b'{"a":' + b"[" * (K64 - 5), "application/json"),
    "a name that comes again": (b'{"a":1' + b',"a":1' * 10_000 + b"}", "application/json"),
    "boundaries": (b"--a\r\n" * (K64 // 5), "multipart/form-data; boundary=a"),
    "a part without end": (b"--a\r\nContent-Disposition: form-data; name=" + b";" * 60_000, "multipart/form-data; boundary=a"),
    "half a UTF-16": (b"\xff\xfe" + b"\x00\xd8" * 30_000, "application/json"),
    "a header without end": (b"{}", "application/json" + "; charset=" * 6_000),
}


@pytest.mark.parametrize("name", HEAVY)
def test_no_body_of_64_kilobytes_costs_more_than_50_ms(name: str) -> None:
    body, kind = HEAVY[name]
    spent = []
    for _ in range(3):
        began = time.process_time()
        with suppress(MalformedPayloadError):
            reported_person_of(read_body(body[:K64], kind, ""), {})
        spent.append(time.process_time() - began)
    assert min(spent) < BOUND


def test_a_query_without_end_is_refused_before_it_is_read() -> None:
    app = App()
    began = time.process_time()

    assert app.post("", query="a&" * 30_000, method="GET", secret="wrong")["statusCode"] == 401

    with bootstrap.use(app.environment):
        assert app.post("", query="a&" * 30_000, method="GET")["statusCode"] == 202
    assert time.process_time() - began < 5 * BOUND
