"""What stands in docs/connectors/contract.md, docs/channels/README.md and the table of quality.md? The code's own words.

``python -m syncworker.connector.reference contract`` writes the first, ``... channels`` the second, ``... quality`` the table; a
test keeps them true.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic import SecretStr

from syncworker.connector.abilities import (
    AcknowledgesOrders,
    AnswersHandshake,
    CancelsOrders,
    HearsWebhooks,
    NeedsConsent,
    UpdatesListings,
)
from syncworker.connector.answers import STATUS_TABLE
from syncworker.connector.contract import Capabilities, Channel, Connector
from syncworker.connector.costs import COSTS, assumed_values
from syncworker.core import model

_HOME = Path(__file__).parent
#: File → title, in the order of the page.
_ROOMS = {
    "contract.py": "The contract",
    "abilities.py": "What a channel may be able to do beyond it",
    "auth.py": "Proving who sends a request",
    "desk.py": "A token that is renewed in time",
    "pushing.py": "Numbers in parcels",
    "settings.py": "Settings to build on",
    "callers.py": "Proving who calls us, or comes back",
}
_HEAD = """\
# The contract, word by word

Made from the code (`python -m syncworker.connector.reference contract > docs/connectors/contract.md`); a test keeps it true.
Everything here comes from one import: `from syncworker.connector import ...`. Which error means what is in
[errors.md](errors.md), how a connector is proven in [quality.md](quality.md).
"""


def contract_page() -> str:
    """The whole page."""
    lines = [_HEAD]
    for file, title in _ROOMS.items():
        lines.append(f"\n## {title}\n")
        lines += _public((_HOME / file).read_text(encoding="utf-8"))
    lines.append("\n## What an undeclared fact costs\n")
    lines += cost_table()
    lines.append("\n## What a status means unless a connector says otherwise\n")
    lines.append("| status | meaning |\n| --- | --- |")
    lines += [f"| {status} | {verdict} |" for status, verdict in STATUS_TABLE.items()]
    lines.append("| every other one | unknown: a write may have been applied; a read is tried again later |")
    return "\n".join(lines).rstrip() + "\n"


def cost_table() -> Iterator[str]:
    """Fact, what is assumed, and what that costs."""
    assumed = assumed_values()
    yield "| fact | assumed | what that costs |\n| --- | --- | --- |"
    yield from (f"| `{fact}` | {assumed[fact]} | {cost} |" for fact, cost in COSTS.items())


def quality_table() -> str:
    """Every check: id, level, rule."""
    from syncworker.connector.conformance import checks

    rows = (f"| `{one.id}` | {one.level} | {one.rule} |" for one in checks())
    return "\n".join(("| check | level | what holds |", "| --- | --- | --- |", *rows)) + "\n"


_CHANNELS = """\
# Channels, side by side

Made from what each connector declares (`python -m syncworker.connector.reference channels > docs/channels/README.md`); a test
keeps it true. Each has a page of its own here, and `syncworker connector info NAME` tells more.

