"""Which functions may an expression call? JMESPath's harmless ones, and a few that its pitfalls make necessary.

None of them makes a quantity out of nothing: the sum of a list with a gap in it is an error, and `total` of no rows is null.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from syncworker.connector.answers import Json


class ExpressionError(ValueError):
    """An expression is wrong, or cannot be worked out on this document; the text says why."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function and how many arguments it takes (``most`` is ``None``: any number)."""

    call: Callable[..., Any]  # Any: each function checks its own arguments
    least: int
    most: int | None
    #: For the manifest reference.
    meaning: str
    #: Whether a null in its list has to be seen, not skipped.
    misses_null: bool = False

    def check_arity(self, name: str, given: int) -> None:
        """Raises ``ExpressionError`` for too few or too many arguments."""
        if given < self.least or (self.most is not None and given > self.most):
            wanted = str(self.least) if self.least == self.most else f"at least {self.least}"
            raise ExpressionError(f"calls {name}() with {given} arguments, expected {wanted}")


def _sum(values: Json) -> Json:
    if values is None:
        return None
    return sum([_number(value, "sum") for value in _list(values, "sum")])


def _total(values: Json) -> Json:
    return None if not values else _sum(values)


def _number(value: Json, name: str) -> int | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ExpressionError(f"{name}() needs numbers, and one of them is {_kind(value)}")
    return value


def _list(value: Json, name: str) -> list[Json]:
    if not isinstance(value, list):
        raise ExpressionError(f"{name}() needs a list, not {_kind(value)}")
    return value


def _text(value: Json, name: str) -> str:
    if not isinstance(value, str):
        raise ExpressionError(f"{name}() needs a text, not {_kind(value)}")
    return value


def _kind(value: Json) -> str:
    names = {bool: "true or false", int: "a number", Decimal: "a number", str: "a text", list: "a list"}
    return "nothing (null)" if value is None else names.get(type(value), "an object")


def _to_number(value: Json) -> Json:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    return int(value) if value.lstrip("+-").isdecimal() else number


def _to_string(value: Json) -> Json:
    if value is None or isinstance(value, str):
        return value
    if type(value) is int:
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value, default=str, separators=(",", ":"))


def _join(glue: Json, values: Json) -> Json:
    try:
        return _text(glue, "join").join(values)  # type: ignore[arg-type]  # refused below if they are no texts
    except TypeError:
        return _text(glue, "join").join([_text(value, "join") for value in _list(values, "join")])


def _contains(where: Json, what: Json) -> Json:
    if isinstance(where, str):
        return isinstance(what, str) and what in where
    return what in _list(where, "contains")


def _length(value: Json) -> Json:
    if not isinstance(value, str | list | dict):
        raise ExpressionError(f"length() needs a text, a list or an object, not {_kind(value)}")
    return len(value)


def _present(*values: Json) -> Json:
    return next((v for v in values if not (v is None or v is False or v in ("", "0", 0, [], {}))), None)


def _first_given(*values: Json) -> Json:
    return next((value for value in values if value is not None), None)


def _extreme(pick: Callable[..., Any], name: str) -> Callable[[Json], Json]:
    def call(values: Json) -> Json:
        rows = _list(values, name)
        return pick(rows) if rows else None

    return call


def _merge(*values: Json) -> Json:
    merged: dict[str, Json] = {}
    for value in values:
        if not isinstance(value, dict):
            raise ExpressionError(f"merge() needs objects, not {_kind(value)}")
        merged |= value
    return merged


def _object(value: Json, name: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise ExpressionError(f"{name}() needs an object, not {_kind(value)}")
    return value


def _get(table: Json, name: Json) -> Json:
    if table is None or name is None:
        return None
    return _object(table, "get").get(_text(name, "get"))


def _minus(left: Json, right: Json) -> Json:
    if left is None or right is None:
        return None
    return _number(left, "minus") - _number(right, "minus")


FUNCTIONS: dict[str, Function] = {
    "abs": Function(lambda v: abs(_number(v, "abs")), 1, 1, "the number without its sign"),
    "contains": Function(_contains, 2, 2, "whether a text or list has the second argument in it"),
    "ends_with": Function(
        lambda t, e: _text(t, "ends_with").endswith(_text(e, "ends_with")), 2, 2, "of a text"
    ),
    "get": Function(
        _get, 2, 2, "get(object, name): the value under a name that is worked out; null if there is none"
    ),
    "if": Function(lambda *_: None, 3, 3, "if(condition, then, else)"),
    "join": Function(_join, 2, 2, "join('/', list of texts)"),
    "keys": Function(lambda v: list(_object(v, "keys")), 1, 1, "names of an object's fields"),
    "length": Function(_length, 1, 1, "of a text, list or object"),
    "lower": Function(lambda v: None if v is None else _text(v, "lower").lower(), 1, 1, "in small letters"),
    "map": Function(lambda *rows: list(rows), 2, 2, "map(&expression, list), nulls kept"),
    "max": Function(_extreme(max, "max"), 1, 1, "the largest; null of an empty list"),
    "merge": Function(_merge, 1, None, "objects into one, later ones win"),
    "min": Function(_extreme(min, "min"), 1, 1, "the smallest; null of an empty list"),
    "minus": Function(_minus, 2, 2, "minus(a, b); null if one of them is"),
    "not_null": Function(_first_given, 1, None, "the first argument that is not null; 0 counts"),
    "present": Function(
        _present, 1, None, "the first that is not null, false, empty, 0 or '0': for ids where 0 means none"
    ),
    "split": Function(
        lambda t, s: list(_text(t, "split").split(_text(s, "split"))), 2, 2, "split(text, separator)"
    ),
    "starts_with": Function(
        lambda t, s: _text(t, "starts_with").startswith(_text(s, "starts_with")), 2, 2, "of a text"
    ),
    "sum": Function(_sum, 1, 1, "of numbers; null of null; an element without a number is an error", True),
    "to_array": Function(lambda v: v if isinstance(v, list) else [v], 1, 1, "the value as a list"),
    "to_number": Function(_to_number, 1, 1, "exact; null if it is none"),
    "to_string": Function(_to_string, 1, 1, "null stays null"),
    "total": Function(_total, 1, 1, "like sum, but null where there is no row: for quantities", True),
    "upper": Function(lambda v: None if v is None else _text(v, "upper").upper(), 1, 1, "in capital letters"),
    "values": Function(
        lambda v: list(_object(v, "values").values()), 1, 1, "the values of an object's fields"
    ),
}
