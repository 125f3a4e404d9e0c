"""Only authenticated webhooks are read, and whatever they hold is read or refused in plain words."""

import contextlib
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.referral_factory.webhook import check_secret, read_fields
from shared.errors import InvalidSignatureError, MalformedPayloadError

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("secrets", [["s3cret"], ["old", "s3cret"], ["s3cret", ""]])
def test_the_current_and_the_next_secret_are_taken(secrets: list[str]) -> None:
    check_secret(["s3cret"], secrets)


@pytest.mark.parametrize(
    ("values", "secrets"),
    [
        ([], ["s3cret"]),
        ([""], ["s3cret"]),
        ([""], [""]),
        ([""], []),
        (["s3cret"], []),
        (["s3cret", "s3cret"], ["s3cret"]),
        (["s3cret,s3cret"], ["s3cret"]),
        (["s3crét"], ["s3crét"]),
        (["\ud800"], ["\ud800"]),
        (["S3CRET"], ["s3cret"]),
        (["s3cret "], ["s3cret"]),
    ],
)
def test_every_other_secret_is_refused(values: list[str], secrets: list[str]) -> None:
    with pytest.raises(InvalidSignatureError):
        check_secret(values, secrets)


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "", "text/plain"])
def test_json_is_read_whatever_its_type_is_called(content_type: str) -> None:
    body = b' {"id": 5, "first_name": "Zo\\u00eb \\ud800 \\u0000", "meta": [{"field": "x", "value": null}]}\r\n'
    fields = read_fields(body, content_type, "id=6")
    assert fields == {"id": 5, "first_name": "Zoë \ud800 \x00", "meta": [{"field": "x", "value": None}]}


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "", "text/plain"])
def test_forms_and_query_strings_are_read(content_type: str) -> None:
    form = "id=5&first_name=Zo%C3%AB&email=support%2Bbyron%40example.com&empty="
    expected = {"id": "5", "first_name": "Zoë", "email": "support+byron@example.com", "empty": ""}
    assert read_fields(form.encode(), content_type, "") == expected
    assert read_fields(b"", content_type, form) == expected
    assert read_fields(b"", content_type, "") == {}


def nested(depth: int) -> bytes:
    return b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"\xff"}',
        b"\xff=1",
        b"a=%ff",
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":1234567890123456789}',
        b'{"a":' + b"9" * 5_000 + b"}",
        b'{"id":1,"id":2}',
        b'{"user":{"email":"a@example.com","email":"b@example.com"}}',
        b"email=a@example.com&email=b@example.com",
        b"campaign_id=1&campaign_id=2",
        nested(9),
        nested(100_000),
        b'{"a":' + b"[" * 100_000,
        b"[1]",
        b'"text"',
        b"hello",
        b"{",
        b'{"a":"\x00"}',
        b"a=\x01",
        json.dumps({str(n): 1 for n in range(501)}).encode(),
        b'{"a":[' + b"1," * 501 + b"1]}",
        "&".join(f"a{n}=1" for n in range(501)).encode(),
    ],
    ids=lambda body: repr(body[:16]),
)
def test_what_cannot_be_read_is_refused_in_plain_words(body: bytes) -> None:
    with pytest.raises(MalformedPayloadError, match=r"^the "):
        read_fields(body, "", "")


def test_what_calls_itself_json_must_be_json() -> None:
    with pytest.raises(MalformedPayloadError):
        read_fields(b"id=5", "application/json", "")
    with pytest.raises(MalformedPayloadError):
        read_fields(b"null", "application/json", "")


def test_the_limits_themselves_are_fine() -> None:
    assert read_fields(nested(8), "", "")
    assert len(read_fields(json.dumps({str(n): 1 for n in range(500)}).encode(), "", "")) == 500
    assert read_fields(b'{"a":-123456789012345678}', "", "") == {"a": -123456789012345678}


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(ANY_TEXT, JSON, max_size=5))
def test_every_small_object_comes_back_or_is_refused(document: dict[str, Any]) -> None:
    with contextlib.suppress(MalformedPayloadError):  # nested too deeply
        assert read_fields(json.dumps(document).encode(), "application/json", "") == document


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=9), st.text(max_size=20), min_size=1, max_size=5))
def test_every_form_comes_back(fields: dict[str, str]) -> None:
    assert read_fields(urlencode(fields).encode(), "", "") == fields
    assert read_fields(b"", "", urlencode(fields, quote_via=quote)) == fields


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), ANY_TEXT, ANY_TEXT)
def test_any_bytes_are_read_or_refused(body: bytes, content_type: str, query: str) -> None:
    with contextlib.suppress(MalformedPayloadError):
        read_fields(body, content_type, query)
