"""The calls of each try at a referral, beside its row, for a month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice

from shared.adapters.dynamodb.items import from_item, to_item
from shared.adapters.dynamodb.packed import pack, unpack
from shared.adapters.dynamodb.signup.referral_items import key_of_referral
from shared.adapters.dynamodb.table import Table
from shared.domain.vendor.call import VendorCall
from shared.ports.vendor import Calls

CALLS = "CALLS#"
KEPT_FOR = 30 * 86_400.0


class DynamoCalls(Calls):
    def __init__(self, table: Table) -> None:
        self._table = table

    def keep(self, campaign_id: int, user_id: int, calls: Sequence[VendorCall]) -> None:
        at = calls[0].at
        keys = {"pk": key_of_referral(campaign_id, user_id), "sk": f"{CALLS}{int(at * 1000):015d}"}
        packed = pack({"calls": [asdict(call) for call in calls]})
        self._table.put(to_item({**keys, "calls": packed, "expires_at": int(at + KEPT_FOR)}))

    def of_person(self, campaign_id: int, user_id: int, most: int) -> Sequence[VendorCall]:
        values = {":pk": key_of_referral(campaign_id, user_id), ":prefix": CALLS}
        rows = self._table.query("pk = :pk AND begins_with(sk, :prefix)", values, ScanIndexForward=False)
        tries = [unpack(from_item(row)["calls"])["calls"] for row in islice(rows, most)]
        newest = (call for calls in tries for call in reversed(calls))
        return [VendorCall(**{name: call.get(name) for name in VendorCall.__slots__}) for call in islice(newest, most)]
