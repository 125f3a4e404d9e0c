"""Through the local stack: how many signups a second, and how long from the webhook's 202 to the contact in Intercom.

The stand-in's log of calls says when a contact was created; its search lags behind and would not.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import requests
from tqdm import tqdm

from bench.figures import Figure, quantile
from bench.handlers import person_fields
from sandbox.demo.people import build_settings
from sandbox.stack.settings import StackSettings
from sandbox.stack.stack import Stack

PACE = 10.0
"""Signups a second, while the time to the contact is measured."""
CONTACT_P99 = 2.0
CLIENTS = 8
WARM_UP = 40
PATIENCE_SECONDS = 120.0
CALL_SECONDS = 30.0


class Addresses(Protocol):
    """A running stack, in this process or another."""

    url: str
    intercom_url: str
    settings: StackSettings


class Signups:
    """Posts webhooks, and learns from the stand-in when their contacts were there. Times are this machine's clock."""

    def __init__(self, stack: Addresses) -> None:
        self._stack = stack
        self._address = f"{stack.url}/webhooks/referral-factory/1/joined"
        self._local = threading.local()
        self._seen = 0
        self._next = 0
        self.accepted: dict[str, float] = {}
        self.created: dict[str, float] = {}

    def take(self, count: int) -> list[int]:
        """Numbers of people who have not signed up yet."""
        self._next += count
        return list(range(self._next - count, self._next))

    def post(self, number: int) -> float:
        """Signs one up; the seconds until the 202."""
        fields = person_fields(number)
        headers = {"X-Webhook-Secret": self._stack.settings.webhook_secret}
        started = time.time()
        answer = self._session().post(self._address, json=fields, headers=headers, timeout=CALL_SECONDS)
        now = time.time()
        if answer.status_code != 202:
            raise RuntimeError(f"the webhook answered {answer.status_code}: {answer.text[:200]}")
        self.accepted[str(fields["email"])] = now
        return now - started

    def wait(self, numbers: Sequence[int], label: str) -> list[str]:
        """Until all of them are in Intercom; their e-mails. RuntimeError when that takes too long."""
        emails = [str(person_fields(number)["email"]) for number in numbers]
        deadline = time.monotonic() + PATIENCE_SECONDS
        with tqdm(total=len(emails), desc=label, unit="contact") as bar:
            while True:
                self._read_calls()
                there = sum(email in self.created for email in emails)
                bar.update(there - bar.n)
                if there == len(emails):
                    return emails
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{len(emails) - there} of {len(emails)} contacts are not in Intercom")
                time.sleep(0.5)

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.trust_env = False
        session: requests.Session = self._local.session
        return session

    def _read_calls(self) -> None:
        address = f"{self._stack.intercom_url}/__admin/calls?since={self._seen}"
        with urllib.request.urlopen(address, timeout=CALL_SECONDS) as answer:
            log = json.load(answer)
        for call in log["calls"]:
            self._seen = call["sequence"]
            if (call["method"], call["path"], call["status"]) == ("POST", "/contacts", 200) and isinstance(call["body"], dict):
                self.created.setdefault(call["body"].get("email", ""), call["time"] + call["seconds"])


def measure(count: int) -> Iterator[Figure]:
    """``count`` signups at a steady pace, then as many as fast as it goes, on a stack of its own on free ports."""
    with Stack() as stack:
        _configure(stack)
        signups = Signups(stack)
        with ThreadPoolExecutor(CLIENTS) as clients:
            first = signups.take(WARM_UP)
            list(clients.map(signups.post, first))
            signups.wait(first, "warm-up")
            yield from _measure_steady(signups, clients, count)
            yield from _measure_fast(signups, clients, count)
            yield from _measure_memory(stack)


def _measure_steady(signups: Signups, clients: ThreadPoolExecutor, count: int) -> Iterator[Figure]:
    numbers = signups.take(count)
    started = time.monotonic()
    running = []
    for position, number in enumerate(tqdm(numbers, desc=f"{PACE:.0f} signups/s", unit="signup")):
        time.sleep(max(0.0, started + position / PACE - time.monotonic()))
        running.append(clients.submit(signups.post, number))
    answered = [one.result() for one in running]
    emails = signups.wait(numbers, "arriving")
    spent = [max(0.0, signups.created[email] - signups.accepted[email]) for email in emails]
    part = f"stack, {PACE:.0f} signups/s"
    yield Figure(part, "webhook → 202, p50", quantile(answered, 0.5) * 1000, "ms")
    yield Figure(part, "webhook → 202, p99", quantile(answered, 0.99) * 1000, "ms")
    yield Figure(part, "202 → contact is there, p50", quantile(spent, 0.5), "s")
    yield Figure(part, "202 → contact is there, p99", quantile(spent, 0.99), "s", CONTACT_P99)


def _measure_fast(signups: Signups, clients: ThreadPoolExecutor, count: int) -> Iterator[Figure]:
    numbers = signups.take(count)
    started = time.time()
    answered = list(clients.map(signups.post, numbers))
    all_answered = time.time()
    emails = signups.wait(numbers, "full speed")
    all_there = max(signups.created[email] for email in emails)
    part = f"stack, full speed, {CLIENTS} clients"
    yield Figure(part, "signups answered", count / (all_answered - started), "1/s")
    yield Figure(part, "contacts created", count / (all_there - started), "1/s")
    yield Figure(part, "webhook → 202, p99", quantile(answered, 0.99) * 1000, "ms")


def _measure_memory(stack: Stack) -> Iterator[Figure]:
    """Resident memory; Linux only, nothing elsewhere."""
    workers = stack.workers()
    pids = {"ministack": [stack.ministack.process.pid], f"{len(workers)} function workers": workers}
    pids["stand-ins"] = [child.pid for child in stack._stand_ins]  # noqa: SLF001 - nothing else asks for them
    for name, group in pids.items():
        megabytes = sum(_resident(pid) for pid in group)
        if megabytes:
            yield Figure("memory", name, megabytes, "MB")


def _resident(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def _configure(stack: Stack) -> None:
    headers = {"Authorization": f"Bearer {stack.token()}", "If-None-Match": "*"}
    with requests.Session() as session:
        session.trust_env = False
        address = f"{stack.url}/api/campaigns/1"
        answer = session.put(address, json=build_settings("skip"), headers=headers, timeout=CALL_SECONDS)
    if answer.status_code != 201:
        raise RuntimeError(f"the settings were not saved: {answer.status_code} {answer.text[:200]}")
