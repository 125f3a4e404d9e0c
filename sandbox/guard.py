"""Who may speak to a port of the local stack: programs on this machine and the stack's own pages, but no other web page.

A browser sends any page's requests to 127.0.0.1, and a name that a stranger's DNS points there makes them same-origin. So
``Host`` must be this machine's own name, and what a browser says about where a request comes from must be ours. Standard
library only: ministack's interpreter runs it as well.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs

NAMES = ("127.0.0.1", "localhost")
KEY_HEADER = "x-local-stack-key"
"""The front shows this run's access key in it, where callers speak HTTP and not AWS."""
REFUSAL = b'{"message":"Forbidden"}'
NO_PAGE = b'{"message":"Forbidden: there is no page here, only AWS services for clients with the keys that make run prints"}'

_CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 .*?Credential=([^/,\s]+)/")
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


def is_allowed(method: str, headers: Iterable[tuple[str, str]], port: int, friends: Iterable[int] = ()) -> bool:
    """Whether a call to ``port`` may be answered. ``friends`` are the ports whose pages may call this one."""
    known: dict[str, str] = {}
    for name, value in headers:
        if name.lower() in known and name.lower() in {"host", "origin"}:
            return False
        known[name.lower()] = value.strip()
    if known.get("host", "").lower() not in _addresses(port):
        return False
    site = known.get("sec-fetch-site")
    if site == "same-origin":  # the browser's own word, and the name is this machine's
        return True
    if "origin" in known:
        return known["origin"] in {f"http://{address}" for each in (port, *friends) for address in _addresses(each)}
    # Without an Origin: a program, an address typed or bookmarked, or a link that leaves the other page.
    follows_link = known.get("sec-fetch-mode") == "navigate" and known.get("sec-fetch-dest") == "document"
    return site in {None, "none"} or (method in {"GET", "HEAD"} and follows_link)


def _addresses(port: int) -> set[str]:
    return {f"{name}:{port}" for name in NAMES}


class AwsGuard:
    """In front of ministack's ASGI application: nothing is answered without this run's access key, or to a web page."""

    def __init__(self, application: Callable[[Scope, Receive, Send], Awaitable[None]], port: int, key: str) -> None:
        if not key:
            raise ValueError("an access key is needed")
        self._application = application
        self._port = port
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
        elif scope["type"] == "http" and self._lets_in(scope):
            headers = [pair for pair in scope["headers"] if pair[0].lower() != KEY_HEADER.encode()]
            await self._application({**scope, "headers": headers}, receive, _without_cors(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(NO_PAGE)).encode())]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": NO_PAGE})

    def _lets_in(self, scope: Scope) -> bool:
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        known = dict(headers)
        if KEY_HEADER in known:  # the front has looked where it comes from
            return hmac.compare_digest(known[KEY_HEADER].encode(), self._key)
        if {"origin", "sec-fetch-site"} & known.keys() or not is_allowed(scope["method"], headers, self._port):
            return False
        return hmac.compare_digest(_key_in(known, scope["query_string"]).encode(), self._key)


def _key_in(known: Mapping[str, str], query: bytes) -> str:
    """The access key of a signed call or of a presigned address; empty when there is none."""
    found = _CREDENTIAL.match(known.get("authorization", ""))
    if found:
        return found.group(1)
    return parse_qs(query.decode("latin-1")).get("X-Amz-Credential", [""])[0].partition("/")[0]


def _without_cors(send: Send) -> Send:
    async def sent(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message.get("headers", ()) if not pair[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": kept}
        await send(message)

    return sent
