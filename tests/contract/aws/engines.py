"""The engines that play AWS in the contract tests: our fakes, moto, and ministack where there is one."""

import os
import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from sandbox.stack.ministack import PROGRAM
from tests.fakes.dynamodb import FakeDynamoDB
from tests.fakes.secretsmanager import FakeSecretsManager
from tests.fakes.sqs import FakeSQS
from tests.support.clock import VirtualClock

REGION = "eu-central-1"
MINISTACK_PYTHON = Path(__file__).parents[3] / ".venv-ministack" / "bin" / "python"
READY_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Engine:
    """One player: `client` gives a client of a service, `wait` lets seconds pass (virtual ones for the fakes)."""

    name: str
    client: Callable[[str], Any]
    wait: Callable[[float], None]


def known_deviation(engine: str, reason: str) -> pytest.MarkDecorator:
    """Mark a test that `engine` is known to fail although AWS would pass it; it must go on failing there."""
    return pytest.mark.known_deviation(engine, reason)


@contextmanager
def fake_engine() -> Iterator[Engine]:
    """The stand-ins of this project on a virtual clock."""
    clock, chance = VirtualClock(), random.Random(1)
    clients = {
        "dynamodb": FakeDynamoDB(clock.now, chance),
        "sqs": FakeSQS(clock.now, chance),
        "secretsmanager": FakeSecretsManager(clock.now, chance),
    }
    yield Engine("fake", clients.__getitem__, clock.sleep)


@contextmanager
def moto_engine() -> Iterator[Engine]:
    """Moto in this process."""
    with mock_aws():
        clients: dict[str, Any] = {}

        def client(service: str) -> Any:
            if service not in clients:
                clients[service] = boto3.client(service, region_name=REGION)
            return clients[service]

        yield Engine("moto", client, time.sleep)


@contextmanager
def started_ministack(directories: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the ministack at MINISTACK_URL, or of one of our own, as the local stack starts it; skips where there is
    neither."""
    url = os.environ.get("MINISTACK_URL")
    if url is not None:
        yield url
        return
    interpreter = Path(os.environ.get("MINISTACK_PYTHON", MINISTACK_PYTHON))
    if not interpreter.exists():
        pytest.skip(f"no ministack: MINISTACK_URL is not set and {interpreter} does not exist")
    with _started(interpreter, directories.mktemp("ministack")) as own_url:
        yield own_url


@contextmanager
def engine_named(name: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """``fake``, ``moto`` or ``ministack``, which is the one of all these tests."""
    if name == "ministack":
        yield _ministack_at(request.getfixturevalue("ministack_url"))
    else:
        with fake_engine() if name == "fake" else moto_engine() as engine:
            yield engine


def _ministack_at(url: str) -> Engine:
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in clients:
            clients[service] = boto3.client(
                service,
                endpoint_url=url,
                region_name=REGION,
                aws_access_key_id="000000000000",
                aws_secret_access_key="test",
                config=Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 1}),
            )
        return clients[service]

    return Engine("ministack", client, time.sleep)


@contextmanager
def _started(interpreter: Path, directory: Path) -> Iterator[str]:
    port = _free_port()
    (directory / "tmp").mkdir()
    (directory / "state").mkdir()
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(directory),
        "TMPDIR": str(directory / "tmp"),
        "STATE_DIR": str(directory / "state"),
        "PERSIST_STATE": "0",
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": REGION,
        "GATEWAY_PORT": str(port),
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "test",
        # Without these two it listens on all interfaces.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "MOST_WORKERS": "1",
        "IDLE_SECONDS": "60",
        "KEPT_WARM": "",
    }
    with (directory / "ministack.log").open("wb") as log:
        process = subprocess.Popen([str(interpreter), str(PROGRAM)], env=environment, cwd=directory, stdout=log, stderr=log)
    try:
        _wait_until_listening(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_listening(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"ministack ended with {process.returncode} before it listened")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"ministack does not listen on {port} after {READY_SECONDS} s")
