"""Do the pushes of a channel cost the fewest requests that its rules allow?"""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from syncworker.sync import batching


class ByProduct:
    """A channel whose request takes numbers of one product."""

    def goes_with(self, pool_key: str) -> str:
        return pool_key.partition("/")[0]


class Broken:
    """A stranger's code."""

    def goes_with(self, pool_key: str) -> str:
        raise KeyError(pool_key)


def batches(port: object, pool_keys: list[str], most: int) -> list[list[str]]:
    """The pools of each batch; a push is named after its place."""
    records = [SimpleNamespace(id=str(number)) for number in range(len(pool_keys))]
    keys = {str(number): key for number, key in enumerate(pool_keys)}
    found = batching.batches(port, records, keys, most=most)  # type: ignore[arg-type]  # only ids are looked at
    return [[keys[record.id] for record in batch] for batch in found]


pools = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)).map(lambda pair: f"{pair[0]}/{pair[1]}"))


@given(pool_keys=pools, most=st.integers(1, 12))
def test_every_push_is_in_one_batch_and_no_batch_is_too_large(pool_keys: list[str], most: int) -> None:
    found = batches(ByProduct(), pool_keys, most)

    assert Counter(key for batch in found for key in batch) == Counter(pool_keys)
    assert all(0 < len(batch) <= most for batch in found)


@given(pool_keys=pools, most=st.integers(1, 12))
def test_a_product_takes_no_more_requests_than_its_numbers_need(pool_keys: list[str], most: int) -> None:
    requests = sum(
        len({key.partition("/")[0] for key in batch}) for batch in batches(ByProduct(), pool_keys, most)
    )

    sizes = Counter(key.partition("/")[0] for key in pool_keys)
    assert requests == sum(-(-size // most) for size in sizes.values())


@given(pool_keys=pools, most=st.integers(1, 12))
def test_without_groups_the_batches_are_full_and_in_order(pool_keys: list[str], most: int) -> None:
    whole = [pool_keys[start : start + most] for start in range(0, len(pool_keys), most)]

    assert batches(object(), pool_keys, most) == whole
    assert batches(Broken(), pool_keys, most) == whole


def test_what_is_scarce_goes_first_and_takes_what_belongs_to_it_along() -> None:
    assert batches(ByProduct(), ["b/1", "a/1", "c/1", "b/2", "a/2"], 3) == [
        ["b/1", "b/2"],
        ["a/1", "a/2", "c/1"],
    ]
