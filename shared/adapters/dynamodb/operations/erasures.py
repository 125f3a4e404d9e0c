"""Everything that is stored about an e-mail address: read, taken out, and kept out by a keyed hash.

The whole tables are read: rows of other people name this one as their referrer, and no index leads there. It is rare.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_plus

from shared.adapters.dynamodb.items import Item, from_item, json_text, to_item
from shared.adapters.dynamodb.signup.referral_items import FACTS, REFERRAL, facts_of, item_of, referral_of
from shared.adapters.dynamodb.table import Table
from shared.adapters.dynamodb.vendor.calls import CALLS
from shared.domain.person import emails_alike, fold_email, is_deliverable, keys_of_email
from shared.domain.signup.referral import Referral
from shared.errors import LedgerTooLargeError, MalformedPayloadError, TransientError
from shared.ports.clock import Clock
from shared.ports.operations import Erasures

ERASED_PARTITION = "ERASED"
KEPT_BESIDE = ("QUALIFICATION", "REWARD#")
"""Rows beside a referral that hold ids and states alone: without them a reward would be given twice."""
REQUESTED = "REQUESTED#"
UNDER_WAY = 900.0
"""Seconds after which nothing that was read before the request is still under way: leases, runs, messages."""
MOST_PASSES = 5
LOOKED_FOR_AGAIN = 30.0
"""Seconds between two looks of one worker at whether anybody was ever erased."""
TIME_FOR_A_PAGE = 8.0
"""Seconds that must be left for another page: DynamoDB may be asked twice, 5 s each time, and the answer be written."""
LOOK_AT_THE_CLOCK = 200
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
Ids = set[tuple[int, int]]


class DynamoErasures(Erasures):
    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._hash_key: str | None = None
        self._looked_at = 0.0

    @property
    def anybody(self) -> bool:
        return self._key() is not None

    def erased_at(self, email: str | None) -> float | None:
        key = self._key() if email else None
        for hashed in _hashes(key, email) if key and email else ():
            item = self._table.find(hashed, ERASED_PARTITION)
            if item is not None:
                return float(from_item(item)["erased_at"])
        return None

    def erased_among(self, emails: Iterable[str]) -> set[str]:
        key = self._key()
        if key is None:
            return set()
        by_hash = {hashed: email for email in emails for hashed in _hashes(key, email)}
        return {by_hash[item["pk"]["S"]] for item in self._table.find_all((pk, ERASED_PARTITION) for pk in by_hash)}

    def export(self, email: str, time_left: Callable[[], float]) -> list[dict[str, Any]]:
        folded = _address(email)
        theirs = self._theirs(folded, time_left)
        return [_shown(from_item(item)) for item in self._scan(time_left) if _concerns(item, folded, theirs)]

    def request(self, email: str, now: float) -> None:
        folded = _address(email)
        hashed = self._keep_out(folded, now)
        times = {"due_at": now, "asked_at": now}
        self._table.put(to_item({"pk": ERASED_PARTITION, "sk": REQUESTED + hashed, "email": folded, **times}))

    def requested(self, now: float) -> list[str]:
        found = map(
            from_item, self._table.query("pk = :pk AND begins_with(sk, :sk)", {":pk": ERASED_PARTITION, ":sk": REQUESTED})
        )
        due = [item for item in found if float(item["due_at"]) <= now]
        return [str(item["email"]) for item in sorted(due, key=lambda item: float(item["due_at"]))]

    def erase(self, email: str, now: float, time_left: Callable[[], float]) -> int:
        folded = _address(email)
        request = self._table.find(ERASED_PARTITION, REQUESTED + _hashes(self._key() or "", folded)[0])
        asked_at = float(from_item(request)["asked_at"]) if request else now
        self._keep_out(folded, asked_at)
        if request and asked_at < now and self._began_anew(folded, asked_at, time_left):
            self._done(request, asked_at + UNDER_WAY)
            return 0
        erased = 0
        for _ in range(MOST_PASSES):  # a worker may have been at a row
            theirs = self._theirs(folded, time_left)
            invited = self._invited(folded, theirs, time_left)
            left = [item for item in self._scan(time_left) if _concerns(item, folded, theirs, invited)]
            if not left:
                self._done(request, now)
                return erased
            erased += sum(self._take_out(item, folded, theirs, now) for item in left)
        raise TransientError("The person's rows change too often. Try again.", vendor="aws")

    def _key(self) -> str | None:
        """Once made it never changes. While nobody was ever erased it is looked for once in a while: the second pass of the
        first erasure comes later than that (``UNDER_WAY``)."""
        if self._hash_key is None and self._clock.now() - self._looked_at >= LOOKED_FOR_AGAIN:
            self._looked_at = self._clock.now()
            item = self._table.find(ERASED_PARTITION, "KEY")
            self._hash_key = None if item is None else str(item["hash_key"]["S"])
        return self._hash_key

    def _keep_out(self, folded: str, now: float) -> str:
        """The hash under which the address is known from now on."""
        if self._key() is None:
            key = to_item(
                {"pk": ERASED_PARTITION, "sk": "KEY", "hash_key": self._table.new_write_id() + self._table.new_write_id()}
            )
            self._table.put(key, "attribute_not_exists(pk)")
            self._looked_at = 0.0
        hashed = _hashes(self._key() or "", folded)[0]
        self._table.put(to_item({"pk": hashed, "sk": ERASED_PARTITION, "erased_at": now}))
        return hashed

    def _done(self, request: Item | None, now: float) -> None:
        """The request ends with a pass that no worker's older reading can follow."""
        if request is None:
            return
        sk, ends_at = request["sk"]["S"], float(from_item(request)["asked_at"]) + UNDER_WAY
        if now >= ends_at:
            self._table.delete(ERASED_PARTITION, sk)
        else:
            self._table.update(ERASED_PARTITION, sk, "SET due_at = :ends_at", "attribute_exists(pk)", {":ends_at": ends_at})

    def _began_anew(self, folded: str, asked_at: float, time_left: Callable[[], float]) -> bool:
        """Whether they signed up again themselves after they had asked."""
        rows = (referral_of(item) for item in self._scan(time_left) if item["sk"]["S"] == REFERRAL)
        return any(row.accepted_at > asked_at and fold_email(row.person.email or "") == folded for row in rows)

    def _scan(self, time_left: Callable[[], float]) -> Iterator[Item]:
        for count, item in enumerate(self._table.scan()):
            if count % LOOK_AT_THE_CLOCK == 0 and time_left() < TIME_FOR_A_PAGE:
                raise LedgerTooLargeError("The ledger is too large to be read in the time of one call.", vendor="aws")
            yield item

    def _theirs(self, folded: str, time_left: Callable[[], float]) -> Ids:
        """Of the rows that have the address, or were delivered under it; what stands beside one of them alone tells it too."""
        found: Ids = set()
        for item in self._scan(time_left):
            pk, sk = item["pk"]["S"], item["sk"]["S"]
            pointer = sk.startswith("REFERRAL#") and _is_key_of(pk, folded)  # of an earlier version
            if pointer or (pk.startswith("REFERRAL#") and folded in _addresses(item)):
                _, campaign_id, user_id = (sk if pointer else pk).split("#")
                found.add((int(campaign_id), int(user_id)))
        return found

    def _invited(self, folded: str, theirs: Ids, time_left: Callable[[], float]) -> Ids:
        """Of the rows of whom they invited: what was said to the vendors of those names them too."""
        rows = (referral_of(item) for item in self._scan(time_left) if item["sk"]["S"] == REFERRAL)
        return {(row.campaign_id, row.user_id) for row in rows if _is_invited_by(row, folded, theirs)}

    def _take_out(self, item: Item, folded: str, theirs: Ids, now: float) -> bool:
        """Whether it was as it was read."""
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        if sk == REFERRAL:
            row = referral_of(item)
            done = row.forgotten_at(now) if (row.campaign_id, row.user_id) in theirs else _without_referrer(row)
            done = replace(done, version=row.version + 1)
            before = {} if done.forgotten else item
            return self._table.put(item_of(done, before), "version = :version", {":version": row.version})
        if sk.startswith("CHUNK#"):
            kept = [one for one in json.loads(item["contacts"]["S"]) if fold_email(one[1]) != folded]
            values = {":kept": json_text(kept), ":read": item["contacts"]["S"]}
            return self._table.update(pk, sk, "SET contacts = :kept", "contacts = :read", values)[1] is None
        return self._table.delete(pk, sk)


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    """With what is packed in it."""
    return {name: value for name, value in values.items() if name != FACTS} | facts_of(values) if FACTS in values else values


