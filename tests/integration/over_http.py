"""The deployed template as outsiders see it: webhooks in, contacts out; and the ledger in between, read from its table."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

import requests

from sandbox.stack.stack import Stack
from shared.adapters.clock import SystemChance, SystemClock
from shared.adapters.dynamodb.signup.quarantine import DynamoQuarantine
from shared.adapters.dynamodb.signup.referrals import DynamoReferrals
from shared.adapters.dynamodb.table import Table
from shared.domain.signup.referral import Referral
from shared.ports.signup import Quarantined
from tests.support.builders import webhook_fields
from tests.support.documents import campaign_document

CALL_SECONDS = DELIVERY_SECONDS = 90.0
"""When a test gives up on a machine that has much else to do, where a function's first call alone took 27 s; how long the way
takes, `make bench` measures."""
Seen = TypeVar("Seen")
_numbers = itertools.count(100_000)


def wait_for(look: Callable[[], Seen | None], what: str, seconds: float = DELIVERY_SECONDS) -> Seen:
    """What ``look`` sees, as soon as it is something."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"{what} did not come within {seconds:.0f} s"
        time.sleep(0.1)


def new_id() -> int:
    """A user or campaign id that no other test of this process has."""
    return next(_numbers)


class OverHttp:
    """Calls to one stack and looks at what became of them."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.http = requests.Session()
        self.http.trust_env = False
        table = Table(stack.client("dynamodb"), stack.resources["ReferralsTable"], SystemChance())
        self.referrals = DynamoReferrals(table, SystemClock())
        self.quarantine = DynamoQuarantine(table, SystemClock())
        self._functions = stack.client("lambda")

    def close(self) -> None:
        self.http.close()

    # -- what people and Referral Factory do --------------------------------------------------------------------------

    def configure(self, campaign_id: int | None = None, **changes: Any) -> int:
        """Saves the settings by the API, as the console does; the campaign's id."""
        number = campaign_id or new_id()
        address = f"{self.stack.url}/api/campaigns/{number}"
        headers = {"Authorization": f"Bearer {self.stack.token()}"}
        present = self.http.get(address, headers=headers, timeout=CALL_SECONDS)
        if present.status_code == 200:
            headers["If-Match"] = present.headers["ETag"]
        document = campaign_document(campaign_id=number, **changes)
        answer = self.http.put(address, json=document, headers=headers, timeout=CALL_SECONDS)
        assert answer.status_code in {200, 201}, answer.text
        return number

    def post(
        self,
        campaign: int | str,
        body: Any = None,
        *,
        event: str = "joined",
        secret: str | bytes | None = "local-webhook-secret",
        method: str = "POST",
        query: str = "",
        content_type: str = "application/json",
    ) -> requests.Response:
        """A webhook. ``body`` as JSON, bytes as they are."""
        headers: dict[str, str | bytes] = {"Content-Type": content_type}
        if secret is not None:
            headers["X-Webhook-Secret"] = secret
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        address = f"{self.stack.url}/webhooks/referral-factory/{campaign}/{event}{'?' if query else ''}{query}"
        return self.http.request(method, address, data=content, headers=headers, timeout=CALL_SECONDS)

    def sign_up(self, campaign: int, event: str = "joined", **changes: Any) -> tuple[int, int]:
        """A person of their own, posted and accepted; the row's key."""
        fields = self.fields(campaign, **changes)
        answer = self.post(campaign, fields, event=event)
        assert answer.status_code == 202, answer.text
        return campaign, fields["id"]

    def fields(self, campaign: int, **changes: Any) -> dict[str, Any]:
        user_id = changes.pop("id", None) or new_id()
        return webhook_fields(**{"id": user_id, "email": f"person{user_id}@example.com", "campaign_id": campaign, **changes})

    def sweep(self) -> dict[str, int]:
        """What the schedule does each minute, now."""
        answer = self._functions.invoke(FunctionName=self.stack.resources["SweepFunction"], Payload=b"{}")
        assert "FunctionError" not in answer
        swept: dict[str, int] = json.loads(answer["Payload"].read())
        return swept

    # -- what became of it --------------------------------------------------------------------------------------------

    def row(self, key: tuple[int, int], *, until: Callable[[Referral], bool] = lambda row: row.finished) -> Referral:
        """The referral's row, when it is as wanted: by default finished."""

        def look() -> Referral | None:
            row = self.referrals.find(*key)
            return row if row is not None and until(row) else None

        try:
            return wait_for(look, "the row")
        except AssertionError:
            raise AssertionError(f"the row is {self.referrals.find(*key)}") from None

    def quarantined(self, campaign: str) -> Quarantined | None:
        """The newest body that was put aside for that campaign."""
        return next((row for row in self.quarantine.list(200).items if row.campaign_id == campaign), None)

    def intercom(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the test's own to Intercom."""
        headers = {
            "Authorization": f"Bearer {self.stack.settings.intercom_token}",
            "Accept": "application/json",
            "Intercom-Version": "2.16",
        }
        answer = self.http.request(method, f"{self.stack.intercom_url}{path}", json=body, headers=headers, timeout=CALL_SECONDS)
        answer.raise_for_status()
        return answer.json()

    def all_contacts(self) -> list[dict[str, Any]]:
        """From the list, which has no lag."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.intercom("GET", f"/contacts?per_page=150{cursor}")
            found += page["data"]
            following = page["pages"].get("next")
            if not following:
                return found
            cursor = f"&starting_after={following['starting_after']}"

    def contacts(self, email: str) -> list[dict[str, Any]]:
        return [contact for contact in self.all_contacts() if contact["email"] == email]

    def contact_of(self, row: Referral) -> dict[str, Any]:
        (contact,) = self.contacts(row.person.email or "")
        assert contact["id"] == row.contact_id
        return contact

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """The stand-in's own orders: faults, settings, calls."""
        answer = self.http.request(method, f"{self.stack.intercom_url}/__admin/{path}", json=body, timeout=CALL_SECONDS)
        answer.raise_for_status()
        return answer.json()
