"""Referrals by filter: keys out of the console's indexes, then the rows themselves. Never a scan."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from math import nextafter

from shared.adapters.dynamodb.items import Item
from shared.adapters.dynamodb.keys import EMAIL_INDEX, LISTING_INDEX, STATE_INDEX, listing_partitions, state_partitions
from shared.adapters.dynamodb.listing import Merged, in_partition, read_merged
from shared.adapters.dynamodb.signup.referral_items import REFERRAL, ids_of_referral, joined_of, key_of_referral, may_hold_in
from shared.adapters.dynamodb.signup.referrals import DynamoReferrals
from shared.adapters.dynamodb.table import Table
from shared.domain.operations.results import Joined
from shared.domain.person import keys_of_email
from shared.domain.signup.referral import Referral
from shared.domain.signup.referral_filter import Group, ReferralFilter
from shared.ports.listing import Page
from shared.ports.signup import ReferralSearch

LEAST_READ = 50
MOST_READ = 600
"""Keys of one call; a filter that drops more answers a short page."""
MOST_SEARCHED = 1_000
"""Keys of one call that looks for a text: little is read of each, and most are dropped."""
END_OF_TIME = 9_999_999_999.0


class DynamoReferralSearch(ReferralSearch):
    def __init__(self, table: Table, referrals: DynamoReferrals) -> None:
        self._table = table
        self._referrals = referrals

    def search(self, wanted: ReferralFilter, limit: int, cursor: str | None = None) -> Page[Referral]:
        if wanted.people is not None:
            people = self._referrals.find_all(sorted(wanted.people)).values()
            newest = sorted(people, key=lambda row: row.accepted_at, reverse=True)
            return Page([row for row in newest if wanted.takes(row)], None)
        found: list[Referral] = []
        read = 0
        while True:
            part = self._part(wanted, MOST_SEARCHED if wanted.text else min(max(limit, LEAST_READ), MOST_READ), cursor)
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

    def count(self, wanted: ReferralFilter, group: Group, most: int) -> int:
        options = {"IndexName": STATE_INDEX}
        campaign = {}
        if wanted.campaign_id is not None:
            options["FilterExpression"] = "begins_with(pk, :campaign)"
            campaign = {":campaign": f"REFERRAL#{wanted.campaign_id}#"}
        found = 0
        for partition in state_partitions(group):
            condition, values = in_partition("state_partition", partition, _between(wanted))
            found += self._table.count(condition, {**values, **campaign}, most - found, **options)
        return found

    def joined(self, campaign_id: int, since: float, most: int) -> list[Joined]:
        keys: list[tuple[float, str]] = []
        for partition in listing_partitions(f"REFERRALS#{campaign_id}"):
            condition, values = in_partition("list_partition", partition, (since, END_OF_TIME))
            items = self._table.query(condition, values, IndexName=LISTING_INDEX, ScanIndexForward=False)
            keys += [(float(item["listed_at"]["N"]), item["pk"]["S"]) for item in islice(items, most)]
        newest = [pk for _, pk in sorted(keys, reverse=True)[:most]]
        rows = self._table.find_all(
            ((pk, REFERRAL) for pk in newest), "pk, listed_at, person, #state, history, synthetic, facts"
        )
        return sorted((one for row in rows if (one := joined_of(row)) is not None), key=lambda one: one.at, reverse=True)

    def _part(self, wanted: ReferralFilter, limit: int, cursor: str | None) -> Merged:
        between = _between(wanted)
        if wanted.email is not None:
            partitions = [key[:254] or "none" for key in keys_of_email(wanted.email)]
            return read_merged(self._table, EMAIL_INDEX, "email_key", partitions, limit, cursor, between=between)
        everything = wanted.state is None and wanted.flag is None and wanted.group is None and not wanted.attention
        if everything and wanted.campaign_id is not None:
            partitions = listing_partitions(f"REFERRALS#{wanted.campaign_id}")
            return read_merged(self._table, LISTING_INDEX, "list_partition", partitions, limit, cursor, between=between)
        partitions = [name for group in wanted.groups for name in state_partitions(group)]
        return read_merged(self._table, STATE_INDEX, "state_partition", partitions, limit, cursor, between=between)

    def _rows(self, wanted: ReferralFilter, keys: Sequence[Item]) -> list[Referral | None]:
        """One for each key, None for what the filter drops."""
        ids = [ids_of_referral(item["pk"]["S"]) for item in keys]
        possible = [one for one in ids if wanted.takes_key(one[0])]
        rows = self._referrals.find_all(self._holding(wanted.text, possible) if wanted.text else possible)
        return [row if (row := rows.get(one)) is not None and wanted.takes(row) else None for one in ids]

    def _holding(self, text: str, ids: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those whose person holds the text anywhere: the facts alone are read, and not taken apart."""
        found = self._table.find_all(((key_of_referral(*one), REFERRAL) for one in ids), "pk, person, facts")
        return [ids_of_referral(item["pk"]["S"]) for item in found if may_hold_in(item, text)]


def _between(wanted: ReferralFilter) -> tuple[float, float] | None:
    if wanted.since is None and wanted.until is None:
        return None
    first = wanted.since or 0.0
    last = END_OF_TIME if wanted.until is None else nextafter(wanted.until, 0.0)  # the key condition takes its end in
    return first, max(first, last)
