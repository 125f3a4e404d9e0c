"""Where a webhook's body is just read, and where it is just refused; and what single values of it come to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.adapters.referral_factory.bodies import MAX_KEYS, read_body, with_plus
from shared.adapters.referral_factory.reading import (
    code_of,
    count_of,
    date_of,
    first,
    id_of,
    link_of,
    look_up,
    text_of,
    unfold_brackets,
    without_entities,
)
from shared.errors import MalformedPayloadError

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
MULTIPART = "multipart/form-data; boundary=b"


def refused(body: bytes, content_type: str = JSON, query: str = "") -> str:
    with pytest.raises(MalformedPayloadError) as raised:
        read_body(body, content_type, query)
    return str(raised.value)


# -- which kind of body ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type", "is_form"),
    [
        (b'{"id": "1"}', JSON, False),
        (b' \r\n{"id": "1"}', FORM, False),
        (b"id=1", FORM, True),
        (b"id=1", "text/plain", True),
        (b'--b\r\ncontent-disposition: form-data; name="id"\r\n\r\n1\r\n--b--', " Multipart/form-data; boundary=b", False),
    ],
)
def test_a_body_is_read_by_its_type_or_by_how_it_begins(body: bytes, content_type: str, is_form: bool) -> None:
    fields = read_body(body, content_type, "id=2")

    assert (dict(fields), fields.form) == ({"id": "1"}, is_form)


@pytest.mark.parametrize("body", [b"", b" \r\n\t", b"\xef\xbb\xbf"])
def test_of_an_empty_body_the_query_is_read(body: bytes) -> None:
    fields = read_body(body, JSON, "id=2&a=")

    assert (dict(fields), fields.form) == ({"id": "2", "a": ""}, True)


@pytest.mark.parametrize(
    ("body", "content_type", "why"),
    [
        (b"id", FORM, "neither JSON nor a form"),
        (b"id=1", JSON, "not valid JSON"),
        (b"[1]", JSON, "not a JSON object"),
        (b"{", FORM, "not valid JSON"),
        (b'{"a": NaN}', JSON, "a number that is none"),
        (b'{"a": 1e999}', JSON, "a number without bounds"),
        (b'{"a": 1234567890123456789}', JSON, "more than 18 digits"),
        (b"a=\x01", FORM, "raw control characters"),
        (b"\xff=1", FORM, "not in the charset"),
        (b"a=%ff", FORM, "not in the charset"),
        (b"a=\xc3\xa9", "text/plain; charset=klingon", "nobody here knows the charset"),
        (b"--b", "multipart/form-data", "no boundary"),
        (b"--b", f"multipart/form-data; boundary={'b' * 71}", "no boundary"),
        (b"--c", MULTIPART, "does not hold its boundary"),
    ],
)
def test_what_cannot_be_read_says_why(body: bytes, content_type: str, why: str) -> None:
    assert why in refused(body, content_type)


def test_a_number_of_eighteen_digits_is_read_with_its_sign() -> None:
    assert read_body(b'{"a": -123456789012345678, "b": 1.5}', JSON, "") == {"a": -123456789012345678, "b": 1.5}


# -- how much of it ---------------------------------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    return ('{"a":' * depth + "1" + "}" * depth).encode()


def test_a_document_may_be_eight_levels_deep_and_hold_five_hundred_entries() -> None:
    assert read_body(nested(8), JSON, "")
    assert "nested deeper than 8" in refused(nested(9))
    assert "nested deeper than 8" in refused(b"[" * 100_000)

    assert read_body(json.dumps({"a": [1] * (MAX_KEYS - 1)}).encode(), JSON, "")
    assert "more than 500 fields" in refused(json.dumps({"a": [1] * MAX_KEYS}).encode())
    assert "more than 500 fields" in refused(json.dumps({"a": {"b": [[1]] * 400}}).encode())


def test_a_form_may_hold_five_hundred_fields_and_as_many_separators_as_it_likes() -> None:
    many = "&".join(f"f{number}=1" for number in range(MAX_KEYS)).encode()

    assert len(read_body(many, FORM, "")) == MAX_KEYS
    assert len(read_body(many.replace(b"&", b"&&"), FORM, "")) == MAX_KEYS
    assert "more than 500 fields" in refused(many + b"&more=1", FORM)


def parts(count: int) -> bytes:
    part = b'--b\r\ncontent-disposition: form-data; name="f%d"\r\n\r\n1\r\n'
    return b"".join(part % number for number in range(count)) + b"--b--"


def test_a_multipart_body_may_hold_five_hundred_parts_and_ends_with_its_last_boundary() -> None:
    assert len(read_body(parts(MAX_KEYS), MULTIPART, "")) == MAX_KEYS
    assert "more than 500 fields" in refused(parts(MAX_KEYS + 1), MULTIPART)
    assert read_body(parts(1) + b"\r\n" + parts(3), MULTIPART, "") == {"f0": "1"}


def test_files_of_a_multipart_body_are_left_out_and_a_part_has_its_own_charset() -> None:
    body = (
        b'--b\ncontent-disposition: form-data; name="a"; filename="x"\n\nfile\n'
        b"--b\ncontent-disposition: form-data; name=b; filename*=x\n\nfile\n"
        b"--b\ncontent-disposition: form-data\n\nnameless\n"
        b"--b\ncontent-disposition: form-data; name=c\ncontent-type: text/plain; charset=latin1\n\n\xe9\n"
        b"--b\ncontent-disposition: form-data; name=d\n\n\xc3\xa9\n--b--"
    )

    assert read_body(body, MULTIPART, "") == {"c": "é", "d": "é"}


# -- charsets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("a=é".encode("cp1252"), "ISO-8859-1"),
        ("a=é".encode(), "utf8"),
        ("a=é".encode(), ""),
        ("a=é".encode(), "'UTF-8'"),
        ("a=é".encode("utf-16-le"), "utf-16"),
        ("a=é".encode("utf-16-be"), "utf-16"),
        ("a=é".encode("utf-16-le"), ""),
        (b"\xff\xfe" + "a=é".encode("utf-16-le"), "latin1"),
        (b"\xfe\xff" + "a=é".encode("utf-16-be"), "utf-8"),
        (b"\xef\xbb\xbf" + "a=é".encode(), "latin1"),
        (b"a=%C3%A9", "klingon"),
        (b"a=%E9", "latin1"),
        ("a=%C3%A9".encode("utf-16-le"), "utf-16"),
    ],
)
def test_a_text_is_read_in_the_charset_of_its_mark_or_header(body: bytes, charset: str) -> None:
    assert read_body(body, f"{FORM}; charset={charset}" if charset else FORM, "") == {"a": "é"}


def test_a_header_is_read_in_its_first_thousand_characters() -> None:
    assert read_body(b"a=\xe9", f"{FORM}{' ' * 900}; charset=latin1", "") == {"a": "é"}
    assert "not in the charset" in refused(b"a=\xe9", f"{FORM}{' ' * 1_000}; charset=latin1")


# -- names that come again --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"a=1&a=2", {"a": ["1", "2"]}),
        (b"a=1&a=1", {"a": "1"}),
        (b"a=1&a=2&a=1", {"a": ["1", "2"]}),
        (b"id=1&id=1", {"id": "1"}),
        (b"email=A@b.c&email=a@B.c%20", {"email": ["A@b.c", "a@B.c"]}),
        (b"a=1&amp;b=2", {"a": "1", "b": "2"}),
    ],
)
def test_a_name_that_comes_again_has_what_differs(body: bytes, fields: dict[str, Any]) -> None:
    assert read_body(body, FORM, "") == fields


@pytest.mark.parametrize("name", ["id", "user_id", "email", "email_address", "campaign_id", "campaign"])
def test_a_person_has_one_id_one_address_and_one_campaign(name: str) -> None:
    assert f"comes twice with different values: {name}" in refused(f"{name}=1&{name}=2".encode(), FORM)
    assert f"comes twice with different values: {name}" in refused(f'{{"{name}": 1, "{name}": 2}}'.encode())


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b'{"a": 1, "a": 2}', {"a": [1, 2]}),
        (b'{"a": [1], "a": 2}', {"a": [1, 2]}),
        (b'{"a": 1, "a": true}', {"a": [1, True]}),
        (b'{"a": {"b": 1}, "a": {"b": 1}}', {"a": [{"b": 1}, {"b": 1}]}),
        (b'{"a": [], "a": []}', {"a": []}),
    ],
)
def test_a_name_that_a_document_writes_twice(body: bytes, fields: dict[str, Any]) -> None:
    assert read_body(body, JSON, "") == fields


# -- an address with a plus -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("a b@c.d", "a+b@c.d"), (" a b @ c.d ", "a+b@c.d"), ("a+b@c.d", "a+b@c.d"), ("no address", "no address"),
        ("A B <a@c.d>", "A B <a@c.d>"), ("a b@c.d, e@f.g", "a b@c.d, e@f.g"), (f"{'a ' * 125}@c.d", f"{'a+' * 124}a@c.d"),
        (f"{'a ' * 126}@c.d", f"{'a ' * 126}@c.d"),
    ],
)  # fmt: skip
def test_a_blank_within_an_address_was_a_plus(value: str, address: str) -> None:
    assert with_plus(value) == address


def test_only_fields_that_are_called_mail_have_their_plus_back() -> None:
    assert read_body(b"Mail=a+b@c.d&name=a+b@c.d", FORM, "") == {"Mail": "a+b@c.d", "name": "a b@c.d"}


# -- single values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" a ", "a"), (1, "1"), (1.5, "1.5"), (True, "true"), (False, "false"), (None, None), ("", None), ("null", None),
        ({"a": 1}, None), ([], None), (["a", "b"], "b"), (["a", ""], "a"), (["a", None, {}], "a"), (10**18 - 1, "9" * 18),
        (10**18, None), ("x" * 2_000, "x" * 2_000), ("x" * 2_001, "x" * 2_000), (f"{' ' * 2_000}x", "x"),
        (f"{' ' * 4_000}x", None),
        (["a"] + [""] * 499, "a"), ([""] * 500 + ["a"], None),
    ],
)  # fmt: skip
def test_a_text(value: Any, text: str | None) -> None:
    assert text_of(value) == text


def test_a_code_and_a_link() -> None:
    assert [code_of(one) for one in (" a b\u200b", "", "\u200b", 7, None)] == ["ab", None, None, "7", None]
    assert [link_of(one) for one in (" https://a ", "javascript:x", "", None)] == ["https://a", None, None, None]


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (0, 0), (3, 3), (-1, None), (10**18, None), (10**18 - 1, 10**18 - 1), (3.0, 3), (3.5, None), (-1.0, None), (1e18, None),
        (float("inf"), None), ("3", 3), (" 3.0 ", 3), ("3.5", None), ("-3", None), ("9" * 18, 10**18 - 1), ("9" * 19, None),
        ("\N{ARABIC-INDIC DIGIT TWO}", None), (True, None), (None, None), ([3], None), ("", None),
    ],
)  # fmt: skip
def test_a_count(value: Any, count: int | None) -> None:
    assert count_of(value) == count
    assert id_of(value) == (count or None)


@pytest.mark.parametrize(
    ("value", "date"),
    [
        (1_767_225_600, "2026-01-01T00:00:00+00:00"), ("1767225600000", "2026-01-01T00:00:00+00:00"), (0, None), ("0", None),
        (10**8 - 1, "99999999"), (10**8, "1973-03-03T09:46:40+00:00"), (10**13, None), ("2026-01-01", "2026-01-01"),
        ("1. Mai 2026", "1. Mai 2026"), ("soon", None), ("true", "true"), (True, "true"), (None, None), ("0000-00-00", None),
        ("20260101", "20260101"),
    ],
)  # fmt: skip
def test_a_date(value: Any, date: str | None) -> None:
    assert date_of(value) == date


def test_the_first_that_says_something() -> None:
    assert first([None, "", "null", 0, "a"]) == 0
    assert first([None, ""]) is None


def test_a_field_is_found_by_its_name_else_by_its_path() -> None:
    fields = {"a.b": 1, "a": {"b": 2, "c": {"d": 3}}, "t": "x"}

    assert [look_up(fields, name) for name in ("a.b", "a.c.d", "a.x", "t.x", "a.c.d.e", "z")] == [1, 3, None, None, None, None]


def test_brackets_of_a_form_are_objects_and_lists() -> None:
    fields = {"r[email]": "a", "m[0][f]": "1", "m[1][f]": "2", "i[]": ["x", "y"], "one[]": "x", "n[1]": "a", "plain": 1, 5: 2}

    assert unfold_brackets(fields) == {  # type: ignore[arg-type]
        "r": {"email": "a"}, "m": [{"f": "1"}, {"f": "2"}], "i": ["x", "y"], "one": ["x"], "n": {"1": "a"}, "plain": 1, 5: 2,
    }  # fmt: skip
    assert unfold_brackets({"a": "text", "a[b]": "c"}) == {"a": {"b": "c"}}
    assert unfold_brackets({"a[]": "x", "a[b]": "c"}) == {"a": {"others": ["x"], "b": "c"}}
    assert unfold_brackets({"a[b": 1, "[b]": 2, "a[1][2][3][4][5]": 3}) == {"a[b": 1, "[b]": 2, "a[1][2][3][4][5]": 3}


def test_entities_are_undone_once_in_names_and_values() -> None:
    assert without_entities({"A &amp; B": ["&lt;b&gt;", {"q": "&#039;&quot;"}], "n": 5}) == {
        "A & B": ["<b>", {"q": "'\""}],
        "n": 5,
    }
    assert without_entities("&amp;lt;") == "&lt;"
    assert without_entities("&copy;") == "&copy;"
