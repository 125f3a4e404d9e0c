"""Inputs that nobody meant: samples changed a little, and documents of the words that our readers look for."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from tests.fakes.lambda_events import ROOT

WORDS = (
    "id", "email", "first_name", "data", "user", "users", "meta", "referrer", "campaign_id", "source", "type", "item", "topic",
    "custom_attributes", "pages", "next", "errors", "code", "message", "rewards", "reward", "amount", "qualified", "created_at",
    "role", "options", "name", "total_count", "form", "fields", "label", "notification_event", "app_id", "cursor", "limit",
    "contacts", "list", "a[b][c]", "a[]", "user[email]", "x.y.z", "status", "date", "__proto__", "access_token",
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.1, 1e308, -1e-320, 2**53, 2**63, 10**40, "", " ", "0", "null", "NaN", "true", "1e999", "9" * 400,
    "a@b.example", "A.B@Bücher.example", "x" * 300 + "@example.com", "@", "a@b@c", "a@xn--", "a@" + "." * 80, "a@" + "xn--a" * 60,
    "\x00", "\ud800", "\u202e", "\ufeff", "İ", "ß", "ﬀ", "é" * 500, "👩‍👩‍👧", "<script>", "=cmd()", "2026-02-30", "2026-11-30T08:00:00Z",
    "1795305600", "99999999999999999999", "../..", "%00", "%zz", "&amp;" * 50, "&#x110000;", "a+b", "'; --", "{{x}}", "\r\nX: y",
)  # fmt: skip
TOKENS = (
    b"{", b"}", b"[", b"]", b'"', b"\\u0000", b"\\ud800", b"null", b"1e400", b"-", b"&", b"=", b"%", b"%00", b"+", b";", b",",
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n--x\r\n", b"[" * 200, b'{"a":' * 60, b"9" * 5000, b"a=" * 250, b"&a[b]" * 90,
)  # fmt: skip
TYPES = (
    "", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "*/*",
    "application/json; charset=utf-16", "text/html; charset=idna", "multipart/form-data", "a" * 300, "x/y; charset=\x00",
)  # fmt: skip
HEADERS = (
    "retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "content-type", "x-request-id", "date",
)  # fmt: skip


def _samples() -> list[bytes]:
    events = [json.loads(path.read_text()) for path in sorted((ROOT / "events").glob("*.json"))]
    bodies = [event["body"].encode() for event in events if isinstance(event, dict) and isinstance(event.get("body"), str)]
    return [*bodies, b'{"data": {"id": 7, "email": "a@b.example"}}', b"id=7&email=a%40b.example&user[first_name]=Ivo"]


class Inputs:
    """Everything out of one seeded chance."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self._samples = _samples()

    def value(self, depth: int = 4) -> Any:
        draw = self.chance.random()
        if depth <= 0 or draw < 0.6:
            return self.chance.choice(ODD) if draw < 0.4 else self.chance.choice(WORDS) if draw < 0.5 else self.text()
        if draw < 0.7:
            return [self.value(depth - 1) for _ in range(self.chance.randrange(5))]
        return self.document(depth - 1)

    def document(self, depth: int = 4) -> dict[str, Any]:
        names = [
            self.chance.choice(WORDS) if self.chance.random() < 0.9 else self.text() for _ in range(self.chance.randrange(9))
        ]
        return {name: self.value(depth) for name in names}

    def text(self, most: int = 60) -> str:
        kinds = ((32, 127), (32, 127), (0, 0x250), (0, 0x110000))
        low, high = self.chance.choice(kinds)
        return "".join(chr(self.chance.randrange(low, high)) for _ in range(self.chance.randrange(most)))

    def address(self) -> str:
        if self.chance.random() < 0.3:
            return str(self.chance.choice(ODD))
        return f"{self.text(20)}{self.chance.choice(('@', '＠', '', '@@'))}{self.text(30)}{self.chance.choice(('.example', '', '.', '。de'))}"

    def body(self) -> bytes:
        draw = self.chance.random()
        if draw < 0.3:
            return json.dumps(self.document()).encode()
        if draw < 0.35:
            return self.chance.randbytes(self.chance.randrange(200))
        body = bytearray(self.chance.choice(self._samples))
        for _ in range(self.chance.randrange(1, 6)):
            at = self.chance.randrange(len(body) + 1)
            match self.chance.randrange(5):
                case 0:
                    body[at:at] = self.chance.choice(TOKENS)
                case 1:
                    del body[at : at + self.chance.randrange(20)]
                case 2 if at < len(body):
                    body[at] = self.chance.randrange(256)
                case 3:
                    body[at:at] = body[at : at + self.chance.randrange(60)]
                case _:
                    body[at:at] = json.dumps(self.value(2)).encode()
        return bytes(body)

    def headers(self) -> dict[str, str]:
        values = [str(one) for one in ODD[:20]] + ["1795305600", "Mon, 30 Nov 2026 08:00:00 GMT", "-5", "1e5", "\u0663"]
        return {name: self.chance.choice(values) for name in HEADERS if self.chance.random() < 0.4}
