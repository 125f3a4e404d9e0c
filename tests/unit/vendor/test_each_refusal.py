"""What each refusal of either vendor comes to, from both sides of every limit: whose fault it is, what is said of it, and how
long is waited."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.adapters.http.transport import HttpResponse
from shared.adapters.intercom.errors import (
    PERMISSIONS,
    date_of,
    error_of,
    find_named_attribute,
    not_restorable,
    permission_of,
    read_canonical_id,
    read_conflict,
    read_refusal,
    says_nothing,
    wait_of,
)
from shared.adapters.intercom.limit_headers import LimitHeaders, limits_of
from shared.adapters.referral_factory.errors import error_of as referral_factory_error_of
from shared.adapters.referral_factory.errors import error_of_transport
from shared.errors import (
    ApplicationRefusedError,
    BlockedError,
    ConnectionLostError,
    ContactGoneError,
    DuplicateError,
    PermanentError,
    RateLimitedError,
    RefusedError,
    RejectedError,
    ResourceRefusedError,
    UnavailableError,
)
from tests.support.clock import NOW

SUNDAY = "Sun, 22 Nov 2026 00:00:00 GMT"
"""NOW as a date of HTTP."""
ID = "5da6f18e3d7cf967e4582d05"


def response(status: int, *errors: Any, headers: dict[str, str] | None = None, **more: Any) -> HttpResponse:
    return HttpResponse(status, headers or {}, json.dumps({"errors": list(errors), **more}).encode())


def refused(status: int, code: str = "code", message: str = "", field: str = "", **call: Any) -> Any:
    """Intercom's error of a call: ``sent``, ``about_contact``, ``path`` and ``token_works``."""
    return error_of(response(status, {"code": code, "message": message, "field": field}), now=NOW, **call)


# -- what Intercom says -----------------------------------------------------------------------------------------------


def test_a_refusal_is_its_first_error_with_all_of_them_beside() -> None:
    said = read_refusal(response(400, 7, {"code": "a", "message": "one", "field": "f", "n": 5}, {"message": "two"}))

    assert (said.code, said.field) == ("a", "f")
    assert said.errors == (("f", "one"), ("", "two"))
    assert said.words == "a one"
    assert not said.page


def test_of_a_refusal_fifty_errors_and_two_thousand_letters_are_read() -> None:
    said = read_refusal(response(400, *[{"code": "a", "message": "m" * 2_001}] * 51))

    assert len(said.errors) == 50
    assert said.message == "m" * 2_000
    assert len(said.words) == 160


@pytest.mark.parametrize(
    ("named", "header", "request_id"),
    [
        ("r-1", "h", "r-1"),
        (None, "h", "h"),
        (7, "h", "h"),
        (None, None, None),
        (None, "no id", None),
        ("x" * 101, "h", None),
        ("x" * 100, "h", "x" * 100),
    ],
)
def test_a_request_is_called_by_the_bodys_id_else_the_headers(named: Any, header: str | None, request_id: str | None) -> None:
    headers = {} if header is None else {"x-request-id": header}

    assert read_refusal(response(400, {"code": "a"}, headers=headers, request_id=named)).request_id == request_id
    assert read_refusal(HttpResponse(400, headers, b"")).request_id == (header if header == "h" else None)


def test_no_address_is_in_the_words_and_a_page_is_said_to_be_one() -> None:
    said = read_refusal(response(400, {"code": "a", "message": "mail a@b.example is (c@d) bad @"}))

    assert said.words == "a mail … is … bad …"
    assert read_refusal(HttpResponse(502, {}, b"  <html>")).words == "a web page instead of an answer"
    assert read_refusal(HttpResponse(502, {}, b"{}")).words == ""


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (f"id={ID}", (ID, False)),
        (f"ARCHIVED id={ID}", (ID, True)),
        (f"id={ID}0", (None, False)),
        (f"id={ID}-1", (None, False)),
        (f"uid={ID}", (None, False)),
        (f"id={ID[:-1]}", (None, False)),
    ],
)
def test_a_conflict_names_a_whole_id_or_none(message: str, found: tuple[str | None, bool]) -> None:
    assert read_conflict(message) == found


def test_a_survivor_is_looked_for_in_two_thousand_letters() -> None:
    link = f'</contacts/{ID}>; rel="canonical"'

    assert read_canonical_id(f"{' ' * 1_900}{link}") == ID
    assert read_canonical_id(f"{' ' * 2_000}{link}") is None


SENT = ["name", "custom_attributes.ref", "custom_attributes.ref_code"]


@pytest.mark.parametrize(
    ("field", "message", "found"),
    [
        ("ref", "'name'", "custom_attributes.ref"),
        ("custom_attributes.x", "", "custom_attributes.x"),
        ("a b", "", None),
        ("", "'ref_code'", SENT[2]),
        ("", "ref and 'name'", "name"),
        ("", "ref_code is bad", SENT[2]),
        ("", "refs", None),
        ("", "a.ref", None),
        ("", "custom_attributes.ref!", SENT[1]),
        ("", "xcustom_attributes.ref", None),
        ("", "Name", None),
    ],
)
def test_a_refused_attribute_is_called_by_its_whole_name(field: str, message: str, found: str | None) -> None:
    assert find_named_attribute(field, message, SENT) == found


