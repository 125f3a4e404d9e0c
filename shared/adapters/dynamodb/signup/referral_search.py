"""Referrals by filter: keys out of the console's indexes, then the rows themselves. Never a scan."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.dynamodb.items import Item
from shared.adapters.dynamodb.keys import EMAIL_INDEX, LISTING_INDEX, STATE_INDEX, listing_partitions, state_partitions
from shared.adapters.dynamodb.listing import Merged, read_merged
from shared.adapters.dynamodb.signup.referral_items import ids_of_referral
from shared.adapters.dynamodb.signup.referrals import DynamoReferrals
from shared.adapters.dynamodb.table import Table
from shared.domain.person import keys_of_email
from shared.domain.signup.referral import Referral
from shared.domain.signup.referral_filter import Group, ReferralFilter
from shared.ports.listing import Page
from shared.ports.signup import ReferralSearch

LEAST_READ = 50
MOST_READ = 600
"""Keys of one call; a filter that drops more answers a short page."""


class DynamoReferralSearch(ReferralSearch):
    def __init__(self, table: Table, referrals: DynamoReferrals) -> None:
        self._table = table
        self._referrals = referrals

    def search(self, wanted: ReferralFilter, limit: int, cursor: str | None = None) -> Page[Referral]:
        found: list[Referral] = []
        read = 0
        while True:
            part = self._part(wanted, min(max(limit, LEAST_READ), MOST_READ), cursor)
            rows = self._rows(wanted, part.items)
            for count, row in enumerate(rows, 1):
                found += [row] if row is not None else []
                if len(found) >= limit:
                    return Page(found, part.cursor_after(count))
            read += len(part.items)
            cursor = part.cursor_after(len(part.items))
            if cursor is None or read >= MOST_READ:
                return Page(found, cursor)

    def count_attention(self, most: int) -> int:
        partitions = state_partitions(Group.ATTENTION)
        return len(read_merged(self._table, STATE_INDEX, "state_partition", partitions, most, None).items)

    def _part(self, wanted: ReferralFilter, limit: int, cursor: str | None) -> Merged:
        if wanted.email is not None:
            partitions = [key[:254] or "none" for key in keys_of_email(wanted.email)]
            return read_merged(self._table, EMAIL_INDEX, "email_key", partitions, limit, cursor)
        everything = wanted.state is None and wanted.flag is None and not wanted.attention
        if everything and wanted.campaign_id is not None:
            partitions = listing_partitions(f"REFERRALS#{wanted.campaign_id}")
            return read_merged(self._table, LISTING_INDEX, "list_partition", partitions, limit, cursor)
        partitions = [name for group in wanted.groups for name in state_partitions(group)]
        return read_merged(self._table, STATE_INDEX, "state_partition", partitions, limit, cursor)

    def _rows(self, wanted: ReferralFilter, keys: Sequence[Item]) -> list[Referral | None]:
        """One for each key, None for what the filter drops."""
        ids = [ids_of_referral(item["pk"]["S"]) for item in keys]
        rows = self._referrals.find_all([one for one in ids if wanted.takes_key(one[0])])
        return [row if (row := rows.get(one)) is not None and wanted.takes(row) else None for one in ids]
