"""The further fields of a person: those that the campaign's owner added to the form."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from shared.adapters.referral_factory.reading import first, text_of

MAX_META = 60
MAX_LABEL = 200
MAX_META_TEXT = 20_000
"""Characters of all extra fields together, so that a ledger row stays far below DynamoDB's 400 kB."""


def labelled(meta: Any) -> Iterator[tuple[str, Any]]:
    """Label and value of ``[{"field": label, "value": …}]`` or ``{label: value}``."""
    if isinstance(meta, Mapping) and not all(isinstance(entry, Mapping) for entry in meta.values()):
        yield from ((str(label), value) for label, value in meta.items())
        return
    entries = list(meta.values()) if isinstance(meta, Mapping) else meta
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping):
            label = text_of(first([entry.get("field"), entry.get("label"), entry.get("name")]))
            if label:
                yield label, entry.get("value")


def _flattened(meta: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """``{"interests": {"sport": "on"}}`` as ``interests.sport``, so that nothing is lost without a word."""
    level: list[tuple[str, Any, int]] = [(text_of(label) or "", value, 0) for label, value in meta.items()]
    for label, value, depth in level:
        if isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value):
            value = {str(number): entry for number, entry in enumerate(value)}
        if not isinstance(value, Mapping):
            yield label, value
        elif label and depth < 4:
            level += [(f"{label}.{name}", inner, depth + 1) for name, inner in list(value.items())[:MAX_META]]


def _joined(value: Any) -> str | None:
    """Several values as one text; the 0 that Rails hides before a ticked box is none."""
    entries = [part for part in map(text_of, value if isinstance(value, list) else [value]) if part]
    return text_of(", ".join(entries[1:] if entries == ["0", "1"] else entries))


def bounded(meta: Mapping[str, Any], without: Collection[str] = ()) -> dict[str, str]:
    """Cleaned texts that are not blank, within the limits; none under the labels ``without``."""
    kept: dict[str, str] = {}
    left = MAX_META_TEXT
    for label, value in _flattened(meta):
        name = (text_of(label) or "")[:MAX_LABEL]
        text = _joined(value)
        if not name or text is None or label in without:
            continue
        left -= len(name) + len(text)
        if left < 0 or len(kept) >= MAX_META:
            break
        kept[name] = text
    return kept
