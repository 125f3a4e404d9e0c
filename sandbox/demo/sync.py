"""The demo's last chapter: the contacts of a segment get their referral links."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests

from sandbox.commands.syncs import SyncApi
from sandbox.demo.people import CAMPAIGN
from sandbox.stack.errors import StackError
from sandbox.stack.stack import Stack
from tools.follow_sync import FINISHED

SEGMENT = "All users"
RUN_SECONDS = 120.0
CALL_SECONDS = 20.0
SYNC = {
    "mode": "once",
    "mapping": [{"from": "name", "to": "first_name"}, {"from": "email", "to": "email"}],
    "write_back": {
        "referral_link": "custom_attributes.referral_link",
        "referral_count": "custom_attributes.referral_count",
        "converted_referral_count": "custom_attributes.converted_referral_count",
    },
    "notify": False,
}


class SyncStory:
    """The steps. ``fail`` makes the error that tells what is missing."""

    def __init__(self, stack: Stack, http: requests.Session, fail: Callable[[str], Exception]) -> None:
        self._stack = stack
        self._http = http
        self._fail = fail
        self._api = SyncApi(stack.url, stack.token, CAMPAIGN)
        self._segment = ""
        self._first: dict[str, Any] = {}
        self.steps: list[tuple[str, Callable[[], None]]] = [
            (f"The marketer syncs the segment “{SEGMENT}”, once and without mails", self.choose_segment),
            ("Every contact of the segment has the link of one person of its own", self.sync),
            ("A second run finds nothing to write", self.sync_again),
        ]

    def choose_segment(self) -> None:
        segments = self._intercom("GET", "/segments")["segments"]
        self._segment = next(str(one["id"]) for one in segments if one["name"] == SEGMENT)
        address = f"{self._stack.url}/api/campaigns/{CAMPAIGN}"
        headers = {"Authorization": f"Bearer {self._stack.token()}"}
        present = self._http.get(address, headers=headers, timeout=CALL_SECONDS)
        document = {**present.json(), "sync": {**SYNC, "source": {"kind": "segments", "ids": [self._segment]}}}
        headers["If-Match"] = present.headers["ETag"]
        answer = self._http.put(address, json=document, headers=headers, timeout=CALL_SECONDS)
        if answer.status_code != 200:
            raise self._fail(f"PUT /api/campaigns/{CAMPAIGN} answered {answer.status_code}: {answer.text[:600]}")

    def sync(self) -> None:
        self._first = self._run()
        contacts = [contact for contact in self._contacts() if contact["role"] == "user" and contact["email"]]
        people = {
            person["email"]: person["url"]
            for page in range(1, 5)
            for person in self._people(page)
            if person["campaign_id"] == CAMPAIGN
        }
        for contact in contacts:
            link = contact["custom_attributes"].get("referral_link")
            if link is None or link != people.get(contact["email"]):
                raise self._fail(f"{contact['email']}: the link is {link!r} instead of {people.get(contact['email'])!r}")
        if not contacts or self._first["failed"] or not self._first["created"]:
            raise self._fail(f"the run did not link the segment: {self._first}")

    def sync_again(self) -> None:
        before = len(self._contacts())
        again = self._run()
        if (
            again["linked"]
            or again["created"]
            or again["failed"]
            or again["unchanged"] != self._first["linked"] + (self._first["unchanged"])
        ):
            raise self._fail(f"the second run was not idle: {again}")
        if len(self._contacts()) != before:
            raise self._fail("there are more contacts than before")

    def _run(self) -> dict[str, Any]:
        try:
            return self._run_to_the_end()
        except StackError as error:
            raise self._fail(str(error)) from None

    def _run_to_the_end(self) -> dict[str, Any]:
        run = self._api.start()
        deadline = time.monotonic() + RUN_SECONDS
        while run["state"] not in FINISHED:
            if time.monotonic() > deadline:
                raise self._fail(f"the run has not ended after {RUN_SECONDS:.0f} s: {run}")
            time.sleep(0.2)
            run = self._api.read(run["run_id"])
        if run["state"] != "done":
            raise self._fail(f"the run ended as {run['state']}: {run['reason']}")
        time.sleep(1.1)  # a run is named by its second
        return run

    def _people(self, page: int) -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self._stack.settings.referral_factory_key}", "Accept": "application/json"}
        address = f"{self._stack.referral_factory_url}/users?per_page=250&page={page}"
        answer = self._http.get(address, headers=headers, timeout=CALL_SECONDS)
        answer.raise_for_status()
        return list(answer.json()["data"])

    def _contacts(self) -> list[dict[str, Any]]:
        return list(self._intercom("GET", "/contacts?per_page=150")["data"])

    def _intercom(self, method: str, path: str) -> dict[str, Any]:
        headers = {
            "Authorization": f"Bearer {self._stack.settings.intercom_token}",
            "Accept": "application/json",
            "Intercom-Version": "2.16",
        }
        answer = self._http.request(method, f"{self._stack.intercom_url}{path}", headers=headers, timeout=CALL_SECONDS)
        answer.raise_for_status()
        document: dict[str, Any] = answer.json()
        return document
