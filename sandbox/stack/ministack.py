"""ministack in a process of its own: the AWS services of the local stack, on the loopback interface only."""

from __future__ import annotations

import http.client
import secrets
import sys
import threading
import time
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from sandbox.guard import KEY_HEADER
from sandbox.stack.errors import MinistackError
from sandbox.stack.ports import HOST
from sandbox.stack.processes import ChildProcess, list_children, read_environment_of

REGION = "eu-central-1"
START_SECONDS = 20.0
MOST_WORKERS = 2
"""Processes of one function, of 50 MB each. As many as an event source mapping's least concurrency."""
IDLE_SECONDS = 90
"""After which a worker ends: longer than the minute of the schedules."""
KEPT_WARM = ("SignupWebhookFunction", "DeliverContactFunction")
"""The way of a signup: one worker each stays."""
ROOT = Path(__file__).resolve().parents[2]
VENV = Path(sys.prefix) if find_spec("ministack") else ROOT / ".venv-ministack"
"""This interpreter's own where it has ministack, as that of `make run`. That of the tests pins another botocore."""
PROGRAM = Path(__file__).parent / "guarded_ministack"
"""ministack as it is, but for a guard in front."""
HOW_TO_INSTALL = "`make install` makes it from sandbox/ministack-requirements.txt"


_MAKING = threading.Lock()
"""A session is not for two threads at once; the clients that it makes are."""


@cache
def session() -> boto3.Session:
    """One for the process: each new one reads the services' descriptions again, most of a client's cost."""
    return boto3.Session(botocore_session=botocore.session.Session(session_vars={"profile": (None, None, None, None)}))


def local_client(service: str, endpoint: str, access_key: str, secret_key: str) -> Any:
    """A boto3 client of a service of a local stack. Nothing that this machine is set up for has a part in it: no profile, which
    may not exist, and no proxy."""
    config = Config(
        retries={"max_attempts": 2},
        connect_timeout=5,
        read_timeout=60,
        s3={"addressing_style": "path"},
        proxies={},
        ignore_configured_endpoint_urls=True,
        use_fips_endpoint=False,
        use_dualstack_endpoint=False,
    )
    with _MAKING:
        return session().client(
            service,
            region_name=REGION,
            endpoint_url=endpoint,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=config,
        )


class Ministack:
    """A running ministack with a disposable state."""

    def __init__(self, port: int, folder: Path, venv: Path = VENV, log_level: str = "WARNING") -> None:
        """``folder`` is empty and ours. Raises MinistackError with the last log lines when it does not start."""
        self.port = port
        self.endpoint = f"http://{HOST}:{port}"
        self.access_key = f"LOCAL{secrets.token_hex(16).upper()}"
        """Of this run. Whoever does not show it gets no answer; the secret belongs to it because clients want one."""
        self.secret_key = secrets.token_urlsafe(30)
        interpreter = venv / "bin" / "python"
        if not interpreter.exists():
            raise MinistackError(f"ministack's venv is missing ({venv.name}); {HOW_TO_INSTALL}.")
        (folder / "tmp").mkdir(parents=True)
        self.process = ChildProcess(
            "ministack",
            [str(interpreter), str(PROGRAM)],
            folder / "ministack.log",
            self._environment(folder, log_level),
            folder,
        )
        try:
            self._wait_until_up()
        except BaseException:
            self.stop()
            raise

    def _environment(self, folder: Path, log_level: str) -> dict[str, str]:
        # The whole environment: ministack hands its own to every function. By default it would listen on all interfaces.
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "TMPDIR": str(folder / "tmp"),
            "LANG": "C.UTF-8",
            "BIND_HOST": HOST,
            "MINISTACK_HOST": "localhost",
            "MINISTACK_REGION": REGION,
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PERSIST_STATE": "0",
            "STATE_DIR": str(folder / "state"),
            "S3_DATA_DIR": str(folder / "s3"),
            "LOG_LEVEL": log_level,
            "MOST_WORKERS": str(MOST_WORKERS),
            "IDLE_SECONDS": str(IDLE_SECONDS),
            "KEPT_WARM": " ".join(KEPT_WARM),
            "LAMBDA_ACCOUNT_CONCURRENCY": "0",  # a call that finds all workers busy waits, and none is throttled
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._is_up():
            if not self.process.is_running():
                raise MinistackError(f"ministack ended while starting. Its last words:\n{self.process.last_lines()}")
            if time.monotonic() > deadline:
                raise MinistackError(
                    f"ministack does not answer after {START_SECONDS:.0f} s. Its last words:\n{self.process.last_lines()}"
                )
            time.sleep(0.05)

    def _is_up(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", "/_ministack/health", headers={KEY_HEADER: self.access_key})
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def client(self, service: str) -> Any:
        """A boto3 client of that service. The caller closes it."""
        return local_client(service, self.endpoint, self.access_key, self.secret_key)

    def workers(self, function: str | None = None) -> list[int]:
        """The pids of the function workers; only those of one function when its name is given. Linux only."""
        return [
            pid
            for pid in list_children(self.process.pid)
            if (name := read_environment_of(pid).get("AWS_LAMBDA_FUNCTION_NAME")) and (function is None or name == function)
        ]

    def stop(self) -> None:
        """End it and all its workers."""
        self.process.stop()