def _address(email: str) -> str:
    """As it stands in keys. Raises MalformedPayloadError: an empty one would be everybody's who has none."""
    folded = fold_email(email)
    if not is_deliverable(folded):
        raise MalformedPayloadError("This is not an e-mail address.")
    return folded


def _hashes(key: str, email: str) -> list[str]:
    """As ``keys_of_email``."""
    digests = (hmac.new(key.encode(), one.encode(), hashlib.sha256) for one in keys_of_email(email))
    return [f"{ERASED_PARTITION}#{digest.hexdigest()}" for digest in digests]


def _addresses(item: Item) -> set[str]:
    """Of a referral's row, or of one beside it."""
    if item["sk"]["S"] == REFERRAL:
        row = referral_of(item)
        return {fold_email(row.person.email or ""), row.address}
    return {fold_email(item["email"]["S"])} if "S" in item.get("email", {}) else set()


def _is_key_of(pk: str, folded: str) -> bool:
    kind, _, rest = pk.partition("#")
    return kind in {"PERSON", "MEMBER"} and fold_email(rest.partition("#")[2]) == folded


def _is_invited_by(row: Referral, folded: str, theirs: Ids) -> bool:
    referrer = row.person.referrer
    return fold_email(referrer.email or "") == folded or (row.campaign_id, referrer.user_id) in theirs


