"""Intercom's refusals become the error that tells what to do, and never quote a person."""

import json
from typing import Any

import pytest

from shared.adapters.http.transport import HttpResponse
from shared.adapters.intercom.errors import (
    error_of,
    find_named_attribute,
    not_restorable,
    read_canonical_id,
    read_conflict,
    wait_of,
)
from shared.adapters.intercom.lists import page_of
from shared.adapters.intercom.schemas import attributes_of, contact_of
from shared.domain.contact import Role
from shared.errors import (
    ApplicationRefusedError,
    ConnectionLostError,
    ContactGoneError,
    DuplicateError,
    FailureError,
    NotRestorableError,
    RateLimitedError,
    RejectedError,
    ResourceRefusedError,
    UnavailableError,
)

NOW = 1_795_305_600.0


def refusal(status: int, code: str = "", message: str = "", headers: dict[str, str] | None = None, **more: str) -> HttpResponse:
    document = {"type": "error.list", "request_id": "r1", "errors": [{"code": code, "message": message, **more}]}
    return HttpResponse(status, headers or {}, json.dumps(document).encode())


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "An archived contact matching those details already exists with id=600e1e3dd3d27deecdf95953",
            ("600e1e3dd3d27deecdf95953", True),
        ),
        (
            "A contact matching those details already exists with id=5da6f18e3d7cf967e4582d05",
            ("5da6f18e3d7cf967e4582d05", False),
        ),
        ("A contact matching those details already exists", (None, False)),
        ("", (None, False)),
    ],
)
def test_a_conflict_names_the_contact(message: str, expected: tuple[str | None, bool]) -> None:
    assert read_conflict(message) == expected


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ('</contacts/5da6f18e3d7cf967e4582d05>; rel="canonical"', "5da6f18e3d7cf967e4582d05"),
        ("<https://api.intercom.io/contacts/5da6>; rel=canonical", "5da6"),
        ('</contacts/1>; rel="next", </contacts/2>; rel="canonical"', "2"),
        ('</contacts/1>; rel="next"', None),
        ("", None),
    ],
)
def test_a_merge_names_the_survivor(link: str, expected: str | None) -> None:
    assert read_canonical_id(link) == expected


@pytest.mark.parametrize(
    ("field", "message", "expected"),
    [
        ("referral_status", "", "custom_attributes.referral_status"),
        ("custom_attributes.referral_status", "", "custom_attributes.referral_status"),
        ("owner_id", "", "owner_id"),
        ("", "Custom attribute 'referral_status' does not exist", "custom_attributes.referral_status"),
        ("", "custom_attributes.referral is invalid", "custom_attributes.referral"),
        ("", "referral_status is not of type string for this name", "custom_attributes.referral_status"),
        ("", "the e-mail names nobody", None),
        ("", "", None),
    ],
)
def test_the_refused_attribute_is_found(field: str, message: str, expected: str | None) -> None:
    sent = ["name", "email", "custom_attributes.referral_status", "custom_attributes.referral"]
    assert find_named_attribute(field, message, sent) == expected


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (429, {"x-ratelimit-reset": str(int(NOW) + 7)}, 7),
        (429, {"x-ratelimit-reset": str(int(NOW) + 1_007), "date": "Sun, 22 Nov 2026 00:16:40 GMT"}, 7),
        (429, {"x-ratelimit-reset": str(int(NOW) + 9_999)}, 60),
        (429, {"x-ratelimit-reset": "9" * 400}, 60),
        (429, {"x-ratelimit-reset": str(int(NOW) - 5)}, 0),
        (429, {"x-ratelimit-reset": "soon", "date": "today"}, None),
        (429, {}, None),
        (429, {"retry-after": "3", "x-ratelimit-reset": str(int(NOW) + 7)}, 7),
        (503, {"retry-after": "3", "x-ratelimit-reset": str(int(NOW) + 7)}, 3),
        (503, {"retry-after": "Sun, 22 Nov 2026 00:00:20 GMT"}, 20),
        (503, {"x-ratelimit-reset": str(int(NOW) + 7)}, None),
    ],
)
def test_how_long_to_wait(status: int, headers: dict[str, str], expected: float | None) -> None:
    assert wait_of(status, headers, NOW) == expected


