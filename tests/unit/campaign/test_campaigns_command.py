"""`python -m sandbox campaigns`: a diff first, then the API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.commands import campaigns

Json = dict[str, Any]


class Response:
    def __init__(self, answer: Any) -> None:
        self.status_code, self.reason = answer.status, ""
        self.headers = {name.title().replace("Etag", "ETag"): value for name, value in answer.headers.items()}
        self._answer = answer

    def json(self) -> Any:
        return self._answer.json


@pytest.fixture
def run(api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command on files with these documents; HTTP goes straight to the handler."""

    def call(_: campaigns.Api, method: str, document: Json, **more: Any) -> Response:
        headers = {name.lower(): value for name, value in more.get("headers", {}).items()}
        return Response(api.call(method, f"/api/campaigns/{document['campaign_id']}", more.get("json"), **headers))

    monkeypatch.setattr(campaigns.Api, "_call", call)

    def play(command: str, *documents: Json | str, answer: str = "y", options: tuple[str, ...] = ()) -> int:
        paths = []
        for number, document in enumerate(documents):
            path = tmp_path / f"{number}.json"
            path.write_text(document if isinstance(document, str) else json.dumps(document))
            paths.append(str(path))
        arguments = [command, *paths, "--url", "https://api.example.com", "--token", "t", *options]
        return campaigns.main(arguments, ask=lambda _: answer)

    return play


def test_a_new_campaign_is_shown_then_saved_once(run: Any, api: Any, document: Json, capsys: Any) -> None:
    assert run("diff", document) == 1
    assert "0.json: new" in capsys.readouterr().out
    assert run("load", document) == 0
    assert "saved as version 1" in capsys.readouterr().out
    assert run("diff", document) == 0
    assert run("load", document) == 0
    assert api.call("GET", "/api/campaigns/1").headers["etag"] == '"1"'


def test_a_change_is_shown_line_by_line(run: Any, document: Json, capsys: Any) -> None:
    run("load", document)
    capsys.readouterr()
    assert run("diff", {**document, "status": "paused"}) == 1
    shown = capsys.readouterr().out.splitlines()
    assert '-  "status": "active",' in shown
    assert '+  "status": "paused",' in shown
    assert not any("mapping" in line and line[0] in "+-" for line in shown)


def test_nothing_is_saved_without_a_yes(run: Any, api: Any, document: Json) -> None:
    assert run("load", document, answer="") == 1
    assert api.call("GET", "/api/campaigns/1").status == 404
    assert run("load", document, answer="", options=("--yes",)) == 0
    assert api.call("GET", "/api/campaigns/1").status == 200


def test_problems_are_shown_by_place_and_the_others_are_saved(run: Any, api: Any, document: Json, capsys: Any) -> None:
    wrong = {**document, "campaign_id": 2, "person_invited": {**document["person_invited"], "mapping": []}}
    assert run("load", wrong, document) == 2
    assert "  person_invited.mapping: E-mail is not mapped" in capsys.readouterr().err
    assert [row["campaign_id"] for row in api.call("GET", "/api/campaigns").json["items"]] == [1]


@pytest.mark.parametrize("text", ["{", '{"campaign_id": 1, "campaign_id": 2}', '{"name": "x"}', '{"campaign_id": "1"}'])
def test_a_file_that_cannot_be_read_is_named(run: Any, text: str, capsys: Any) -> None:
    assert run("diff", text) == 2
    assert "0.json: " in capsys.readouterr().err


def test_another_deployment_needs_a_token(capsys: Any, tmp_path: Path, document: Json) -> None:
    path = tmp_path / "1.json"
    path.write_text(json.dumps(document))
    assert campaigns.main(["diff", str(path), "--url", "https://api.example.com"]) == 2
    assert "--token" in capsys.readouterr().err