# -- whose fault it is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refused(400), RejectedError),
        (refused(422), RejectedError),
        (refused(400, "app_suspended"), ApplicationRefusedError),
        (refused(422, "intercom_version_invalid"), ApplicationRefusedError),
        (refused(401), ConnectionLostError),
        (refused(401, "parameter_invalid"), ConnectionLostError),
        (refused(401, "parameter_invalid", token_works=True), RejectedError),
        (refused(401, token_works=True), ApplicationRefusedError),
        (refused(401, token_works=True, about_contact=True), ResourceRefusedError),
        (refused(403), ApplicationRefusedError),
        (refused(403, about_contact=True), ResourceRefusedError),
        (refused(403, "api_plan_restricted", about_contact=True), ApplicationRefusedError),
        (refused(403, path="/events"), ResourceRefusedError),
        (refused(402, path="/tags"), ResourceRefusedError),
        (refused(404), ApplicationRefusedError),
        (refused(404, path="/segments"), ResourceRefusedError),
        (refused(404, about_contact=True), ContactGoneError),
        (refused(410, about_contact=True), ContactGoneError),
        (refused(410), ApplicationRefusedError),
        (refused(405, about_contact=True), ApplicationRefusedError),
        (refused(399), UnavailableError),
        (refused(499), ApplicationRefusedError),
        (refused(500), UnavailableError),
        (refused(408), UnavailableError),
        (refused(409), DuplicateError),
        (refused(429), RateLimitedError),
    ],
)
def test_each_answer_of_intercom_is_somebodys_fault(error: Any, kind: type[Exception]) -> None:
    assert type(error) is kind


@pytest.mark.parametrize(
    ("status", "nothing"), [(407, False), (408, True), (423, True), (425, True), (429, True), (499, False), (500, True)]
)
def test_an_answer_that_says_nothing_of_intercom(status: int, nothing: bool) -> None:
    assert says_nothing(status) is nothing


def test_a_rejection_names_each_attribute_once_and_its_code_else_its_status() -> None:
    errors = [{"code": "a", "message": "'ref' is bad"}, {"message": "'ref' again"}, {"field": "name"}, {"message": "what?"}]

    named = error_of(response(400, *errors), now=NOW, sent=SENT)
    silent = error_of(response(422, {"message": "what?"}), now=NOW, sent=SENT)

    assert isinstance(named, RejectedError)
    assert named.fields == ("custom_attributes.ref", "name")
    assert str(named) == "Intercom refused the request because of custom_attributes.ref, name (a)"
    assert str(silent) == "Intercom refused the request (422)"


def test_a_conflict_is_read_of_whichever_error_names_the_contact() -> None:
    found = error_of(response(409, {"message": "no"}, {"message": f"archived id={ID}"}), now=NOW)
    unnamed = error_of(response(409, {"message": "archived"}), now=NOW)

    assert isinstance(found, DuplicateError)
    assert isinstance(unnamed, DuplicateError)
    assert (found.contact_id, found.archived) == (ID, True)
    assert (unnamed.contact_id, unnamed.archived) == (None, True)


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        *((path, name) for path, name in PERMISSIONS),
        ("/contacts/5da6", ""),
        ("/contacts/search?x", PERMISSIONS[0][1]),
        ("/me", ""),
    ],
)
def test_the_permission_that_a_path_needs(path: str, permission: str) -> None:
    assert permission_of(path) == permission


@pytest.mark.parametrize(("status", "named"), [(401, True), (403, True), (404, False)])
def test_a_missing_permission_is_supposed_only_where_access_is_refused(status: int, named: bool) -> None:
    error = refused(status, "c", "m", path="/events", token_works=True)

    assert isinstance(error, ResourceRefusedError)
    assert error.permission == ("Write events" if named else "")
    assert ("the permission 'Write events' may be missing" in str(error)) is named


def test_an_unarchive_that_is_refused_for_good() -> None:
    said = [
        ("is not restorable", 400),
        ("permanent deletion", 400),
        ("was merged, not restorable", 400),
        ("not restorable", 404),
        ("no", 400),
    ]

    found = [not_restorable(response(status, {"message": message})) for message, status in said]

    assert [None if one is None else "merged" in str(one) for one in found] == [False, False, True, None, None]


# -- how long is waited -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"retry-after": "60"}, 60.0),
        (429, {"retry-after": "61"}, 60.0),
        (429, {"retry-after": "-1"}, None),
        (429, {"retry-after": "0"}, 0.0),
        (503, {"retry-after": "\N{SUPERSCRIPT TWO}"}, None),
        (503, {"retry-after": " 5 "}, 5.0),
        (503, {"retry-after": "Sun, 22 Nov 2026 00:00:30 GMT", "date": "Sun, 22 Nov 2026 00:00:10 GMT"}, 20.0),
        (503, {"retry-after": "Sat, 21 Nov 2026 00:00:00 GMT"}, 0.0),
        (429, {"x-ratelimit-reset": str(int(NOW) + 60)}, 60.0),
        (429, {"x-ratelimit-reset": str(int(NOW) + 5), "retry-after": "9"}, 9.0),
        (500, {}, None),
        (429, {"retry-after": "9" * 400}, 60.0),
    ],
)
def test_intercom_is_given_the_time_that_it_asks_for_up_to_a_minute(
    status: int, headers: dict[str, str], seconds: float | None
) -> None:
    assert wait_of(status, headers, NOW) == seconds


