"""``make run`` on a machine set up for other work: proxies, AWS profiles and addresses, CA bundles that are not there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandbox.stack.ministack import ROOT
from sandbox.stack.ports import reserve_ports
from tests.integration.conftest import need_ministack

pytestmark = [pytest.mark.stack, pytest.mark.thorough]
NOWHERE = "http://127.0.0.1:9"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
BUNDLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
SETTINGS = {
    **dict.fromkeys(PROXIES, NOWHERE),
    **dict.fromkeys(BUNDLES, "/nowhere/ca.pem"),
    **dict.fromkeys(("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_S3"), NOWHERE),
    **dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), "cn-north-1"),
    **dict.fromkeys(("AWS_PROFILE", "AWS_DEFAULT_PROFILE"), "no-such-profile"),
    **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "of-another-account"),
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "TZ": "Pacific/Kiritimati",
    "LC_ALL": "POSIX",
}
"""No NO_PROXY: even this machine is to be reached through the proxy."""
UMASK = 0o077


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    here = {name: value for name, value in os.environ.items() if name.upper() != "NO_PROXY" and not name.startswith("AWS_")}
    family = reserve_ports(0)
    family.listener.close()
    return {**here, **SETTINGS, "PORT": str(family.base), "PYTHONUNBUFFERED": "1"}


def command(settings: dict[str, str], *arguments: str) -> str:
    """What it prints. AssertionError with its errors when it does not end well."""
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        env=settings,
        umask=UMASK,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def port(settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Of the stack, after its line *Ready*."""
    need_ministack()
    log = Path(tmp_path_factory.mktemp("run")) / "run.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "run"], cwd=ROOT, env=settings, umask=UMASK, stdout=output, stderr=output
        )
    deadline = time.monotonic() + 90
    while "\nReady" not in log.read_text() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    printed = log.read_text()
    try:
        assert "\nReady" in printed, printed
        yield int(settings["PORT"])
    finally:
        process.terminate()
        process.wait(30)


def test_a_signup_arrives(port: int, settings: dict[str, str]) -> None:
    fields = {"id": 7_000_001, "first_name": "Ada", "email": "ada@example.com", "source": "Referred", "referrer_id": 1}
    with requests.Session() as http:
        http.trust_env = False
        webhook = f"http://127.0.0.1:{port}/webhooks/referral-factory/1/joined"
        answer = http.post(webhook, json=fields, headers={"X-Webhook-Secret": "local-webhook-secret"}, timeout=30)
        assert answer.status_code == 202
        token = {"Authorization": "Bearer " + command(settings, "token").split()[-1]}
        address = f"http://127.0.0.1:{port}/api/referrals/1/7000001"
        deadline = time.monotonic() + 60
        row = None
        while (row or {}).get("state") != "delivered" and time.monotonic() < deadline:
            time.sleep(0.2)
            row = http.get(address, headers=token, timeout=30).json().get("referral")
    assert row is not None
    assert row["state"] == "delivered", row


@pytest.mark.usefixtures("port")
@pytest.mark.parametrize("arguments", [("logs", "--once", "deliver-contact"), ("break", "worker-off"), ("break", "mend")])
def test_the_other_commands_reach_the_stack(settings: dict[str, str], arguments: tuple[str, ...]) -> None:
    command(settings, *arguments)
