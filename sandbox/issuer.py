"""The local sign-in: an OpenID Connect issuer with a page to pick a person on. For one machine only; there are no passwords.

Code flow with PKCE (S256) for a public client. Its key stays in a file: API Gateway's stand-in keeps keys for two hours.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from sandbox.guard import is_allowed
from sandbox.stack.ports import HOST
from sandbox.tokens import CLIENT_ID, PEOPLE, TOKEN_SECONDS, Signer, load_key

CODE_SECONDS = 300
MAX_FORM = 16 * 1024
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Issuer:
    """The running issuer; ``stop`` ends it."""

    def __init__(self, port: int, key_path: Path, application: int = 0) -> None:
        """``application``: the port whose pages may ask for tokens; no other page may."""
        self._http = _Server((HOST, port), _Handler)
        self._http.application = application
        self.url = f"http://{HOST}:{self._http.server_address[1]}"
        self.signer = Signer(load_key(key_path), self.url)
        self._http.signer = self.signer
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.1}, name="issuer", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Safe to call twice."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)


@dataclass(frozen=True, slots=True)
class _Grant:
    person: str
    client: str
    redirect: str
    challenge: str
    nonce: str | None
    until: float


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    signer: Signer
    application: int

    def __init__(self, *arguments: Any) -> None:
        self.grants: dict[str, _Grant] = {}
        self.renewals: dict[str, str] = {}
        self.lock = threading.Lock()
        super().__init__(*arguments)

    def grant(self, grant: _Grant) -> str:
        code = secrets.token_urlsafe(24)
        with self.lock:
            self.grants = {key: kept for key, kept in self.grants.items() if kept.until > time.monotonic()}
            self.grants[code] = grant
        return code

    def redeem(self, form: dict[str, str]) -> _Grant | None:
        """The grant of a code, once only; None when anything about it is wrong."""
        with self.lock:
            grant = self.grants.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "").encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        if (
            grant is None
            or grant.until < time.monotonic()
            or grant.client != form.get("client_id")
            or grant.redirect != form.get("redirect_uri")
            or not secrets.compare_digest(grant.challenge, challenge)
        ):
            return None
        return grant

    def renewal(self, person: str) -> str:
        """What renews a sign-in of that person, once."""
        token = secrets.token_urlsafe(24)
        with self.lock:
            self.renewals[token] = person
        return token

    def renew(self, form: dict[str, str]) -> str | None:
        """Whose sign-in is renewed; None for a token that is not known, or was used."""
        with self.lock:
            return self.renewals.pop(form.get("refresh_token", ""), None) if form.get("client_id") == CLIENT_ID else None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Server

    def parse_request(self) -> bool:
        """Whether to go on: what another web page asks is refused."""
        if not super().parse_request():
            return False
        port = self.server.server_address[1]
        if is_allowed(self.command, self.headers.items(), port, [self.server.application]):
            return True
        self.close_connection = True
        self._answer(403, {"error": "access_denied"})
        return False

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(target.query).items()}
        if target.path == "/.well-known/openid-configuration":
            self._answer(200, _describe(self.server.signer.issuer))
        elif target.path in ("/keys", "/.well-known/jwks.json"):
            self._answer(200, {"keys": [self.server.signer.public]})
        elif target.path == "/authorize":
            self._authorize(query)
        elif target.path == "/logout":
            self._log_out(query)
        elif target.path == "/":  # whoever clicks the address that make run prints wants to sign in
            self._answer(302, None, {"Location": f"http://{HOST}:{self.server.application}/"})
        else:
            self._answer(404, {"error": "not_found"})

    def do_OPTIONS(self) -> None:
        self._answer(204, None, {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Allow-Headers": "*"})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_FORM:
            self.close_connection = True
            self._answer(413, {"error": "invalid_request"})
            return
        form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode(errors="replace")).items()}
        if self.path != "/token":
            self._answer(404, {"error": "not_found"})
        elif form.get("grant_type") == "refresh_token":
            self._give(self.server.renew(form), None)
        elif form.get("grant_type") != "authorization_code":
            self._answer(400, {"error": "unsupported_grant_type"})
        else:
            grant = self.server.redeem(form)
            self._give(grant.person if grant else None, grant.nonce if grant else None)

    def _give(self, person: str | None, nonce: str | None) -> None:
        """Tokens of that person; None: what was presented is good for nobody."""
        if person is None:
            self._answer(400, {"error": "invalid_grant"})
            return
        signer = self.server.signer
        self._answer(
            200,
            {
                "access_token": signer.issue(person, scope="openid profile email", client_id=CLIENT_ID),
                "id_token": signer.issue(person, nonce=nonce),
                "refresh_token": self.server.renewal(person),
                "token_type": "Bearer",
                "expires_in": TOKEN_SECONDS,
            },
        )

    def _authorize(self, query: dict[str, str]) -> None:
        problem = _find_problem(query)
        if problem:
            self._answer(400, f"<!doctype html><title>Sign in</title><p>{html.escape(problem)}</p>")
            return
        person = query.get("person")
        if person not in PEOPLE:
            self._answer(200, _render_picker(query))
            return
        code = self.server.grant(
            _Grant(
                person,
                query["client_id"],
                query["redirect_uri"],
                query["code_challenge"],
                query.get("nonce"),
                time.monotonic() + CODE_SECONDS,
            )
        )
        answer = {"code": code, "iss": self.server.signer.issuer} | ({"state": query["state"]} if "state" in query else {})
        joint = "&" if "?" in query["redirect_uri"] else "?"
        self._answer(302, None, {"Location": f"{query['redirect_uri']}{joint}{urlencode(answer)}"})

    def _log_out(self, query: dict[str, str]) -> None:
        target = query.get("post_logout_redirect_uri") or query.get("logout_uri") or ""
        if _is_local(target):
            self._answer(302, None, {"Location": target})
        else:
            self._answer(200, "<!doctype html><title>Signed out</title><p>You are signed out.</p>")

    def _answer(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        page = isinstance(content, str)
        body = b"" if content is None else content.encode() if page else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "text/html; charset=utf-8" if page else "application/json",
            **({"Access-Control-Allow-Origin": self.headers["Origin"], "Vary": "Origin"} if self._is_friend(status) else {}),
            "Cache-Control": "no-store",
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _is_friend(self, status: int) -> bool:
        return status != 403 and "Origin" in self.headers

    def log_message(self, *_: object) -> None:
        pass


def _find_problem(query: dict[str, str]) -> str:
    if query.get("client_id") != CLIENT_ID:
        return f"Unknown client_id; this issuer knows {CLIENT_ID}."
    if not _is_local(query.get("redirect_uri", "")):
        return "redirect_uri must be an address on this machine."
    if query.get("response_type") != "code":
        return "response_type must be code."
    if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
        return "PKCE with S256 is needed (code_challenge, code_challenge_method)."
    return ""


def _is_local(address: str) -> bool:
    parts = urlsplit(address)
    host = parts.netloc.rpartition(":")[0] if parts.port else parts.netloc
    return parts.scheme == "http" and host in LOOPBACK and "\r" not in address and "\n" not in address


def _describe(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/keys",
        "end_session_endpoint": f"{issuer}/logout",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "scopes_supported": ["openid", "profile", "email"],
    }


def _render_picker(query: dict[str, str]) -> str:
    fields = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in query.items()
        if name != "person"
    )
    buttons = "".join(
        f'<p><button name="person" value="{person.key}">{html.escape(person.name)}</button> {html.escape(person.email)}, '
        f"{html.escape(', '.join(person.groups)) or 'in no group'}</p>"
        for person in PEOPLE.values()
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Sign in</title><style>body{font:16px/1.5 system-ui;max-width:32rem;margin:4rem auto;padding:0 1rem}"
        "button{font:inherit;padding:.5rem 1rem}</style><h1>Sign in (this machine only)</h1><p>Who are you?</p>"
        f'<form action="/authorize">{fields}{buttons}</form></html>'
    )
