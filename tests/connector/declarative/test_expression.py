"""Is JMESPath spoken as specified, and are its pitfalls mistakes instead of silent nonsense?"""

from __future__ import annotations

from decimal import Decimal

import jmespath
import pytest

from syncworker.connector import Json
from syncworker.connector.declarative.expression import Expression
from syncworker.connector.declarative.functions import ExpressionError

DOCUMENT: dict[str, Json] = {
    "zero": 0,
    "name": "bin",
    "nothing": None,
    "inner": {"a": {"b": [1, 2, 3]}, "c-d": "dash"},
    "rows": [
        {"id": 1, "kind": "x", "units": 2, "tags": ["a", "b"]},
        {"id": 2, "kind": "y", "units": 3, "tags": ["c"]},
        {"id": 3, "kind": "x"},
    ],
}


def find(text: str, document: Json = DOCUMENT, **settings: Json) -> Json:
    return Expression.parse(text).bind(settings)(document)


@pytest.mark.parametrize(
    "text",
    [
        "name",
        "inner.a.b",
        "inner.a.b[0]",
        "inner.a.b[-1]",
        "inner.a.b[1:]",
        "inner.a.b[::-1]",
        'inner."c-d"',
        "missing.deeper",
        "rows[].id",
        "rows[*].tags[]",
        "rows[].tags | [0]",
        "rows[?kind == 'x'].id",
        "rows[?units > `2`].{n: id, k: kind}",
        "rows[?kind != 'x'].units",
        "rows[0].[id, kind]",
        "inner.*.b",
        "length(rows)",
        "join('-', rows[].kind)",
        "contains(name, 'i')",
        "not_null(nothing, missing, name)",
        "keys(inner)",
        "nothing || name",
        "name && inner.a.b",
        "!nothing",
        "to_string(zero)",
        "max(inner.a.b)",
        "@.name",
        '`{"a": [1, true]}`',
        "rows[:2].tags[0]",
    ],
)
def test_it_finds_what_jmespath_finds(text: str) -> None:
    assert find(text) == jmespath.search(text, DOCUMENT)


@pytest.mark.parametrize(
    "text", ["zero || name", "zero && name", "!zero", "rows[?units]", "if(zero, 'a', 'b')"]
)
def test_a_number_is_never_taken_for_true_or_false(text: str) -> None:
    with pytest.raises(ExpressionError, match="0 is true"):
        find(text)


def test_an_id_of_zero_is_none() -> None:
    assert find("present(zero, name)") == "bin"
    assert find("not_null(zero, name)") == 0


def test_a_sum_misses_nothing() -> None:
    assert find("sum(inner.a.b)") == 6
    assert find("sum(missing)") is None
    assert find("total(rows[?kind == 'z'].units)") is None
    with pytest.raises(ExpressionError, match="one of them is nothing"):
        find("sum(rows[].units)")


def test_fractions_stay_exact() -> None:
    row: Json = {"price": Decimal("0.1"), "more": Decimal("0.2")}

    assert find("sum([price, more])", row) == Decimal("0.3")
    assert find("price < `0.15`", row) is True
    assert find("to_number('0.10')") == Decimal("0.10")
    assert find("to_string(price)", row) == "0.1"


def test_a_setting_is_bound_as_a_value_and_never_as_text() -> None:
    nasty = "x' || name || '"

    assert find("rows[?kind == '${kind}'].id", kind="x") == [1, 3]
    assert find("rows[?kind == '${kind}'].id", kind=nasty) == []
    assert find("'${number}'", number=5) == 5
    assert find("'a-${number}'", number=5) == "a-5"


@pytest.mark.parametrize("text", ["rows[", "", "nonsense(a)", "length()", "join('x')", "sort_by(rows, &id)"])
def test_a_broken_expression_is_a_mistake_at_once(text: str) -> None:
    with pytest.raises(ExpressionError):
        Expression.parse(text)


@pytest.mark.parametrize(
    ("text", "roots", "inner"),
    [
        ("a.b", {"a"}, set()),
        ("items[].{x: pool}", {"items"}, {"pool"}),
        ("rows[?id == cfg.x]", {"rows"}, {"id", "cfg"}),
        ("if(a == `1`, b, c)", {"a", "b", "c"}, set()),
    ],
)
def test_it_is_known_what_an_expression_looks_for(text: str, roots: set[str], inner: set[str]) -> None:
    parsed = Expression.parse(text)

    assert (set(parsed.roots()), set(parsed.inner_roots())) == (roots, inner)
