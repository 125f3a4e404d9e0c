"""From `git clone` to the first contact, as somebody who has just found the repository: needs git, make and a package index.

Beside other work the clock says little: the processor's time is the same on a busy machine."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from bench.figures import Figure
from bench.stack import Signups
from sandbox.stack.ports import HOST, reserve_ports
from sandbox.stack.settings import StackSettings

ROOT = Path(__file__).parents[1]
PART = "git clone"
FIRST_CONTACT = 180.0
READY_SECONDS = 600.0


def measure() -> Iterator[Figure]:
    """Of what is committed."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder) / "checkout"
        subprocess.run(["git", "clone", "--quiet", "--depth", "1", ROOT.as_uri(), str(checkout)], check=True)
        with _running(checkout) as running:
            yield Figure(PART, "clone → Ready, installation included", time.monotonic() - began, "s")
            signups = Signups(running)
            [number] = signups.take(1)
            signups.post(number)
            signups.wait([number], "the first")
            yield Figure(PART, "clone → first contact is there", time.monotonic() - began, "s", FIRST_CONTACT)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        yield Figure(PART, "processor's time of it all", used.ru_utime + used.ru_stime, "s")
        installed = sum(path.stat().st_size for path in (checkout / ".venv-run").rglob("*") if path.is_file())
        yield Figure(PART, "installed", installed / 1e6, "MB")
        yield Figure(PART, "packages", len([*(checkout / ".venv-run").rglob("*.dist-info")]), "")


@contextmanager
def _running(checkout: Path) -> Iterator[SimpleNamespace]:
    """The addresses of `make run`, once it is ready."""
    ports = reserve_ports(0)
    ports.listener.close()
    environment = {**os.environ, "PORT": str(ports.base), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        ["make", "run"], cwd=checkout, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        deadline = time.monotonic() + READY_SECONDS
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Ready"):
                break
            if time.monotonic() > deadline:
                raise RuntimeError(f"make run was not ready after {READY_SECONDS:.0f} s")
        else:
            raise RuntimeError("make run ended before it was ready")
        yield SimpleNamespace(
            url=f"http://{HOST}:{ports.base}", intercom_url=f"http://{HOST}:{ports.intercom}", settings=StackSettings()
        )
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(120)
        process.stdout.close()
