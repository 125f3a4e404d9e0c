"""The console's files: a closed list, served with a strict policy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.console import handler
from shared.version import VERSION

ROOT = Path(__file__).parents[3]
FILES = ROOT / "functions" / "console" / "files"
EACH_FILE = [path for path in sorted(FILES.rglob("*")) if path.is_file()]
ISSUER = "https://issuer.example.com/realm"


@pytest.fixture(autouse=True, scope="module")
def _settings() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    values = {
        "STAGE": "local",
        "OIDC_ISSUER": ISSUER,
        "OIDC_CLIENT_ID": "console",
        "OIDC_SCOPES": "openid email",
        "SIGN_IN_URL": "",
    }
    for name, value in values.items():
        patch.setenv(name, value)
    handler._settings.cache_clear()
    yield
    handler._settings.cache_clear()
    patch.undo()


def call(path: str, method: str = "GET", **headers: str) -> dict[str, Any]:
    event = {"rawPath": path, "headers": headers, "requestContext": {"http": {"method": method, "path": path}}}
    return handler.lambda_handler(event, None)


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "events").glob("console_*.json")))
def test_each_sample_event_is_answered(name: str) -> None:
    assert handler.lambda_handler(json.loads((ROOT / "events" / f"{name}.json").read_text()), None)["statusCode"] == 200


def test_the_page_is_at_the_root_and_every_file_under_console() -> None:
    assert call("/")["body"] == (FILES / "index.html").read_text()
    for path in EACH_FILE:
        answer = call(f"/console/{path.relative_to(FILES).as_posix()}")
        assert (answer["statusCode"], answer["body"], answer["isBase64Encoded"]) == (200, path.read_text(), False)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("app.js", "text/javascript; charset=utf-8"),
        ("parts/style.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("config.json", "application/json"),
    ],
)
def test_types_are_right(name: str, kind: str) -> None:
    headers = call(f"/console/{name}")["headers"]
    assert (headers["content-type"], headers["x-content-type-options"]) == (kind, "nosniff")


def test_a_known_file_is_answered_304() -> None:
    etag = call("/console/app.js")["headers"]["etag"]
    again = call("/console/app.js", **{"if-none-match": f"W/{etag}"})
    assert (again["statusCode"], again["body"], again["headers"]["etag"]) == (304, "", etag)
    assert again["headers"]["cache-control"] == "no-cache"


def test_head_has_the_headers_and_no_body() -> None:
    got, head = call("/"), call("/", "HEAD")
    assert (head["statusCode"], head["body"], head["headers"]) == (200, "", got["headers"])


def test_nothing_else_is_a_method() -> None:
    assert call("/", "POST")["statusCode"] == 405


def test_the_configuration_has_public_values_only() -> None:
    assert json.loads(call("/console/config.json")["body"]) == {
        "issuer": ISSUER,
        "client_id": "console",
        "scopes": "openid email",
        "version": VERSION,
    }


@pytest.mark.parametrize(
    "path",
    [
        "/console/",
        "/console/../handler.py",
        "/console/..%2Fhandler.py",
        "/console/files/app.js",
        "/console/./app.js",
        "/console//etc/passwd",
        "/console/app.js/",
        "/console/app.js\x00",
        "/app.js",
        "/index.html",
        "",
        "/CONSOLE/app.js",
    ],
)
def test_no_path_leads_elsewhere(path: str) -> None:
    assert call(path)["statusCode"] == (200 if path == "" else 404)


@given(st.text() | st.lists(st.sampled_from(["..", ".", "/", "%2e", "\\", "app.js", "handler.py", "console"])).map("/".join))
def test_any_path_is_a_file_of_the_list_or_404(path: str) -> None:
    answer = call(f"/console/{path}")
    is_listed = path in {"config.json", *handler._files()}
    assert answer["statusCode"] == (200 if is_listed else 404)


def test_the_policy_allows_this_origin_and_the_issuer_only() -> None:
    for path in ("/", "/console/app.js", "/console/none"):
        policy = call(path)["headers"]["content-security-policy"]
        assert "default-src 'self'; connect-src 'self' https://issuer.example.com;" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


def test_cognito_has_its_token_endpoint_elsewhere() -> None:
    issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf"
    own = "https://referrals-1.auth.eu-central-1.amazoncognito.com"
    assert handler.sign_in_origins(issuer, own) == ["https://cognito-idp.eu-central-1.amazonaws.com", own]
    assert "*" not in handler.content_security_policy(issuer, own)
    assert handler.sign_in_origins("https://cognito-idp.eu-central-1.amazonaws.com.example.com/x") == [
        "https://cognito-idp.eu-central-1.amazonaws.com.example.com"
    ]


def test_no_file_needs_more_than_the_policy_allows() -> None:
    page = (FILES / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", page)
    for path in EACH_FILE:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://", text), path.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), path.name


def test_what_the_page_names_is_there() -> None:
    named = {name for path in EACH_FILE for name in _named(path)}
    assert named <= {*handler._files(), "config.json"}
    assert {"app.js", "parts/signin.js", "parts/api.js", "parts/style.css", "icon.svg", "config.json"} <= named


def _named(path: Path) -> Iterator[str]:
    """The addresses a file names, as paths in the folder of files."""
    for start, name in re.findall(r'"(/console|\.{1,2})/([\w./]+\.\w+)"', path.read_text()):
        base = FILES if start == "/console" else path.parent / start
        yield (base / name).resolve().relative_to(FILES).as_posix()
