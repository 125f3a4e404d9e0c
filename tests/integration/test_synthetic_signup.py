"""Our own signup over HTTP in a stack that has its two parameters: through the API, the queue and the worker to Intercom."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from sandbox.stack.settings import StackSettings
from sandbox.stack.stack import Stack
from shared.adapters.clock import SystemChance
from shared.adapters.dynamodb.operations.progresses import DynamoProgresses
from shared.adapters.dynamodb.table import Table
from shared.domain.signup.synthetic import SYNTHETIC_IDS_FROM
from shared.domain.timing import DAY
from shared.use_cases.operations.synthetic_signup import SYNTHETIC_PROGRESS
from tests.integration.conftest import KEEP_LOGS, need_ministack
from tests.integration.over_http import OverHttp, wait_for

pytestmark = pytest.mark.stack
CAMPAIGN = 1
EMAIL = "synthetic@example.com"


@pytest.fixture(scope="module")
def outside() -> Iterator[OverHttp]:
    need_ministack()
    parameters = {"SyntheticSignupCampaign": str(CAMPAIGN), "SyntheticSignupEmail": EMAIL}
    with Stack(StackSettings(parameters=parameters, keep=KEEP_LOGS)) as running:
        outside = OverHttp(running)
        yield outside
        outside.close()


def fire(outside: OverHttp) -> dict[str, bool]:
    """The schedule fires now."""
    client = outside.stack.client("lambda")
    answer = client.invoke(FunctionName=outside.stack.resources["SyntheticSignupFunction"], Payload=b"{}")
    outcome: dict[str, bool] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, outcome
    return outcome


@pytest.mark.thorough
def test_our_own_signup_goes_all_the_way(outside: OverHttp) -> None:
    outside.configure(CAMPAIGN)

    assert fire(outside) == {"accepted": True, "arrived": False}

    progresses = DynamoProgresses(
        Table(outside.stack.client("dynamodb"), outside.stack.resources["CampaignsTable"], SystemChance())
    )
    began_at = (progresses.find(SYNTHETIC_PROGRESS) or {})["began_at"]

    row = outside.row((CAMPAIGN, SYNTHETIC_IDS_FROM + int(float(str(began_at)) // DAY)))
    assert (row.state, row.synthetic) == ("delivered", True)

    wait_for(lambda: fire(outside) == {"accepted": True, "arrived": True}, "the arrival")
    contact = outside.contact_of(row)

    assert (contact["email"], contact["name"]) == (EMAIL, "Synthetic signup")
    assert any("SyntheticSignupWorks" in line for line in outside.stack.logs("SyntheticSignupFunction"))
    assert not any(EMAIL in line for line in outside.stack.logs("SyntheticSignupFunction"))


def test_without_its_parameters_nothing_of_it_is_deployed(stack: Stack) -> None:
    assert [name for name in stack.resources if name.startswith("SyntheticSignup")] == []
