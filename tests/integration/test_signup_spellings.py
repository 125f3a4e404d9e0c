"""How an address may be typed and a body be written, over HTTP and through the template's own routes."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
import requests

from shared.domain.signup.state import State
from tests.integration.over_http import CALL_SECONDS, OverHttp, new_id
from tests.template.test_routes import WRITTEN

pytestmark = pytest.mark.stack
FORM = "application/x-www-form-urlencoded"


def post(
    outside: OverHttp, path: str, body: bytes, kind: str = "application/json", secret: str = "local-webhook-secret"
) -> requests.Response:
    headers = {"Content-Type": kind, "X-Webhook-Secret": secret}
    return outside.http.post(f"{outside.stack.url}{path}", data=body, headers=headers, timeout=CALL_SECONDS)


@pytest.mark.parametrize("event", ["joined/", "Joined/", "JOINED", "joined%20"])
@pytest.mark.parametrize("written", WRITTEN)
def test_the_address_may_end_in_a_slash_and_be_typed_in_any_of_four_letter_cases(
    outside: OverHttp, campaign: int, written: str, event: str
) -> None:
    fields = outside.fields(campaign)
    path = f"{written}/{campaign}/{event}"
    assert post(outside, path, json.dumps(fields).encode(), secret="wrong").status_code == 401
    assert post(outside, path, json.dumps(fields).encode()).status_code == 202
    assert outside.row((campaign, fields["id"])).state is State.DELIVERED


@pytest.mark.parametrize("path", ["/webhooks/referral-factories/1/joined", "/x/y/1/joined", "/webhooks/referral-factory/1"])
def test_no_other_address_comes_in(outside: OverHttp, path: str) -> None:
    assert post(outside, path, b"{}").status_code == 404


def test_a_get_webhook_may_end_in_a_slash_and_lose_a_plus(outside: OverHttp, campaign: int) -> None:
    user_id = new_id()
    query = f"id={user_id}&first_name=Nora&email=nora{user_id}+autumn@example.com&source=Referred"
    answer = outside.post(campaign, event="joined/", method="GET", query=query)

    assert answer.status_code == 202
    assert outside.row((campaign, user_id)).person.email == f"nora{user_id}+autumn@example.com"


def test_multipart_is_read(outside: OverHttp, campaign: int) -> None:
    fields = outside.fields(campaign, first_name="Zoë", **{"Last Name": None})
    request = requests.Request("POST", "http://x", files={name: (None, str(value)) for name, value in fields.items()}).prepare()

    assert isinstance(request.body, bytes)

    answer = outside.post(campaign, request.body, content_type=request.headers["Content-Type"])
    assert answer.status_code == 202
    assert outside.contact_of(outside.row((campaign, fields["id"])))["name"] == "Zoë"


@pytest.mark.parametrize(
    ("charset", "escaped"), [("ISO-8859-1", True), ("ISO-8859-1", False), ("windows-1252", False), ("UTF-16", False)]
)
def test_the_charset_that_the_header_names_is_used(outside: OverHttp, campaign: int, charset: str, *, escaped: bool) -> None:
    user_id = new_id()
    name = quote("René", encoding=charset) if escaped else "René"
    form = f"id={user_id}&first_name={name}&email=rene{user_id}@example.com&source=Referred"

    answer = outside.post(campaign, form.encode(charset), content_type=f"{FORM}; charset={charset}")

    assert answer.status_code == 202
    assert outside.contact_of(outside.row((campaign, user_id)))["name"] == "René"
