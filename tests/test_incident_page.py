"""Has each kind of incident its rules, its next step and its tests? The page must name all, and the tests must be there.

That the named tests really open and close what they are named for is checked while they run (``tests.told_incidents``).
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from syncworker.ledger.incidents import IncidentKind
from tests.told_incidents import NAMED, PAGE, Watched, check_words

ROOT = Path(__file__).parents[1]


def test_the_page_names_every_kind_with_its_rules_and_its_tests() -> None:
    text = PAGE.read_text("utf-8")

    assert set(NAMED) == {kind.value for kind in IncidentKind}
    for kind in IncidentKind:
        assert sum(line.startswith(f"| `{kind.value}`") for line in text.splitlines()) == 2


@pytest.mark.parametrize("test", sorted({test for tests in NAMED.values() for test in tests}))
def test_a_named_test_is_there(test: str) -> None:
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text("utf-8"))

    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("kind", IncidentKind)
def test_a_test_that_does_not_do_what_the_page_says_fails(kind: IncidentKind) -> None:
    opens, closes = NAMED[kind.value]

    with pytest.raises(AssertionError, match="opened no"):
        Watched().check(opens)
    with pytest.raises(AssertionError, match=r"opened no|closed no"):
        Watched().check(closes)


def test_a_next_step_without_its_facts_is_noticed() -> None:
    with pytest.raises(AssertionError, match="a fact is missing"):
        check_words(IncidentKind.PARKED, {"channel": "shop"})
