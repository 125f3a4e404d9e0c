"""Serves the console's files: a closed list, without permissions and without secrets."""

from __future__ import annotations

import hashlib
import json
import sys
from functools import cache
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
REVALIDATE = "no-cache"  # names carry no hash, so each use asks; an unchanged file costs a 304


def lambda_handler(event: Event, _: object) -> dict[str, Any]:
    """GET and HEAD of a file; 404 for every other name."""
    settings = _settings()
    request = HttpRequest.of({**event, "body": None})
    answer = _answer(request, settings)
    headers = {**answer.headers, "content-security-policy": content_security_policy(settings.oidc_issuer, settings.sign_in_url)}
    body = b"" if request.method == "HEAD" or answer.status == 304 else answer.body
    # By hand: the logger of the other functions would make this one's cold start half as long again.
    line = {"level": "INFO", "message": "file answered", "method": request.method, "status": answer.status}
    line |= {"request_id": event.get("requestContext", {}).get("requestId", "")}
    sys.stdout.write(json.dumps(line) + "\n")
    return HttpAnswer(answer.status, headers, body if isinstance(body, str) else body.decode("utf-8")).event()


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
        return json_answer(
            200,
            {
                "issuer": settings.oidc_issuer,
                "client_id": settings.oidc_client_id,
                "scopes": settings.oidc_scopes,
                "version": VERSION,
            },
            {"cache-control": REVALIDATE},
        )
    name = "index.html" if request.path == "/" else request.path.removeprefix(PREFIX)
    file = _files().get(name) if request.path == "/" or request.path.startswith(PREFIX) else None
    if file is None:
        return problem(404, "Not found", "There is no such file.")
    kind, content, etag = file
    headers = {"content-type": kind, "etag": etag, "cache-control": REVALIDATE}
    return HttpAnswer(304, headers) if etag in request.header("if-none-match") else HttpAnswer(200, headers, content)


@cache
def _settings() -> Settings:
    return settings_of_process("console")


@cache
def _files() -> dict[str, tuple[str, bytes, str]]:
    """Type, content and ETag by path. Nothing else is ever opened, so no path can lead out of the folder."""
    files: dict[str, tuple[str, bytes, str]] = {}
    for path in FOLDER.rglob("*"):
        if path.suffix in TYPES:
            content = path.read_bytes()
            files[path.relative_to(FOLDER).as_posix()] = (
                TYPES[path.suffix],
                content,
                f'"{hashlib.sha256(content).hexdigest()[:32]}"',
            )
    return files