@pytest.mark.parametrize(
    ("status", "about_contact", "expected"),
    [
        (302, False, UnavailableError),
        (400, True, RejectedError),
        (401, True, ConnectionLostError),
        (403, True, ResourceRefusedError),
        (404, True, ContactGoneError),
        (404, False, ApplicationRefusedError),
        (406, False, ApplicationRefusedError),
        (402, False, ApplicationRefusedError),
        (408, True, UnavailableError),
        (423, True, UnavailableError),
        (425, True, UnavailableError),
        (409, True, DuplicateError),
        (410, True, ContactGoneError),
        (422, True, RejectedError),
        (429, True, RateLimitedError),
        (500, True, UnavailableError),
        (503, True, UnavailableError),
        (599, True, UnavailableError),
    ],
)
@pytest.mark.parametrize(
    "body", [None, b"", b"<html>", b"[]", b'{"errors":[]}', b'{"errors":[7]}', b'{"errors":{"a":1}}', b"[" * 9999]
)
def test_each_status_has_its_error_whatever_the_body(
    status: int, about_contact: bool, expected: type[FailureError], body: bytes | None
) -> None:
    response = refusal(status, "code", "ann@example.com is bad") if body is None else HttpResponse(status, {}, body)
    error = error_of(response, now=NOW, about_contact=about_contact)
    if body == b"<html>" and status in {400, 403, 404, 410, 422}:
        expected = ApplicationRefusedError  # a web page says nothing of a person

    assert type(error) is expected
    assert (error.vendor, error.status) == ("intercom", status)
    assert error.request_id == ("r1" if body is None else None)
    assert "ann@example.com" not in str(error)


def test_a_refused_unarchive_says_why() -> None:
    deleted = not_restorable(refusal(400, "bad_request", "User has been marked for permanent deletion and is not restorable."))
    merged = not_restorable(refusal(400, "bad_request", "User has been merged and is not restorable."))

    assert isinstance(deleted, NotRestorableError)
    assert isinstance(merged, NotRestorableError)
    assert "is being deleted for good" in str(deleted)
    assert "was merged into another" in str(merged)
    assert not_restorable(refusal(400, "bad_request", "something else")) is None
    assert not_restorable(refusal(404, "not_found", "User Not Found")) is None


def answer(document: Any) -> HttpResponse:
    return HttpResponse(200, {}, document if isinstance(document, bytes) else json.dumps(document).encode())


def test_a_contact_is_read_with_times_and_avatar_in_both_forms() -> None:
    body = {
        "type": "contact", "id": "6961", "role": "user", "email": "a@example.com", "avatar": {"image_url": "https://x.example/a"},
        "created_at": "2026-01-10T04:23:23.215+00:00", "signed_up_at": 1768019003, "owner_id": 127, "utm_campaign": None,
        "custom_attributes": {"n": 1.5, "b": True, "gone": None, "related": {"type": "list"}},
    }  # fmt: skip
    contact = contact_of(answer(body))

    assert contact.id == "6961"
    assert contact.role == Role.USER
    assert contact.created_at == 1768019003
    assert contact.values["avatar"] == "https://x.example/a"
    assert (contact.values["owner_id"], contact.values["signed_up_at"]) == ("127", 1768019003)
    assert {name: value for name, value in contact.values.items() if name.startswith("custom")} == {
        "custom_attributes.n": 1.5,
        "custom_attributes.b": True,
        "custom_attributes.gone": None,
    }

    lead = contact_of(answer({"id": 5, "role": "visitor", "created_at": "soon", "custom_attributes": None}))
    assert lead.id == "5"
    assert lead.role == Role.LEAD
    assert lead.email == ""
    assert lead.created_at == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"id": "1"',
        b"[]",
        b"[" * 9999,
        {},
        {"id": None},
        {"id": ""},
        {"type": "error.list", "errors": [{"code": "server_error"}]},
        {"id": "1", "errors": []},
    ],
    ids=lambda body: repr(body)[:16],
)
def test_an_answer_without_a_contact_counts_as_no_answer(body: Any) -> None:
    with pytest.raises(UnavailableError):
        contact_of(answer(body))


def test_a_page_without_a_list_counts_as_no_answer_and_odd_cursors_end_it() -> None:
    for body in ({"data": None}, {"data": [{"id": None}]}, {"data": [7]}):
        with pytest.raises(UnavailableError):
            page_of(answer(body), "https://api.intercom.io", strict=True)
    for pages in (None, {}, {"next": None}, {"next": "https://api.intercom.io/"}, {"next": {"starting_after": 5}}):
        assert page_of(answer({"data": [], "pages": pages}), "https://api.intercom.io").cursor is None
    assert page_of(answer({"data": [], "pages": {"next": {"starting_after": "c"}}}), "https://api.intercom.io").cursor == "c"


def test_attributes_are_read_one_by_one() -> None:
    entries = [
        {"name": "email", "full_name": "email", "data_type": "string", "api_writable": True, "custom": False},
        {"name": "city", "full_name": "location.city", "api_writable": False},
        {"name": "x", "full_name": "custom_attributes.x", "custom": True, "archived": False, "options": [{"value": "a"}, "b"]},
        {"name": "x", "custom": True, "archived": True, "data_type": "date"},
        {"name": None},
        7,
    ]
    found = attributes_of(answer({"data": entries}))

    assert set(found) == {"email", "location.city", "custom_attributes.x"}
    assert (found["custom_attributes.x"].options, found["custom_attributes.x"].archived) == (("a", "b"), False)
    assert not found["location.city"].writable
