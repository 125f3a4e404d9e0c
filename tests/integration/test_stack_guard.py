"""While the stack runs, no web page reaches any of its five ports, and the AWS port wants this run's key."""

from __future__ import annotations

import re

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from sandbox.stack.ports import ROLES
from sandbox.stack.run import describe
from sandbox.stack.stack import Stack
from tests.integration.over_http import CALL_SECONDS

pytestmark = pytest.mark.stack

PATHS = ("/", "/__admin/settings", "/__admin/settings", "/_ministack/health", "/.well-known/openid-configuration")
STRANGERS = {
    "another page": {"Origin": "https://evil.example.com"},
    "another page of this machine": {"Origin": "http://127.0.0.1:3000"},
    "a sandboxed frame": {"Origin": "null"},
    "another page's picture": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    "a name that points here": {"Host": "evil.example.com"},
    "a name that points here, with the port": {"Host": "rebound.example.com:{port}"},
}


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("offset", range(5), ids=ROLES)
def test_a_stranger_is_refused_at_every_port(stack: Stack, offset: int, stranger: str) -> None:
    port = stack.ports.base + offset
    headers = {name: value.format(port=port) for name, value in STRANGERS[stranger].items()}
    for method in ("GET", "POST", "OPTIONS"):
        answer = requests.request(method, f"http://127.0.0.1:{port}{PATHS[offset]}", headers=headers, timeout=CALL_SECONDS)
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("offset", [0, 1, 2, 4])
def test_a_program_and_the_ports_own_page_are_answered(stack: Stack, offset: int) -> None:
    for name in ("127.0.0.1", "localhost"):
        address = f"http://{name}:{stack.ports.base + offset}"
        for headers in ({}, {"Origin": address, "Sec-Fetch-Site": "same-origin"}):
            assert requests.get(address + PATHS[offset], headers=headers, timeout=CALL_SECONDS).status_code == 200


def test_the_console_may_ask_for_tokens(stack: Stack) -> None:
    headers = {"Origin": stack.url, "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}
    answer = requests.get(f"{stack.issuer_url}/.well-known/openid-configuration", headers=headers, timeout=CALL_SECONDS)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, stack.url)


def test_the_aws_port_answers_nobody_without_the_key(stack: Stack) -> None:
    for path in ("/", "/_ministack/health", f"/_aws/execute-api/{stack._deployment.api_id}/$default/"):
        assert requests.get(stack.aws_endpoint + path, timeout=CALL_SECONDS).status_code == 403
    for key in ("test", "000000000000"):
        client = boto3.client(
            "secretsmanager",
            endpoint_url=stack.aws_endpoint,
            region_name="eu-central-1",
            aws_access_key_id=key,
            aws_secret_access_key="test",
        )
        with pytest.raises(ClientError) as refused:
            client.list_secrets()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        client.close()


def test_what_make_run_prints_lets_an_ordinary_client_in(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in re.findall(r"(AWS_\w+)=(\S+)", describe(stack)):
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    secrets = boto3.Session().client("secretsmanager")

    assert secrets.list_secrets()["SecretList"]

    secrets.close()
    presigned = stack.client("s3").generate_presigned_url("list_objects_v2", Params={"Bucket": "local-code"})

    assert requests.get(presigned, timeout=CALL_SECONDS).status_code == 200


def test_the_workers_carry_the_key(stack: Stack) -> None:
    headers = {"X-Webhook-Secret": stack.settings.webhook_secret, "Content-Type": "application/json"}
    answer = requests.post(
        f"{stack.url}/webhooks/referral-factory/1/joined", json={"first_name": "A"}, headers=headers, timeout=CALL_SECONDS
    )
    assert answer.status_code == 202  # put into a queue, which is on the AWS port


def test_a_key_that_a_caller_makes_up_does_not_pass_the_front(stack: Stack) -> None:
    answer = requests.get(f"{stack.url}/", headers={"X-Local-Stack-Key": "x"}, timeout=CALL_SECONDS)
    assert answer.status_code == 200
