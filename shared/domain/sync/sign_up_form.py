"""The form of a campaign's page: what a person must have, to be added. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.domain.mapping import META

_FIRST_NAMES = frozenset({"first name", "firstname", "name", "your name", "your first name", "given name"})
_EMAILS = frozenset({"email", "e-mail", "email address", "e-mail address", "your email", "your e-mail"})
_BUILT_IN = _FIRST_NAMES | _EMAILS


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of the form, under the label that ``meta`` names it by."""

    label: str
    required: bool = False


def required_labels(form: Iterable[FormField], mapping: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The labels that a person's ``meta`` must fill.

    The form lists its own first name and e-mail too, under labels that the owner may have changed or translated, and nothing
    else tells them apart. Where one of the two is not recognised, a field counts only if the mapping fills it; the rest is
    left to Referral Factory to refuse.
    """
    fields = list(form)
    recognised = _names_both(field.label for field in fields)
    mapped = {_fold(target.removeprefix(META)) for _, target in mapping if target.startswith(META)}
    return tuple(
        field.label
        for field in fields
        if field.required and (_fold(field.label) in mapped or (recognised and _fold(field.label) not in _BUILT_IN))
    )


def further_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Without the form's own first name and e-mail, where both are recognised: a person's ``meta`` never holds these."""
    distinct = tuple(labels)
    return tuple(label for label in distinct if _fold(label) not in _BUILT_IN) if _names_both(distinct) else distinct


def find_empty(required: Iterable[str], meta: Mapping[str, str]) -> str | None:
    """The first required label without a value."""
    filled = {_fold(label) for label, value in meta.items() if value}
    return next((label for label in required if _fold(label) not in filled), None)


def _names_both(labels: Iterable[str]) -> bool:
    """Whether the form's own first name and e-mail are recognised among the labels."""
    folded = {_fold(label) for label in labels}
    return bool(folded & _FIRST_NAMES) and bool(folded & _EMAILS)


def _fold(label: str) -> str:
    return " ".join(label.split()).casefold()