def _concerns(item: Item, folded: str, theirs: Ids, invited: Collection[tuple[int, int]] = ()) -> bool:
    pk, sk = item["pk"]["S"], item["sk"]["S"]
    if sk == REFERRAL:
        row = referral_of(item)
        if (row.campaign_id, row.user_id) in theirs:
            return not row.forgotten
        referrer = row.person.referrer
        is_described = any((referrer.first_name, referrer.email, referrer.code, referrer.url))
        return is_described and _is_invited_by(row, folded, theirs)
    if pk.startswith("REFERRAL#"):
        if sk.startswith(CALLS) and _ids(pk) in invited:
            return True
        return _ids(pk) in theirs and not sk.startswith(KEPT_BESIDE)
    if sk.startswith("REFERRAL#"):
        return _ids(sk) in theirs or _is_key_of(pk, folded)
    if _is_key_of(pk, folded):
        return True
    if pk == ERASED_PARTITION:
        return False  # its own rows: the request goes last
    if sk == "INBOX":
        return _mentions(item["message"]["S"], folded)
    if sk == "QUARANTINE":
        return _mentions(base64.b64decode(item["body"]["S"]).decode("utf-8", "replace"), folded)
    return sk.startswith("CHUNK#") and any(fold_email(one[1]) == folded for one in json.loads(item["contacts"]["S"]))


def _ids(key: str) -> tuple[int, int]:
    _, campaign_id, user_id = key.split("#")
    return int(campaign_id), int(user_id)


def _mentions(text: str, folded: str) -> bool:
    """Whether the address stands in a body, JSON or form, in any letter case."""
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    read = unicodedata.normalize("NFKC", f"{plain}\n{unquote_plus(plain)}").casefold()
    return any(one.casefold() in read for one in emails_alike(folded))


def _without_referrer(row: Referral) -> Referral:
    referrer = row.person.referrer
    gone = {referrer.first_name, referrer.email, referrer.code, referrer.url} - {None, "", row.person.first_name}
    written = {name: value for name, value in row.written.items() if value not in gone}
    return replace(row, person=replace(row.person, referrer=referrer.nameless()), written=written)
