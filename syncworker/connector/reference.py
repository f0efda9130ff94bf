"""What stands in docs/connectors/contract.md and in the tables of quality.md? Pages made from the code and its own words.

``python -m syncworker.connector.reference contract`` writes the first, ``... quality`` the second; a test keeps both true.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

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
    sys.stdout.write(quality_table() if sys.argv[1:] == ["quality"] else contract_page())
