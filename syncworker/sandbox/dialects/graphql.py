"""What does a GraphQL request ask for? The small part of the language that clients of shops use, read strictly; knows no shop.

Operations with variables, aliases, arguments, directives and inline fragments; answers hold exactly what was selected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from syncworker.sandbox.refusal import RefusedError

_TOKEN = re.compile(
    r'[\s,]+|#[^\n]*|(?P<token>\.\.\.|[!$():=@\[\]{}]|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|[A-Za-z_]\w*)'
)
#: A value whose content depends on the arguments it is asked with.
Resolver = Callable[[dict[str, object]], object]


@dataclass(frozen=True, slots=True)
class Variable:
    """A value that comes with the request."""

    name: str


@dataclass(frozen=True, slots=True)
class Selection:
    """One field that is asked for; with an empty name the fields inside are a fragment's."""

    name: str
    alias: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    directives: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    inside: tuple[Selection, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One operation, its variables checked."""

    kind: str
    name: str
    fields: tuple[Selection, ...]
    variables: Mapping[str, object]

    def arguments(self, selection: Selection) -> dict[str, object]:
        """The arguments of a field with the variables put in."""
        return {name: filled(value, self.variables) for name, value in selection.arguments.items()}


def read(text: object, name: object, variables: object) -> Request:
    """The operation in ``text``; refused for broken syntax, other variables than declared, or wrong types."""
    if not isinstance(text, str) or not isinstance(variables, dict):
        raise RefusedError(200, "BAD_REQUEST", "query must be a text and variables an object")
    reader = _Reader(text)
    kind, own_name, declared, fields = reader.operation()
    if name not in (None, own_name):
        raise RefusedError(200, "BAD_REQUEST", f"No operation named {name!r}")
    strange = set(variables) - set(declared)
    if strange:
        raise RefusedError(200, "INVALID_VARIABLE", f"not declared: {', '.join(sorted(strange))}")
    for variable, of_type in declared.items():
        _check_type(variable, of_type, variables.get(variable))
    unused = set(declared) - reader.used
    unknown = reader.used - set(declared)
    if unused or unknown:
        words = f"variables declared and not used, or used and not declared: {sorted(unused | unknown)}"
        raise RefusedError(200, "variableMismatch", words)
    return Request(kind, own_name, fields, variables)


def filled(value: object, variables: Mapping[str, object]) -> object:
    """A value with its variables put in."""
    if isinstance(value, Variable):
        return variables.get(value.name)
    if isinstance(value, dict):
        return {name: filled(one, variables) for name, one in value.items()}
    return [filled(one, variables) for one in value] if isinstance(value, list) else value


def select(value: object, inside: Sequence[Selection], request: Request, path: str) -> object:
    """Of a value, what was asked for. Functions in it are called with the arguments of their field."""
    if value is None:
        return None
    if isinstance(value, list | tuple):
        return [select(one, inside, request, path) for one in value]
    if not isinstance(value, dict):
        if inside:
            raise RefusedError(200, "undefinedField", f"{path} has no fields")
        return value
    if not inside:
        raise RefusedError(200, "undefinedField", f"{path} needs a selection of its fields")
    chosen: dict[str, object] = {}
    for one in inside:
        if one.name:
            chosen[one.alias] = _field(value, one, request, path)
        else:
            fragment = select(value, one.inside, request, path)
            chosen |= fragment if isinstance(fragment, dict) else {}
    return chosen


def _field(value: Mapping[str, object], one: Selection, request: Request, path: str) -> object:
    if one.name not in value:
        raise RefusedError(200, "undefinedField", f"Field '{one.name}' doesn't exist on {path}")
    found = value[one.name]
    if callable(found):
        found = found(request.arguments(one))
    elif one.arguments:
        raise RefusedError(200, "argumentNotAccepted", f"Field '{one.name}' takes no arguments")
    return select(found, one.inside, request, f"{path}.{one.name}")


def cost(request: Request) -> int:
    """Points: an object 1, a scalar 0, a mutation 10, lists by their `first` or by the ids asked for."""
    if request.kind == "mutation":
        return 10 * len(request.fields)
    return sum(_cost(one, request) for one in request.fields)


def _cost(selection: Selection, request: Request) -> int:
    if not selection.inside:
        return 0
    inside = sum(_cost(one, request) for one in selection.inside)
    if not selection.name:
        return inside
    arguments = request.arguments(selection)
    first, ids = arguments.get("first"), arguments.get("ids")
    if isinstance(first, int):
        return 1 + first * max(inside, 1)
    if isinstance(ids, list):
        return len(ids) * (1 + inside)
    # The page's own parts are no objects that cost.
    return inside if selection.name == "pageInfo" else 1 + inside


def objects(value: object) -> int:
    """How many objects an answer holds: what it cost in the end."""
    if isinstance(value, dict):
        return 1 + sum(objects(one) for one in value.values())
    return sum(objects(one) for one in value) if isinstance(value, list) else 0


# ---------------------------------------------------------------- reading


def _check_type(name: str, of_type: str, value: object) -> None:
    if value is None:
        if of_type.endswith("!"):
            raise RefusedError(
                200, "INVALID_VARIABLE", f"Variable ${name} of type {of_type} was provided null"
            )
        return
    plain = of_type.rstrip("!")
    fits = {
        "Int": isinstance(value, int) and not isinstance(value, bool),
        "Boolean": isinstance(value, bool),
        "String": isinstance(value, str),
        "ID": isinstance(value, str) and bool(value),
    }.get(plain)
    if fits is None:
        fits = isinstance(value, list) if plain.startswith("[") else isinstance(value, dict | str)
    if not fits:
        raise RefusedError(200, "INVALID_VARIABLE", f"Variable ${name} is no {of_type}")


class _Reader:
    """Reads one operation, token by token."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self.used: set[str] = set()

    def operation(self) -> tuple[str, str, dict[str, str], tuple[Selection, ...]]:
        """Kind, name, declared variables with their types, fields."""
        if self._peek() == "{":
            return "query", "", {}, self._selections()
        kind = self._next()
        if kind not in ("query", "mutation"):
            raise _broken(kind)
        name = self._next() if self._peek() not in ("(", "{") else ""
        declared: dict[str, str] = {}
        if self._took("("):
            while not self._took(")"):
                self._expect("$")
                variable = self._next()
                self._expect(":")
                declared[variable] = self._type()
        fields = self._selections()
        if self._at < len(self._tokens):
            raise _broken(self._peek())
        return kind, name, declared, fields

    def _type(self) -> str:
        text = self._next()
        if text == "[":
            text += self._type()
            self._expect("]")
            text += "]"
        return text + "!" if self._took("!") else text

    def _selections(self) -> tuple[Selection, ...]:
        self._expect("{")
        found: list[Selection] = []
        while not self._took("}"):
            found.append(self._fragment() if self._took("...") else self._field())
        if not found:
            raise _broken("}")
        return tuple(found)

    def _fragment(self) -> Selection:
        self._expect("on")
        self._next()
        return Selection("", "", inside=self._selections())

    def _field(self) -> Selection:
        name = alias = self._next()
        if self._took(":"):
            name = self._next()
        arguments = self._arguments()
        directives: dict[str, Mapping[str, object]] = {}
        while self._took("@"):
            directive = self._next()
            directives[directive] = self._arguments()
        inside = self._selections() if self._peek() == "{" else ()
        return Selection(name, alias, arguments, directives, inside)

    def _arguments(self) -> dict[str, object]:
        found: dict[str, object] = {}
        if self._took("("):
            while not self._took(")"):
                name = self._next()
                self._expect(":")
                found[name] = self._value()
        return found

    def _value(self) -> object:
        sign = self._next()
        if sign == "$":
            name = self._next()
            self.used.add(name)
            return Variable(name)
        if sign == "[":
            values = []
            while not self._took("]"):
                values.append(self._value())
            return values
        if sign == "{":
            fields: dict[str, object] = {}
            while not self._took("}"):
                name = self._next()
                self._expect(":")
                fields[name] = self._value()
            return fields
        if sign in ("true", "false", "null") or sign[0] in '"-0123456789':
            value: object = json.loads(sign)
            return value
        return sign

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise _broken("the end")
        self._at += 1
        return token

    def _took(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self._at += 1
        return True

    def _expect(self, token: str) -> None:
        found = self._next()
        if found != token:
            raise _broken(found)


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _broken(text[at])
        at = match.end()
        if match["token"]:
            found.append(match["token"])
    return found


def _broken(token: str) -> RefusedError:
    return RefusedError(200, "BAD_REQUEST", f"syntax error, unexpected {token}")
