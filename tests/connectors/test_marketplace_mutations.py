"""With any one leaf of a document changed: is it read as it says, or refused?"""

from __future__ import annotations

import copy
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from syncworker.connector import (
    Json,
    Known,
    MalformedAnswerError,
    Outcome,
    QuantityKind,
)
from tests.connectors import mapping
from tests.connectors.documents import LISTINGS, NOON, PAGE, PUSHES, READINGS, RESULTS


def leaves(document: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(document, dict):
        for name, inner in document.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(document, list):
        for n, inner in enumerate(document):
            yield from leaves(inner, (*path, n))
    else:
        yield path


def changed(document: Json, path: tuple[str | int, ...], value: object) -> Json:
    """The document with one leaf replaced; ``...`` removes it."""
    fresh: Json = copy.deepcopy(document)
    spot: object = fresh
    for step in path[:-1]:
        spot = spot[step]  # type: ignore[index]  # the path was taken from this document
    if value is ...:
        del spot[path[-1]]  # type: ignore[attr-defined]  # as above
    else:
        spot[path[-1]] = value  # type: ignore[index]  # as above
    return fresh


def rows(document: Json, name: str) -> list[Json]:
    assert isinstance(document, dict)
    found = document[name]
    assert isinstance(found, list)
    return found


nonsense = (
    st.just(...)
    | st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-2, 5)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["", "3", "yes", "no", "active", NOON, "1e5", "IDR", "\x00", "\ud800"])
    | st.lists(st.none(), max_size=2)
    | st.dictionaries(st.text(max_size=2), st.integers(), max_size=2)
)


@given(st.sampled_from(sorted(leaves(PAGE), key=str)), nonsense)
def test_a_page_with_one_leaf_changed_is_read_as_it_says_or_refused(
    path: tuple[str | int, ...], value: object
) -> None:
    document = changed(PAGE, path, value)

    try:
        found = mapping.order_page(document, restocks=Known.UNKNOWN, channel_time=None)
    except MalformedAnswerError:
        return

    told = [one for each in rows(document, "orders") for one in rows(each, "lines")]
    for said, line_read in zip(told, [one for each in found.orders for one in each.lines], strict=True):
        numbers = (line_read.ordered, line_read.cancelled, line_read.shipped, line_read.returned)
        names = ("quantity", "cancelled_quantity", "shipped_quantity", "returned_quantity")
        assert isinstance(said, dict)
        assert numbers == tuple(said[name] for name in names)
        assert all(type(number) in {int, type(None)} for number in numbers)


@given(st.sampled_from(sorted(leaves(LISTINGS), key=str)), nonsense)
def test_listings_with_one_leaf_changed_are_read_or_refused(
    path: tuple[str | int, ...], value: object
) -> None:
    try:
        (found,) = mapping.listing_page(changed(LISTINGS, path, value)).listings
    except MalformedAnswerError:
        return

    assert type(found.quantity) in {int, type(None)}
    assert found.quantity == 4 or path[-1] == "quantity"


@given(st.sampled_from(sorted(leaves(READINGS), key=str)), nonsense, st.sampled_from(QuantityKind))
def test_a_reading_with_one_leaf_changed_is_read_or_refused(
    path: tuple[str | int, ...], value: object, kind: QuantityKind
) -> None:
    try:
        found = mapping.readings(changed(READINGS, path, value), ["P1", "P2"], kind)
    except MalformedAnswerError:
        return

    for reading in found:
        assert reading.pool_key in {"P1", "P2"}
        assert reading.quantity in {4, None} or path[-1] == "quantity"


@given(st.sampled_from(sorted(leaves(RESULTS), key=str)), nonsense)
def test_a_push_result_with_one_leaf_changed_is_never_taken_for_another_outcome(
    path: tuple[str | int, ...], value: object
) -> None:
    first, second = mapping.push_results(changed(RESULTS, path, value), PUSHES)

    assert first.outcome is not Outcome.REFUSED or path[-1] in {"status", "pool_id"}
    assert second.outcome is not Outcome.APPLIED or path[-1] in {"status", "pool_id"}
    assert first.echo in {5, None} or path[-1] in {"quantity", "pool_id"}
