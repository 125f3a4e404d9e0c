"""The command line of the doctor."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from shared.errors import ApplicationError, ConfigurationError
from shared.runtime.process import Aws
from tools.doctor import aws, vendors
from tools.doctor.deployment import LookedAt, NoDeploymentError, look_at
from tools.doctor.finding import Finding, Level, bad, skipped

Check = Callable[[LookedAt], Iterator[Finding]]
CHECKS: tuple[Check, ...] = (
    aws.check_stack,
    aws.check_schedules,
    aws.check_mappings,
    aws.check_quotas,
    aws.check_alarms,
    vendors.check_intercom,
    vendors.check_referral_factory,
    vendors.check_attributes,
    vendors.check_webhooks,
    vendors.check_secrets,
    vendors.check_own_integration,
    vendors.check_work,
    aws.check_clock,  # last: by the answers to the others
)
LOCAL_REGION = "eu-central-1"
NOT_ALLOWED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
LOOKED, FOUND_BAD, NOTHING_TO_LOOK_AT = 0, 1, 2


def examine(deployment: LookedAt, checks: Sequence[Check]) -> Iterator[Finding]:
    """Every check's findings; one that cannot look says so and stops no other."""
    for check in checks:
        name = check.__name__.removeprefix("check_")
        try:
            yield from check(deployment)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in NOT_ALLOWED:
                yield skipped(name, f"your AWS credentials may not look ({error.operation_name})", "Look with others.")
            else:
                yield bad(name, f"AWS refuses {error.operation_name}: {code}", "Is that resource still there? Deploy again.")
        except (BotoCoreError, ApplicationError) as error:
            yield bad(name, f"could not be looked at: {error}", "Look again; if it stays, deploy again.")


def main(arguments: list[str]) -> int:
    """0: nothing is BAD, 1: something is, 2: there is nothing to look at."""
    options = _parser().parse_args(arguments)
    local = options.target == "local"
    if local == bool(options.stack):
        _parser().error("name one: --stack NAME, or local")
    logging.disable(logging.CRITICAL)  # what was found is printed
    worst = LOOKED
    try:
        deployment = look_at(options.stack or "local", clients_of(local=local))
        for finding in examine(deployment, CHECKS):
            sys.stdout.write(f"{finding}\n")
            worst = FOUND_BAD if finding.level is Level.BAD else worst
    except ConfigurationError as error:
        sys.stdout.write(f"{bad('settings', str(error), 'Deploy with right parameters: no function can start with these.')}\n")
        return FOUND_BAD
    except (NoDeploymentError, BotoCoreError, ClientError, ResponseParserError) as error:
        hint = "Is make run there? Export the four AWS_… variables that it prints." if local else "Right account and region?"
        sys.stderr.write(f"There is nothing to look at: {error} {hint}\n")
        return NOTHING_TO_LOOK_AT
    return worst


def clients_of(*, local: bool) -> Aws:
    """Of AWS with the usual credentials, or of the stack of ``make run`` (PORT) with those that it prints."""
    access: dict[str, Any] = {}
    if local:
        port = int(os.environ.get("PORT") or 8000) + 3
        access = {
            "endpoint_url": os.environ.get("AWS_ENDPOINT_URL") or f"http://127.0.0.1:{port}",
            "region_name": os.environ.get("AWS_DEFAULT_REGION") or LOCAL_REGION,
        }

    def client(service: str) -> Any:
        return boto3.client(service, **access)

    return client


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m tools.doctor",
        description="Look at a deployment from outside; each line says what to do. Exit code 1 if anything is BAD.",
    )
    made.add_argument("target", nargs="?", choices=["local"], help="the stack of make run on this machine (PORT)")
    made.add_argument("--stack", help="the CloudFormation stack, with your AWS credentials and region")
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
