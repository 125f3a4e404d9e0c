"""The whole local stack as one object: services, stand-ins, sign-in, deployment and front."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, Self

from sandbox import tokens
from sandbox.issuer import Issuer
from sandbox.stack.deploy import Deployment
from sandbox.stack.errors import StackError
from sandbox.stack.front import Front
from sandbox.stack.ministack import MOST_WORKERS, REGION, ROOT, Ministack
from sandbox.stack.ports import HOST, OPENER, Ports, reserve_ports
from sandbox.stack.processes import ChildProcess
from sandbox.stack.settings import StackSettings, is_local

STATE = ROOT / ".sandbox"
KEY = STATE / "issuer-key.pem"
START_SECONDS = 20.0
WORKERS = {"DeliveryConcurrency": str(MOST_WORKERS), "SyncConcurrency": str(MOST_WORKERS)}


class Stack:
    """A running local stack. Use it as a context manager; raises StackError when it cannot start."""

    def __init__(self, settings: StackSettings | None = None, **changes: Any) -> None:
        self.settings = settings or StackSettings(**changes)
        self._exit = contextlib.ExitStack()
        self._stand_ins: list[ChildProcess] = []
        self.outputs: dict[str, str] = {}

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def _start(self) -> None:
        settings = self.settings
        unused = {1} if settings.intercom_url else set()
        unused |= {2} if settings.referral_factory_url else set()
        self.ports: Ports = reserve_ports(settings.port, frozenset(unused))
        self._exit.callback(self.ports.listener.close)
        self.url = f"http://{HOST}:{self.ports.base}"
        self.intercom_url = settings.intercom_url or f"http://{HOST}:{self.ports.intercom}"
        own = f"http://{HOST}:{self.ports.referral_factory}"
        self.referral_factory_url = settings.referral_factory_url or f"{own}/api/v2"
        self.referral_factory_pages_url = self.referral_factory_url.rstrip("/").removesuffix("/api/v2")
        self.folder = STATE / f"run-{self.ports.base}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        if not settings.keep:
            self._exit.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self._issuer = Issuer(self.ports.issuer, KEY, self.ports.base)
        self._exit.callback(self._issuer.stop)
        self.issuer_url = self._issuer.url
        addresses = self._start_stand_ins()
        self.ministack = Ministack(self.ports.aws, self._make_folder("ministack"), settings.venv, log_level=settings.log_level)
        self._exit.callback(self.ministack.stop)
        self.aws_endpoint = self.ministack.endpoint
        self._deployment = Deployment(self.ministack, settings.template, self._parameters(), STATE / "cache", settings.venv)
        self._deployment.create()
        self.outputs = self._deployment.outputs
        self._fill_secrets()
        self._note_access()
        for child, address in addresses:
            _wait_until_up(child, address)
        self._set_up_intercom()
        front = Front(self.ports.listener, self.ports.aws, self._deployment.api_id, self.ministack.access_key)
        self._exit.callback(front.stop)

    @property
    def has_both_stand_ins(self) -> bool:
        return len(self._stand_ins) == 2

    @property
    def is_real(self) -> bool:
        """Whether a vendor is called that is not on this machine."""
        return not (is_local(self.intercom_url) and is_local(self.referral_factory_url))

    def _make_folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir()
        return folder

    def _start_stand_ins(self) -> list[tuple[ChildProcess, str]]:
        settings = self.settings
        started = []
        if not settings.intercom_url:
            child = self._start_module("intercom", self.ports.intercom, [])
            started.append((child, self.intercom_url))
        if not settings.referral_factory_url:
            arguments = ["--webhook-base-url", self.url, "--webhook-secret", settings.webhook_secret]
            arguments += ["--token", settings.referral_factory_key]
            child = self._start_module("referral_factory", self.ports.referral_factory, arguments)
            started.append((child, self.referral_factory_pages_url))
        return started

    def _start_module(self, name: str, port: int, arguments: list[str]) -> ChildProcess:
        command = [sys.executable, "-m", f"sandbox.vendors.{name}", "--port", str(port), *arguments]
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
        child = ChildProcess(name, command, self.folder / f"{name}.log", environment, self.folder)
        self._exit.callback(child.stop)
        self._stand_ins.append(child)
        return child

    def _parameters(self) -> dict[str, str]:
        return {
            "Stage": "local",
            **WORKERS,
            "IntercomApiUrl": self.intercom_url,
            "ReferralFactoryApiUrl": self.referral_factory_url,
            "OidcIssuer": self.issuer_url,
            "OidcAudience": tokens.CLIENT_ID,
            "GroupsClaim": tokens.GROUPS_CLAIM,
            "AdminGroup": tokens.ADMIN_GROUP,
            "ViewerGroup": tokens.VIEWER_GROUP,
            "ConsoleUrl": f"{self.url}/",
            **self.settings.parameters,
        }

    def _note_access(self) -> None:
        """How another command of this machine's user reaches the AWS services: a file that only they can read."""
        path = self.folder / "aws.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(self.access), "utf-8")

    @property
    def access(self) -> dict[str, str]:
        """The environment in which an AWS client reaches this stack."""
        return {
            "AWS_ENDPOINT_URL": self.aws_endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self.ministack.access_key,
            "AWS_SECRET_ACCESS_KEY": self.ministack.secret_key,
        }

    def _fill_secrets(self) -> None:
        settings = self.settings
        values = {
            "WebhookSecret": {"current": settings.webhook_secret, "next": ""},
            "IntercomSecret": {"access_token": settings.intercom_token},
            "IntercomAppSecret": {
                "client_id": "local-client-id",
                "client_secret": settings.intercom_client_secret,
            },
            "ReferralFactorySecret": {"api_key": settings.referral_factory_key},
        }
        client = self.client("secretsmanager")
        for name, value in values.items():
            if name in self.resources:
                client.put_secret_value(SecretId=self.resources[name], SecretString=json.dumps(value))

    def _set_up_intercom(self) -> None:
        if self.settings.intercom_url:
            return
        settings: dict[str, Any] = {
            "tokens": [self.settings.intercom_token],
            "client_secret": self.settings.intercom_client_secret,
        }
        if "POST /webhooks/intercom" in self._deployment.routes:
            settings["webhook_url"] = f"{self.url}/webhooks/intercom"
            settings["uninstall_url"] = f"{self.url}/webhooks/intercom/uninstall"
        if self.settings.search_lag is not None:
            settings["search_lag_seconds"] = self.settings.search_lag
        self.change_settings(self.intercom_url, **settings)

    @property
    def resources(self) -> dict[str, str]:
        """Logical id → physical id of everything deployed."""
        return self._deployment.resources

    def token(self, person: str = "mara", **changes: Any) -> str:
        """A bearer token, good for an hour: ``mara`` may do everything, ``otto`` nothing. ``changes`` set claims."""
        return self._issuer.signer.issue(person, **changes)

    def client(self, service: str) -> Any:
        """A boto3 client of the stack's AWS services; the stack closes it."""
        client = self.ministack.client(service)
        self._exit.callback(client.close)
        return client

    def workers(self, function: str | None = None) -> list[int]:
        """The pids of the function workers, of one function when its logical id is given. Linux only."""
        return self.ministack.workers(self.resources[function] if function else None)

    def logs(self, function: str, count: int = 100) -> list[str]:
        """The last log lines of a function (its logical id), oldest first."""
        with contextlib.closing(self.ministack.client("lambda")) as functions:
            settings = functions.get_function_configuration(FunctionName=self.resources[function])
        group = settings.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{self.resources[function]}"
        with contextlib.closing(self.ministack.client("logs")) as logs:
            try:
                events = logs.filter_log_events(logGroupName=group, limit=10_000).get("events", [])
            except logs.exceptions.ResourceNotFoundException:
                return []
        lines = [event["message"].rstrip("\n") for event in sorted(events, key=lambda event: event["timestamp"])]
        return lines[-count:]

    def redeploy(self) -> None:
        """Deploy the template and the code as they are on disk now. Rows, addresses and secrets stay."""
        self._deployment.update()
        self.outputs = self._deployment.outputs

    def change_settings(self, stand_in: str, **settings: Any) -> dict[str, Any]:
        """Change settings of a stand-in (its address without path), for example ``search_lag_seconds``."""
        request = urllib.request.Request(
            f"{stand_in}/__admin/settings",
            json.dumps(settings).encode(),
            {"Content-Type": "application/json"},
            method="PUT",
        )
        with OPENER.open(request, timeout=10) as answer:
            return json.load(answer)

    def find_dead(self) -> tuple[str, str] | None:
        """The name and the last lines of a part that has ended by itself, None while all run."""
        for child in (self.ministack.process, *self._stand_ins):
            if not child.is_running():
                return child.name, child.last_lines()
        return None


def _wait_until_up(child: ChildProcess, address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError), OPENER.open(f"{address}/__admin/settings", timeout=5):
            return
        if not child.is_running():
            raise StackError(f"The stand-in {child.name} ended while starting. Its last words:\n{child.last_lines()}")
        if time.monotonic() > deadline:
            raise StackError(f"The stand-in {child.name} does not answer after {START_SECONDS:.0f} s.")
        time.sleep(0.05)
