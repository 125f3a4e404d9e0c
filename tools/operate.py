"""``python -m tools.operate``: what an operator sees and does beside the console, with the application's own code.

Against AWS with the usual credentials (``--stack NAME``), or against the local stack (``--endpoint http://127.0.0.1:8003``)
with the AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY that ``make run`` prints. What does harm asks first, or wants ``--yes``.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from shared.adapters.admin.referral_answers import ExportedPerson
from shared.domain.connection.connection import Vendor
from shared.domain.person import fold_email
from shared.errors import ApplicationError
from shared.ports.operations import Actor, Result
from shared.runtime.bootstrap import Environment
from shared.use_cases.connection.disconnect import disconnect, reconnect
from shared.use_cases.operations.erase_person import erase_person, export_person
from shared.use_cases.operations.keep_act import kept_act
from shared.use_cases.vendor.lift_stop import lift_stop
from tools.operating.command_line import parser
from tools.operating.deployment import Deployment
from tools.operating.logs import show_log
from tools.operating.operator import Operator
from tools.operating.queues import purge, redrive, switch_worker
from tools.operating.restoring import restore
from tools.operating.rows import list_quarantine, list_referrals, reconcile, replay, show_referral, when
from tools.operating.secrets import set_token, split_secret, webhook_secret
from tools.operating.status import breaker_of, show_stack, show_status
from tools.operating.syncs import sync

_PLAIN = re.compile(r"[0-9A-Za-z_-]{1,100}")
LOCAL = {"region_name": "eu-central-1"}
OPERATOR = Operator()


# -- commands: each answers the lines to print ------------------------------------------------------------------------


def lift(environment: Environment, operator: Operator, *, forget: bool) -> Iterator[str]:
    operator.confirm("One strike too many blocks our address for days. Is the cause found, and stopped?")
    lifted = lift_stop(environment, operator.name, forget=forget)
    stopped = f"stopped since {when(lifted.strikes.stopped_at)}" if lifted.strikes.stopped_at else "not stopped"
    yield f"Before: {lifted.strikes.count} strikes, {stopped}; breaker {breaker_of(lifted.breaker, environment.clock.now())}."
    yield "Now Referral Factory may be called again. " + (
        "Its strikes are forgotten." if forget else "The strikes stay counted: one more, and all calls stop again."
    )


def stop_intercom(environment: Environment, operator: Operator) -> Iterator[str]:
    operator.confirm("Stop all work at Intercom? Signups wait in the ledger until `reconnect`.")
    disconnect(environment, operator.name, Vendor.INTERCOM, keep_token=True)
    yield "Intercom is disconnected; its token is kept for `reconnect`."


def go_on(environment: Environment, operator: Operator) -> Iterator[str]:
    yield f"Intercom is connected, epoch {reconnect(environment, operator.name).epoch}."


def close(environment: Environment, operator: Operator, vendor: Vendor) -> Iterator[str]:
    operator.confirm(f"Let {vendor} be called before its pause is over?")
    before = environment.breakers.find(vendor)
    environment.breakers.close(vendor)
    yield f"The breaker of {vendor} was: {breaker_of(before, environment.clock.now())}. It is closed."


def export(environment: Environment, operator: Operator, email: str) -> Iterator[str]:
    """All that is stored about a person, as one JSON document."""
    person = ExportedPerson(email=fold_email(email), rows=export_person(environment, operator.name, email))
    yield json.dumps(person.model_dump(mode="json"), ensure_ascii=False, indent=1)


def erase(environment: Environment, operator: Operator, email: str) -> Iterator[str]:
    operator.confirm("Erase what is stored about this person? It cannot be undone.")
    rows = erase_person(environment, operator.name, email)
    yield f"{rows} rows were deleted or emptied. A keyed hash keeps reconcile and sync from bringing the person back."
    yield "Not done here: the contact in Intercom and the user in Referral Factory are theirs to delete."
    yield "AWS keeps point-in-time copies of the tables for 35 days, and messages that are under way for 14 days at most."


# -- the command line -------------------------------------------------------------------------------------------------


_COMMANDS: dict[str, Callable[[Environment, Operator, argparse.Namespace], Iterator[str]]] = {
    "lift-stop": lambda made, who, given: lift(made, who, forget=given.forget),
    "export": lambda made, who, given: export(made, who, given.email),
    "erase": lambda made, who, given: erase(made, who, given.email),
    "disconnect": lambda made, who, _: stop_intercom(made, who),
    "reconnect": lambda made, who, _: go_on(made, who),
    "close-breaker": lambda made, who, given: close(made, who, Vendor(given.vendor)),
    "sync": lambda made, who, given: sync(made, who, given.campaign, given.step),
    "set-token": lambda made, who, given: set_token(made, who, given.kind),
    "webhook-secret": lambda made, who, given: webhook_secret(made, who, given.step),
    "referrals": lambda made, _, given: list_referrals(made, given.state, given.campaign),
    "referral": lambda made, _, given: show_referral(made, given.campaign, given.user),
    "replay": lambda made, who, given: replay(made, who, given.campaign, given.user),
    "quarantine": lambda made, _, __: list_quarantine(made),
    "reconcile": lambda made, who, given: reconcile(made, who, full=given.full),
    "status": lambda made, _, __: show_status(made),
}
"""What needs only the application's own parts."""


