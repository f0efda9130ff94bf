"""Is a document read exactly or not at all?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncworker.connector import MAX_QUANTITY, Document, Json, Known, MalformedAnswerError, read_json

leaves = st.none() | st.booleans() | st.integers() | st.text()
documents = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)


@given(documents)
def test_what_was_written_is_what_is_read(document: object) -> None:
    assert read_json(json.dumps(document).encode()) == document


@given(st.binary())
def test_any_bytes_are_read_or_refused_without_carrying_them_along(raw: bytes) -> None:
    refusal: MalformedAnswerError | None = None
    try:
        read_json(raw)
    except MalformedAnswerError as error:
        refusal = error

    assert refusal is None or (refusal.__context__, refusal.__cause__) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "NaN",
        '{"a": Infinity}',
        '{"a": -Infinity}',
        '{"a": 1, "a": 2}',
        "<html>",
        "[" * 100_000,
        "1" * 5000,
        '"\\u12"',
        "{'a': 1}",
        "1 2",
        "\xff",
    ],
)
def test_what_is_not_strict_json_is_malformed(text: str) -> None:
    with pytest.raises(MalformedAnswerError):
        read_json(text.encode("latin-1"))


def test_a_fraction_is_exact() -> None:
    assert read_json(b'{"price": 0.10}') == {"price": Decimal("0.10")}


@given(documents)
def test_a_quantity_is_a_whole_number_or_an_error_never_a_conversion(value: Json) -> None:
    honest = type(value) is int and 0 <= value <= MAX_QUANTITY

    try:
        read = Document({"quantity": value})["quantity"].whole()
    except MalformedAnswerError:
        read = None

    assert read == (value if honest else None)


@pytest.mark.parametrize(
    "value", [True, False, "3", Decimal("3.0"), Decimal("2.5"), None, -1, 10**10, [3], {"n": 3}]
)
def test_what_looks_like_a_quantity_is_none(value: Json) -> None:
    with pytest.raises(MalformedAnswerError, match=r"lines\[1\]\.quantity"):
        [
            line["quantity"].whole()
            for line in Document({"lines": [{"quantity": 1}, {"quantity": value}]})["lines"].items()
        ]


@pytest.mark.parametrize("value", ["", "  ", "a\x00b", "\ud800", "x" * 501, 3, None, True])
def test_a_text_is_one_that_a_database_can_hold(value: Json) -> None:
    with pytest.raises(MalformedAnswerError):
        Document(value).text()


@pytest.mark.parametrize(
    "value",
    ["2026-11-24T08:30:00", "yesterday", 1764000000, "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"],
)
def test_a_moment_without_its_offset_is_refused(value: Json) -> None:
    with pytest.raises(MalformedAnswerError):
        Document(value).moment()


def test_a_moment_is_told_in_utc() -> None:
    assert Document("2026-11-24T15:30:00+07:00").moment() == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "amount", ["1e3", "1_000", "NaN", "", " 5", "٣", Decimal("0.00001"), 10**14, "100000000000000", True]
)
def test_an_amount_is_plain_digits_of_a_believable_size(amount: Json) -> None:
    with pytest.raises(MalformedAnswerError):
        Document({"amount": amount, "currency": "IDR"}).money()


@pytest.mark.parametrize("currency", ["idr", "RP", "IDRX", "", 3])
def test_a_currency_is_three_capital_letters(currency: Json) -> None:
    with pytest.raises(MalformedAnswerError):
        Document({"amount": "5", "currency": currency}).money()


def test_trailing_zeros_do_not_make_an_amount_unreadable() -> None:
    assert Document("85000.0000000").decimal() == Decimal(85_000)


def test_a_word_is_one_of_those_that_are_known() -> None:
    assert Document("no").choice(Known) is Known.NO
    with pytest.raises(MalformedAnswerError, match="yes, no, unknown"):
        Document("perhaps").choice(Known)