"set" sets a number, "compare_and_set" checks it first, "adjust" adds and subtracts; where it says "as configured", the shop
behind it decides. Settings stand as they are by default. "–" cannot be done there, or not by us. Facts that nobody declared count at their careful value:
[what that costs](../connectors/contract.md#what-an-undeclared-fact-costs).

| channel | number | counts | read back | numbers a call | orders | cancels | webhooks | publishes | changes | price | proof |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def channels_page() -> str:
    """Every connector that is installed and works, in a line each."""
    from syncworker.connector import registry

    names = [one.name for one in registry.available() if one.problem is None]
    return _CHANNELS + "\n".join(_channel_row(name) for name in names) + "\n"


def _channel_row(name: str) -> str:
    from syncworker.connector import registry
    from syncworker.connector.workshop import example_channel

    connector = registry.load(name)
    link = f"[{name}]({name}.md)" if name in _shipped() else name
    channel = example_channel(connector)
    if channel is None:
        return f"| {link} | as configured |" + " |" * 10
    declared = channel.capabilities()
    rules = declared.rules()
    open_to = {"quantity_mode", "quantity_kind"} & set(connector.settings.model_fields)
    changes = declared.listing_fields if isinstance(channel, UpdatesListings) else ()
    cells = (
        "as configured" if "quantity_mode" in open_to else str(rules.mode),
        "as configured" if "quantity_kind" in open_to else str(rules.kind),
        _told(declared.readable),
        "not declared" if declared.batch_max is None else str(declared.batch_max),
        _orders(declared, channel),
        _told(isinstance(channel, CancelsOrders)),
        _webhooks(channel),
        _publishes(connector, declared),
        ", ".join(one for one in changes if one != "price") or "–",
        _told("price" in changes),
        _proof(connector),
    )
    return f"| {link} | {' | '.join(cells)} |"


def _publishes(connector: Connector, declared: Capabilities) -> str:
    """A connector whose ``publish_settings`` names settings lists products once they are set."""
    needed = () if declared.publishes else getattr(connector, "publish_settings", ())
    return f"yes, with {', '.join(needed)}" if needed else _told(declared.publishes)


def _shipped() -> set[str]:
    """Connectors that come with syncworker, each with a page of its own."""
    from syncworker.connector import registry

    return {one.name for one in registry.available() if one.distribution == "syncworker"}


def _told(fact: bool | None) -> str:
    return "not declared" if fact is None else "yes" if fact else "–"


def _orders(declared: Capabilities, channel: Channel) -> str:
    """Its feeds by name, and whether it wants to hear that an order is recorded."""
    rules = declared.rules()
    if rules.own_number:
        return "typed in"
    if not rules.takes_orders:
        return "none: in or out of stock"
    feeds = "feeds" if len(declared.feeds) > 1 else "feed"
    acknowledged = "; acknowledged" if isinstance(channel, AcknowledgesOrders) else ""
    return f"{feeds} {', '.join(declared.feeds)}{acknowledged}"


def _webhooks(channel: Channel) -> str:
    if not isinstance(channel, HearsWebhooks):
        return "–"
    return "yes, its address tried first" if isinstance(channel, AnswersHandshake) else "yes"


def _proof(connector: Connector) -> str:
    """How the channel knows that we may."""
    if isinstance(connector, NeedsConsent):
        return "consent of a person, renewed by itself"
    has_secret = any(_is_secret(one.annotation) for one in connector.settings.model_fields.values())
    return "keys in the settings" if has_secret else "none"


def _is_secret(annotation: object) -> bool:
    return annotation is SecretStr or any(_is_secret(one) for one in get_args(annotation))


def _public(source: str) -> Iterator[str]:
    """What an author may use of a file: classes with their parts, and functions."""
    lines = source.split("\n")
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith("_"):
            continue
        if isinstance(node, ast.ClassDef):
            yield f"\n### {node.name}\n\n{_words(node)}\n"
            for part in node.body:
                yield from _part(part, lines)
        else:
            returns = "" if node.returns is None else f" -> {ast.unparse(node.returns)}"
            yield f"\n### {node.name}\n\n`({_arguments(node)}){returns}`\n\n{_words(node)}\n"


def _facts() -> dict[str, str]:
    """What the engine's own rules say of each fact."""
    path = Path(model.__file__)
    source = path.read_text(encoding="utf-8")
    (rules,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == "ChannelRules"
    )
    lines = source.split("\n")
    return {
        part.target.id: " ".join(_comment_above(lines, part.lineno))
        for part in rules.body
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    }


def _default(value: ast.expr | None) -> tuple[str, str]:
    """What stands behind a field, and what it says of itself: of a pydantic ``Field`` its own default and description."""
    if not isinstance(value, ast.Call) or ast.unparse(value.func) != "Field":
        return ("" if value is None else f" = {ast.unparse(value)}"), ""
    given = {one.arg: one.value for one in value.keywords}
    default, said = given.get("default"), given.get("description")
    words = f"{said.value}." if isinstance(said, ast.Constant) and isinstance(said.value, str) else ""
    return ("" if default is None else f" = {ast.unparse(default)}"), words


def _part(part: ast.stmt, lines: list[str]) -> Iterator[str]:
    if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
        default, described = _default(part.value)
        said = " ".join(_comment_above(lines, part.lineno)) or _facts().get(part.target.id, described)
        yield f"- `{part.target.id}: {ast.unparse(part.annotation)}{default}`" + (f": {said}" if said else "")
    elif isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Name):
        yield f"- `{part.targets[0].id} = {ast.unparse(part.value)}`"
    elif isinstance(part, ast.FunctionDef) and (not part.name.startswith("_") or _is_documented_init(part)):
        returns = "" if part.returns is None else f" -> {ast.unparse(part.returns)}"
        words = _words(part).replace("\n\n", "\n\n  ")
        yield f"- `{part.name}({_arguments(part)}){returns}`: {words}"


def _is_documented_init(function: ast.FunctionDef) -> bool:
    return function.name == "__init__" and ast.get_docstring(function) is not None


def _arguments(function: ast.FunctionDef) -> str:
    text = ast.unparse(function.args)
    return text.removeprefix("self, ").removeprefix("self")


def _words(node: ast.ClassDef | ast.FunctionDef) -> str:
    """The docstring, its lines joined paragraph by paragraph."""
    paragraphs = (ast.get_docstring(node) or "").replace("``", "`").split("\n\n")
    return "\n\n".join(" ".join(one.split()) for one in paragraphs)


def _comment_above(lines: list[str], number: int) -> list[str]:
    found: list[str] = []
    while (text := lines[number - 2 - len(found)].strip()).startswith("#:"):
        found.insert(0, text.removeprefix("#:").strip().replace("``", "`"))
    return found


if __name__ == "__main__":
    pages = {"contract": contract_page, "quality": quality_table, "channels": channels_page}
    sys.stdout.write(pages[sys.argv[1]]())
