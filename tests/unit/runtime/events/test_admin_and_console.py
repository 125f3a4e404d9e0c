"""Samples of what a browser asks for: the admin API and the console."""

from __future__ import annotations

from typing import Any

from tests.support.builders import App
from tests.support.documents import campaign_document
from tests.unit.runtime.events.playing import body, invoke, new_app, sample, start_run


@sample("admin_api_list_campaigns")
def test_admin_lists_campaigns(app: App, event: dict[str, Any]) -> None:
    answer = invoke(app, "admin_api", event)
    assert [row["campaign_id"] for row in body(answer)["items"]] == [1]


@sample("admin_api_get_campaign")
def test_admin_reads_settings(app: App, event: dict[str, Any]) -> None:
    answer = invoke(app, "admin_api", event)
    assert (answer["statusCode"], answer["headers"]["etag"]) == (200, '"1"')
    assert body(answer) == campaign_document()


@sample("admin_api_head_campaign")
def test_admin_answers_head_without_a_body(app: App, event: dict[str, Any]) -> None:
    answer = invoke(app, "admin_api", event)
    assert answer["statusCode"] == 200
    assert answer["headers"]["etag"] == '"1"'
    assert answer["body"] == ""


@sample("admin_api_put_campaign")
def test_admin_saves_the_next_version(app: App, event: dict[str, Any]) -> None:
    answer = invoke(app, "admin_api", event)
    assert (answer["statusCode"], body(answer)["version"]) == (200, 2)
    assert body(answer)["warnings"] == []


@sample("admin_api_put_new_campaign")
def test_admin_saves_a_new_campaign_only_once(app: App, event: dict[str, Any]) -> None:
    fresh = new_app()
    assert invoke(fresh, "admin_api", event)["statusCode"] == 201
    assert fresh.environment.campaigns.find(1) is not None
    assert invoke(app, "admin_api", event)["statusCode"] == 412


@sample("admin_api_get_versions")
def test_admin_lists_versions(app: App, event: dict[str, Any]) -> None:
    assert [row["version"] for row in body(invoke(app, "admin_api", event))["items"]] == [1]


@sample("admin_api_oauth_callback")
def test_a_strangers_way_back_from_intercom_is_a_page(app: App, event: dict[str, Any]) -> None:
    answer = invoke(app, "admin_api", event)
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (409, "text/html; charset=utf-8")


@sample("admin_api_start_sync")
def test_admin_starts_one_run_at_a_time(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "admin_api", event)["statusCode"] == 422, "the campaign has no sync"

    app.configure(sync={**campaign_document()["sync"], "mode": "once"})
    answer = invoke(app, "admin_api", event)
    assert (answer["statusCode"], body(answer)["state"]) == (202, "queued")
    assert len(app.queued("sync")) == 1
    assert invoke(app, "admin_api", event)["statusCode"] == 409


@sample("admin_api_list_syncs", "admin_api_get_sync", "admin_api_cancel_sync")
def test_admin_sees_runs_and_cancels_them(app: App, event: dict[str, Any]) -> None:
    start_run(app)
    answer = invoke(app, "admin_api", event)
    assert answer["statusCode"] == 200

    run = body(answer)["items"][0] if event["rawPath"].endswith("syncs") else body(answer)
    expected = "cancelled" if event["rawPath"].endswith("cancel") else "queued"
    assert (run["run_id"], run["state"]) == ("1795305600", expected)


@sample("admin_api_get_openapi")
def test_admin_describes_itself(app: App, event: dict[str, Any]) -> None:
    assert "/api/campaigns/{id}" in body(invoke(app, "admin_api", event))["paths"]


@sample("console_get_page", "console_get_file", "console_get_config")
def test_console_serves_its_files(app: App, event: dict[str, Any]) -> None:
    answer = invoke(app, "console", event)
    assert answer["statusCode"] == 200
    expected = {"/": "<html", "/console/app.js": "import", "/console/config.json": "local-console"}[event["rawPath"]]
    assert expected in answer["body"]
