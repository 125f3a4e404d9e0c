"""Serves the console's files: a closed list, without permissions and without secrets."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shared.config import Settings, settings_of_process
from shared.runtime.http import Event, HttpAnswer, HttpRequest, json_answer, problem
from shared.version import VERSION

FOLDER = Path(__file__).parent / "files"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
PREFIX = "/console/"
REVALIDATE = "no-cache"  # each use asks; what is unchanged costs a 304
IMMUTABLE = "public, max-age=31536000, immutable"
_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")


@dataclass(frozen=True, slots=True)
class File:
    """``packed``: by gzip."""

    kind: str
    content: bytes
    packed: bytes
    etag: str

    @classmethod
    def of(cls, kind: str, content: bytes) -> File:
        packed = gzip.compress(content, compresslevel=6, mtime=0)
        return cls(kind, content, packed, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def lambda_handler(event: Event, _: object) -> dict[str, Any]:
    """GET and HEAD of a file; 404 for every other name."""
    settings = _settings()
    request = HttpRequest.of({**event, "body": None})
    answer = _answer(request, settings)
    headers = {**answer.headers, "content-security-policy": content_security_policy(settings.oidc_issuer, settings.sign_in_url)}
    body = "" if request.method == "HEAD" or answer.status == 304 else answer.body
    # By hand: the logger of the other functions would make this one's cold start half as long again.
    line = {"level": "INFO", "message": "file answered", "method": request.method, "status": answer.status}
    line |= {"request_id": event.get("requestContext", {}).get("requestId", "")}
    sys.stdout.write(json.dumps(line) + "\n")
    return HttpAnswer(answer.status, headers, body).event()


def content_security_policy(issuer: str, sign_in_url: str = "") -> str:
    """Everything from here only; calls also to where people sign in."""
    connect = " ".join(["'self'", *sign_in_origins(issuer, sign_in_url)])
    return (
        f"default-src 'self'; connect-src {connect}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "object-src 'none'; require-trusted-types-for 'script'"
    )


def sign_in_origins(issuer: str, sign_in_url: str = "") -> list[str]:
    """The issuer's origin. Cognito's token endpoint is on another one, the user pool's own domain (``sign_in_url``):
    https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html"""
    parts = urlsplit(issuer)
    return [f"{parts.scheme}://{parts.netloc}", *([sign_in_url] if sign_in_url else [])]


def _answer(request: HttpRequest, settings: Settings) -> HttpAnswer:
    if request.method not in {"GET", "HEAD"}:
        return problem(405, "Method not allowed", "This address takes GET.", headers={"allow": "GET, HEAD"})
    if request.path == f"{PREFIX}config.json":
        return json_answer(200, _public(settings), {"cache-control": REVALIDATE})
    if request.path == "/":
        return _file_answer(request, _page(settings), REVALIDATE)
    name = request.path.removeprefix(PREFIX) if request.path.startswith(PREFIX) else ""
    is_released = name.startswith(f"{release()}/")
    file = _files().get(name.removeprefix(f"{release()}/") if is_released else name)
    if file is None:
        return problem(404, "Not found", "There is no such file.")
    return _file_answer(request, file, IMMUTABLE if is_released else REVALIDATE)


def _file_answer(request: HttpRequest, file: File, cache_control: str) -> HttpAnswer:
    headers = {"content-type": file.kind, "etag": file.etag, "cache-control": cache_control, "vary": "accept-encoding"}
    if file.etag in request.header("if-none-match"):
        return HttpAnswer(304, headers)
    if _GZIP.search(request.header("accept-encoding")):
        return HttpAnswer(200, {**headers, "content-encoding": "gzip"}, file.packed)
    return HttpAnswer(200, headers, file.content.decode("utf-8"))


def _public(settings: Settings) -> dict[str, str]:
    return {
        "issuer": settings.oidc_issuer,
        "client_id": settings.oidc_client_id,
        "scopes": settings.oidc_scopes,
        "version": VERSION,
    }


@cache
def _settings() -> Settings:
    return settings_of_process("console")


@cache
def _page(settings: Settings) -> File:
    """The page: its files under the release's name, fetched all at once, and where to sign in."""
    text = _files()["index.html"].content.decode("utf-8").replace(PREFIX, f"{PREFIX}{release()}/")
    modules = [f'<link rel="modulepreload" href="{PREFIX}{release()}/{name}">' for name in _files() if name.endswith(".js")]
    config = f'<meta name="config" content="{escape(json.dumps(_public(settings)))}">'
    return File.of(TYPES[".html"], text.replace("</head>", "\n".join([config, *modules, "</head>"])).encode())


@cache
def release() -> str:
    """Names all files as they are together: with any change each has another address, and so may be kept for ever."""
    digest = hashlib.sha256()
    for name, file in sorted(_files().items()):
        digest.update(f"{name}\n{file.etag}\n".encode())
    return digest.hexdigest()[:12]


@cache
def _files() -> dict[str, File]:
    """By path. Nothing else is ever opened, so no path can lead out of the folder."""
    found = (path for path in sorted(FOLDER.rglob("*")) if path.suffix in TYPES)
    return {path.relative_to(FOLDER).as_posix(): File.of(TYPES[path.suffix], path.read_bytes()) for path in found}
