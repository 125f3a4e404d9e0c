"""``python -m sandbox run``: the local stack in the foreground."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
from collections.abc import Iterator
from threading import Event

from sandbox.stack.errors import StackError
from sandbox.stack.first_steps import ErrorWatch, next_steps, prepare
from sandbox.stack.ministack import REGION
from sandbox.stack.settings import StackSettings, is_local
from sandbox.stack.stack import Stack

SETTINGS = """environment:
  PORT                      first of five ports (8000): application, Intercom, Referral Factory, AWS, sign-in
  INTERCOM_API_URL          deliver to this Intercom, with INTERCOM_ACCESS_TOKEN, instead of a stand-in
  REFERRAL_FACTORY_API_URL  use this Referral Factory (ends in /api/v2), with REFERRAL_FACTORY_API_KEY
  WEBHOOK_SECRET            what Referral Factory sends in X-Webhook-Secret (local-webhook-secret)
  INTERCOM_CLIENT_SECRET    what signs Intercom's webhooks (local-client-secret)
  EMPTY                     1: campaign 1 is not set up"""


class Stopped(SystemExit):
    """Somebody asked this program to end."""


def main(arguments: list[str]) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP (exit code 0), or until a part ends by itself (StackError)."""
    options = _parser().parse_args(arguments)
    changes = {"port": options.port} if options.port is not None else {}
    settings = StackSettings.from_environment(
        **changes, search_lag=options.search_lag, keep=options.keep_logs, log_level=options.log_level
    )
    with ending_on_signals() as stopped, Stack(settings) as stack:
        print(describe(stack), flush=True)
        prepare(stack, empty=bool(os.environ.get("EMPTY")))
        print(f"Ready: {stack.url}/  (Ctrl-C ends it all)", flush=True)
        print(next_steps(stack), flush=True)
        watch = ErrorWatch(stack)
        try:
            while not stopped.wait(1.0):
                if dead := stack.find_dead():
                    raise StackError(f"{dead[0]} has ended by itself. Its last words:\n{dead[1]}")
                for line in watch.new_errors():
                    print(line, flush=True)
        except Stopped:
            pass
        print("Ending.", flush=True)
    return 0


@contextlib.contextmanager
def ending_on_signals(code: int = 0) -> Iterator[Event]:
    """Within it the first SIGINT, SIGTERM or SIGHUP ends the block with that exit code; later ones change nothing."""
    stopped = Event()

    def end(*_: object) -> None:
        if not stopped.is_set():
            stopped.set()
            raise Stopped(code)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def describe(stack: Stack) -> str:
    """What a person needs to know about the running stack."""
    settings = stack.settings
    pages = f"{stack.referral_factory_pages_url}/"
    lines = [
        f"  application        {stack.url}/",
        f"  Intercom           {_where(stack.intercom_url, settings.intercom_url, f'{stack.intercom_url}/ui')}",
        f"  Referral Factory   {_where(stack.referral_factory_url, settings.referral_factory_url, pages)}",
        f"  AWS services       {stack.aws_endpoint}, only with the access key of this run:",
        f"                     export AWS_ENDPOINT_URL={stack.aws_endpoint} AWS_DEFAULT_REGION={REGION}",
        f"                     export AWS_ACCESS_KEY_ID={stack.ministack.access_key}",
        f"                     export AWS_SECRET_ACCESS_KEY={stack.ministack.secret_key}",
        f"  sign-in            {stack.issuer_url}  (pick Mara Marketer; a token: make token PORT={stack.ports.base})",
        f"  webhook address    {stack.url}/webhooks/referral-factory/<campaign id>/joined",
        f"  webhook secret     {settings.webhook_secret}  (header X-Webhook-Secret)",
        f"  Intercom's client secret  {settings.intercom_client_secret}",
    ]
    return "\n".join(lines)


def _where(address: str, outside: str | None, pages: str) -> str:
    if outside:
        return f"{address}  (not ours)" if is_local(outside) else f"{address}  (THE REAL ONE: what is written there is real)"
    return f"{address}  (stand-in; pages: {pages})"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox run",
        description="Start the local stack from template.yaml, with stand-ins of Intercom and Referral Factory.",
        epilog=SETTINGS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, help="first of five ports; 0: any free ones (default: PORT, else 8000)")
    parser.add_argument("--search-lag", type=float, help="seconds until the stand-in of Intercom finds a new contact (120)")
    parser.add_argument("--keep-logs", action="store_true", help="leave .sandbox/run-<port> with all logs")
    parser.add_argument("--log-level", default="WARNING", help="of ministack (WARNING)")
    return parser
