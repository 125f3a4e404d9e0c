"""A row's facts in one small attribute, so that a row of the ledger stays under the kilobyte by which writes are billed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

from shared.adapters.dynamodb.items import json_text

_FIRST = (
    b'"refusals":{"qualification":"","counts":""},"dealt_with":["possibly_doubled","unverified","failed","partial"],'
    b'"notes":["brought back from Intercom\'s archive"],"standing":{},'
    b'"dropped":[{"attribute":"custom_attributes.","reason":"","absent":true}],"changed","skipped","updated","unchanged","waits",'
    b'"failed","webhook rewarded","webhook qualified","found by reconcile","webhook joined"],[17"created"]],"baseline":["New"],'
    b'"written":{"name":"","email":"","phone":"","custom_attributes.":{"lead_source":"referral","referral_status":"New",'
    b'"referral_count":0,"referral_link":"https://","referral_campaign":"","referrer_first_name":"",'
    b'"referrer_email":"@gmail.com"}},"history":[[17{"person":{"user_id":"audience":"person_referring","person_invited",'
    b'"first_name":"","email":"@gmail.com","@outlook.com","@yahoo.com","code":"","url":"https://","source":"Direct","Referred",'
    b'"type":"person_invited","signed_up_at":"2026-","qr":"https:///qr-code","referrals_count":0,"converted_referrals_count":0,'
    b'"qualified_at":null,"meta":{"Last Name":""},"referrer":{"user_id":,"first_name":"","email":"@gmail.com","code":"",'
    b'"url":""},"qualified":false}'
)
_WORDS = {1: _FIRST}
"""What the facts of most rows have in common, by the version in the first byte. One that was ever written never changes."""
NEWEST = 1
_RAW = -15
"""Without zlib's head and sum."""


def pack(facts: Mapping[str, Any]) -> bytes:
    """Deflated JSON. ValueError for NaN."""
    packer = zlib.compressobj(9, zlib.DEFLATED, _RAW, zdict=_WORDS[NEWEST])
    text = json_text(dict(facts)).encode("utf-8", "replace")
    return bytes([NEWEST]) + packer.compress(text) + packer.flush()


def unpack(packed: bytes) -> dict[str, Any]:
    """KeyError for a version that newer code wrote."""
    facts: dict[str, Any] = json.loads(unpacked_text(packed))
    return facts


def unpacked_text(packed: bytes) -> str:
    """The facts' JSON, not taken apart."""
    unpacker = zlib.decompressobj(_RAW, zdict=_WORDS[packed[0]])
    return (unpacker.decompress(packed[1:]) + unpacker.flush()).decode()
