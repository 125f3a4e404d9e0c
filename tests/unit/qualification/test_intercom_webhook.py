"""Intercom's signatures, and the tolerant reading of its notifications."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.intercom.reading import address_of, flag_of, moment_of, options_of, scalars_of, seconds_of, text_of
from shared.adapters.intercom.webhook import (
    check_body_signature,
    check_hub_signature,
    read_notification,
)
from shared.errors import InvalidSignatureError, MalformedPayloadError

SECRET = "test-client-secret"
PING = (
    b'{"type":"notification_event","app_id":"abc123def","data":{"type":"notification_event_data","item":{"type":"ping",'
    b'"message":"something something interzen"}},"links":{},"id":null,"topic":"ping","delivery_status":null,'
    b'"delivery_attempts":1,"delivered_at":0,"first_sent_at":1553288147,"created_at":1553288147,"self":null}'
)
HUB = "sha1=edb3cdb749669b6541509197d2e6f51376770760"
UNINSTALL = b'{"app_id":"abc123"}'
BODY = "69201edff0e33daafc30290239e4bcaee9ac6680b46907494b5664395f9052c9"


def test_the_references_vectors() -> None:
    check_hub_signature(HUB, PING, [SECRET])
    check_body_signature(BODY, UNINSTALL, [SECRET])


def test_the_next_secret_fits_as_well() -> None:
    check_hub_signature(HUB, PING, ["another", SECRET])
    check_body_signature(BODY, UNINSTALL, ["another", SECRET])


@pytest.mark.parametrize(
    "header",
    [None, "", "sha1=", HUB[5:], HUB + "0", f"{HUB},{HUB}", f"{HUB}, {HUB}", "sha1=" + "0" * 40, "sha256=" + BODY, "sha1=é" * 9,
     "sha1=" + "\N{FULLWIDTH DIGIT ZERO}" * 40, "\x00" + HUB],
)  # fmt: skip
def test_any_other_header_is_refused(header: str | None) -> None:
    with pytest.raises(InvalidSignatureError):
        check_hub_signature(header, PING, [SECRET])


@pytest.mark.parametrize("header", [None, "", BODY[1:], BODY + "0", f"{BODY},{BODY}", "sha256=" + BODY, "0" * 64, HUB])
def test_any_other_signature_of_a_body_is_refused(header: str | None) -> None:
    with pytest.raises(InvalidSignatureError):
        check_body_signature(header, UNINSTALL, [SECRET])


@pytest.mark.parametrize("secrets", [[], [""], ["", ""]])
def test_an_empty_secret_never_fits(secrets: list[str]) -> None:
    made = "sha1=" + hmac.new(b"", PING, hashlib.sha1).hexdigest()
    with pytest.raises(InvalidSignatureError):
        check_hub_signature(made, PING, secrets)


def test_the_signature_is_of_the_raw_bytes() -> None:
    with pytest.raises(InvalidSignatureError):
        check_hub_signature(HUB, json.dumps(json.loads(PING)).encode(), [SECRET])


@given(st.text(), st.binary())
def test_no_header_makes_it_stumble(header: str, body: bytes) -> None:
    with pytest.raises(InvalidSignatureError):
        check_hub_signature(header, body, [SECRET])


def read(item: Any, **envelope: Any) -> Any:
    document = {"app_id": "abc", "topic": "contact.user.updated", "data": {"item": item}, **envelope}
    return read_notification(json.dumps(document).encode())


def test_iso_and_epoch_times_are_the_same() -> None:
    notification = read({"id": "1", "created_at": "2026-01-10T04:23:23.215+00:00", "updated_at": 1768019995})

    assert (notification.created_at, notification.updated_at) == (1768019003.215, 1768019995.0)
    assert moment_of("2026-01-10T05:23:23.215+01:00") == 1768019003.215
    assert moment_of("1768019003") == 1768019003.0
    assert [moment_of(value) for value in (None, True, "soon", [], float("inf"), 1e300, "9" * 40)] == [None] * 7


@pytest.mark.parametrize("value", [1768019003, 1768019003.9, "1768019003", "179000000000", "2026-01-10T05:23:23Z", "9" * 12])
def test_a_webhook_and_an_answer_of_the_api_read_the_same_time(value: object) -> None:
    moment = moment_of(value)
    assert seconds_of(value) == (None if moment is None else int(moment))


@pytest.mark.parametrize(
    "value", ["179000000000", 1e11, -1e11, "100000000000", "\N{SUPERSCRIPT TWO}", "\N{ARABIC-INDIC DIGIT TWO}"]
)
def test_digits_later_than_any_time_and_other_digits_are_ignored_by_both(value: object) -> None:
    assert (moment_of(value), seconds_of(value)) == (None, None)


def test_a_time_without_a_zone_is_utc_wherever_this_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert moment_of("2026-01-10T04:23:23") == 1768019003.0
    finally:
        monkeypatch.undo()
        time.tzset()


def test_single_values_are_read_or_left_out() -> None:
    odd = ["a", "", 7, 7.5, True, None, [], {}]
    assert [text_of(value) for value in odd] == ["a", "", "7", "7.5", None, None, None, None]
    assert [flag_of(value) for value in (True, False, 1, 0, "true", None)] == [True, False, None, None, None, None]
    assert [address_of(value) for value in ("u", {"image_url": "u"}, {"image_url": None}, {}, None)] == [
        "u",
        "u",
        None,
        None,
        None,
    ]


def test_of_custom_attributes_what_is_no_single_value_is_left_out_and_empty_ones_stay() -> None:
    singles = {"text": "a", "number": 1, "share": 1.5, "flag": False, "empty": None}
    assert scalars_of({**singles, "of": {"type": "list"}, "many": [1]}) == singles
    assert [scalars_of(value) for value in (None, [], "a")] == [{}, {}, {}]


def test_options_come_as_texts_or_as_objects() -> None:
    assert options_of(["New", {"value": "Lost"}, {"label": "x"}, 3]) == ["New", "Lost", "{'label': 'x'}", "3"]
    assert [options_of(value) for value in (None, "New", {"value": "New"})] == [[], [], []]


@pytest.mark.parametrize(
    "document",
    [{}, {"data": None}, {"data": {"item": None}}, {"data": {"type": None, "item": []}}, {"id": None, "topic": None},
     {"data": {"item": {"id": None, "custom_attributes": None}}}, {"app_id": 7, "data": []}],
)  # fmt: skip
def test_what_is_missing_or_null_is_no_reason(document: dict[str, Any]) -> None:
    notification = read_notification(json.dumps(document).encode())
    assert notification.contact_id is None
    assert notification.value("custom_attributes.x") is None


def test_what_is_missing_is_an_empty_name_and_a_number_is_one() -> None:
    notification = read_notification(b"{}")

    assert notification.app_id == ""
    assert notification.topic == ""
    assert notification.id == ""

    notification = read_notification(b'{"app_id": 7, "topic": "ping", "id": 8}')
    assert notification.app_id == "7"
    assert notification.topic == "ping"
    assert notification.id == "8"


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedPayloadError):
        read_notification(body)


def test_numbers_past_all_bounds_are_no_reason() -> None:
    notification = read({"id": "1", "updated_at": 10**400, "custom_attributes": {"big": 10**400, "status": "Connected"}})
    assert (notification.updated_at, notification.value("custom_attributes.status")) == (None, "Connected")


def test_values_are_found_by_the_name_a_campaign_uses() -> None:
    notification = read(
        {"id": "1", "phone": "+1", "custom_attributes": {"a b": "x", "flag": False, "n": 1.0, "of": {"type": "list"}}}
    )
    names = ("phone", "custom_attributes.a b", "custom_attributes.flag", "custom_attributes.n", "custom_attributes.of", "a b")
    assert [notification.value(name) for name in names] == ["+1", "x", False, 1.0, None, None]


def test_a_custom_attribute_is_not_mistaken_for_a_standard_one_of_the_same_name() -> None:
    notification = read(
        {"id": "1", "phone": "+1", "location": {"country": "Sweden"}, "custom_attributes": {"country": "x", "phone": "y"}}
    )
    names = (
        "location.country",
        "custom_attributes.country",
        "phone",
        "custom_attributes.phone",
        "country",
        "custom_attributes.",
    )
    assert [notification.value(name) for name in names] == ["Sweden", "x", "+1", "y", None, None]


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"Infinity", b"NaN"])
def test_a_number_without_end_is_no_value(number: bytes) -> None:
    body = b'{"app_id":"abc","topic":"contact.user.updated","data":{"item":{"id":"1","custom_attributes":{"n":%s,"m":7}}}}'
    notification = read_notification(body % number)
    assert (notification.value("custom_attributes.n"), notification.value("custom_attributes.m")) == (None, 7)


@pytest.mark.parametrize(("length", "is_value"), [(1_000, True), (1_001, False), (5_000, False)])
def test_a_text_that_is_too_long_is_no_value(length: int, is_value: bool) -> None:
    text = "y" * length
    assert read({"id": "1", "custom_attributes": {"x": text}}).value("custom_attributes.x") == (text if is_value else None)


@pytest.mark.parametrize("name", ["id", "email", "role", "merged_from"])
@pytest.mark.parametrize("value", [True, False, [], {"type": "contact"}, "", "  ", None])
def test_what_is_no_text_names_nobody(name: str, value: object) -> None:
    notification = read({name: value})
    assert {notification.contact_id, notification.email, notification.role, notification.merged_from} == {None}
    assert not notification.garbled


def test_an_id_may_be_a_number_and_as_long_as_any_key() -> None:
    notification = read({"id": 7, "email": " " + "x" * 1_000 + " "})
    assert notification.contact_id == "7"
    assert notification.email == "x" * 1_000
    assert not notification.garbled


@pytest.mark.parametrize("text", ["x" * 1_001, "é" * 501, "x\ud800"])
@pytest.mark.parametrize("name", ["id", "email", "merged_from"])
def test_an_impossible_id_or_address_is_left_out(name: str, text: str) -> None:
    notification = read({"id": "1", "email": "a@example.com", name: text})
    assert getattr(notification, {"id": "contact_id"}.get(name, name)) is None
    assert notification.garbled
    assert not read({"id": "1", "email": "a@example.com", "merged_from": None}).garbled


def test_a_merge_names_its_source_or_does_not() -> None:
    assert read({"id": "1", "merged_from": {"type": "contact", "id": "2"}}).merged_from == "2"
    assert read({"id": "1"}).merged_from is None
