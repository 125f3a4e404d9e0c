"""The console's files: a closed list, served with a strict policy."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.admin_api.routes import oauth
from functions.console import handler
from shared.version import VERSION

ROOT = Path(__file__).parents[3]
FILES = ROOT / "functions" / "console" / "files"
EACH_FILE = [path for path in sorted(FILES.rglob("*")) if path.is_file() and not path.name.endswith(".d.ts")]
"""Without the types of what is vendored, which are for the type checker."""
VENDORED = {"preact.js": "72284e8e9079c87817145df1110f74e8a2aa040b2fc384922e18dfcb46fc1fd7"}
"""SHA-256 of the files that others wrote: htm 3.1.1, ``preact/standalone.module.js``, as npm's lock file pins it."""
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


def test_every_file_is_under_the_name_of_its_release_to_be_kept_for_ever() -> None:
    for path in EACH_FILE:
        name = path.relative_to(FILES).as_posix()
        for address, kept in ((f"/console/{handler.release()}/{name}", handler.IMMUTABLE), (f"/console/{name}", "no-cache")):
            answer = call(address)
            assert answer["statusCode"] == 200
            assert answer["body"] == path.read_text()
            assert answer["isBase64Encoded"] is False
            assert answer["headers"]["cache-control"] == kept


def test_the_page_names_the_release_and_fetches_all_its_modules_at_once() -> None:
    page = call("/")

    assert page["headers"]["cache-control"] == "no-cache"

    named = set(re.findall(r'(?:href|src)="(/console/[^"]+)"', page["body"]))
    assert all(address.startswith(f"/console/{handler.release()}/") for address in named)
    assert {call(address)["statusCode"] for address in named} == {200}

    modules = {path.relative_to(FILES).as_posix() for path in EACH_FILE if path.suffix == ".js"}
    assert {address.removeprefix(f"/console/{handler.release()}/") for address in named} >= modules
    assert json.loads(unescape(re.search(r'name="config" content="([^"]+)"', page["body"])[1]))["client_id"] == "console"  # type: ignore[index]


def test_any_change_is_another_release(monkeypatch: pytest.MonkeyPatch) -> None:
    before = handler.release()
    changed = {**handler._files(), "app.js": handler.File.of(handler.TYPES[".js"], b"other")}
    monkeypatch.setattr(handler, "_files", lambda: changed)

    handler.release.cache_clear()

    assert handler.release() != before

    monkeypatch.undo()
    handler.release.cache_clear()

    assert call("/console/000000000000/app.js")["statusCode"] == 404


@pytest.mark.parametrize(
    ("accepted", "packed"), [("gzip, br", True), ("br;q=1, gzip;q=0.5", True), ("gzip;q=0", False), ("", False)]
)
def test_a_file_comes_packed_to_whoever_takes_that(accepted: str, packed: bool) -> None:
    answer = call("/console/parts/pages.css", **{"accept-encoding": accepted})

    assert ("content-encoding" in answer["headers"], answer["isBase64Encoded"]) == (packed, packed)

    body = gzip.decompress(base64.b64decode(answer["body"])).decode() if packed else answer["body"]
    assert body == (FILES / "parts" / "pages.css").read_text()
    assert answer["headers"]["vary"] == "accept-encoding"


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

    assert again["statusCode"] == 304
    assert again["body"] == ""
    assert again["headers"]["etag"] == etag
    assert again["headers"]["cache-control"] == "no-cache"


def test_head_has_the_headers_and_no_body() -> None:
    got, head = call("/"), call("/", "HEAD")
    assert head["statusCode"] == 200
    assert head["body"] == ""
    assert head["headers"] == got["headers"]


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
        if path.parent.name == "vendor":
            continue  # its bytes are known, and the browser's tests count violations of the policy
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://", text), path.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), path.name


def test_what_others_wrote_is_what_was_looked_at() -> None:
    vendored = [path for path in EACH_FILE if path.parent.name == "vendor"]
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in vendored} == VENDORED


def test_our_own_scripts_set_no_html_past_the_templates() -> None:
    """Preact sets HTML only where a template asks for it by this name; Trusted Types would stop it too."""
    for path in EACH_FILE:
        if path.suffix == ".js" and path.parent.name != "vendor":
            assert "dangerouslySetInnerHTML" not in path.read_text(), path.name


def test_what_the_page_names_is_there() -> None:
    named = {name for path in EACH_FILE for name in _named(path)}
    assert named <= {*handler._files(), "config.json"}
    assert {"app.js", "parts/signin.js", "parts/api.js", "parts/style.css", "icon.svg"} <= named


def _named(path: Path) -> Iterator[str]:
    """The addresses a file names, as paths in the folder of files."""
    for start, name in re.findall(r'"(/console|\.{1,2})/([\w./]+\.\w+)"', path.read_text()):
        base = FILES if start == "/console" else path.parent / start
        yield (base / name).resolve().relative_to(FILES).as_posix()


def test_each_name_that_a_module_imports_is_exported_where_it_says() -> None:
    modules = {path: path.read_text() for path in EACH_FILE if path.suffix == ".js"}
    missing = [
        f"{path.name}: {name} of {address}"
        for path, text in modules.items()
        for names, address in re.findall(r'import \{([^}]+)\} from "(\.[^"]+)"', text)
        for name in (each.split(" as ")[0].strip() for each in names.split(","))
        if name not in _exported(modules[(path.parent / address).resolve()])
    ]
    assert missing == []


def _exported(text: str) -> set[str]:
    listed = {name.split(" as ")[-1].strip() for names in re.findall(r"export ?\{([^}]+)\}", text) for name in names.split(",")}
    return listed | set(re.findall(r"export (?:async )?(?:const|function|class|let) (\w+)", text))


def test_the_page_of_a_refused_connection_names_styles_that_are_there() -> None:
    assert {"parts/style.css", "parts/pages.css"} == set(re.findall(r'href="/console/([^"]+)"', oauth.PAGE))
    assert "style-src 'self'" in oauth.POLICY
    assert "unsafe" not in oauth.POLICY
    for name in ("parts/style.css", "parts/pages.css"):
        assert call(f"/console/{name}")["statusCode"] == 200
