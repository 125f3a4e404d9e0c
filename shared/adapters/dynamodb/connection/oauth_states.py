"""States of OAuth, each used once."""

from __future__ import annotations

from dataclasses import asdict

from shared.adapters.dynamodb.items import from_item, to_item
from shared.adapters.dynamodb.table import Table
from shared.ports.clock import Clock
from shared.ports.connection import OAuthState, OAuthStates
from shared.ports.operations import Actor

_SORT_KEY = "STATE"


class DynamoOAuthStates(OAuthStates):
    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def add(self, state_hash: str, state: OAuthState) -> None:
        """The row expires by itself."""
        key = {"pk": f"OAUTH#{state_hash}", "sk": _SORT_KEY}
        facts = {**asdict(state.by), "cookie_hash": state.cookie_hash, "expires_at": int(state.expires_at)}
        self._table.put(to_item({**key, **facts}))

    def take(self, state_hash: str) -> OAuthState | None:
        """See ``OAuthStates.take``: whoever deletes the row has it."""
        item = self._table.find(f"OAUTH#{state_hash}", _SORT_KEY)
        if item is None or not self._table.delete(f"OAUTH#{state_hash}", _SORT_KEY):
            return None
        row = from_item(item)
        by = Actor(row["who"], row.get("subject", ""), row.get("issuer", ""), row.get("email_verified"))
        state = OAuthState(by, row["cookie_hash"], float(row["expires_at"]))
        return state if self._clock.now() < state.expires_at else None
