"""DynamoDB's expression language, as far as somebody here speaks it: a recursive-descent parser that turns expressions into
closures. What nobody uses is refused: items hold strings, numbers, bytes and booleans, and no document has a path.

Each parse function is cached by the expression's text. A parsed expression says which placeholders it uses; values are
bound at the call. Conditions are functions of (item, names, values).
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any

from tests.fakes.dynamodb_values import Item, Value, add_numbers, invalid, ordered, type_of
from tests.fakes.dynamodb_words import RESERVED_WORDS

Names = Mapping[str, str]
Values = Mapping[str, Value]
Operand = Callable[[Item, Names, Values], Value | None]
Test = Callable[[Item, Names, Values], bool]

MAX_EXPRESSION_BYTES = 4096
_CACHED = 4096
_TOKEN = re.compile(r"\s*(?:(#\w+)|(:\w+)|([A-Za-z]\w*)|(<=|>=|[=<>+(),]))")
_COMPARATORS = frozenset({"=", "<", "<=", ">", ">="})
_FUNCTIONS = frozenset({"attribute_exists", "attribute_not_exists", "begins_with"})
_ORDERED_TYPES = frozenset({"S", "N", "B"})
_CACHE = lru_cache(maxsize=_CACHED)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, filter or key condition. `node` is its syntax tree, `attributes` all that it names."""

    test: Test
    node: tuple[Any, ...]
    attributes: tuple[str, ...]
    names: frozenset[str]
    values: frozenset[str]
    value_types: tuple[tuple[str, frozenset[str], str], ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """One action of an update: what the attribute becomes; nothing is left of it where `operand` is None."""

    attribute: str
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

    attributes: tuple[str, ...]
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
    return Condition(test, node, tuple(parser.attributes), *parser.placeholders())


@_CACHE
def parse_update(text: str) -> Update:
    """Parse an update expression."""
    parser = _Parser(text, "UpdateExpression")
    assignments = tuple(parser.clauses())
    creates = any(assignment.operand is not None for assignment in assignments)
    return Update(assignments, creates, *parser.placeholders())


@_CACHE
def parse_projection(text: str) -> Projection:
    """Parse a projection expression."""
    parser = _Parser(text, "ProjectionExpression")
    attributes = [parser.attribute()]
    while parser.take(","):
        attributes.append(parser.attribute())
    parser.end()
    return Projection(tuple(attributes), frozenset(parser.names))


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


class _Parser:
    """One expression's tokens and the grammar over them."""

    def __init__(self, text: Any, kind: str) -> None:
        self.kind = kind
        self.names: set[str] = set()
        self.values: set[str] = set()
        self.value_types: list[tuple[str, frozenset[str], str]] = []
        self.attributes: list[str] = []
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
        nodes = [self.predicate()]
        while self.take("AND"):
            nodes.append(self.predicate())
        return nodes[0] if len(nodes) == 1 else ("and", nodes)

    def predicate(self) -> tuple[Any, ...]:
        if self.peek() == "(":
            return self.group()
        if self.is_call():
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
        if comparator != "=":
            self.require(left, _ORDERED_TYPES, comparator)
            self.require(right, _ORDERED_TYPES, comparator)
        return ("compare", comparator, left, right)

    def is_call(self) -> bool:
        return self.tokens[self.position + 1 : self.position + 2] == ["("]

    def function(self) -> tuple[Any, ...]:
        name = self.next()
        if name not in _FUNCTIONS:
            raise invalid(f"Invalid {self.kind}: Invalid function name; function: {name}")
        self.expect("(")
        node: tuple[Any, ...] = (name, ("attribute", self.attribute()))
        if name == "begins_with":
            self.expect(",")
            node = (*node, self.operand())
            self.require(node[2], frozenset({"S", "B"}), name)
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
        return ("attribute", self.attribute())

    def attribute(self) -> str:
        token = self.peek()
        if token.startswith("#"):
            self.names.add(token)
        elif not token or not token[0].isalpha():
            raise self.syntax_error()
        elif token.upper() in RESERVED_WORDS:
            raise invalid(f"Invalid {self.kind}: Attribute name is a reserved keyword; reserved keyword: {token}")
        self.attributes.append(token)
        return self.next()

    # --- updates ----------------------------------------------------------------------------------------------------

    def clauses(self) -> list[Assignment]:
        actions = {"SET": self.set_action, "REMOVE": self.remove_action, "ADD": self.add_action}
        assignments: list[Assignment] = []
        seen: set[str] = set()
        while self.peek():
            verb = self.peek().upper()
            if verb not in actions:
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
        attribute = self.attribute()
        self.expect("=")
        return Assignment(attribute, self.sum())

    def remove_action(self) -> Assignment:
        return Assignment(self.attribute(), None)

    def add_action(self) -> Assignment:
        attribute, added = self.attribute(), self.operand()
        if added[0] != "value":
            raise self.syntax_error()
        self.require(added, frozenset({"N"}), "ADD")
        current = _if_not_exists(_operand(("attribute", attribute)), lambda *_: {"N": "0"})
        return Assignment(attribute, _sum(current, _operand(added)))

    def sum(self) -> Operand:
        left = self.term()
        return _sum(left, self.term()) if self.take("+") else left

    def term(self) -> Operand:
        if self.is_call():
            return self.update_function()
        operand = self.operand()
        return _required(_operand(operand)) if operand[0] == "attribute" else _operand(operand)

    def update_function(self) -> Operand:
        name = self.next()
        if name != "if_not_exists":
            raise invalid(f"Invalid UpdateExpression: Invalid function name; function: {name}")
        self.expect("(")
        current = _operand(("attribute", self.attribute()))
        self.expect(",")
        node = _if_not_exists(current, self.sum())
        self.expect(")")
        return node


# --- closures ---------------------------------------------------------------------------------------------------------


def _operand(node: tuple[str, str]) -> Operand:
    kind, content = node
    if kind == "value":
        return lambda _item, _names, values: values[content]
    if content.startswith("#"):
        return lambda item, names, _values: item.get(names[content])
    return lambda item, _names, _values: item.get(content)


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


def _compile_begins_with(node: tuple[Any, ...]) -> Test:
    subject, prefix = _operand(node[1]), _operand(node[2])

    def begins_with(item: Item, names: Names, values: Values) -> bool:
        value, start = subject(item, names, values), prefix(item, names, values)
        if value is None or start is None or type_of(value) != type_of(start) or type_of(value) not in {"S", "B"}:
            return False
        return bool(ordered(value).startswith(ordered(start)))

    return begins_with


_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}
_COMPILERS: dict[str, Callable[[tuple[Any, ...]], Test]] = {
    "and": _compile_and,
    "or": _compile_or,
    "compare": _compile_compare,
    "between": _compile_between,
    "attribute_exists": _compile_exists,
    "attribute_not_exists": _compile_exists,
    "begins_with": _compile_begins_with,
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


def _sum(left: Operand, right: Operand) -> Operand:
    return lambda item, names, values: add_numbers(left(item, names, values) or {}, right(item, names, values) or {})
