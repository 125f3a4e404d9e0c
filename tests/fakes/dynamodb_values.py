"""Attribute values on DynamoDB's wire: checking, normalising, measuring, copying and ordering them.

An attribute value is a map of one type to its content: {"S": "x"}, {"N": "1.5"}, {"BOOL": True}, {"B": b"x"}; nobody here
stores another type. Normalised values are never changed in place by the stand-in; two normalised values are equal for
DynamoDB when they are equal for Python.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

from collections.abc import Mapping
from decimal import Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from tests.fakes.errors import MalformedParameterError, RefusedError

Value = dict[str, Any]
Item = dict[str, Value]

MAX_DIGITS = 38
_LARGEST = Decimal("9.9999999999999999999999999999999999999E+125")
_SMALLEST = Decimal("1E-130")
_EXACT = Context(prec=300)
_TYPES = {"S": "a string", "N": "a string", "B": "bytes", "BOOL": "a boolean"}


def invalid(message: str) -> RefusedError:
    """DynamoDB's ValidationException."""
    return RefusedError("ValidationException", message)


def normalise_item(item: Any, parameter: str = "Item") -> tuple[Item, int]:
    """A checked deep copy of an item with numbers in canonical form, and its size in bytes."""
    if not isinstance(item, Mapping):
        raise MalformedParameterError(f"Invalid type for parameter {parameter}, value: {item}, valid types: dict")
    copied: Item = {}
    size = 0
    for name, value in item.items():
        size += len(name) if name.isascii() else len(name.encode())
        # Short-cut for most of what is stored: one call less for each attribute.
        text = value.get("S") if type(value) is dict else None
        if type(text) is str and len(value) == 1 and text.isascii():
            copied[name] = {"S": text}
            size += len(text)
        else:
            copied[name], value_size = normalise_value(value)
            size += value_size
    return copied, size


def normalise_value(value: Any) -> tuple[Value, int]:
    """A checked deep copy of one attribute value, and its size in bytes (without its name)."""
    if type(value) is not dict:
        raise MalformedParameterError(f"Invalid type for an attribute value, value: {value!r}, valid types: dict")
    if len(value) != 1:
        problem = "has more than one datatypes set" if value else "is empty"
        raise invalid(f"Supplied AttributeValue {problem}, must contain exactly one of the supported datatypes")
    ((kind, content),) = value.items()
    if kind == "S" and type(content) is str:
        return {"S": content}, string_size(content)
    if kind == "N" and type(content) is str:
        number, size = measured_number(content)
        return {"N": number}, size
    if kind == "BOOL" and type(content) is bool:
        return {"BOOL": content}, 1
    if kind == "B" and isinstance(content, bytes | bytearray):
        return {"B": bytes(content)}, len(content)
    wanted = _TYPES.get(kind, f"one of {', '.join(_TYPES)}, which this stand-in knows")
    raise MalformedParameterError(f"Invalid type for parameter {kind}, value: {content!r}, valid types: {wanted}")


def value_size(value: Value) -> int:
    """The size in bytes of a normalised attribute value (without its name)."""
    if "S" in value:
        return string_size(value["S"])
    if "N" in value:
        return measured_number(value["N"])[1]
    return normalise_value(value)[1]


def string_size(text: str) -> int:
    """UTF-8 bytes; a lone surrogate is refused."""
    if text.isascii():
        return len(text)
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise RefusedError("SerializationException", "The request is no valid UTF-8") from None


def normalise_number(text: str) -> str:
    """The canonical decimal form: no exponent, no leading or trailing zeros, at most 38 significant digits."""
    if len(text) <= MAX_DIGITS and text.isascii() and text.isdigit() and (text[0] != "0" or len(text) == 1):
        return text
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise invalid(f"The parameter cannot be converted to a numeric value: {text}")
    return plain_number(number)


def plain_number(number: Decimal) -> str:
    """The canonical form of a decimal; refuses what DynamoDB cannot hold."""
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    if len(digits) > MAX_DIGITS:
        raise invalid("Attempting to store more than 38 significant digits in a Number")
    if not digits:
        return "0"
    if abs(number) > _LARGEST:
        raise invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
    if abs(number) < _SMALLEST:
        raise invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
    plain = format(number, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain.lstrip("+")


def add_numbers(one: Value, other: Value) -> Value:
    """The sum in decimal arithmetic; refuses anything but two numbers."""
    if "N" not in one or "N" not in other:
        raise invalid("An operand in the update expression has an incorrect data type")
    left, right = one["N"], other["N"]
    if len(left) < MAX_DIGITS and len(right) < MAX_DIGITS and left.isdigit() and right.isdigit():
        return {"N": str(int(left) + int(right))}
    return {"N": plain_number(_EXACT.add(Decimal(left), Decimal(right)))}


@lru_cache(maxsize=65_536)
def measured_number(text: str) -> tuple[str, int]:
    """The canonical form of a number and its size: about a byte per two significant digits, one more, one for a sign."""
    number = normalise_number(text)
    digits = len(number.lstrip("-").replace(".", "").strip("0"))
    return number, (digits + 1) // 2 + 1 + number.startswith("-")


def copy_item(item: Item) -> Item:
    """A deep copy of a normalised item."""
    return {name: value.copy() for name, value in item.items()}


def type_of(value: Value) -> str:
    """The type letter(s) of an attribute value."""
    return next(iter(value))


def ordered(value: Value) -> Any:
    """What Python orders as DynamoDB does: strings by UTF-8 bytes (= code points), numbers by value, bytes."""
    ((kind, content),) = value.items()
    return Decimal(content) if kind == "N" else content


def size_of(value: Value) -> int | None:
    """The bytes of a string or binary; None for other types."""
    ((kind, content),) = value.items()
    if kind == "S":
        return string_size(content)
    return len(content) if kind == "B" else None
