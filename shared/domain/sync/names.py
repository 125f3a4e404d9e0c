"""The first name, from a contact's one name. Pure."""

from __future__ import annotations

from shared.domain.person import clean_text
from shared.domain.spelling import is_nothing

LONGEST_FULL_NAME = 255
_WORDS_BEFORE = """
mr mrs ms miss mx dr prof professor doctor sir dame lord lady madam rev reverend fr father sister brother hon rabbi imam
capt captain maj col lt sgt herr frau fräulein dipl ing mag mme mlle mm monsieur madame mademoiselle maître sr sra srta
señor señora señorita don doña dott dottoressa avv sig sigra signor signora dhr mevr mw drs ir pan pani shri smt kumari
ustadh sheikh haji hajji eng phd med nat rer jur hc dipling د
"""
_WORDS_AFTER = "jr sr ii iii iv phd md mba esq dds cpa bsc msc ba ma frcs obe cbe dphil"
_TITLES = frozenset(_WORDS_BEFORE.split())
_AFTER = frozenset(_WORDS_AFTER.split())


def split_name(name: str) -> tuple[str, str]:
    """First name and the rest. Both empty where the name is none: an e-mail address, a dash, ``null``."""
    text = " ".join(clean_text(name[:LONGEST_FULL_NAME]).split())
    if is_nothing(text) or text.casefold() == "null" or "@" in text or not any(one.isalpha() for one in text):
        return "", ""
    last, comma, first = (part.strip() for part in text.partition(","))
    if comma and first and not all(_bare(word) in _AFTER for word in first.replace(",", " ").split()):
        given = _without_titles(first.split())
        return given[0], " ".join([*given[1:], *_without_titles(last.split())])
    words = _without_titles((last if comma else text).split())
    return (words[0], " ".join(words[1:])) if words else ("", "")


def _without_titles(words: list[str]) -> list[str]:
    """A title alone is a name: somebody may be called Don or Frau."""
    kept = list(words)
    while len(kept) > 1 and _bare(kept[0]) in _TITLES:
        kept = kept[1:]
    return kept


def _bare(word: str) -> str:
    return "".join(one for one in word.casefold() if one.isalpha())
