"""``python -m sandbox break FAULT``: break a running local stack as a bad day would, and sign ten people up so that there is
something to see; ``mend`` ends what the vendors do. docs/game-day.md says what one sees and presses."""

from __future__ import annotations

import argparse
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from sandbox.stack.errors import StackError
from sandbox.stack.ministack import local_client
from sandbox.stack.ports import HOST
from sandbox.stack.settings import read_port
from sandbox.stack.stack import STATE
from shared.messages import DeliverContact, body_of
from tools.operating.deployment import Deployment

PEOPLE = 10
CAMPAIGN, PAGE = 1, "friends"
SLOW_SECONDS = 8.0
LAPSED = "Your plan has lapsed."
MEND = "mend"
CALL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Fault:
    """``order``: what the stand-in of Intercom does with each call. ``settings``: of the stand-in of Referral Factory.
    ``worker_off``: nobody takes from the delivery queue. ``poisoned``: the signups are where they would be after 20 tries."""

    meaning: str
    order: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    worker_off: bool = False
    poisoned: bool = False


FAULTS = {
    "intercom-down": Fault("Intercom answers 503 to every call.", {"kind": "status", "status": 503}),
    "forbidden": Fault(
        "Intercom refuses the app: its plan has lapsed.",
        {
            "kind": "status",
            "status": 403,
            "body": json.dumps({"type": "error.list", "errors": [{"code": "api_plan_restricted", "message": LAPSED}]}),
        },
    ),
    "slow": Fault(f"Intercom takes {SLOW_SECONDS:.0f} s for every answer.", {"kind": "delay", "seconds": SLOW_SECONDS}),
    "webhooks-lost": Fault("Referral Factory's webhooks do not arrive.", settings={"webhook_loss": 1.0}),
    "poisoned": Fault("A bug made ten signups fail 20 times; it is mended already.", poisoned=True),
    "worker-off": Fault("Somebody switched the delivery worker off.", worker_off=True),
}


class Running:
    """A local stack that runs on this machine beside both stand-ins. Raises StackError."""

    def __init__(self, port: int) -> None:
        self._intercom, self._factory = (f"http://{HOST}:{port + offset}" for offset in (1, 2))
        self._http = requests.Session()
        self._http.trust_env = False
        self._deployment = Deployment("local", clients_of(port))

    def close(self) -> None:
        self._http.close()

    def begin(self, fault: Fault) -> None:
        if fault.order:
            self._call("POST", f"{self._intercom}/__admin/faults", fault.order)
        if fault.settings:
            self._call("PUT", f"{self._factory}/__admin/settings", fault.settings)
        if fault.worker_off:
            handing = self._deployment.handing("deliver-contact")
            if handing is not None:
                self._deployment.client("lambda").update_event_source_mapping(UUID=handing.uuid, Enabled=False)
        if fault.poisoned:
            poison(
                self._deployment.client("sqs"),
                self._deployment.dead_letter_queue("Delivery"),
                secrets.randbelow(10**6) + 10**6,
                time.time(),
            )
        else:
            self.sign_up()

    def mend(self) -> None:
        """What the vendors do ends; what somebody did here is for the player to undo."""
        self._call("DELETE", f"{self._intercom}/__admin/faults")
        self._call("PUT", f"{self._factory}/__admin/settings", {"webhook_loss": 0.0})

    def sign_up(self) -> None:
        """One person referring, who brings the others."""
        marker = secrets.token_hex(3)
        code = self._sign_up_on(PAGE, f"rita-{marker}")
        for number in range(1, PEOPLE + 1):
            self._sign_up_on(code, f"friend-{marker}-{number}")

    def _sign_up_on(self, page: str, name: str) -> str:
        """The new person's own code."""
        with requests.Session() as browser:
            browser.trust_env = False
            form = {"first_name": name.title(), "email": f"{name}@example.com", "meta[Last Name]": "Game"}
            answer = browser.post(f"{self._factory}/{page}", data=form, allow_redirects=False, timeout=CALL_SECONDS)
        found = re.search(r"/([A-Za-z0-9]+)(?:[/?#]|$)", answer.headers.get("Location", ""))
        if answer.status_code not in (302, 303) or found is None:
            raise StackError(f"Referral Factory's page /{page} did not take a signup ({answer.status_code}).")
        return found[1]

    def _call(self, method: str, address: str, body: Any = None) -> None:
        try:
            self._http.request(method, address, json=body, timeout=CALL_SECONDS).raise_for_status()
        except requests.RequestException as error:
            where = address.partition("/__admin")[0]
            raise StackError(
                f"There is no stand-in at {where} ({type(error).__name__}). Only a stack beside both stand-ins can be broken."
            ) from None


def clients_of(port: int) -> Callable[[str], Any]:
    """Clients of the AWS services of the stack that runs on this port. Raises StackError."""
    path = STATE / f"run-{port}" / "aws.json"
    if not path.exists():
        raise StackError(f"No local stack runs on port {port}. Start one with make run, or name its PORT=.")
    known = json.loads(path.read_text("utf-8"))
    access = [known[name] for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")]
    return lambda service: local_client(service, *access)


def poison(sqs: Any, url: str, first_id: int, now: float) -> None:
    """Signups in the dead-letter queue, as after 20 tries."""
    for number in range(first_id, first_id + PEOPLE):
        fields = {"id": number, "first_name": f"Friend {number}", "email": f"friend-{number}@example.com", "source": "Referred"}
        message = DeliverContact(CAMPAIGN, None, "joined", now, fields, id=f"poisoned-{number}")
        sqs.send_message(QueueUrl=url, MessageBody=body_of(message), MessageGroupId=str(CAMPAIGN))


def main(arguments: list[str], running: Callable[[int], Running] = Running) -> int:
    options = _parser().parse_args(arguments)
    port = read_port() if options.port is None else options.port
    stack = running(port)
    try:
        if options.fault == MEND:
            stack.mend()
            print("The vendors work again. What somebody did here (a worker that is off, dead letters) is yours to undo.")
            return 0
        fault = FAULTS[options.fault]
        stack.begin(fault)
    finally:
        stack.close()
    print(f"{fault.meaning} Ten people signed up meanwhile.")
    print(f"Find out what is wrong and mend it: docs/game-day.md. `make break FAULT={MEND}` ends what the vendors do.")
    return 0


def _parser() -> argparse.ArgumentParser:
    lines = [f"  {name:<15} {fault.meaning}" for name, fault in FAULTS.items()]
    parser = argparse.ArgumentParser(
        prog="python -m sandbox break",
        description="Break a running local stack on purpose, beside both stand-ins.",
        epilog="\n".join(["faults:", *lines, f"  {MEND:<15} End what the vendors do."]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("fault", choices=(*FAULTS, MEND), metavar="FAULT", help=", ".join((*FAULTS, MEND)))
    parser.add_argument("--port", type=int, help="the stack's first port (default: PORT, else 8000)")
    return parser
