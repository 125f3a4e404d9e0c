"""Applying update expressions to items, and projecting items onto attributes."""

from collections import Counter
from collections.abc import Iterable

from tests.fakes.dynamodb_expressions import Names, Update, Values
from tests.fakes.dynamodb_values import Item, invalid


def apply_update(update: Update, item: Item, names: Names, values: Values) -> Item:
    """The updated copy of `item`, which stays as it is: all operands are read from it. Raises ValidationException."""
    changed = item.copy()
    for assignment in update.assignments:
        name = resolve(assignment.attribute, names)
        if assignment.operand is None:
            changed.pop(name, None)
        else:
            changed[name] = assignment.operand(item, names, values)  # type: ignore[assignment]
    return changed


def resolve(attribute: str, names: Names) -> str:
    """The name behind a placeholder."""
    return names.get(attribute, attribute)


def resolve_all(attributes: Iterable[str], names: Names) -> list[str]:
    """The names behind them. Raises ValidationException when one comes twice."""
    found = [resolve(attribute, names) for attribute in attributes]
    for name, count in Counter(found).items():
        if count > 1:
            raise invalid(
                "Invalid expression: Two document paths overlap with each other; must remove or rewrite one of these paths; "
                f"path one: [{name}], path two: [{name}]"
            )
    return found


def project(item: Item, wanted: list[str]) -> Item:
    """A deep copy of these attributes of an item."""
    return {name: item[name].copy() for name in wanted if name in item}
