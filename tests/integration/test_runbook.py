"""Each block of the runbook, run by bash as it is printed, in a terminal, against a local stack."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.commands import breaking
from sandbox.stack.ministack import REGION, ROOT
from sandbox.stack.settings import StackSettings
from sandbox.stack.stack import STATE, Stack
from tests.integration.conftest import need_ministack
from tests.support.documents import campaign_document
from tests.support.terminal import run_in_terminal
from tools.operating.deployment import Deployment

pytestmark = pytest.mark.stack
on_a_stack_of_its_own = pytest.mark.thorough

BLOCKS = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "docs" / "runbook.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
SETUP, *STEPS = BLOCKS
REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")
LOCAL = re.sub(r"^STACK=.*$", "STACK=local", SETUP, flags=re.MULTILINE)
SHOWS = {
    "operate status": ["connected · workspace local-workspace", "queue delivery", "function deliver-contact    last ran 20"],
    "operate referral 1 42": ["A contact was created in Intercom."],
    "operate log deliver-contact --since 3h": ["contact delivered", "no error in the last 1d"],
    "operate referrals failed": ["No referral is failed.", "It is delivered again now."],
    "operate reconcile --full": ["Reconcile reads the whole list"],
    "operate redrive Delivery": ["1 messages went back to the delivery queue"],
    "operate purge Reconcile": ["dead letters of reconcile are deleted"],
    "operate webhook-secret next": ["shown this once"],
    "operate webhook-secret promote": ["The new secret is the only one."],
    "operate set-token intercom": ["local-workspace", "The token is stored."],
    "operate set-token referral-factory": ["The key is stored."],
    "operate set-token intercom-app": ["Both secrets are accepted now."],
    "operate disconnect": ["Intercom is disconnected", "Intercom is connected"],
    "operate worker off deliver-contact": ["switched off", "switched on"],
    "operate lift-stop": ["Now Referral Factory may be called again."],
    "operate quarantine": ["Nothing is in quarantine."],
    "operate restore referrals as-it-was --at 2026-11-30T09:00:00": ["as-it-was can be read", "nothing to copy"],
    "operate export ada@example.com": ["rows were deleted or emptied"],
}
"""First command of a block → what it shows, besides an exit code of 0."""


def first_command(block: str) -> str:
    return block.splitlines()[0].partition("#")[0].strip()


@pytest.fixture(scope="module")
def called_at_night() -> Iterator[Stack]:
    """A stack of its own with one signup delivered: the blocks change secrets and switch things off."""
    need_ministack()
    with Stack(StackSettings(search_lag=0.1)) as stack:
        headers = {"Authorization": f"Bearer {stack.token()}", "If-None-Match": "*"}
        saved = requests.put(f"{stack.url}/api/campaigns/1", json=campaign_document(), headers=headers, timeout=30)
        assert saved.status_code == 201, saved.text
        sign_up(stack, 42, stack.settings.webhook_secret)
        deadline = time.monotonic() + 30
        while state_of(stack, 42) != "delivered":
            assert time.monotonic() < deadline, state_of(stack, 42)
            time.sleep(0.2)
        yield stack


def sign_up(stack: Stack, user_id: int, secret: str) -> None:
    body = {"id": user_id, "first_name": "Ivo", "email": f"night-{user_id}@example.com", "source": "Referred", "campaign_id": 1}
    address = f"{stack.url}/webhooks/referral-factory/1/joined"
    assert requests.post(address, json=body, headers={"X-Webhook-Secret": secret}, timeout=30).status_code == 202


def state_of(stack: Stack, user_id: int) -> str | None:
    headers = {"Authorization": f"Bearer {stack.token()}"}
    answer = requests.get(f"{stack.url}/api/referrals/1/{user_id}", headers=headers, timeout=30)
    found: dict[str, Any] = answer.json()
    return str(found["referral"]["state"]) if answer.status_code == 200 else None


def test_no_block_of_the_runbook_is_left_out() -> None:
    assert [first_command(block) for block in STEPS] == list(SHOWS)


@on_a_stack_of_its_own
def test_each_block_of_the_runbook_does_what_it_says(called_at_night: Stack) -> None:
    stack = called_at_night
    sqs = stack.client("sqs")
    sqs.send_message(QueueUrl=stack.outputs["DeliveryDeadLetterQueueUrl"], MessageBody="{}", MessageGroupId="1")
    for block in STEPS:
        command = first_command(block)
        if command == "operate webhook-secret promote":
            sign_up_with_next(stack)
        code, shown = run_in_terminal(f"{LOCAL}\n{block}", environment_of(stack), answers_for(stack, command))
        assert code == 0, f"{block}\n{shown}"
        for text in SHOWS[command]:
            assert text in shown, f"{block}\n{shown}"
        assert "Traceback" not in shown
        assert stack.settings.intercom_token not in shown


@on_a_stack_of_its_own
def test_a_row_that_was_lost_comes_back(called_at_night: Stack) -> None:
    """The runbook's own block, called again once the row is gone: the table was made before."""
    stack = called_at_night
    block = next(block for block in STEPS if first_command(block).startswith("operate restore"))
    for expected in ("nothing to copy", "1 rows were copied"):
        code, shown = run_in_terminal(f"{LOCAL}\n{block}", environment_of(stack), answers_for(stack, ""))
        assert (code, expected in shown) == (0, True), shown
        if expected == "nothing to copy":
            lose(stack, 42)
    assert state_of(stack, 42) == "delivered"


