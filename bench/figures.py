"""A measured figure beside its target, and how figures are shown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. ``most`` is its target: the value must not be above it; None when it is only to be known."""

    part: str
    name: str
    value: float
    unit: str
    most: float | None = None

    @property
    def missed(self) -> bool:
        return self.most is not None and self.value > self.most

    def document(self) -> dict[str, object]:
        """For the JSON file."""
        verdict = None if self.most is None else not self.missed
        return {
            "part": self.part,
            "name": self.name,
            "value": round(self.value, 3),
            "unit": self.unit,
            "target": self.most,
            "met": verdict,
        }


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def show(figures: Iterable[Figure]) -> str:
    """A table in plain text."""
    rows = [("", "figure", "value", "target", "")]
    before = ""
    for figure in figures:
        target = "" if figure.most is None else f"≤ {_number(figure.most)} {figure.unit}".rstrip()
        verdict = "" if figure.most is None else "MISSED" if figure.missed else "met"
        part = figure.part if figure.part != before else ""
        rows.append((part, figure.name, f"{_number(figure.value)} {figure.unit}".rstrip(), target, verdict))
        before = figure.part
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def _number(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
