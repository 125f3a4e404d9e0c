"""`python -m sandbox campaigns`: a diff first, then the API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.commands import campaign_places, campaigns
from tests.support.builders import App
from tests.support.console_api import Console
from tests.support.deployed import ARN, AppDeployment, Aws
from tests.support.documents import campaign_document

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

    def call(_: campaign_places.ApiPlace, method: str, campaign_id: int, path: str = "", **more: Any) -> Response:
        headers = {name.lower().replace("-", "_"): value for name, value in more.get("headers", {}).items()}
        return Response(api.call(method, f"/api/campaigns/{campaign_id}{path}", more.get("json"), **headers))

    monkeypatch.setattr(campaign_places.ApiPlace, "_call", call)
    monkeypatch.setenv("API_TOKEN", "t")

    def play(command: str, *documents: Json | str, answer: str = "y", options: tuple[str, ...] = ()) -> int:
        paths = []
        for document in documents:
            path = tmp_path / (f"{document['campaign_id']}.json" if isinstance(document, dict) else "0.json")
            path.write_text(document if isinstance(document, str) else json.dumps(document))
            paths.append(str(path))
        arguments = [command, *paths, "--url", "https://api.example.com", *options]
        return campaigns.main(arguments, ask=lambda _: answer)

    return play


def test_a_new_campaign_is_shown_then_saved_once(run: Any, api: Any, document: Json, capsys: Any) -> None:
    assert run("diff", document) == 1
    assert "1.json: new" in capsys.readouterr().out
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


def test_another_deployment_needs_a_token_in_the_environment(
    capsys: Any, tmp_path: Path, document: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("API_TOKEN", raising=False)
    path = tmp_path / "1.json"
    path.write_text(json.dumps(document))

    assert campaigns.main(["diff", str(path), "--url", "https://api.example.com"]) == 2
    assert "API_TOKEN in the environment" in capsys.readouterr().err

    with pytest.raises(SystemExit):  # it would stay in the shell's history
        campaigns.main(["diff", str(path), "--url", "https://api.example.com", "--token", "t"])


def test_a_file_is_named_by_its_campaign(capsys: Any, tmp_path: Path, document: Json) -> None:
    path = tmp_path / "friends.json"
    path.write_text(json.dumps(document))
    assert campaigns.main(["diff", str(path), "--url", "https://api.example.com"]) == 2
    assert "rename the file to 1.json" in capsys.readouterr().err


def test_a_campaign_is_deleted_after_it_was_said_what_that_means(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    console = Console()
    console.app.configure(status="paused")

    def call(_: campaign_places.ApiPlace, method: str, campaign_id: int, path: str = "", **more: Any) -> Response:
        headers = {name.lower(): value for name, value in more.get("headers", {}).items()}
        return Response(console.call(method, f"/api/campaigns/{campaign_id}{path}", **headers))

    monkeypatch.setattr(campaign_places.ApiPlace, "_call", call)
    monkeypatch.setenv("API_TOKEN", "t")

    def delete(answer: str) -> int:
        return int(campaigns.main(["delete", "1", "--url", "https://api.example.com"], ask=lambda _: answer))

    assert delete("n") == 1

    shown = capsys.readouterr().out
    assert "Nothing is deleted in Referral Factory or Intercom." in shown
    assert "Nothing was deleted." in shown
    assert delete("y") == 0
    assert "campaigns/1.json as well" in capsys.readouterr().out
    assert console.app.environment.campaigns.find(1) is None
    assert delete("y") == 2


# -- on AWS, with the operator's credentials --------------------------------------------------------------------------


@pytest.fixture
def on_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command with ``--stack x`` on an app's stack; no HTTP but the vendors'."""
    app = App()
    aws = Aws(app)
    place = campaign_places.StackPlace("x", aws)
    place._deployment = AppDeployment(app, aws)
    monkeypatch.setattr(campaigns, "StackPlace", lambda _: place)

    def play(command: str, document: Json, *options: str, answer: str = "y") -> int:
        path = tmp_path / f"{document['campaign_id']}.json"
        path.write_text(json.dumps(document))
        return campaigns.main([command, str(path), "--stack", "x", *options], ask=lambda _: answer)

    play.app = app  # type: ignore[attr-defined]
    return play


def test_with_aws_credentials_no_token_is_needed(on_aws: Any, capsys: Any) -> None:
    document = campaign_document()

    assert on_aws("diff", document) == 1
    assert on_aws("load", document, "--yes", answer="no") == 0
    assert "1.json: saved as version 1" in capsys.readouterr().out
    assert on_aws("diff", document) == 0

    (saved,) = on_aws.app.environment.campaigns.versions(1)
    assert (saved.saved_by, saved.document) == (ARN, document)
    assert "Saved version 1 of campaign 1 (active)." in [row.what for row in on_aws.app.environment.audit.list(10).items]


def test_what_the_api_refuses_is_refused_with_aws_credentials_too(on_aws: Any, capsys: Any) -> None:
    wrong = campaign_document(person_invited={"mapping": [{"from": "first_name", "to": "custom_attributes.nowhere"}]})

    assert on_aws("load", wrong) == 2

    said = capsys.readouterr().err
    assert "person_invited.mapping" in said
    assert "nowhere" in said
    assert on_aws("load", {**campaign_document(), "colour": "red"}) == 2
    assert on_aws.app.environment.campaigns.find(1) is None


def test_somebody_who_saved_in_between_is_not_overwritten_with_aws_credentials(on_aws: Any) -> None:
    on_aws("load", campaign_document())
    changed = campaign_document(name="Ours")
    change = campaigns.StackPlace("x").compare(Path("1.json"), changed)
    on_aws.app.configure(name="Theirs again")

    with pytest.raises(campaigns.StackError, match="changed meanwhile"):
        campaigns.StackPlace("x").save(change)
    assert on_aws.app.environment.campaigns.get(1).name == "Theirs again"


def test_deleting_with_aws_credentials_is_in_the_audit(on_aws: Any) -> None:
    document = campaign_document(status="paused")
    on_aws("load", document)

    assert on_aws("delete", document, answer="n") == 1
    assert on_aws("delete", document) == 0
    assert on_aws.app.environment.campaigns.find(1) is None

    (newest, *_) = on_aws.app.environment.audit.list(10).items
    assert (newest.who, newest.what) == (ARN, "Deleted the settings of campaign 1 (version 1).")

    on_aws("load", campaign_document())

    assert on_aws("delete", campaign_document()) == 2, "it is active"