def lose(stack: Stack, user_id: int) -> None:
    key = {"pk": {"S": f"REFERRAL#1#{user_id}"}, "sk": {"S": "REFERRAL"}}
    stack.client("dynamodb").delete_item(TableName=stack.resources["ReferralsTable"], Key=key)
    assert state_of(stack, user_id) is None


def environment_of(stack: Stack) -> dict[str, str]:
    """What a person exports who follows the runbook with a local stack."""
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "AWS_ENDPOINT_URL": stack.aws_endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": stack.ministack.access_key,
        "AWS_SECRET_ACCESS_KEY": stack.ministack.secret_key,
        "TERM": "dumb",
    }


def answers_for(stack: Stack, command: str) -> list[tuple[str, str]]:
    settings = stack.settings
    typed = {
        "operate set-token intercom": settings.intercom_token,
        "operate set-token referral-factory": settings.referral_factory_key,
        "operate set-token intercom-app": "the-next-client-secret",
    }
    return [("[y/N] ", "y"), ("(it is not shown): ", typed.get(command, ""))]


def sign_up_with_next(stack: Stack) -> None:
    """A webhook comes with the secret that was just put into Referral Factory."""
    secrets = stack.client("secretsmanager")
    held = json.loads(secrets.get_secret_value(SecretId=stack.outputs["WebhookSecretArn"])["SecretString"])
    sign_up(stack, 43, held["next"])
    deadline = time.monotonic() + 30
    while state_of(stack, 43) != "delivered":
        assert time.monotonic() < deadline
        time.sleep(0.2)


@on_a_stack_of_its_own
@pytest.mark.parametrize("command", re.findall(r"^(curl .*?)\n```$", REFERENCE, re.DOTALL | re.MULTILINE))
def test_each_curl_of_the_reference_works(called_at_night: Stack, command: str) -> None:
    stack = called_at_night
    secrets = json.loads(
        stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["WebhookSecretArn"])["SecretString"]
    )
    command = command.replace(":8000/", f":{stack.ports.base}/").replace("local-webhook-secret", secrets["current"])

    code, shown = run_in_terminal(command, environment_of(stack), [])

    assert code == 0
    assert "202" in shown.splitlines()[0]


@on_a_stack_of_its_own
def test_a_running_stack_is_broken_and_mended_by_the_command(called_at_night: Stack) -> None:
    """What the incidents are, ``tests/unit/operations/test_game_day.py`` plays; here, that the faults reach a real stack."""
    stack = called_at_night
    port = stack.ports.base
    assert breaking.main(["worker-off", "--port", str(port)]) == 0

    (handing,) = [Deployment("local", stack.client).handing("deliver-contact")]
    assert handing is not None
    assert not handing.is_on

    stack.client("lambda").update_event_source_mapping(UUID=handing.uuid, Enabled=True)

    assert breaking.main(["intercom-down", "--port", str(port)]) == 0
    assert requests.get(f"{stack.intercom_url}/me", timeout=30).status_code == 503
    assert breaking.main(["poisoned", "--port", str(port)]) == 0
    assert breaking.main(["mend", "--port", str(port)]) == 0
    assert requests.get(f"{stack.intercom_url}/me", timeout=30).status_code != 503

    mode = (STATE / f"run-{port}" / "aws.json").stat().st_mode & 0o777
    assert mode == 0o600
