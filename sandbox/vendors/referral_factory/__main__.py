"""``python -m sandbox.vendors.referral_factory``: serve the stand-in on 127.0.0.1."""

from __future__ import annotations

import argparse
import random
import signal
import threading
import time

from sandbox.vendors.referral_factory.rules import ReferralFactory
from sandbox.vendors.referral_factory.settings import ReferralFactorySettings
from sandbox.vendors.server import serve


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    settings = ReferralFactorySettings(
        token=options.token,
        webhook_base_url=options.webhook_base_url,
        webhook_secret=options.webhook_secret,
        seed_people=options.people,
    )
    chance = random.Random(options.seed)
    vendor = ReferralFactory(clock=time.time, chance=chance, settings=settings)
    with serve(vendor, options.port, chance=chance) as server:
        with server.lock:
            vendor.start_at(options.public_url or server.url)
        print(f"Referral Factory stand-in: pages {server.url}/, API {server.url}/api/v2", flush=True)
        stop.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.vendors.referral_factory",
        description="A stand-in of Referral Factory on 127.0.0.1: REST under /api/v2, pages at /, settings under /__admin.",
    )
    parser.add_argument("--port", type=int, default=8002, help="port on 127.0.0.1 (default 8002)")
    parser.add_argument("--token", default="local-referral-factory-key", help="the access token that callers must bear")
    parser.add_argument("--public-url", default="", help="where people reach the pages (default: the address served)")
    parser.add_argument("--webhook-base-url", default="", help="base of the application; without it no webhooks are sent")
    parser.add_argument("--webhook-secret", default="", help="what webhooks carry in X-Webhook-Secret")
    parser.add_argument("--people", type=int, default=0, help="synthetic people to put into campaign 1")
    parser.add_argument("--seed", type=int, default=None, help="seed of chance, for runs that repeat")
    return parser


if __name__ == "__main__":
    main()
