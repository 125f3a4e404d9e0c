"""A sync on the local stack: the real template, real processes, both vendors over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.commands.syncs import SyncApi, main
from sandbox.stack.stack import Stack
from tests.support.syncing import NAME_AND_EMAIL, sync_section

pytestmark = [pytest.mark.stack, pytest.mark.thorough]
CAMPAIGN = 2
PEOPLE = 26
"""One more than a worker takes at a time, so that two work."""


def intercom(stack: Stack, method: str, path: str, body: Any = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {stack.settings.intercom_token}", "Intercom-Version": "2.16"}
    headers["Accept"] = "application/json"
    answer = requests.request(method, f"{stack.intercom_url}{path}", json=body, headers=headers, timeout=20)
    answer.raise_for_status()
    document: dict[str, Any] = answer.json()
    return document


def configure(stack: Stack, section: dict[str, Any]) -> None:
    address = f"{stack.url}/api/campaigns/{CAMPAIGN}"
    headers = {"Authorization": f"Bearer {stack.token()}"}
    present = requests.get(address, headers=headers, timeout=20)
    if present.status_code == 200:
        headers["If-Match"] = present.headers["ETag"]
    document = {"campaign_id": CAMPAIGN, "name": "Partner programme", "status": "active", "sync": section}
    answer = requests.put(address, json=document, headers=headers, timeout=20)
    assert answer.status_code in (200, 201), answer.text


def to_the_end(api: SyncApi, run: dict[str, Any], seconds: float = 120) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while run["state"] not in ("done", "failed", "cancelled"):
        assert time.monotonic() < deadline, run
        time.sleep(0.2)
        run = api.read(run["run_id"])
    return run


def after_its_second(run: dict[str, Any]) -> None:
    """A run is named by its second, so the next one needs another."""
    while time.time() < int(run["run_id"]) + 1:
        time.sleep(0.05)


@pytest.fixture(scope="module")
def contacts(stack: Stack) -> Iterator[list[str]]:
    """Without Intercom's notifications of what is written here and by us: others test those, and each starts a function."""
    stack.change_settings(stack.intercom_url, search_lag_seconds=0.1, api_writes_notify=False)
    tag = intercom(stack, "POST", "/tags", {"name": "to be synced"})["id"]
    for number in range(PEOPLE):
        body = {"role": "user", "email": f"sync-{number}@example.com", "name": f"Sync {number}"}
        made = intercom(stack, "POST", "/contacts", body)
        intercom(stack, "POST", f"/contacts/{made['id']}/tags", {"id": tag})
    company = {"from": "name", "to": "meta.Company"}  # the form requires it
    section = sync_section(mode="once", mapping=[*NAME_AND_EMAIL, company], source={"kind": "tags", "ids": [tag]})
    configure(stack, section)
    yield [tag]
    stack.change_settings(stack.intercom_url, search_lag_seconds=120.0, api_writes_notify=True)


def linked(stack: Stack) -> list[dict[str, Any]]:
    people = intercom(stack, "GET", "/contacts?per_page=150")["data"]
    return [one for one in people if one["email"] and one["email"].startswith("sync-")]


def test_a_tag_is_synced_its_people_come_back_and_a_second_run_writes_nothing(
    stack: Stack, contacts: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run by the command for people."""
    api = SyncApi(stack.url, stack.token, CAMPAIGN)
    deadline = time.monotonic() + 60
    while True:  # search shows a new contact a moment late
        run = to_the_end(api, api.start())
        if run["state"] == "done" and run["seen"] == PEOPLE:
            break
        assert time.monotonic() < deadline, run
        after_its_second(run)

    assert run["failed"] == {}

    there = linked(stack)

    links = {one["custom_attributes"]["referral_link"] for one in there}
    assert (len(there), len(links)) == (PEOPLE, PEOPLE)

    after_its_second(run)
    monkeypatch.setenv("API_TOKEN", stack.token())

    assert main([str(CAMPAIGN), "--once", "--url", stack.url]) == 0
    assert f"{PEOPLE} seen · 0 created · 0 linked · {PEOPLE} unchanged" in capsys.readouterr().out
    assert len(linked(stack)) == PEOPLE, "our own people made no second contact"

    api.close()


def test_a_deleted_tag_ends_the_run_and_marks_the_campaign(stack: Stack, contacts: list[str]) -> None:
    api = SyncApi(stack.url, stack.token, CAMPAIGN)
    configure(stack, sync_section(mode="once", source={"kind": "tags", "ids": ["9999999"]}))
    newest = api.newest()

    assert newest is not None

    after_its_second(newest)
    run = to_the_end(api, api.start())

    assert run["state"] == "failed"

    answer = requests.get(
        f"{stack.url}/api/campaigns/{CAMPAIGN}/syncs", headers={"Authorization": f"Bearer {stack.token()}"}, timeout=20
    ).json()
    assert answer["problems"] == [run["reason"]]

    api.close()
