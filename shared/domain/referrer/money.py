"""Amounts as people write them."""

from __future__ import annotations

import math
import re

_AMOUNT = re.compile(
    r"(?P<sign>-?)(?P<before>[^\d\s.,'-]*)\s*(?P<digits>\d[\d.,'\u2019\u00a0\u202f ]*?)\s*(?P<after>[^\d\s.,']*)"
)
_PARTING = re.compile(r"['\u2019\u00a0\u202f ]")
_CODE = re.compile(r"[A-Z]{3}")
_CURRENCIES = {"€": "EUR", "$": "USD", "US$": "USD", "£": "GBP", "¥": "JPY"}


def money_of(text: str | None) -> tuple[float, str] | None:
    """Number and currency (``EUR``; empty where none is written) of an amount as people write it: ``12,50``, ``€1.250,00``,
    ``20 USD``. None when it is none. One point or comma before other than three digits begins the cents; a lone comma before
    three digits parts thousands, a lone point does not."""
    found = _AMOUNT.fullmatch((text or "").strip())
    if found is None or (found["before"] and found["after"]):
        return None
    word = (found["before"] or found["after"] or "").strip().upper()
    currency = _CURRENCIES.get(word, word)
    if currency and not _CODE.fullmatch(currency):
        return None
    digits = _PARTING.sub("", found["digits"])
    last = max(digits.rfind(","), digits.rfind("."))
    parts_cents = last >= 0 and digits.count(digits[last]) == 1
    if parts_cents and digits[last] == "," and len(digits) - last == 4 and "." not in digits:
        parts_cents = False
    whole, cents = (digits[:last], digits[last + 1 :]) if parts_cents else (digits, "")
    try:
        number = float(f"{found['sign']}{whole.replace(',', '').replace('.', '')}.{cents or '0'}")
    except ValueError:
        return None
    return (number, currency) if math.isfinite(number) else None


def has_digits(text: str | None) -> bool:
    return any(character.isdigit() for character in text or "")
