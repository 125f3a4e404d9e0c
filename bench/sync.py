"""What a sync costs and how fast it reads. The vendors are the rules of the stand-ins, in memory or behind a local socket."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from tqdm import tqdm

from bench.figures import Figure

CONTACTS = 1_000
REFERRAL_FACTORY_CALLS, INTERCOM_CALLS = CONTACTS + 4, CONTACTS + 7
READ = 20_000
SHARE_OF_BARE = 1 / 3
ROUNDS = 3
FLAT = 1.25
"""How much more memory 100,000 contacts may take than 1,000."""
PACE = 300.0
CLOSE_TO_PACE = 1.05
FIRST_RUN = 100_000
"""Contacts of the run that the pace is promised for. In a shorter one the seconds before the first addition weigh more, so they
are told apart; from here on they count."""
LONGEST_RUN = 30 * 86_400.0


def measure(contacts: int) -> Iterator[Figure]:
    """``contacts`` of the simulated first run."""
    yield from _calls()
    yield from _reading()
    yield from _memory()
    yield from _first_run(contacts)


def _calls() -> Iterator[Figure]:
    """Per 1,000 contacts, of a run of new ones and of one of unchanged ones."""
    from tests.support.syncing import SyncApp

    app = SyncApp()
    app.choose()
    app.add_many(CONTACTS)
    account = app.referral_factory.account
    for number in list(account.people.ids()):
        account.remove(account.people[number])  # an empty account, so that pages count the contacts alone
    with _silent():
        app.sync()
    for vendor, most in (("referral_factory", REFERRAL_FACTORY_CALLS), ("intercom", INTERCOM_CALLS)):
        yield Figure("sync", f"{vendor} calls, {CONTACTS:,} new contacts", len(_calls_of(app, vendor)), "", most)
    app.forget_calls()
    app.wait(3_600)
    with _silent():
        app.sync()
    for vendor, most in (("referral_factory", 4), ("intercom", 7)):
        yield Figure("sync", f"{vendor} calls, {CONTACTS:,} unchanged contacts", len(_calls_of(app, vendor)), "", most)
    writes = [call for call in app.wire.calls if call.method != "GET" and "search" not in call.path]
    yield Figure("sync", f"writes, {CONTACTS:,} unchanged contacts", len(writes), "", 0)


def _calls_of(app: Any, vendor: str) -> list[Any]:
    return [call for call in app.wire.calls if call.vendor == vendor]


# -- reading ----------------------------------------------------------------------------------------------------------


def _reading() -> Iterator[Figure]:
    """Contacts a second from a stand-in on localhost, through our reader and with a bare loop of requests, in turns."""
    with _stand_in(READ) as address:
        ours, bare = list[float](), list[float]()
        for _ in range(ROUNDS):
            bare.append(_read_bare(address))
            ours.append(_read_ours(address))
    yield Figure("sync", "contacts read a second, bare requests loop", max(bare), "/s")
    yield Figure("sync", "contacts read a second, our reader", max(ours), "/s")
    yield Figure("sync", "bare loop ÷ our reader", max(bare) / max(ours), "times", 1 / SHARE_OF_BARE)


def _read_bare(address: str) -> float:
    headers = {"Authorization": "Bearer local-intercom-token", "Accept": "application/json", "Intercom-Version": "2.16"}
    started, read, cursor = time.perf_counter(), 0, ""
    with requests.Session() as session:
        session.trust_env = False
        while True:
            page = session.get(f"{address}/contacts?per_page=150{cursor}", headers=headers, timeout=30).json()
            read += len(page["data"])
            following = page["pages"].get("next")
            if not following:
                return read / (time.perf_counter() - started)
            cursor = f"&starting_after={following['starting_after']}"


def _read_ours(address: str) -> float:
    from shared.adapters.clock import SystemClock
    from shared.adapters.http.transport import RequestsTransport
    from shared.adapters.intercom.client import IntercomClient
    from shared.domain.sync.source import ContactFilter

    def token(*, fresh: bool = False) -> str:
        return "local-intercom-token"

    transport = RequestsTransport([address])
    client = IntercomClient(transport, SystemClock(), token, address)
    started, read, cursor = time.perf_counter(), 0, None
    while True:
        page = client.read_contacts(ContactFilter(), cursor)
        read += len(page.contacts)
        cursor = page.cursor
        if cursor is None:
            transport.close()
            return read / (time.perf_counter() - started)


@contextlib.contextmanager
def _stand_in(contacts: int) -> Iterator[str]:
    """Intercom's stand-in with so many contacts more, in a process of its own."""
    command = [sys.executable, "-m", "sandbox.vendors.intercom", "--port", "0", "--contacts", str(contacts)]
    command += ["--limit-per-window", "1000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[2]
        finally:
            process.terminate()


# -- memory -----------------------------------------------------------------------------------------------------------

_READER = """
import resource, sys
from bench.sync_memory import enumerate_made_up
enumerate_made_up(int(sys.argv[1]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _memory() -> Iterator[Figure]:
    """Peak memory of a process that enumerates so many contacts."""
    peaks = {}
    for contacts in (1_000, 100_000):
        run = subprocess.run([sys.executable, "-c", _READER, str(contacts)], capture_output=True, text=True, check=True)
        peaks[contacts] = int(run.stdout.split()[-1]) / 1_024
        yield Figure("sync", f"peak memory, {contacts:,} contacts", peaks[contacts], "MB")
    yield Figure("sync", "peak memory, 100,000 ÷ 1,000 contacts", peaks[100_000] / peaks[1_000], "times", FLAT)


# -- a first run in virtual time --------------------------------------------------------------------------------------


def _first_run(contacts: int) -> Iterator[Figure]:
    """Minutes beside what 300 calls a minute would take, in the simulated world."""
    from tests.simulation.play.syncing import add_contacts, begin, connect, judge_links, run_of, sync_settings
    from tests.simulation.world import World

    with World(1, sync=True, sweep=False, reconcile=False, referral_factory={"webhooks": ()}) as world:
        add_contacts(world, contacts)
        connect(world)
        world.configure(sync_settings())
        run = begin(world)
        with tqdm(total=contacts, desc="simulated first sync", unit="contact") as bar:
            while not run.finished:
                world.run(300.0)
                run = run_of(world, run)
                bar.update(run.tally.finished - bar.n)
                assert world.now() - run.created_at < LONGEST_RUN, run.reason
        started_at = run.started_at or 0.0
        minutes = ((run.finished_at or 0.0) - started_at) / 60
        people = world.referral_factory.account.people
        joined = (people[number].signed_up_at for number in people.ids())
        to_first = min(moment for moment in joined if moment >= started_at) - started_at
        wrong = judge_links(world)
    yield Figure("sync", f"simulated first run of {contacts:,}", minutes, "min")
    yield Figure("sync", "its seconds before the first addition", to_first, "s")
    allowed = contacts / PACE
    if contacts >= FIRST_RUN:
        yield Figure("sync", "its time ÷ what 300 a minute allow", minutes / allowed, "times", CLOSE_TO_PACE)
    else:
        rest = minutes - to_first / 60
        yield Figure("sync", "its time ÷ what 300 a minute allow", minutes / allowed, "times")
        yield Figure("sync", "the same without the seconds before", rest / allowed, "times", CLOSE_TO_PACE)
    yield Figure("sync", "its limit violations", len(wrong.pop("over_cap", ())) + sum(wrong.pop("refused", {}).values()), "", 0)
    yield Figure("sync", "its contacts without their one link", sum(len(found) for found in wrong.values()), "", 0)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Logs go nowhere meanwhile."""
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        yield
