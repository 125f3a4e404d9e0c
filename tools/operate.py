"""``python -m tools.operate``: what an operator sees and does beside the console, with the application's own code.

Against AWS with the usual credentials (``--stack NAME``), or against the local stack (``--endpoint http://127.0.0.1:8003``)
with the AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY that ``make run`` prints.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from shared.adapters.clock import SystemChance, SystemClock
from shared.config import Settings
from shared.domain.connection.connection import Breaker, Vendor
from shared.domain.sync.run import RunState
from shared.errors import ApplicationError
from shared.observability import EmbeddedMetrics
from shared.ports.operations import Actor, Result
from shared.runtime.bootstrap import Environment
from shared.use_cases.connection.switch_connection import switch_connection
from shared.use_cases.operations.erase_person import erase_person, export_person
from shared.use_cases.operations.keep_act import kept_act
from shared.use_cases.signup.reconcile_progress import NAME, progress_of
from shared.use_cases.sync.read_syncs import cancel_run, describe_run, read_run, read_runs
from shared.use_cases.sync.start_sync import start_once
from shared.use_cases.vendor.lift_stop import lift_stop
from shared.version import VERSION
from tools.follow_sync import follow, summary

OPERATOR = "an operator"
"""What the console shows of a run that was started here; the audit has the whole name."""
LOCAL = {"region_name": "eu-central-1"}


class OperatingError(ApplicationError):
    """Something that the operator can mend; the message says what."""


def environment_of(stack: str, client: Callable[[str], Any]) -> Environment:
    """The application's own parts on that stack's tables. No vendor is called with it. Raises OperatingError."""
    stacks = client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    outputs = _outputs(stacks)
    parameters = {entry["ParameterKey"]: entry["ParameterValue"] for entry in stacks[0].get("Parameters", [])}
    workers = {
        slot: parameters[name]
        for name, slot in (("DeliveryConcurrency", "delivery_concurrency"), ("SyncConcurrency", "sync_concurrency"))
        if name in parameters
    }
    try:
        settings = Settings(
            campaigns_table=outputs["CampaignsTableName"],
            referrals_table=outputs["ReferralsTableName"],
            sync_queue_url=outputs.get("SyncQueueUrl", ""),
            **workers,
        )
    except KeyError as error:
        raise OperatingError(f"The stack {stack} has no output {error}: is it this application's?") from None
    return Environment(settings, client, _no_vendor, SystemClock(), SystemChance(), EmbeddedMetrics())


def operator_of(client: Callable[[str], Any]) -> Actor:
    """Whose credentials these are, as AWS says."""
    identity = client("sts").get_caller_identity()
    return Actor(identity["Arn"], identity["UserId"], f"AWS account {identity['Account']}")


def _outputs(stacks: list[dict[str, Any]]) -> dict[str, str]:
    return {entry["OutputKey"]: entry["OutputValue"] for entry in stacks[0].get("Outputs", [])}


def _no_vendor(_: Settings) -> Any:
    raise OperatingError("This command calls no vendor.")


# -- commands: each answers the lines to print ------------------------------------------------------------------------


def show_status(environment: Environment) -> Iterator[str]:
    yield f"version              {VERSION}: this checkout's; the stack's output ApplicationVersion has the deployed one"
    now = environment.clock.now()
    connection = environment.connections.find()
    if connection is None:
        yield "Intercom             not connected yet"
    else:
        state = "connected" if connection.connected else "DISCONNECTED"
        yield f"Intercom             {state} · workspace {connection.workspace_id} {connection.name} · epoch {connection.epoch}"
    for vendor in Vendor:
        yield f"breaker {vendor:<17} {_breaker(environment.breakers.find(vendor), now)}"
    strikes = environment.strikes.find(Vendor.REFERRAL_FACTORY)
    stop = f"ALL CALLS STOPPED since {_time(strikes.stopped_at)}; see lift-stop" if strikes.stopped_at else "no stop"
    last = f", the last at {_time(strikes.last_at)}" if strikes.count else ""
    yield f"strikes              {strikes.count}{last} · {stop}"
    taken, in_flight = environment.referral_factory_limiter.usage()
    yield f"calls referral_factory  {taken} in the sliding minute, {in_flight} in flight"
    leased, cap, limit = environment.intercom_limiter.usage()
    known = "not learnt yet" if limit is None else str(limit)
    yield f"calls intercom       {min(leased, cap)} of {cap} leased in this window of 10 s · Intercom's limit {known}"
    oldest = environment.referrals.oldest_undelivered()
    yield f"oldest undelivered   {'none' if oldest is None else f'{now - oldest:.0f} s, since {_time(oldest)}'}"
    stored = environment.progresses.find(NAME)
    if stored is None:
        yield "reconcile            has not succeeded yet"
        return
    progress = progress_of(stored)
    scan = f"scan at page {progress.scan_page}" if progress.scan_page else f"whole list read {_time(progress.scanned_at)}"
    yield f"reconcile            succeeded {_time(progress.succeeded_at)} · up to user {progress.high_water} · {scan}"


def lift(environment: Environment, *, forget: bool) -> Iterator[str]:
    lifted = lift_stop(environment, forget=forget)
    stopped = f"stopped since {_time(lifted.strikes.stopped_at)}" if lifted.strikes.stopped_at else "not stopped"
    yield f"Before: {lifted.strikes.count} strikes, {stopped}; breaker {_breaker(lifted.breaker, environment.clock.now())}."
    yield "Now Referral Factory may be called again. " + (
        "Its strikes are forgotten." if forget else "The strikes stay counted: one more, and all calls stop again."
    )


def switch(environment: Environment, *, connected: bool) -> Iterator[str]:
    connection = switch_connection(environment, connected=connected)
    yield f"Intercom is {'connected' if connection.connected else 'disconnected'}, epoch {connection.epoch}."


def close(environment: Environment, vendor: Vendor) -> Iterator[str]:
    before = environment.breakers.find(vendor)
    environment.breakers.close(vendor)
    yield f"The breaker of {vendor} was: {_breaker(before, environment.clock.now())}. It is closed."


def split_secret(client: Any, stack: str) -> Iterator[str]:
    """For a deployment of before the app's id and secret had a secret of their own."""
    outputs = _outputs(client("cloudformation").describe_stacks(StackName=stack)["Stacks"])
    secrets = client("secretsmanager")
    here, there = (outputs.get(name, "") for name in ("IntercomSecretArn", "IntercomAppSecretArn"))
    if not here or not there:
        raise OperatingError("Deploy this version first: the stack has no secret of the app yet.")
    held, app = (json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"]) for arn in (here, there))
    moved = {name: value for name, value in held.items() if name != "access_token" and value and not app.get(name)}
    secrets.put_secret_value(SecretId=there, SecretString=json.dumps({**app, **moved}))
    secrets.put_secret_value(SecretId=here, SecretString=json.dumps({"access_token": held.get("access_token", "")}))
    yield f"Moved: {', '.join(sorted(moved)) or 'nothing'}. What the app's own secret held already was left as it is."


def export(environment: Environment, email: str) -> Iterator[str]:
    """All that is stored about a person, as one JSON document."""
    yield json.dumps(export_person(environment, OPERATOR, email), ensure_ascii=False, indent=1)


def erase(environment: Environment, email: str) -> Iterator[str]:
    rows = erase_person(environment, OPERATOR, email)
    yield f"{rows} rows were deleted or emptied. A keyed hash keeps reconcile and sync from bringing the person back."
    yield "Not done here: the contact in Intercom and the user in Referral Factory are theirs to delete."
    yield "AWS keeps point-in-time copies of the tables for 35 days, and messages that are under way for 14 days at most."


def show_sync(environment: Environment, campaign_id: int) -> Iterator[str]:
    """The newest run as it stands; nothing is started."""
    newest = next(iter(read_runs(environment, campaign_id, 1).items), None)
    if newest is None:
        yield f"Campaign {campaign_id} has no sync run."
        return
    yield from summary(describe_run(newest, environment.clock.now()))


def sync(environment: Environment, campaign_id: int, *, cancel: bool) -> Iterator[str]:
    """Starts a run, or follows the one that is open, with a progress bar; or cancels it. Raises OperatingError at the end of
    one that is not done."""
    newest = next(iter(read_runs(environment, campaign_id, 1).items), None)
    is_open = newest is not None and not newest.finished
    if newest is not None and is_open and cancel:
        run = cancel_run(environment, campaign_id, str(newest.slot), OPERATOR)
        yield from summary(describe_run(run, environment.clock.now()))
        return
    if cancel:
        raise OperatingError("No run is open.")
    run = newest if newest is not None and is_open else start_once(environment, campaign_id, OPERATOR)
    environment.audit.complete(Result.DONE)  # whoever stops looking leaves the run alone

    def look() -> dict[str, Any]:
        return describe_run(read_run(environment, campaign_id, str(run.slot)), environment.clock.now())

    ended = follow(look)
    yield from summary(ended)
    if ended["state"] != RunState.DONE:
        raise OperatingError("The run failed." if ended["state"] == RunState.FAILED else "The run was cancelled.")


def _breaker(breaker: Breaker | None, now: float) -> str:
    if breaker is None:
        return "closed"
    state = "tried right now" if breaker.probing else "OPEN" if breaker.is_open(now) else "may be tried"
    return f"{state} ({breaker.kind}) until {_time(breaker.open_until)}, opened {breaker.openings} times in a row"


def _time(at: float | None) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else "never"


# -- the command line -------------------------------------------------------------------------------------------------


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tools.operate", description="Look at a deployment and lift its stops.")
    made.add_argument("--stack", help="the CloudFormation stack; with --endpoint it is 'local' unless given")
    made.add_argument("--endpoint", help="AWS services of the local stack, for example http://127.0.0.1:8003")
    commands = made.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="connection, breakers, strikes, use of the limits, what waits, reconcile")
    stop = commands.add_parser("lift-stop", help="let Referral Factory be called again after strikes or a block")
    stop.add_argument("--forget", action="store_true", help="also forget the strikes: only if Referral Factory has")
    stop.add_argument("--yes", action="store_true", help="do it")
    commands.add_parser("disconnect", help="stop all work at Intercom; signups wait in the ledger")
    commands.add_parser("reconnect", help="go on with the workspace that was disconnected")
    breaker = commands.add_parser("close-breaker", help="let a vendor be called before its pause is over")
    breaker.add_argument("vendor", choices=[str(vendor) for vendor in Vendor], metavar="VENDOR", help=" or ".join(Vendor))
    commands.add_parser("split-secret", help="after an upgrade: move the app's id and secret out of the token's secret")
    exporting = commands.add_parser("export", help="all that is stored about a person, as one JSON document")
    exporting.add_argument("email", metavar="EMAIL")
    erasing = commands.add_parser("erase", help="delete what is stored about a person; it cannot be undone")
    erasing.add_argument("email", metavar="EMAIL")
    erasing.add_argument("--yes", action="store_true", help="do it")
    syncing = commands.add_parser("sync", help="sync a campaign now, or follow the run that is open")
    syncing.add_argument("campaign", type=int, metavar="CAMPAIGN")
    instead = syncing.add_mutually_exclusive_group()
    instead.add_argument("--cancel", action="store_true", help="cancel the open run instead")
    instead.add_argument("--show", action="store_true", help="only show the newest run; nothing is started")
    return made