def run(environment: Environment, arguments: argparse.Namespace, operator: Operator = OPERATOR) -> Iterator[str]:
    """Raises OperatingError and the application's errors."""
    return _COMMANDS[arguments.command](environment, operator, arguments)


_WITH_THE_STACK: dict[str, Callable[[Deployment, Operator, argparse.Namespace], Iterator[str]]] = {
    "status": lambda made, _, __: show_stack(made),
    "log": lambda made, _, given: show_log(made, given.function, given.since or "1h", errors=given.errors),
    "redrive": lambda made, who, given: redrive(made, who, given.queue),
    "purge": lambda made, who, given: purge(made, who, given.queue),
    "worker": lambda made, who, given: switch_worker(made, who, given.function, on=given.switch == "on"),
    "split-secret": lambda made, _, __: split_secret(made),
    "restore": lambda made, who, given: restore(
        made, who, given.table, given.name, given.at, given.begins, overwrite=given.overwrite
    ),
}
"""What needs the stack's own services as well."""
LOOKS = frozenset({"status", "log", "referrals", "referral", "quarantine"})


def lines_of(deployment: Deployment, arguments: argparse.Namespace, operator: Operator = OPERATOR) -> Iterator[str]:
    """What the command prints. Each call is kept before it is carried out; what cannot be kept is not done."""
    environment = deployment.environment
    with kept_act(environment, operator_of(deployment.client), f"Ran tools.operate {_words(arguments)}.") as act:
        with_stack = _WITH_THE_STACK.get(arguments.command)
        yield from with_stack(deployment, operator, arguments) if with_stack else run(environment, arguments, operator)
        if arguments.command in LOOKS or getattr(arguments, "step", "") == "show":
            act.result = Result.LOOKED


def operator_of(client: Callable[[str], Any]) -> Actor:
    """Whose credentials these are, as AWS says."""
    identity = client("sts").get_caller_identity()
    return Actor(identity["Arn"], identity["UserId"], f"AWS account {identity['Account']}")


def _words(arguments: argparse.Namespace) -> str:
    """The command as it was given, but for a person's address and whatever else was typed where a word is expected."""
    given = {name: value for name, value in vars(arguments).items() if value and name not in {"stack", "endpoint", "command"}}
    said = {name: str(value) if name != "email" and _PLAIN.fullmatch(str(value)) else "…" for name, value in given.items()}
    words = [f"--{name}" if given[name] is True else word for name, word in said.items()]
    return " ".join((arguments.command, *sorted(words, key=lambda word: word.startswith("--"))))


def main(given: list[str]) -> int:
    arguments = parser().parse_args(given)
    stack = arguments.stack or ("local" if arguments.endpoint else None)
    if stack is None:
        parser().error("--stack NAME or --endpoint URL is needed")
    access: dict[str, Any] = {"endpoint_url": arguments.endpoint, **LOCAL} if arguments.endpoint else {}
    logging.disable(logging.CRITICAL)  # what is done is printed
    operator = Operator.at_keyboard(sure=getattr(arguments, "yes", False))
    clients: Callable[[str], Any] = lambda service: boto3.client(service, **access)  # noqa: E731
    try:
        for line in lines_of(Deployment(stack, clients), arguments, operator):
            sys.stdout.write(line + "\n")
    except (ApplicationError, BotoCoreError, ClientError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nYou no longer look; what was begun goes on.\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
