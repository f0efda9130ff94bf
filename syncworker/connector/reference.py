"""What stands in docs/connectors/contract.md, docs/channels/README.md and the table of quality.md? The code's own words.

``python -m syncworker.connector.reference contract`` writes the first, ``... channels`` the second, ``... quality`` the table; a
test keeps them true.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from syncworker.connector.abilities import (
    AcknowledgesOrders,
    CancelsOrders,
    HearsWebhooks,
    NeedsConsent,
    UpdatesListings,
)
from syncworker.connector.answers import STATUS_TABLE
from syncworker.connector.costs import COSTS, assumed_values
from syncworker.core import model

_HOME = Path(__file__).parent
#: File → title, in the order of the page.
_ROOMS = {
    "contract.py": "The contract",
    "abilities.py": "What a channel may be able to do beyond it",
    "auth.py": "Proving who sends a request",
}
_ABLE: dict[type, str] = {
    UpdatesListings: "updates listings",
    CancelsOrders: "cancels orders",
    AcknowledgesOrders: "acknowledges orders",
    HearsWebhooks: "hears webhooks",
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
        lines += _classes((_HOME / file).read_text(encoding="utf-8"))
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
behind it decides. Undeclared facts count at their careful value: [what that costs](../connectors/contract.md#what-an-undeclared-fact-costs).

| channel | how its number changes | counts | orders | read back | numbers a call | lists products | more |
| --- | --- | --- | --- | --- | --- | --- | --- |
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
    channel = example_channel(connector)
    if channel is None:
        return f"| {name} | as configured | | | | | | |"
    declared = channel.capabilities()
    rules = declared.rules()
    open_to = {"quantity_mode", "quantity_kind"} & set(connector.settings.model_fields)
    cells = (
        "as configured" if "quantity_mode" in open_to else str(rules.mode),
        "as configured" if "quantity_kind" in open_to else str(rules.kind),
        "typed in" if rules.own_number else "yes" if rules.takes_orders else "no: in or out of stock",
        _told(declared.readable),
        "not declared" if declared.batch_max is None else str(declared.batch_max),
        _told(declared.publishes),
        _more(connector, channel),
    )
    return f"| {name} | {' | '.join(cells)} |"


def _told(fact: bool | None) -> str:
    return "not declared" if fact is None else "yes" if fact else "no"


def _more(connector: object, channel: object) -> str:
    able = [words for protocol, words in _ABLE.items() if isinstance(channel, protocol)]
    if isinstance(connector, NeedsConsent):
        able.append("connected by consent")
    return ", ".join(able) or "–"


def _classes(source: str) -> Iterator[str]:
    lines = source.split("\n")
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield f"\n### {node.name}\n\n{_words(node)}\n"
            for part in node.body:
                yield from _part(part, lines)


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


def _part(part: ast.stmt, lines: list[str]) -> Iterator[str]:
    if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
        default = "" if part.value is None else f" = {ast.unparse(part.value)}"
        said = " ".join(_comment_above(lines, part.lineno)) or _facts().get(part.target.id, "")
        yield f"- `{part.target.id}: {ast.unparse(part.annotation)}{default}`" + (f": {said}" if said else "")
    elif isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Name):
        yield f"- `{part.targets[0].id} = {ast.unparse(part.value)}`"
    elif isinstance(part, ast.FunctionDef) and not part.name.startswith("_"):
        returns = "" if part.returns is None else f" -> {ast.unparse(part.returns)}"
        words = _words(part).replace("\n\n", "\n\n  ")
        yield f"- `{part.name}({_arguments(part)}){returns}`: {words}"


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