def run(environment: Environment, arguments: argparse.Namespace) -> Iterator[str]:
    """Carries the command out; raises OperatingError and the application's errors."""
    match arguments.command:
        case "lift-stop" if not arguments.yes:
            raise OperatingError("Nothing was changed. One strike too many blocks our address for days: repeat with --yes.")
        case "lift-stop":
            return lift(environment, forget=arguments.forget)
        case "export":
            return export(environment, arguments.email)
        case "erase" if not arguments.yes:
            raise OperatingError("Nothing was changed. Erasing cannot be undone: repeat with --yes.")
        case "erase":
            return erase(environment, arguments.email)
        case "disconnect" | "reconnect":
            return switch(environment, connected=arguments.command == "reconnect")
        case "close-breaker":
            return close(environment, Vendor(arguments.vendor))
        case "sync" if arguments.show:
            return show_sync(environment, arguments.campaign)
        case "sync":
            return sync(environment, arguments.campaign, cancel=arguments.cancel)
        case _:
            return show_status(environment)


def lines_of(stack: str, client: Callable[[str], Any], arguments: argparse.Namespace) -> Iterator[str]:
    """What the command prints. Each call is kept before it is carried out; what cannot be kept is not done."""
    environment, words = environment_of(stack, client), _words(arguments)
    with kept_act(environment, operator_of(client), f"Ran tools.operate {words}.") as act:
        yield from split_secret(client, stack) if arguments.command == "split-secret" else run(environment, arguments)
        if getattr(arguments, "show", arguments.command == "status"):
            act.result = Result.LOOKED


def _words(arguments: argparse.Namespace) -> str:
    """The command as it was given, but for the person's address."""
    given = {name: value for name, value in vars(arguments).items() if value and name not in {"stack", "endpoint", "command"}}
    words = [f"--{name}" if value is True else "…" if name == "email" else str(value) for name, value in given.items()]
    return " ".join((arguments.command, *sorted(words, key=lambda word: word.startswith("--"))))


def main(given: list[str]) -> int:
    arguments = parser().parse_args(given)
    stack = arguments.stack or ("local" if arguments.endpoint else None)
    if stack is None:
        parser().error("--stack NAME or --endpoint URL is needed")
    access: dict[str, Any] = {"endpoint_url": arguments.endpoint, **LOCAL} if arguments.endpoint else {}
    logging.disable(logging.CRITICAL)  # what is done is printed
    try:
        for line in lines_of(stack, lambda service: boto3.client(service, **access), arguments):
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
