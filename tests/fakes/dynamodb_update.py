"""Applying update expressions to items, and projecting items onto document paths."""

from typing import Any

from tests.fakes.dynamodb_expressions import Assignment, Names, Part, Path, Update, Values, find, resolve
from tests.fakes.dynamodb_values import Item, Value, add_numbers, copy_value, invalid, sort_set, type_of

_BAD_PATH = "The document path provided in the update expression is invalid for update"
_BAD_TYPE = "An operand in the update expression has an incorrect data type"


def apply_update(update: Update, item: Item, names: Names, values: Values) -> tuple[Item, list[Path]]:
    """The updated copy of `item`, and the paths the update touches. `item` stays as it is.

    All operands are read from the item as it was before. Raises ValidationException.
    """
    paths = [resolve(assignment.path, names) for assignment in update.assignments]
    refuse_overlaps(paths)
    changed = item.copy()
    if any(len(path) > 1 for path in paths):
        for name in {path[0] for path in paths if path[0] in item}:
            changed[name] = copy_value(item[name])  # type: ignore[index]
    removals: list[Path] = []
    for assignment, path in zip(update.assignments, paths, strict=True):
        if assignment.verb == "REMOVE":
            removals.append(path)
        else:
            _apply(assignment, path, item, changed, names, values)
    # From the end of a list, so that the positions of the others still hold.
    for path in sorted(removals, key=_by_index, reverse=True):
        _remove(changed, path)
    return changed, paths


def _by_index(path: Path) -> tuple[int, ...]:
    return tuple(part for part in path if isinstance(part, int))


def _apply(assignment: Assignment, path: Path, item: Item, changed: Item, names: Names, values: Values) -> None:
    operand = assignment.operand(item, names, values)  # type: ignore[misc]
    if assignment.verb == "SET":
        _put(changed, path, operand)  # type: ignore[arg-type]
        return
    current = find(item, path)
    if assignment.verb == "ADD":
        _put(changed, path, _added(current, operand))  # type: ignore[arg-type]
    elif current is not None:
        remaining = _without(current, operand)  # type: ignore[arg-type]
        if remaining is None:
            _remove(changed, path)
        else:
            _put(changed, path, remaining)


def _added(current: Value | None, operand: Value) -> Value:
    if current is None:
        return copy_value(operand)
    kind = type_of(operand)
    if type_of(current) != kind:
        raise invalid(_BAD_TYPE)
    if kind == "N":
        return add_numbers(current, operand)
    return {kind: sort_set(kind, list({*current[kind], *operand[kind]}))}


def _without(current: Value, operand: Value) -> Value | None:
    kind = type_of(operand)
    if type_of(current) != kind:
        raise invalid(_BAD_TYPE)
    left = [element for element in current[kind] if element not in operand[kind]]
    return {kind: left} if left else None


def _container(item: Item, path: Path) -> Any:
    """The dict or list that holds the last part of the path; refuses a path that leads nowhere."""
    if len(path) == 1:
        return item
    parent = find(item, path[:-1])
    content = None if parent is None else parent.get("L" if isinstance(path[-1], int) else "M")
    if content is None:
        raise invalid(_BAD_PATH)
    return content


def _put(item: Item, path: Path, value: Value) -> None:
    container, last = _container(item, path), path[-1]
    if isinstance(container, list) and last >= len(container):  # type: ignore[operator]
        container.append(value)
    else:
        container[last] = value


def _remove(item: Item, path: Path) -> None:
    container, last = _container(item, path), path[-1]
    if isinstance(container, dict):
        container.pop(last, None)
    elif last < len(container):  # type: ignore[operator]
        del container[last]


def refuse_overlaps(paths: list[Path]) -> None:
    """Raise ValidationException when one path is another, or leads through it."""
    if len({path[0] for path in paths}) == len(paths):
        return
    for position, one in enumerate(paths):
        for other in paths[position + 1 :]:
            shared = min(len(one), len(other))
            if one[:shared] == other[:shared]:
                raise invalid(
                    "Invalid expression: Two document paths overlap with each other; must remove or rewrite one of "
                    f"these paths; path one: {_shown(one)}, path two: {_shown(other)}"
                )


def _shown(path: Path) -> str:
    return "[" + ", ".join(f"[{part}]" if isinstance(part, int) else part for part in path) + "]"


def project(item: Item, paths: list[Path]) -> Item:
    """A deep copy of the parts of an item that lie on these resolved paths."""
    if all(len(path) == 1 for path in paths):
        return {path[0]: copy_value(item[path[0]]) for path in paths if path[0] in item}  # type: ignore[index, misc]
    tree: dict[Part, Any] = {}
    for path in paths:
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
    members = _project_members(item, tree)
    return members or {}


def _project_members(members: dict[str, Value], tree: dict[Part, Any]) -> dict[str, Value]:
    kept = {}
    for name, branch in tree.items():
        value = members.get(name) if isinstance(name, str) else None
        found = None if value is None else _project_value(value, branch)
        if found is not None:
            kept[name] = found
    return kept  # type: ignore[return-value]


def _project_value(value: Value, branch: dict[Part, Any]) -> Value | None:
    if not branch:
        return copy_value(value)
    if "M" in value:
        members = _project_members(value["M"], branch)
        return {"M": members} if members else None
    if "L" not in value:
        return None
    wanted = sorted(part for part in branch if isinstance(part, int) and part < len(value["L"]))
    elements = [_project_value(value["L"][part], branch[part]) for part in wanted]
    kept = [element for element in elements if element is not None]
    return {"L": kept} if kept else None
