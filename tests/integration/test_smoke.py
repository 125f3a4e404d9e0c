"""`make smoke` against the local stack: the same script as against a deployed one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.stack.ministack import ROOT
from sandbox.stack.stack import Stack
from tests.integration.over_http import OverHttp
from tools.smoke.__main__ import stack_of
from tools.smoke.story import NotReadyError

pytestmark = pytest.mark.stack
CAMPAIGN = 1
TRACKED = {
    "trigger": {
        "kind": "attribute",
        "attribute": "custom_attributes.referral_status",
        "initial_value": "New",
        "qualified_values": ["Connected"],
    },
    "unqualify_on_reversal": True,
}


@pytest.fixture(scope="module")
def outside(stack: Stack) -> Iterator[OverHttp]:
    outside = OverHttp(stack)
    outside.configure(CAMPAIGN, qualification=TRACKED)
    yield outside
    outside.close()


def smoke(stack: Stack, *arguments: str, **environment: str) -> tuple[int, str]:
    given = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ENDPOINT_URL": stack.aws_endpoint,
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": stack.ministack.access_key,
        "AWS_SECRET_ACCESS_KEY": stack.ministack.secret_key,
        "AWS_EC2_METADATA_DISABLED": "true",
        **environment,
    }
    command = [sys.executable, "-m", "tools.smoke", *arguments]
    given = {name: value for name, value in given.items() if value}
    ended = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=120, check=False)
    assert ended.stderr == ""
    return ended.returncode, ended.stdout


def people_of_smoke(stack: Stack, outside: OverHttp) -> list[Any]:
    headers = {"Authorization": f"Bearer {stack.settings.referral_factory_key}", "Accept": "application/json"}
    address = f"{stack.referral_factory_url}/users?per_page=250"
    people = outside.http.get(address, headers=headers, timeout=20).json()["data"]
    contacts = [contact["email"] for contact in outside.all_contacts()]
    return [email for email in [*(person["email"] for person in people), *contacts] if "+smoke-" in (email or "")]


@pytest.mark.thorough
def test_one_referral_goes_all_the_way_and_is_undone(stack: Stack, outside: OverHttp) -> None:
    code, printed = smoke(stack, "--to", "local", "--campaign", str(CAMPAIGN), "--patience", "60")

    assert code == 0, printed
    assert [line.split()[0] for line in printed.splitlines()] == ["ok"] * 5, printed
    assert "reported by webhook" in printed
    assert people_of_smoke(stack, outside) == []


@pytest.mark.thorough
def test_where_nothing_arrives_it_fails_and_is_undone_all_the_same(stack: Stack, outside: OverHttp) -> None:
    functions = stack.client("lambda")
    [mapping] = functions.list_event_source_mappings(FunctionName=stack.resources["DeliverContactFunction"])[
        "EventSourceMappings"
    ]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)

    try:
        code, printed = smoke(stack, "--to", "local", "--campaign", str(CAMPAIGN), "--patience", "2")
    finally:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)

    assert code == 1
    assert "after 2 s" in printed
    assert people_of_smoke(stack, outside) == []


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("arguments", "environment", "why"),
    [
        (("--to", "dev"), {}, "name a test campaign"),
        (("--to", "somewhere", "--campaign", "1", "--email", "a@example.com"), {}, "samconfig.toml has no stack"),
        (("--to", "dev", "--campaign", "1", "--email", "a@example.com"), {}, "does not exist"),
        (("--to", "local", "--campaign", "987654"), {}, "not active"),
        (("--to", "local"), {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "credentials"),
    ],
)
def test_without_what_it_needs_it_is_left_out_in_clear_words(
    stack: Stack, outside: OverHttp, arguments: tuple[str, ...], environment: dict[str, str], why: str
) -> None:
    code, printed = smoke(stack, *arguments, **environment)
    assert (code, printed.split()[0]) == (0, "SKIPPED"), printed
    assert why in printed
    assert smoke(stack, *arguments, "--strict", **environment)[0] == 2


def test_the_stack_is_the_one_of_samconfig() -> None:
    assert stack_of("dev") == "referral-factory-intercom-dev"
    with pytest.raises(NotReadyError, match="dev, prod"):
        stack_of("nowhere")
