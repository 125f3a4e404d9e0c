"""Bad input over real HTTP against the deployed template: never a 500, never lost, never let in."""

from __future__ import annotations

import base64
import http.client
import json
import re
from urllib.parse import urlsplit

import pytest

from shared.domain.signup.state import State
from tests.integration.over_http import OverHttp, new_id, wait_for

pytestmark = pytest.mark.stack
REFUSED = {
    "type": "about:blank",
    "title": "Unauthorized",
    "status": 401,
    "detail": "The X-Webhook-Secret header is missing or wrong.",
}
RIGHT = "local-webhook-secret"
UNREADABLE = {
    "a nesting bomb of lists": b"[" * 30_000,
    "a nesting bomb of objects": b'{"a":' * 10_000,
    "NaN": b'{"id": 1, "referrals_count": NaN}',
    "infinity": b'{"id": 1, "referrals_count": Infinity}',
    "a number of 5,000 digits": b'{"id": ' + b"9" * 5_000 + b"}",
    "a duplicate key": b'{"id": 1, "id": 2}',
    "a raw NUL": b'{"id": 1, "first_name": "I\x00vo"}',
    "no UTF-8": b'\xff\xff{"id": 1}',
    "half a document": b'{"id": 1, "first_na',
    "a list": b"[1]",
    "words": b"hello",
}


def stored(outside: OverHttp, campaign: int) -> list[str]:
    """What the ledger's table holds of a campaign. Others write into it at the same time: what came before is worked off."""
    pages = outside.stack.client("dynamodb").get_paginator("scan").paginate(TableName=outside.stack.resources["ReferralsTable"])
    items = [json.dumps(item, default=str) for page in pages for item in page["Items"]]
    return [item for item in items if re.search(rf"(?<![\d.]){campaign}(?!\d)", item)]


def test_what_is_stored_of_a_campaign_is_found(outside: OverHttp) -> None:
    campaign = new_id()
    assert stored(outside, campaign) == []
    outside.row(outside.sign_up(campaign), until=lambda row: row.state is State.HELD)
    assert stored(outside, campaign) != []


@pytest.mark.parametrize(
    "secret",
    [None, "", "wrong", RIGHT.upper(), f"{RIGHT}x", f"{RIGHT},{RIGHT}", "schlüssel".encode(), b"\xff\xfe", "x" * 4_000],
)
def test_no_or_a_wrong_secret_is_401_with_one_constant_body_and_stores_nothing(
    outside: OverHttp, secret: str | bytes | None
) -> None:
    campaign = new_id()
    for body in (outside.fields(campaign), b"{", b"[" * 30_000, b""):
        answer = outside.post(campaign, body, secret=secret)
        assert (answer.status_code, answer.json()) == (401, REFUSED)
    assert stored(outside, campaign) == []


def test_a_secret_header_that_comes_twice_is_401(outside: OverHttp, campaign: int) -> None:
    connection = http.client.HTTPConnection(urlsplit(outside.stack.url).netloc, timeout=20)
    connection.putrequest("POST", f"/webhooks/referral-factory/{campaign}/joined")
    body = json.dumps(outside.fields(campaign)).encode()
    for name, value in (("X-Webhook-Secret", "wrong"), ("X-Webhook-Secret", RIGHT), ("Content-Length", str(len(body)))):
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    document = json.loads(answer.read())

    connection.close()

    assert (answer.status, document) == (401, REFUSED)


@pytest.mark.parametrize("secret", [RIGHT, "wrong", None])
def test_over_64_kB_is_413_whoever_sends_it(outside: OverHttp, secret: str | None) -> None:  # noqa: N802 - the unit
    campaign = new_id()
    for body, query in ((b"x" * 65_537, ""), (b"\xff" * 65_537, "")):
        assert outside.post(campaign, body, query=query, secret=secret).status_code == 413
    assert stored(outside, campaign) == []


