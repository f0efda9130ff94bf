"""Does a manifest name only what there is? Settings, parts of keys, and what each expression can see.

An expression that looks for what it cannot see finds nothing, silently: here it is a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import BaseModel

from syncworker.connector.declarative.account import COMMON
from syncworker.connector.declarative.content_tables import PublishSpec
from syncworker.connector.declarative.expression import SETTING, Expression
from syncworker.connector.declarative.manifest import Manifest
from syncworker.connector.declarative.parts import RequestSpec
from syncworker.connector.declarative.proofs import SignatureSpec
from syncworker.connector.declarative.signing import COMPUTED, names
from syncworker.connector.declarative.template import Template, places

_PAGE = frozenset(("cfg", "page", "offset", "cursor", "size"))
_TIME = _PAGE | {"since", "until", "now"}
#: What every item of a push or read has, beside the parts of its key.
ITEM = frozenset(("pool", "quantity", "delta", "expected", "key"))
_READ_ITEM = frozenset(("pool",))
#: Facts of calls: inside a filter or projection none of them is seen.
_FACTS = _TIME | {
    *("items", "item", "draft", "before", "update", "job", "parent", "ids", "orders", "reason"),
}

#: Where a request stands, and what it knows there.
_KNOWS: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("check", r"check\.request", frozenset(("cfg",))),
    ("feeds", r"feeds\[\d+\]\.request", _TIME),
    ("feeds.expand", r"feeds\[\d+\]\.expand\.request", frozenset(("cfg", "id", "ids"))),
    ("listings", r"listings\.request", _PAGE),
    ("listings.children", r"listings\.children\.request", _PAGE | {"parent"}),
    ("read, read.routes", r"read\.(routes\[\d+\]\.)?request", frozenset(("cfg", "items", "item", "pool"))),
    ("push, push.routes", r"push\.(routes\[\d+\]\.)?request", frozenset(("cfg", "items", "item")) | ITEM),
    (
        "push.job, push.job.report",
        r"push\.(routes\[\d+\]\.)?job\.(report\.)?request",
        frozenset(("cfg", "job")),
    ),
    ("publish", r"publish\.request", frozenset(("cfg", "draft", "before"))),
    ("publish.find", r"publish\.find\.request", _PAGE | {"draft"}),
    ("publish.before", r"publish\.before\[\d+\]\.(request|fetch)", frozenset(("cfg", "draft", "before"))),
    ("publish.job", r"publish\.job\.(report\.)?request", frozenset(("cfg", "job"))),
    ("updates", r"updates\[\d+\]\.request", frozenset(("cfg", "update"))),
    (
        "acknowledge, cancel",
        r"(acknowledge|cancel)\.(request|fetch)",
        frozenset(("cfg", "order", "orders", "ids", "reason")),
    ),
)
_WITH_PARTS = re.compile(r"(read|push|updates)[.\[]")


def known_facts() -> Iterator[tuple[str, frozenset[str]]]:
    """Where a request stands, and the names it knows there, for the reference."""
    for label, _, known in _KNOWS:
        yield label, known


def problems_with_names(manifest: Manifest) -> Iterator[str]:
    """Every name that stands for nothing, with its key."""
    known = set(manifest.settings) | set(COMMON)
    secrets = {name for name, spec in manifest.settings.items() if spec.type == "secret"}
    for key, value in walked(manifest, ""):
        for name in sorted(_settings(value) - known):
            yield f"{key}: ${{{name}}} is no setting; there are {', '.join(sorted(known))}"
        for expression in _expressions(value):
            yield from _problems_of(key, expression, secrets, set(manifest.settings))
        if isinstance(value, RequestSpec):
            yield from _request_problems(key, value, manifest)
        if isinstance(value, PublishSpec):
            yield from (
                f"{key}.settings: {name} is no setting; there are {', '.join(sorted(known))}"
                for name in value.settings
                if name not in known
            )
        if isinstance(value, SignatureSpec):
            strange = names(value.message) - COMPUTED - known
            yield from (
                f"{key}.message: {{{name}}} is neither computed nor a setting" for name in sorted(strange)
            )


def walked(value: object, key: str) -> Iterator[tuple[str, object]]:
    """Every value of a model with its key, depth first."""
    if isinstance(value, BaseModel):
        yield key, value
        for name, info in type(value).model_fields.items():
            yield from walked(getattr(value, name), _join(key, info.alias or name))
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from walked(one, _join(key, str(name)))
    elif isinstance(value, tuple | list):
        for number, one in enumerate(value):
            yield from walked(one, f"{key}[{number}]")
    elif value is not None:
        yield key, value


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _settings(value: object) -> set[str]:
    if isinstance(value, Template | Expression):
        return set(value.settings())
    return {match[1] for match in SETTING.finditer(value)} if isinstance(value, str) else set()


def _expressions(value: object) -> list[Expression]:
    if isinstance(value, Expression):
        return [value]
    return list(value.expressions()) if isinstance(value, Template) else []


def _problems_of(key: str, expression: Expression, secrets: set[str], settings: set[str]) -> Iterator[str]:
    for name in sorted(expression.settings() & secrets):
        yield f"{key}: an expression sees no secret; found ${{{name}}}, expected it in a header or parameter of its own"
    if "cfg" in expression.inner_roots():
        yield f"{key}: a filter sees only its own element, so cfg finds nothing there; write '${{name}}' in quotes"
    for name in sorted(_cfg_names(expression) - settings - set(COMMON)):
        yield f"{key}: cfg.{name} is no setting; there are {', '.join(sorted(settings))}"


def _cfg_names(expression: Expression) -> set[str]:
    return set(re.findall(r"\bcfg\.([a-z_][a-z0-9_]*)", expression.text))


def _request_problems(key: str, request: RequestSpec, manifest: Manifest) -> Iterator[str]:
    knows = next((known for _, pattern, known in _KNOWS if re.fullmatch(pattern, key)), None)
    if knows is None:
        return
    knows |= {"nonce"}
    if _WITH_PARTS.match(key):
        knows |= set(manifest.key_parts)
    for name in sorted(places(request.path) - knows):
        yield f"{key}.path: {{{name}}} is not known here; there are {', '.join(sorted(knows))}"
    for inner, value in walked(request, key):
        if isinstance(value, RequestSpec):
            continue
        for expression in _expressions(value):
            yield from _sight(
                inner, expression, knows, set(manifest.key_parts), is_column=".columns." in inner
            )


def _sight(
    key: str, expression: Expression, knows: frozenset[str] | set[str], parts: set[str], *, is_column: bool
) -> Iterator[str]:
    item = (ITEM if key.startswith("push") else _READ_ITEM) | parts
    for name in sorted(expression.roots() - (item if is_column else knows)):
        seen = ", ".join(sorted(item if is_column else knows))
        yield f"{key}: {name} is not known here; there are {seen}"
    hidden = expression.inner_roots() & (_FACTS - item)
    for name in sorted(hidden if expression.roots() <= {"items"} else set()):
        yield f"{key}: {name} is not seen inside a list; there each element has {', '.join(sorted(item))}"
    if expression.roots() == {"items"}:
        for name in sorted(expression.inner_roots() - item - _FACTS):
            yield f"{key}: an item has no {name}; it has {', '.join(sorted(item))}"
