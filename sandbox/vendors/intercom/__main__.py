"""Serve the stand-in: ``python -m sandbox.vendors.intercom --port 8001``."""

from __future__ import annotations

import argparse
import json
import random
import signal
import threading
import time

from sandbox.vendors.intercom.rules import Intercom
from sandbox.vendors.intercom.settings import IntercomSettings
from sandbox.vendors.server import serve


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.vendors.intercom",
        description="A stand-in for Intercom's REST API 2.16 on 127.0.0.1. "
        "Every setting can also be changed while it runs: PUT /__admin/settings.",
    )
    parser.add_argument("--port", type=int, default=8001, help="0 picks a free one (default: %(default)s)")
    parser.add_argument("--token", action="append", help="an accepted access token; may be given several times")
    parser.add_argument("--client-id", help="of the OAuth app (default: local-client-id)")
    parser.add_argument("--client-secret", help="of the app; signs webhooks (default: local-client-secret)")
    parser.add_argument("--redirect-uri", action="append", dest="redirect_uris", help="registered OAuth callback")
    parser.add_argument("--webhook-url", help="where notifications go (default: nowhere)")
    parser.add_argument("--uninstall-url", help="where the uninstall notice goes (default: nowhere)")
    parser.add_argument("--search-lag", type=float, help="seconds, 0 to 600 (default: 120)")
    parser.add_argument("--limit-per-window", type=int, help="calls in each 10 s (default: 1667)")
    parser.add_argument("--timezone", help="of the workspace (default: Europe/Berlin)")
    parser.add_argument("--workspace-id", help="(default: local-workspace)")
    parser.add_argument("--contacts", type=int, help="how many more synthetic contacts to begin with (default: 0)")
    parser.add_argument("--chance", type=int, help="the seed of all chance, for runs that can be repeated")
    parser.add_argument("--setting", action="append", default=[], metavar="NAME=JSON", help="any other setting")
    return parser.parse_args(arguments)


def read_settings(options: argparse.Namespace) -> IntercomSettings:
    """Raises ValueError when a setting is unknown or wrong."""
    named = {
        "tokens": options.token,
        "client_id": options.client_id,
        "client_secret": options.client_secret,
        "redirect_uris": options.redirect_uris,
        "webhook_url": options.webhook_url,
        "uninstall_url": options.uninstall_url,
        "search_lag_seconds": options.search_lag,
        "limit_per_window": options.limit_per_window,
        "timezone": options.timezone,
        "workspace_id": options.workspace_id,
        "seed_contacts": options.contacts,
    }
    changes = {name: value for name, value in named.items() if value is not None}
    for pair in options.setting:
        name, _, value = pair.partition("=")
        changes[name] = json.loads(value)
    settings = IntercomSettings()
    settings.change(changes)
    return settings


def main() -> None:
    options = read_arguments()
    try:
        settings = read_settings(options)
    except ValueError as error:
        raise SystemExit(f"intercom: {error}") from None
    chance = random.Random(options.chance)
    vendor = Intercom(clock=time.time, chance=chance, settings=settings)
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    with serve(vendor, options.port, chance=random.Random(options.chance)) as running:
        print(f"Intercom stand-in: {running.url} (REST), {running.url}/ui (pages)", flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
