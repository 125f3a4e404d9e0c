"""The local sign-in: code flow with PKCE, tokens, and what it refuses."""

from __future__ import annotations

import base64
import hashlib
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests

from sandbox.issuer import Issuer
from sandbox.tokens import ADMIN_GROUP, CLIENT_ID

VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
RETURN = "http://127.0.0.1:8000/"


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    running = Issuer(0, tmp_path / "key.pem", 8000)
    yield running
    running.stop()


def _ask(issuer: Issuer, **changes: str) -> requests.Response:
    query = {
        "client_id": CLIENT_ID,
        "redirect_uri": RETURN,
        "response_type": "code",
        "scope": "openid email profile",
        "state": "a state",
        "nonce": "a nonce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return requests.get(f"{issuer.url}/authorize", params=query, allow_redirects=False, timeout=10)


def _code(issuer: Issuer, person: str = "mara") -> str:
    answer = _ask(issuer, person=person)
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["state"] == ["a state"]
    return query["code"][0]


def _redeem(issuer: Issuer, code: str, **changes: str) -> requests.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": CLIENT_ID,
        "redirect_uri": RETURN,
        "code_verifier": VERIFIER,
        **changes,
    }
    return requests.post(f"{issuer.url}/token", data=form, timeout=10)


def _verify(issuer: Issuer, token: str) -> dict[str, object]:
    described = requests.get(f"{issuer.url}/.well-known/openid-configuration", timeout=10).json()
    assert described["issuer"] == issuer.url
    keys = {key["kid"]: key for key in requests.get(described["jwks_uri"], timeout=10).json()["keys"]}
    key = jwt.PyJWK(keys[jwt.get_unverified_header(token)["kid"]])
    return dict(jwt.decode(token, key, algorithms=["RS256"], audience=CLIENT_ID, issuer=issuer.url))


def test_the_picker_offers_both_people_and_keeps_the_question(issuer: Issuer) -> None:
    page = _ask(issuer, state='"><script>')

    assert page.status_code == 200
    assert "Mara Marketer" in page.text
    assert "Otto Outsider" in page.text
    assert "<script>" not in page.text
    assert CHALLENGE in page.text


def test_a_code_gives_tokens_that_discovery_lets_one_verify(issuer: Issuer) -> None:
    answer = _redeem(issuer, _code(issuer))

    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers

    identity = _verify(issuer, answer.json()["id_token"])
    assert identity["nonce"] == "a nonce"

    for claims in (identity, _verify(issuer, answer.json()["access_token"])):
        assert claims["email"] == "mara@example.com"
        assert claims["name"] == "Mara Marketer"
        assert claims["groups"] == [ADMIN_GROUP]
        assert int(str(claims["exp"])) - int(str(claims["iat"])) == 3600


def test_the_outsider_is_in_no_group(issuer: Issuer) -> None:
    token = _redeem(issuer, _code(issuer, "otto")).json()["access_token"]
    assert _verify(issuer, token)["groups"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"code_verifier": "another-verifier-of-at-least-forty-three-chars"},
        {"code_verifier": ""},
        {"client_id": "another"},
        {"redirect_uri": "http://127.0.0.1:8001/"},
    ],
)
def test_a_code_is_no_good_with_anything_wrong_and_is_spent(issuer: Issuer, wrong: dict[str, str]) -> None:
    code = _code(issuer)
    assert _redeem(issuer, code, **wrong).status_code == 400
    assert _redeem(issuer, code).status_code == 400
    assert _redeem(issuer, "unknown").status_code == 400


def test_a_code_works_once(issuer: Issuer) -> None:
    code = _code(issuer)
    assert _redeem(issuer, code).status_code == 200
    assert _redeem(issuer, code).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "another"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "http://127.0.0.1.evil.example/"},
        {"redirect_uri": "http://127.0.0.1@evil.example/"},
        {"response_type": "token"},
        {"code_challenge_method": "plain"},
        {"code_challenge": ""},
    ],
)
def test_a_wrong_question_is_refused_on_the_page(issuer: Issuer, wrong: dict[str, str]) -> None:
    assert _ask(issuer, person="mara", **wrong).status_code == 400


def test_browsers_may_ask_from_the_console(issuer: Issuer) -> None:
    answer = requests.options(f"{issuer.url}/token", headers={"Origin": "http://127.0.0.1:8000"}, timeout=10)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "http://127.0.0.1:8000"


def test_no_other_page_may_sign_anybody_in(issuer: Issuer) -> None:
    for headers in ({"Origin": "https://evil.example.com"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example.com"}):
        answer = requests.get(f"{issuer.url}/authorize", headers=headers, timeout=10)
        assert answer.status_code == 403
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_key_is_kept_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "key.pem"
    first = Issuer(0, path)
    first.stop()
    second = Issuer(0, path)

    second.stop()

    assert first.signer.key_id == second.signer.key_id
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["key.pem"]
