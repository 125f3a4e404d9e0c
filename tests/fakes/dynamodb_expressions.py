"""DynamoDB's expression language: a recursive-descent parser that turns expressions into closures.

Each parse function is cached by the expression's text. A parsed expression says which placeholders it uses; values are
bound at the call. Conditions are functions of (item, names, values).
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any

from tests.fakes.dynamodb_values import Item, Value, add_numbers, invalid, ordered, size_of, type_of
from tests.fakes.dynamodb_words import RESERVED_WORDS

Names = Mapping[str, str]
Values = Mapping[str, Value]
Part = str | int
Path = tuple[Part, ...]
Operand = Callable[[Item, Names, Values], Value | None]
Test = Callable[[Item, Names, Values], bool]

MAX_EXPRESSION_BYTES = 4096
MAX_IN_OPERANDS = 100
_CACHED = 4096
_TOKEN = re.compile(r"\s*(?:(#\w+)|(:\w+)|([A-Za-z]\w*)|(\d+)|(<>|<=|>=|[=<>+\-(),.\[\]]))")
_COMPARATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})
_CLAUSES = frozenset({"SET", "REMOVE", "ADD", "DELETE"})
_TYPES = frozenset({"S", "SS", "N", "NS", "B", "BS", "BOOL", "NULL", "L", "M"})
_ORDERED_TYPES = frozenset({"S", "N", "B"})
_SET_TYPES = frozenset({"SS", "NS", "BS"})
_CACHE = lru_cache(maxsize=_CACHED)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, filter or key condition. `node` is its syntax tree, `paths` all document paths in it."""

    test: Test
    node: tuple[Any, ...]
    paths: tuple[Path, ...]
    names: frozenset[str]
    values: frozenset[str]
    value_types: tuple[tuple[str, frozenset[str], str], ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """One action of an update: `verb` is SET, REMOVE, ADD or DELETE; `operand` is None for REMOVE."""

    verb: str
    path: Path
    operand: Operand | None


@dataclass(frozen=True, slots=True)
class Update:
    """An update expression. `creates` says whether it may bring an item into being: removals alone do not."""

    assignments: tuple[Assignment, ...]
    creates: bool
    names: frozenset[str]
    values: frozenset[str]
    value_types: tuple[tuple[str, frozenset[str], str], ...]


@dataclass(frozen=True, slots=True)
class Projection:
    """A projection expression."""

    paths: tuple[Path, ...]
    names: frozenset[str]
    values: frozenset[str] = frozenset()
    value_types: tuple[tuple[str, frozenset[str], str], ...] = ()


Parsed = Condition | Update | Projection


@_CACHE
def parse_condition(text: str, kind: str = "ConditionExpression") -> Condition:
    """Parse a condition; `kind` names the parameter in error messages."""
    parser = _Parser(text, kind)
    node = parser.disjunction()
    parser.end()
    test = _compile(node)
    return Condition(test, node, tuple(parser.paths), *parser.placeholders())


@_CACHE
def parse_update(text: str) -> Update:
    """Parse an update expression."""
    parser = _Parser(text, "UpdateExpression")
    assignments = tuple(parser.clauses())
    creates = any(assignment.verb in {"SET", "ADD"} for assignment in assignments)
    return Update(assignments, creates, *parser.placeholders())


@_CACHE
def parse_projection(text: str) -> Projection:
    """Parse a projection expression."""
    parser = _Parser(text, "ProjectionExpression")
    paths = [parser.path()]
    while parser.take(","):
        paths.append(parser.path())
    parser.end()
    return Projection(tuple(paths), frozenset(parser.names))


def bind(parsed: list[Parsed], names: Names | None, values: Values | None) -> None:
    """Check that placeholders and expressions fit each other; `values` are normalised. Raises ValidationException."""
    used_names: frozenset[str] = frozenset().union(*[one.names for one in parsed])
    used_values: frozenset[str] = frozenset().union(*[one.values for one in parsed])
    _check_placeholders("Names", "name", used_names, names, bool(parsed))
    _check_placeholders("Values", "value", used_values, values, bool(parsed))
    for one in parsed:
        for placeholder, allowed, function in one.value_types:
            kind = type_of((values or {})[placeholder])
            if kind not in allowed:
                raise invalid(
                    "Invalid expression: Incorrect operand type for operator or function; "
                    f"operator or function: {function}, operand type: {kind}"
                )


def _check_placeholders(
    plural: str, singular: str, used: frozenset[str], given: Mapping[str, Any] | None, has_expression: bool
) -> None:
    if given is None:
        if not used:
            return
        given = {}
    elif not has_expression:
        raise invalid(f"ExpressionAttribute{plural} can only be specified when using expressions")
    elif not given:
        raise invalid(f"ExpressionAttribute{plural} must not be empty")
    if used == given.keys():
        return
    undefined = sorted(used - given.keys())
    if undefined:
        where = "in the document path is not" if singular == "name" else "in expression is not"
        raise invalid(
            f"Invalid expression: An expression attribute {singular} used {where} defined; attribute {singular}: {undefined[0]}"
        )
    unused = ", ".join(sorted(given.keys() - used))
    raise invalid(f"Value provided in ExpressionAttribute{plural} unused in expressions: keys: {{{unused}}}")


def resolve(path: Path, names: Names) -> Path:
    """The path with its name placeholders replaced."""
    if len(path) == 1:
        first = path[0]
        return (names[first],) if first in names else path  # type: ignore[index]
    return tuple(names.get(part, part) if isinstance(part, str) else part for part in path)


def find(item: Item, path: Path) -> Value | None:
    """The value at a resolved path, or None."""
    value = item.get(path[0])  # type: ignore[arg-type]
    for part in path[1:]:
        if value is None:
            return None
        value = _step(value, part)
    return value


def _step(value: Value, part: Part) -> Value | None:
    if isinstance(part, int):
        elements = value.get("L")
        return elements[part] if elements is not None and part < len(elements) else None
    members = value.get("M")
    return members.get(part) if members is not None else None


class _Parser:
    """One expression's tokens and the grammar over them."""

    def __init__(self, text: Any, kind: str) -> None:
        self.kind = kind
        self.names: set[str] = set()
        self.values: set[str] = set()
        self.value_types: list[tuple[str, frozenset[str], str]] = []
        self.paths: list[Path] = []
        if not isinstance(text, str) or not text.strip():
            raise invalid(f"Invalid {kind}: The expression can not be empty;")
        if len(text.encode()) > MAX_EXPRESSION_BYTES:
            raise invalid(f"Invalid {kind}: Expression size has exceeded the maximum allowed size;")
        self.tokens = self._tokens(text)
        self.position = 0

    def _tokens(self, text: str) -> list[str]:
        tokens = []
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                near = text[position : position + 10].strip()
                raise invalid(f'Invalid {self.kind}: Syntax error; token: "{near[:1]}", near: "{near}"')
            tokens.append(match.group().strip())
            position = match.end()
        tokens.append("")
        return tokens

    def placeholders(self) -> tuple[frozenset[str], frozenset[str], tuple[tuple[str, frozenset[str], str], ...]]:
        return frozenset(self.names), frozenset(self.values), tuple(self.value_types)

    def peek(self) -> str:
        return self.tokens[self.position]

    def next(self) -> str:
        token = self.tokens[self.position]
        self.position += 1
        return token

    def take(self, wanted: str) -> bool:
        """Step over `wanted` (a symbol, or a keyword in any case) if it comes next."""
        if self.peek().upper() == wanted:
            self.position += 1
            return True
        return False

    def expect(self, wanted: str) -> None:
        if not self.take(wanted):
            raise self.syntax_error()

    def end(self) -> None:
        if self.peek():
            raise self.syntax_error()

    def syntax_error(self) -> Exception:
        near = " ".join(self.tokens[max(0, self.position - 1) : self.position + 2]).strip()
        return invalid(f'Invalid {self.kind}: Syntax error; token: "{self.peek() or "<EOF>"}", near: "{near}"')

    # --- conditions -------------------------------------------------------------------------------------------------

    def disjunction(self) -> tuple[Any, ...]:
        nodes = [self.conjunction()]
        while self.take("OR"):
            nodes.append(self.conjunction())
        return nodes[0] if len(nodes) == 1 else ("or", nodes)

    def conjunction(self) -> tuple[Any, ...]:
        nodes = [self.negation()]
        while self.take("AND"):
            nodes.append(self.negation())
        return nodes[0] if len(nodes) == 1 else ("and", nodes)

    def negation(self) -> tuple[Any, ...]:
        if self.take("NOT"):
            return ("not", self.negation())
        return self.predicate()

    def predicate(self) -> tuple[Any, ...]:
        if self.peek() == "(":
            return self.group()
        if self.tokens[self.position + 1 : self.position + 2] == ["("] and self.peek() != "size":
            return self.function()
        left = self.operand()
        if self.peek() in _COMPARATORS:
            return self.comparison(left)
        if self.take("BETWEEN"):
            low = self.operand()
            self.expect("AND")
            high = self.operand()
            for bound in (left, low, high):
                self.require(bound, _ORDERED_TYPES, "BETWEEN")
            return ("between", left, low, high)
        if self.take("IN"):
            return ("in", left, self.candidates())
        raise self.syntax_error()

    def group(self) -> tuple[Any, ...]:
        self.expect("(")
        doubled = self.peek() == "("
        start = self.position
        node = self.disjunction()
        self.expect(")")
        if doubled and self._closes_at(start) == self.position - 2:
            raise invalid(f"Invalid {self.kind}: The expression has redundant parentheses;")
        return node

    def _closes_at(self, opening: int) -> int:
        depth = 0
        for position in range(opening, len(self.tokens)):
            depth += {"(": 1, ")": -1}.get(self.tokens[position], 0)
            if depth == 0:
                return position
        raise self.syntax_error()

    def comparison(self, left: tuple[Any, ...]) -> tuple[Any, ...]:
        comparator = self.next()
        right = self.operand()
        if comparator not in {"=", "<>"}:
            self.require(left, _ORDERED_TYPES, comparator)
            self.require(right, _ORDERED_TYPES, comparator)
        return ("compare", comparator, left, right)

    def candidates(self) -> list[tuple[Any, ...]]:
        self.expect("(")
        operands = [self.operand()]
        while self.take(","):
            operands.append(self.operand())
        self.expect(")")
        if len(operands) > MAX_IN_OPERANDS:
            raise invalid(f"Invalid {self.kind}: Too many operands for the IN operator; number of operands: {len(operands)}")
        return operands

    def function(self) -> tuple[Any, ...]:
        name = self.next()
        self.expect("(")
        if name in {"attribute_exists", "attribute_not_exists"}:
            node: tuple[Any, ...] = (name, ("path", self.path()))
        elif name in {"attribute_type", "begins_with", "contains"}:
            subject = self.operand()
            self.expect(",")
            node = (name, subject, self.operand())
            if name != "contains":
                self.require(node[2], frozenset({"S"} if name == "attribute_type" else {"S", "B"}), name)
        else:
            raise invalid(f"Invalid {self.kind}: Invalid function name; function: {name}")
        self.expect(")")
        return node

    def require(self, operand: tuple[Any, ...], types: frozenset[str], function: str) -> None:
        """A literal operand must have one of these types; checked when values are bound."""
        if operand[0] == "value":
            self.value_types.append((operand[1], types, function))

    # --- operands ---------------------------------------------------------------------------------------------------

    def operand(self) -> tuple[Any, ...]:
        token = self.peek()
        if token.startswith(":"):
            self.values.add(self.next())
            return ("value", token)
        if token == "size" and self.tokens[self.position + 1] == "(":
            self.position += 2
            inner = self.operand()
            self.expect(")")
            return ("size", inner)
        return ("path", self.path())

    def path(self) -> Path:
        parts: list[Part] = [self.path_name()]
        while self.peek() in {".", "["}:
            if self.next() == ".":
                parts.append(self.path_name())
            else:
                if not self.peek().isdigit():
                    raise self.syntax_error()
                parts.append(int(self.next()))
                self.expect("]")
        self.paths.append(tuple(parts))
        return tuple(parts)

    def path_name(self) -> str:
        token = self.peek()
        if token.startswith("#"):
            self.names.add(token)
        elif not token or not token[0].isalpha():
            raise self.syntax_error()
        elif token.upper() in RESERVED_WORDS:
            raise invalid(f"Invalid {self.kind}: Attribute name is a reserved keyword; reserved keyword: {token}")
        return self.next()

    # --- updates ----------------------------------------------------------------------------------------------------

    def clauses(self) -> list[Assignment]:
        actions = {"SET": self.set_action, "REMOVE": self.remove_action, "ADD": self.add_action}
        actions["DELETE"] = self.delete_action
        assignments: list[Assignment] = []
        seen: set[str] = set()
        while self.peek():
            verb = self.peek().upper()
            if verb not in _CLAUSES:
                raise self.syntax_error()
            if verb in seen:
                raise invalid(f'Invalid UpdateExpression: The "{verb}" section can only be used once;')
            seen.add(verb)
            self.next()
            assignments.append(actions[verb]())
            while self.take(","):
                assignments.append(actions[verb]())
        return assignments

    def set_action(self) -> Assignment:
        path = self.path()
        self.expect("=")
        operand = self.sum()
        return Assignment("SET", path, operand)

    def remove_action(self) -> Assignment:
        return Assignment("REMOVE", self.path(), None)

    def add_action(self) -> Assignment:
        return self._with_value("ADD", frozenset({"N"}) | _SET_TYPES)

    def delete_action(self) -> Assignment:
        return self._with_value("DELETE", _SET_TYPES)

    def _with_value(self, verb: str, types: frozenset[str]) -> Assignment:
        path = self.path()
        operand = self.operand()
        if operand[0] != "value":
            raise self.syntax_error()
        self.require(operand, types, verb)
        return Assignment(verb, path, _operand(operand))

    def sum(self) -> Operand:
        left = self.term()
        if self.peek() not in {"+", "-"}:
            return left
        sign = self.next()
        return _arithmetic(left, sign, self.term())

    def term(self) -> Operand:
        if self.take("("):
            inner = self.sum()
            self.expect(")")
            return inner
        if self.tokens[self.position + 1 : self.position + 2] == ["("]:
            return self.update_function()
        operand = self.operand()
        return _required(_operand(operand)) if operand[0] == "path" else _operand(operand)

    def update_function(self) -> Operand:
        name = self.next()
        self.expect("(")
        if name == "if_not_exists":
            current = _operand(("path", self.path()))
            self.expect(",")
            node = _if_not_exists(current, self.sum())
        elif name == "list_append":
            left = self.term()
            self.expect(",")
            node = _list_append(left, self.term())
        else:
            raise invalid(f"Invalid UpdateExpression: Invalid function name; function: {name}")
        self.expect(")")
        return node


# --- closures ---------------------------------------------------------------------------------------------------------


def _operand(node: tuple[Any, ...]) -> Operand:
    kind, content = node
    if kind == "value":
        return lambda _item, _names, values: values[content]
    if kind == "size":
        return _size(_operand(content))
    if len(content) > 1:
        return lambda item, names, _values: find(item, resolve(content, names))
    first = content[0]
    if first.startswith("#"):
        return lambda item, names, _values: item.get(names[first])
    return lambda item, _names, _values: item.get(first)


def _size(inner: Operand) -> Operand:
    def size(item: Item, names: Names, values: Values) -> Value | None:
        value = inner(item, names, values)
        measured = None if value is None else size_of(value)
        return None if measured is None else {"N": str(measured)}

    return size


def _compile(node: tuple[Any, ...]) -> Test:
    return _COMPILERS[node[0]](node)


def _compile_and(node: tuple[Any, ...]) -> Test:
    def both(one: Test, other: Test) -> Test:
        return lambda item, names, values: one(item, names, values) and other(item, names, values)

    return reduce(both, map(_compile, node[1]))


def _compile_or(node: tuple[Any, ...]) -> Test:
    def either(one: Test, other: Test) -> Test:
        return lambda item, names, values: one(item, names, values) or other(item, names, values)

    return reduce(either, map(_compile, node[1]))


def _compile_not(node: tuple[Any, ...]) -> Test:
    test = _compile(node[1])
    return lambda item, names, values: not test(item, names, values)


def _compile_exists(node: tuple[Any, ...]) -> Test:
    operand = _operand(node[1])
    wanted = node[0] == "attribute_exists"
    return lambda item, names, values: (operand(item, names, values) is not None) is wanted


def _compile_compare(node: tuple[Any, ...]) -> Test:
    _, comparator, left_node, right_node = node
    left, right = _operand(left_node), _operand(right_node)
    if comparator == "=":

        def equal(item: Item, names: Names, values: Values) -> bool:
            found = left(item, names, values)
            return found is not None and found == right(item, names, values)

        return equal
    if comparator == "<>":
        return lambda item, names, values: left(item, names, values) != right(item, names, values)
    holds = _HOLDS[comparator]

    def compare(item: Item, names: Names, values: Values) -> bool:
        one, other = left(item, names, values), right(item, names, values)
        return _comparable(one, other) and holds(ordered(one), ordered(other))  # type: ignore[arg-type]

    return compare


def _comparable(one: Value | None, other: Value | None) -> bool:
    if one is None or other is None:
        return False
    return type_of(one) == type_of(other) and type_of(one) in _ORDERED_TYPES


def _compile_between(node: tuple[Any, ...]) -> Test:
    subject, low, high = (_operand(part) for part in node[1:])

    def between(item: Item, names: Names, values: Values) -> bool:
        value, least, most = (part(item, names, values) for part in (subject, low, high))
        if _comparable(least, most) and ordered(least) > ordered(most):  # type: ignore[arg-type]
            raise invalid(
                "Invalid expression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound"
            )
        if not (_comparable(least, value) and _comparable(value, most)):
            return False
        return ordered(least) <= ordered(value) <= ordered(most)  # type: ignore[arg-type]

    return between


def _compile_in(node: tuple[Any, ...]) -> Test:
    subject = _operand(node[1])
    candidates = [_operand(part) for part in node[2]]

    def is_in(item: Item, names: Names, values: Values) -> bool:
        value = subject(item, names, values)
        return value is not None and any(candidate(item, names, values) == value for candidate in candidates)

    return is_in


def _compile_type(node: tuple[Any, ...]) -> Test:
    subject, wanted = _operand(node[1]), _operand(node[2])

    def has_type(item: Item, names: Names, values: Values) -> bool:
        kind = (wanted(item, names, values) or {}).get("S")
        if kind not in _TYPES:
            raise invalid(f"Invalid expression: Invalid attribute type name found; type: {kind}")
        value = subject(item, names, values)
        return value is not None and type_of(value) == kind

    return has_type


def _compile_begins_with(node: tuple[Any, ...]) -> Test:
    subject, prefix = _operand(node[1]), _operand(node[2])

    def begins_with(item: Item, names: Names, values: Values) -> bool:
        value, start = subject(item, names, values), prefix(item, names, values)
        if value is None or start is None or type_of(value) != type_of(start) or type_of(value) not in {"S", "B"}:
            return False
        return bool(ordered(value).startswith(ordered(start)))

    return begins_with


def _compile_contains(node: tuple[Any, ...]) -> Test:
    container, wanted = _operand(node[1]), _operand(node[2])

    def contains(item: Item, names: Names, values: Values) -> bool:
        whole, part = container(item, names, values), wanted(item, names, values)
        if whole is None or part is None:
            return False
        whole_type, part_type = type_of(whole), type_of(part)
        if whole_type == "L":
            return part in whole["L"]
        if whole_type in _SET_TYPES:
            return part_type == whole_type[0] and part[part_type] in whole[whole_type]
        return whole_type == part_type and whole_type in {"S", "B"} and part[part_type] in whole[whole_type]

    return contains


_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}
_COMPILERS: dict[str, Callable[[tuple[Any, ...]], Test]] = {
    "and": _compile_and,
    "or": _compile_or,
    "not": _compile_not,
    "compare": _compile_compare,
    "between": _compile_between,
    "in": _compile_in,
    "attribute_exists": _compile_exists,
    "attribute_not_exists": _compile_exists,
    "attribute_type": _compile_type,
    "begins_with": _compile_begins_with,
    "contains": _compile_contains,
}


def _required(operand: Operand) -> Operand:
    def present(item: Item, names: Names, values: Values) -> Value:
        value = operand(item, names, values)
        if value is None:
            raise invalid("The provided expression refers to an attribute that does not exist in the item")
        return value

    return present


def _if_not_exists(current: Operand, otherwise: Operand) -> Operand:
    def first_present(item: Item, names: Names, values: Values) -> Value | None:
        value = current(item, names, values)
        return otherwise(item, names, values) if value is None else value

    return first_present


def _list_append(left: Operand, right: Operand) -> Operand:
    def appended(item: Item, names: Names, values: Values) -> Value:
        one, other = left(item, names, values) or {}, right(item, names, values) or {}
        if "L" not in one or "L" not in other:
            raise invalid("An operand in the update expression has an incorrect data type")
        return {"L": one["L"] + other["L"]}

    return appended


def _arithmetic(left: Operand, sign: str, right: Operand) -> Operand:
    def result(item: Item, names: Names, values: Values) -> Value:
        one, other = left(item, names, values) or {}, right(item, names, values) or {}
        return add_numbers(one, other, -1 if sign == "-" else 1)

    return result
