"""What does every key of a manifest mean? The reference in docs/manifest.md, made from the models themselves.

`python -m syncworker.connector.declarative.reference` prints it; a test keeps the page true.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from syncworker.connector.declarative.expression import Expression
from syncworker.connector.declarative.fields import FieldSpec, Strict
from syncworker.connector.declarative.functions import FUNCTIONS
from syncworker.connector.declarative.manifest import Manifest
from syncworker.connector.declarative.names import known_facts
from syncworker.connector.declarative.template import Template

#: Where the generated part of the page begins.
MARK = "## Reference\n"


def reference() -> str:
    """The generated part of the page, from its heading on."""
    parts = [MARK, "Made from the code. A key in **bold** has to be there.\n"]
    parts += [_section(where, model) for where, model in tables()]
    parts += [_facts(), _functions()]
    return "\n".join(parts)


def tables() -> Iterator[tuple[str, type[Strict]]]:
    """Every table once, with the first key that leads to it, in the order of the manifest."""
    waiting: list[tuple[str, type[Strict]]] = [("", Manifest)]
    seen: set[type[Strict]] = set()
    while waiting:
        where, model = waiting.pop(0)
        if model in seen:
            continue
        seen.add(model)
        yield where, model
        inner = [
            (_joined(where, name, info, kind), kind)
            for name, info in model.model_fields.items()
            for kind in _models(info.annotation)
        ]
        waiting = inner + waiting


def _joined(where: str, name: str, info: FieldInfo, kind: type[Strict]) -> str:
    key = info.alias or name
    if kind is FieldSpec:
        return "a field"
    if get_origin(info.annotation) is dict:
        key += ".NAME"
    return f"{where}.{key}" if where and where != "a field" else key


def _models(annotation: object) -> list[type[Strict]]:
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        return [annotation]
    return [model for one in get_args(annotation) for model in _models(one)]


def _section(where: str, model: type[Strict]) -> str:
    rows = [_row(name, info) for name, info in model.model_fields.items()]
    kind = model.model_fields.get("type") or model.model_fields.get("style")
    title = f"### `{where or 'the manifest'}`"
    if kind is not None and get_origin(kind.annotation) is Literal and len(get_args(kind.annotation)) == 1:
        title += f", `{get_args(kind.annotation)[0]}`"
    words = " ".join((model.__doc__ or "").split())
    return "\n".join([title, words, "", "| key | value | meaning |", "| --- | --- | --- |", *rows, ""])


def _row(name: str, info: FieldInfo) -> str:
    key = f"`{info.alias or name}`"
    key = f"**{key}**" if info.is_required() else key
    meaning = (info.description or "which kind of table this is").replace("|", "\\|")
    default = "" if info.is_required() else _default(info)
    return f"| {key} | {_kind(info.annotation)} | {meaning}{default} |"


def _default(info: FieldInfo) -> str:
    value = info.default
    if isinstance(value, Expression):
        return f" (`{value.text}`)"
    if isinstance(value, Template):
        return f" (`{value.value}`)"
    if value is PydanticUndefined or value in (None, (), {}, "", False) or isinstance(value, Strict):
        return ""
    return f" (`{', '.join(value)}`)" if isinstance(value, tuple) else f" (`{value}`)"


def _kind(annotation: Any) -> str:  # Any: a type of any kind
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(inner[0])
    if origin in {Union, UnionType}:
        kinds = [_kind(one) for one in inner if one is not type(None)]
        return " or ".join(dict.fromkeys(kinds))
    if origin is Literal:
        return " ".join(f"`{one}`" for one in inner)
    if origin is tuple:
        return f"list of {_kind(inner[0])}"
    if origin is dict:
        return f"table of {_kind(inner[1])}"
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        return "field" if annotation is FieldSpec else "table"
    return _NAMES.get(annotation, getattr(annotation, "__name__", str(annotation)).lower())


_NAMES: dict[object, str] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "true or false",
    Expression: "JMESPath",
    Template: "value",
    Any: "any",
}


def _facts() -> str:
    rows = [
        f"| `{where}` | {', '.join(f'`{name}`' for name in sorted(names))} |"
        for where, names in known_facts()
    ]
    return "\n".join(
        [
            "### What a request knows",
            "Beside the parts of the key, where it is about one item, and `nonce`, a text that is new for each call.",
            "",
            "| request | names |",
            "| --- | --- |",
            *rows,
            "",
        ]
    )


def _functions() -> str:
    rows = [f"| `{name}` | {function.meaning} |" for name, function in sorted(FUNCTIONS.items())]
    return "\n".join(["### Functions", "| function | meaning |", "| --- | --- |", *rows, ""])


if __name__ == "__main__":
    sys.stdout.write(reference())
