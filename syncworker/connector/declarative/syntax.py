"""What is known of an expression without a document? Its functions, literals, and the names it looks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from syncworker.connector.declarative.functions import FUNCTIONS, ExpressionError

Node: TypeAlias = "dict[str, Any]"  # Any: jmespath's own syntax tree, which has no types


def children(node: Node) -> list[Node]:
    """The nodes under a node."""
    return [child for child in node.get("children", ()) if isinstance(child, dict)]


def check(node: Node) -> None:
    """Raises ``ExpressionError`` for a function that there is not, or too few or many arguments."""
    if node["type"] == "function_expression":
        function = FUNCTIONS.get(node["value"])
        if function is None:
            raise ExpressionError(f"calls {node['value']}(); there are {', '.join(sorted(FUNCTIONS))}")
        function.check_arity(node["value"], len(node["children"]))
    for child in children(node):
        check(child)


def steps(node: Node) -> tuple[str, ...] | None:
    """The names of a plain path; ``None`` for anything else."""
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] != "subexpression":
        return None
    parts = [steps(child) for child in children(node)]
    return tuple(step for part in parts for step in part or ()) if all(parts) else None


def texts(node: Node) -> Iterator[str]:
    """Every literal text in it."""
    if node["type"] == "literal" and isinstance(node["value"], str):
        yield node["value"]
    for child in children(node):
        yield from texts(child)


#: Which children of a node look into an element, not into what the node itself looks into.
_INTO_ELEMENTS = {"projection": (1,), "value_projection": (1,), "filter_projection": (1, 2)}


def roots(node: Node, *, inner: bool) -> set[str]:
    """First names looked up in the document itself, or (``inner``) in elements of its lists."""
    kind, parts = node["type"], children(node)
    if kind == "field":
        return set() if inner else {node["value"]}
    if kind in {"subexpression", "index_expression", "pipe"}:
        # What follows the first part looks into its result.
        rest = [roots(child, inner=True) for child in parts[1:]] if inner else []
        return roots(parts[0], inner=inner).union(*rest) if parts else set()
    if kind == "expref":
        return roots(parts[0], inner=False) if inner else set()
    found: set[str] = set()
    for position, child in enumerate(parts):
        if position in _INTO_ELEMENTS.get(kind, ()):
            found |= (roots(child, inner=False) | roots(child, inner=True)) if inner else set()
        else:
            found |= roots(child, inner=inner)
    return found
