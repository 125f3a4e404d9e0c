"""Settings and the console over HTTP on the local stack."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.commands import campaigns
from sandbox.stack.stack import Stack
from tests.integration.over_http import CALL_SECONDS
from tests.support.documents import example

pytestmark = pytest.mark.stack
EXAMPLE = example()


def call(http: requests.Session, stack: Stack, method: str, path: str, person: str = "mara", **more: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {stack.token(person)}", **more.pop("headers", {})}
    return http.request(method, stack.url + path, headers=headers, timeout=CALL_SECONDS, **more)


def of_this_campaign(saved: requests.Response) -> list[dict[str, str]]:
    """The warnings but for those that name another campaign: other tests share the stack."""
    return [warning for warning in saved.json()["warnings"] if "is also written by" not in warning["message"]]


def test_settings_are_saved_read_and_kept_as_versions(stack: Stack, http: requests.Session) -> None:
    document = {**EXAMPLE, "campaign_id": 901, "status": "draft"}
    saved = call(http, stack, "PUT", "/api/campaigns/901", json=document)

    assert saved.status_code == 201
    assert saved.headers["ETag"] == '"1"'
    assert of_this_campaign(saved) == []

    read = call(http, stack, "GET", "/api/campaigns/901")
    assert read.status_code == 200
    assert read.headers["ETag"] == '"1"'
    assert read.json() == document

    again = {**document, "name": "Zoë's friends 🎉"}
    assert call(http, stack, "PUT", "/api/campaigns/901", json=again).status_code == 428
    assert call(http, stack, "PUT", "/api/campaigns/901", json=again, headers={"If-Match": '"1"'}).status_code == 200

    stale = call(http, stack, "PUT", "/api/campaigns/901", json=document, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["current"]) == (412, {"version": 2, "document": again})

    versions = call(http, stack, "GET", "/api/campaigns/901/versions").json()["items"]
    assert [(row["version"], row["saved_by"]) for row in versions] == [(2, "mara@example.com"), (1, "mara@example.com")]
    assert 901 in [row["campaign_id"] for row in call(http, stack, "GET", "/api/campaigns").json()["items"]]


def test_the_example_fits_the_stand_in_and_a_wrong_attribute_does_not(stack: Stack, http: requests.Session) -> None:
    document = {**EXAMPLE, "campaign_id": 902}
    rows = [*EXAMPLE["person_invited"]["mapping"], {"from": "code", "to": "custom_attributes.nowhere"}]
    wrong = {**document, "person_invited": {**EXAMPLE["person_invited"], "mapping": rows}}

    refused = call(http, stack, "PUT", "/api/campaigns/902", json=wrong)

    assert refused.status_code == 422
    assert [error["place"] for error in refused.json()["errors"]] == ["person_invited.mapping[7].to"]

    saved = call(http, stack, "PUT", "/api/campaigns/902", json=document)
    assert (saved.status_code, of_this_campaign(saved)) == (201, [])


def test_without_a_token_nobody_comes_in(stack: Stack, http: requests.Session) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        answer = http.get(f"{stack.url}/api/campaigns", headers=headers, timeout=CALL_SECONDS)
        assert answer.status_code == 401


def test_an_outsider_is_refused(stack: Stack, http: requests.Session) -> None:
    answer = call(http, stack, "GET", "/api/campaigns", person="otto")
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/problem+json")


def test_the_description_is_served(stack: Stack, http: requests.Session) -> None:
    assert "/api/campaigns/{id}" in call(http, stack, "GET", "/api/openapi.json").json()["paths"]


def test_files_are_loaded_by_the_command(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "903.json"
    path.write_text(json.dumps({**EXAMPLE, "campaign_id": 903, "status": "draft"}))

    monkeypatch.setenv("API_TOKEN", stack.token())

    options = ["--url", stack.url]
    assert campaigns.main(["load", str(path), "--yes", *options]) == 0
    assert "saved as version 1" in capsys.readouterr().out
    assert campaigns.main(["diff", str(path), *options]) == 0
    assert campaigns.main(["delete", "903", "--yes", *options]) == 0
    assert campaigns.main(["diff", str(path), *options]) == 1


def test_the_console_is_public_and_knows_its_sign_in(stack: Stack, http: requests.Session) -> None:
    page = http.get(f"{stack.url}/", timeout=CALL_SECONDS)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f"connect-src 'self' {stack.issuer_url};" in page.headers["Content-Security-Policy"]

    found = re.search(r'src="(/console/[0-9a-f]{12}/app\.js)"', page.text)
    assert found is not None

    script = http.get(f"{stack.url}{found[1]}", timeout=CALL_SECONDS)
    assert (script.status_code, script.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")

    config = http.get(f"{stack.url}/console/config.json", timeout=CALL_SECONDS).json()
    assert config["issuer"] == stack.issuer_url
    assert http.get(f"{stack.url}/console/handler.py", timeout=CALL_SECONDS).status_code == 404