def test_64_kilobytes_are_taken(outside: OverHttp, campaign: int) -> None:
    fields = outside.fields(campaign, Story="")
    story = "x" * (65_536 - len(json.dumps(fields)))
    assert outside.post(campaign, {**fields, "Story": story}).status_code == 202
    assert outside.row((campaign, fields["id"])).state is State.DELIVERED


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_quarantined_and_visible_when_it_is_authenticated(outside: OverHttp, name: str) -> None:
    campaign, body = new_id(), UNREADABLE[name]

    assert outside.post(campaign, body, secret="wrong").status_code == 401
    assert outside.quarantined(str(campaign)) is None
    assert outside.post(campaign, body).status_code == 202

    row = wait_for(lambda: outside.quarantined(str(campaign)), "the quarantined row")
    assert (row.event, row.content_type) == ("joined", "application/json")
    assert row.reason

    if _is_text(body):  # what is not UTF-8 an API gateway may hand on otherwise
        assert base64.b64decode(row.body) == body


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_an_address_without_a_campaign_id_is_quarantined(outside: OverHttp) -> None:
    assert outside.post("friends", {"id": new_id()}).status_code == 202
    assert wait_for(lambda: outside.quarantined("friends"), "the quarantined row").event == "joined"


def test_lone_surrogates_and_escaped_nul_are_delivered_cleaned(outside: OverHttp, campaign: int) -> None:
    fields = outside.fields(campaign)
    body = json.dumps({**fields, "first_name": "\ud83dI\x00vo\udc00"}).encode()
    assert outside.post(campaign, body).status_code == 202
    assert outside.contact_of(outside.row((campaign, fields["id"])))["name"] == "Ivo Lindqvist"


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        (None, "There is no e-mail address."),
        ("ivo", "No mail system takes this e-mail address."),
        ("ivo@localhost", "No mail system takes this e-mail address."),
        ("a@example.com,b@example.com", "No mail system takes this e-mail address."),
    ],
)
def test_without_a_usable_address_the_row_fails_with_the_reason(
    outside: OverHttp, campaign: int, email: str | None, reason: str
) -> None:
    row = outside.row(outside.sign_up(campaign, email=email))
    assert (row.state, row.reason) == (State.FAILED, reason)


@pytest.mark.parametrize("first_name", ["Zoë 🎉👩‍👧", "\u202bمحمد\u202c", "שָׁלוֹם", '<b>O\'Neil & "Co"</b>'])
def test_emoji_and_right_to_left_names_reach_intercom_untouched(outside: OverHttp, campaign: int, first_name: str) -> None:
    row = outside.row(outside.sign_up(campaign, first_name=first_name, **{"Last Name": None}))
    assert outside.contact_of(row)["name"] == first_name


def test_plus_addresses_reach_intercom_untouched(outside: OverHttp, campaign: int) -> None:
    email = f"ivo+{new_id()}.friends@example.com"
    row = outside.row(outside.sign_up(campaign, email=email))
    assert outside.contact_of(row)["email"] == email


def test_values_that_do_not_fit_cost_only_themselves_and_the_row_is_partial(outside: OverHttp) -> None:
    mapping = [
        {"from": "first_name", "to": "name"},
        {"from": "email", "to": "email"},
        {"from": "meta.Count", "to": "custom_attributes.referral_count"},
        {"from": "meta.Story", "to": "custom_attributes.referral_code"},
        {"from": "meta.Status", "to": "custom_attributes.referral_status"},
        {"from": "signed_up_at", "to": "custom_attributes.signed_up_on"},
        {"from": "referrer.email", "to": "custom_attributes.referrer_email"},
    ]
    campaign = outside.configure(person_invited={"mapping": mapping}, qualification=None)
    attributes = outside.intercom("GET", "/data_attributes?model=contact")["data"]
    (doomed,) = [str(one["id"]) for one in attributes if one["name"] == "signed_up_on"]
    outside.intercom("PUT", f"/data_attributes/{doomed}", {"archived": True})
    row = outside.row(outside.sign_up(campaign, Count="many", Story="x" * 300, Status="Maybe"))
    outside.intercom("PUT", f"/data_attributes/{doomed}", {"archived": False})

    contact = outside.contact_of(row)

    assert (contact["name"], contact["custom_attributes"]["referrer_email"]) == ("Ivo", "rita.referring@example.com")
    assert row.state is State.PARTIAL

    reasons = {drop.attribute.removeprefix("custom_attributes."): drop.reason for drop in row.dropped}
    assert set(reasons) == {"referral_count", "referral_code", "referral_status", "signed_up_on"}
    assert "takes a whole number" in reasons["referral_count"]
    assert "at most 255 characters, this has 300" in reasons["referral_code"]
    assert "takes only New, Connected, Lost" in reasons["referral_status"]
    assert "archived in Intercom" in reasons["signed_up_on"] or "Intercom refused it" in reasons["signed_up_on"]
