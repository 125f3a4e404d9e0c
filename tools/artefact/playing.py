"""Every function's sample events, against the AWS services and the stand-ins of a local stack."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sandbox.stack.ministack import REGION
from sandbox.stack.stack import Stack
from tools.artefact.hosting import Layout, Outcome, host

EVENTS = Path(__file__).parents[2] / "events"
SOME_COME_BACK = ("deliver_contact_batch", "update_referrer_batch")
"""Samples with a message of newer code or none of ours beside a good one; of all others none may come back."""


def play_all(stack: Stack, layout: Layout) -> Iterator[tuple[str, Outcome]]:
    """Each deployed function of the layout, with the settings that it is deployed with; its module and what came of it."""
    aws = {
        "AWS_ENDPOINT_URL": stack.aws_endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": stack.ministack.access_key,
        "AWS_SECRET_ACCESS_KEY": stack.ministack.secret_key,
    }
    deployed = _deployed(stack)
    for module in sorted(layout.functions):
        if module in deployed:
            yield module, host(layout, module, {**deployed[module], **aws}, samples_of(module, layout), SOME_COME_BACK)


def samples_of(module: str, layout: Layout) -> dict[str, Any]:
    """The events whose names begin with the function's, unless a longer name fits better. Each function has one at least."""
    names = [one.rpartition(".")[2] for one in layout.functions]
    function = module.rpartition(".")[2]
    found = {
        path.stem: json.loads(path.read_text())
        for path in sorted(EVENTS.glob(f"{function}_*.json"))
        if max((name for name in names if path.stem.startswith(f"{name}_")), key=len) == function
    }
    if not found:
        raise LookupError(f"events/ has no sample for {function}")
    return found


def _deployed(stack: Stack) -> Mapping[str, Mapping[str, str]]:
    """Module → the variables that the function is deployed with."""
    functions = stack.client("lambda")
    found = {}
    for name, physical in stack.resources.items():
        if name.endswith("Function"):
            known = functions.get_function_configuration(FunctionName=physical)
            found[known["Handler"].removesuffix(".handler.lambda_handler")] = known["Environment"]["Variables"]
    return found