def test_a_date_of_http() -> None:
    assert date_of(SUNDAY) == NOW
    assert date_of("Sun, 22 Nov 2026 01:00:00 +0100") == NOW
    assert date_of("Sun, 22 Nov 2026 00:00:00 -0000") == NOW
    assert [date_of(text) for text in ("", "today", "x" * 5_000, f"{' ' * 64}{SUNDAY}")] == [None] * 4


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        ({}, LimitHeaders()),
        ({"x-ratelimit-limit": "100000", "x-ratelimit-remaining": "0"}, LimitHeaders(100_000, 0)),
        ({"x-ratelimit-limit": "100001", "x-ratelimit-remaining": "-1"}, LimitHeaders()),
        ({"x-ratelimit-limit": "0", "x-ratelimit-remaining": "\N{SUPERSCRIPT TWO}"}, LimitHeaders()),
        ({"x-ratelimit-reset": str(int(NOW) + 7)}, LimitHeaders(reset_at=NOW + 7)),
        ({"x-ratelimit-reset": str(int(NOW) + 7), "date": "Sun, 22 Nov 2026 00:00:02 GMT"}, LimitHeaders(reset_at=NOW + 7)),
        ({"x-ratelimit-reset": str(int(NOW) + 7), "date": "Sun, 22 Nov 2026 00:00:03 GMT"}, LimitHeaders(reset_at=NOW + 4)),
        ({"x-ratelimit-reset": str(int(NOW) + 7), "date": "Sat, 21 Nov 2026 23:59:50 GMT"}, LimitHeaders(reset_at=NOW + 17)),
    ],
)
def test_intercoms_limit_as_its_headers_say_by_our_clock(headers: dict[str, str], limits: LimitHeaders) -> None:
    assert limits_of(headers, NOW) == limits


def test_windows_end_at_a_second_of_ten() -> None:
    assert (LimitHeaders(reset_at=NOW + 17.9).alignment, LimitHeaders().alignment) == (7, None)


# -- Referral Factory -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "method", "kind"),
    [
        (401, "GET", ConnectionLostError),
        (403, "GET", BlockedError),
        (429, "GET", RateLimitedError),
        (404, "POST", RejectedError),
        (410, "PUT", RejectedError),
        (404, "GET", UnavailableError),
        (410, "GET", PermanentError),
        (400, "GET", RejectedError),
        (422, "POST", RejectedError),
        (408, "GET", UnavailableError),
        (423, "POST", UnavailableError),
        (425, "GET", UnavailableError),
        (500, "GET", UnavailableError),
        (399, "GET", UnavailableError),
        (499, "GET", PermanentError),
        (418, "POST", PermanentError),
    ],
)
def test_each_answer_of_referral_factory_is_somebodys_fault(status: int, method: str, kind: type[Exception]) -> None:
    error = referral_factory_error_of(HttpResponse(status, {}, b""), method)

    assert type(error) is kind
    assert (error.vendor, error.status) == ("referral_factory", status)


@pytest.mark.parametrize(
    ("after", "seconds"), [("5", 5.0), ("3600", 3_600.0), ("3601", 3_600.0), ("soon", None), (None, None), ("0", 0.0)]
)
def test_referral_factory_is_given_the_time_that_it_asks_for_up_to_an_hour(after: str | None, seconds: float | None) -> None:
    headers = {} if after is None else {"retry-after": after}

    for status in (429, 503):
        assert referral_factory_error_of(HttpResponse(status, headers, b""), "GET").retry_after == seconds  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"errors": {"email": ["x"], "code": ["y"]}}', "code, email"),
        (b'{"errors": {"a@b.c": ["x"]}}', None),
        (b"{}", None),
        (b"[]", None),
        (b"", None),
        (b'{"errors": null}', None),
        (b'{"errors": {}}', None),
        (b'{"errors": {"f": 1, "e": 1, "d": 1, "c": 1, "b": 1, "a": 1}}', "a, b, c, d, e"),
    ],
)
def test_the_fields_that_referral_factory_refuses_are_named_and_nothing_that_was_sent(body: bytes, field: str | None) -> None:
    error = referral_factory_error_of(HttpResponse(422, {}, body), "POST")

    assert isinstance(error, RejectedError)
    assert error.field == field


def test_a_refused_connection_may_be_a_block_and_any_other_failure_is_referral_factorys() -> None:
    blocked, other = error_of_transport(RefusedError("x")), error_of_transport(UnavailableError("x"))

    assert (type(blocked), blocked.vendor) == (BlockedError, "referral_factory")
    assert (type(other), other.vendor) == (UnavailableError, "referral_factory")
