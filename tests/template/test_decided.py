"""What the linters see: the template with each option, every condition decided."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.template_options import OPTIONS, decide


@pytest.fixture(scope="module")
def decided(expanded: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: decide(expanded, given) for name, given in OPTIONS.items()}


def test_nothing_is_left_to_decide(decided: dict[str, dict[str, Any]]) -> None:
    for name, template in decided.items():
        text = json.dumps({part: entry for part, entry in template.items() if part != "Parameters"})
        for word in ("Fn::If", "AWS::NoValue", '"Condition": "', *(f'{{"Ref": "{one}"}}' for one in template["Parameters"])):
            assert word not in text, name


def test_each_conditional_part_is_there_with_some_option_and_gone_with_another(
    expanded: dict[str, Any], decided: dict[str, dict[str, Any]]
) -> None:
    conditional = {name for name, entry in expanded["Resources"].items() if "Condition" in entry}
    assert len(conditional) > 10
    for name in conditional:
        assert {name in template["Resources"] for template in decided.values()} == {True, False}, name


def test_each_parameter_that_switches_something_is_set_in_some_option(expanded: dict[str, Any]) -> None:
    conditions = json.dumps(expanded["Conditions"])
    deciding = {name for name in expanded["Parameters"] if f'"Ref": "{name}"' in conditions} - {"Stage"}
    assert deciding
    assert deciding <= {name for given in OPTIONS.values() for name in given}


def test_what_is_decided_is_what_was_asked(decided: dict[str, dict[str, Any]]) -> None:
    function = decided["network"]["Resources"]["SyncPageFunction"]["Properties"]
    assert function["VpcConfig"]["SubnetIds"] == ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    assert "VpcConfig" not in decided["default"]["Resources"]["SyncPageFunction"]["Properties"]
    assert decided["everything"]["Resources"]["SignupWebhookFunction"]["Properties"]["ReservedConcurrentExecutions"] == 50
    assert decided["domain"]["Outputs"]["ApiUrl"]["Value"] == {"Fn::Sub": "https://${DomainName}/"}
    assert "DomainRecord" in decided["domain-with-zone"]["Resources"]
