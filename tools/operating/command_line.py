"""What can be typed behind ``python -m tools.operate``."""

from __future__ import annotations

import argparse

from shared.domain.connection.connection import Vendor
from shared.domain.signup.state import State
from tools.operating.deployment import QUEUES
from tools.operating.queues import PURGED, WORKERS
from tools.operating.restoring import TABLES
from tools.operating.secrets import KINDS, STEPS


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m tools.operate", description="Look at a deployment and mend it. What does harm asks first."
    )
    made.add_argument("--stack", help="the CloudFormation stack; with --endpoint it is 'local' unless given")
    made.add_argument("--endpoint", help="AWS services of the local stack, for example http://127.0.0.1:8003")
    commands = made.add_subparsers(dest="command", required=True)

    def command(name: str, text: str, *, asks: bool = False) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text)
        if asks:
            one.add_argument("--yes", action="store_true", help="do it without asking")
        return one

    command("status", "vendors, limits, who waits longest and why, queues, dead letters, workers, functions")
    log = command("log", "what a function logged")
    log.add_argument("function", metavar="FUNCTION", help="for example deliver-contact")
    log.add_argument("--since", help="30m, 3h, 2d (1h)")
    log.add_argument("--errors", action="store_true", help="errors alone")
    listing = command("referrals", "the newest referrals in a state, with their reasons")
    listing.add_argument("state", choices=[str(state) for state in State], metavar="STATE", help=", ".join(State))
    listing.add_argument("--campaign", type=int)
    for name, text in (("referral", "one referral's story; it holds personal data"), ("replay", "deliver one referral again")):
        one = command(name, text)
        one.add_argument("campaign", type=int, metavar="CAMPAIGN")
        one.add_argument("user", type=int, metavar="USER", help="the person's id in Referral Factory")
    command("quarantine", "webhooks that could not be read")
    command("reconcile", "look for missing people now").add_argument("--full", action="store_true", help="read the whole list")
    redriving = command("redrive", "send a queue's dead letters again", asks=True)
    redriving.add_argument("queue", choices=QUEUES, metavar="QUEUE", help=", ".join(QUEUES))
    purging = command("purge", "delete dead letters that only wake somebody up", asks=True)
    purging.add_argument("queue", choices=PURGED, metavar="QUEUE", help=", ".join(PURGED))
    worker = command("worker", "switch a queue's worker on or off", asks=True)
    worker.add_argument("switch", choices=("on", "off"))
    worker.add_argument("function", choices=tuple(WORKERS), metavar="FUNCTION", help=", ".join(WORKERS))
    token = command("set-token", "ask for a token, check whose it is, and store it", asks=True)
    token.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    rotating = command("webhook-secret", "the secret of Referral Factory's webhooks", asks=True)
    rotating.add_argument("step", choices=STEPS)
    stop = command("lift-stop", "let Referral Factory be called again after strikes or a block", asks=True)
    stop.add_argument("--forget", action="store_true", help="also forget the strikes: only if Referral Factory has")
    command("disconnect", "stop all work at Intercom; signups wait in the ledger", asks=True)
    command("reconnect", "go on with the workspace that was disconnected")
    breaker = command("close-breaker", "let a vendor be called before its pause is over", asks=True)
    breaker.add_argument("vendor", choices=[str(vendor) for vendor in Vendor], metavar="VENDOR", help=" or ".join(Vendor))
    command("split-secret", "after an upgrade: move the app's id and secret out of the token's secret")
    command("export", "all that is stored about a person, as one JSON document").add_argument("email", metavar="EMAIL")
    command("erase", "delete what is stored about a person; it cannot be undone", asks=True).add_argument(
        "email", metavar="EMAIL"
    )
    restoring = command("restore", "copy lost rows back out of a table that is made as the live one was", asks=True)
    restoring.add_argument("table", choices=TABLES, metavar="TABLE", help=" or ".join(TABLES))
    restoring.add_argument("name", metavar="NAME", help="of the table that is made, behind STACK-restored-")
    restoring.add_argument("--at", default="", help="2026-11-30T09:00:00, in UTC (the newest that there is, minutes ago)")
    restoring.add_argument("--begins", default="", help="only keys that begin so, for example REFERRAL#1#")
    restoring.add_argument("--overwrite", action="store_true", help="rows that differ as well; needs --begins")
    syncing = command("sync", "show the newest sync run, start one and follow it, or cancel the open one", asks=True)
    syncing.add_argument("step", choices=("show", "start", "cancel"))
    syncing.add_argument("campaign", type=int, metavar="CAMPAIGN")
    return made
