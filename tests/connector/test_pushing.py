"""Numbers in parcels: the fewest requests, an outcome for every number, and nothing applied that the channel did not say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncworker.connector import (
    ChannelMisconfiguredError,
    Outcome,
    OutcomeUnknownError,
    Parcel,
    PushResult,
    QuantityMode,
    QuantityPush,
    RequestRefusedError,
    RetryLaterError,
    addressed,
    applied,
    parcelled,
    refused,
    send_parcels,
)

Key = tuple[str, str]


def read(text: str) -> Key | None:
    product, _, sku = text.partition("/")
    return (product, sku.partition("@")[0]) if sku else None


def push(key: str, value: int = 3, kind: QuantityMode = QuantityMode.SET) -> QuantityPush:
    return QuantityPush(push_id=key, pool_key=key, kind=kind, value=value)


def parcels(*keys: str, rows_max: int | None = None) -> list[Parcel[Key]]:
    entries, unfit = addressed([push(key) for key in keys], read, channel="Toko", mode=QuantityMode.SET)
    assert unfit == []
    return parcelled(entries, of=lambda key: key[0], row=lambda key: key[1], rows_max=rows_max)


class Toko:
    """Answers each request as told, by what the parcel is of."""

    def __init__(self, **answers: Exception | None) -> None:
        self._answers = answers
        self.asked: list[list[str]] = []

    def send(self, parcel: Parcel[Key]) -> Sequence[PushResult] | None:
        self.asked.append([entry.push.push_id for entry in parcel.entries])
        answer = self._answers.get(parcel.of, ...)
        if isinstance(answer, Exception):
            raise answer
        return None if answer is None and len(parcel.rows) > 1 else [applied(e.push) for e in parcel.entries]

    def outcomes(self, *keys: str) -> dict[str, Outcome]:
        told = send_parcels(parcels(*keys), self.send, redact=lambda text: text)
        return {one.push_id: one.outcome for one in told}


# ---------------------------------------------------------------- what goes together


def test_numbers_of_one_product_are_one_request_and_places_of_one_sku_one_row() -> None:
    found = parcels("a/1@x", "b/1", "a/2", "a/1@y")

    assert [(one.of, len(one.rows)) for one in found] == [("a", 2), ("b", 1)]
    assert [[e.push.push_id for e in row] for row in found[0].rows] == [["a/1@x", "a/1@y"], ["a/2"]]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("12345")), unique=True),
    st.integers(1, 4),
)
def test_every_number_is_in_exactly_one_parcel_and_none_is_too_large(keys: list[Key], most: int) -> None:
    names = ["/".join(key) for key in keys]

    found = parcels(*names, rows_max=most)

    assert sorted(e.push.push_id for one in found for e in one.entries) == sorted(names)
    assert all(1 <= len(one.rows) <= most for one in found)
    for product in "abc":
        rows = [len(one.rows) for one in found if one.of == product]
        assert len(rows) == -(-sum(rows) // most)


@pytest.mark.parametrize(
    ("one", "parks"),
    [
        (push("no-key"), True),
        (push("a/1", 1, QuantityMode.ADJUST), False),
        (push("a/1", -1), False),
        (push("a/1", 100), False),
    ],
)
def test_what_can_never_be_sent_is_refused_before_anything_leaves(one: QuantityPush, parks: bool) -> None:
    fit, (told,) = addressed([one], read, channel="Toko", mode=QuantityMode.SET, most=99)

    assert fit == []
    assert (told.outcome, told.parks, told.message[:9]) == (Outcome.REFUSED, parks, "not sent:")


def test_a_comparison_without_a_number_to_compare_with_is_never_sent() -> None:
    bare = push("a/1", 1, QuantityMode.COMPARE_AND_SET)

    fit, (told,) = addressed([bare], read, channel="Toko", mode=QuantityMode.COMPARE_AND_SET)

    assert (fit, told.outcome) == ([], Outcome.REFUSED)


# ---------------------------------------------------------------- one request after the other


@pytest.mark.parametrize("error", [RetryLaterError("wait"), ChannelMisconfiguredError("token")])
def test_a_first_request_that_did_nothing_is_everybodys_error(error: Exception) -> None:
    toko = Toko(a=error)

    with pytest.raises(type(error)):
        toko.outcomes("a/1", "b/1")

    assert toko.asked == [["a/1"]]


@pytest.mark.parametrize("error", [RetryLaterError("wait"), ChannelMisconfiguredError("token")])
def test_what_was_answered_before_stands_and_the_rest_was_not_sent(error: Exception) -> None:
    toko = Toko(b=error)

    assert toko.outcomes("a/1", "b/1", "c/1") == {
        "a/1": Outcome.APPLIED,
        "b/1": Outcome.REFUSED,
        "c/1": Outcome.REFUSED,
    }
    assert toko.asked == [["a/1"], ["b/1"]]


@pytest.mark.parametrize("error", [OutcomeUnknownError("lost"), KeyError("a bug")])
def test_a_lost_answer_leaves_its_own_numbers_unknown_and_nothing_more_is_sent(error: Exception) -> None:
    toko = Toko(b=error)

    assert toko.outcomes("a/1", "b/1", "b/2", "c/1") == {
        "a/1": Outcome.APPLIED,
        "b/1": Outcome.UNKNOWN,
        "b/2": Outcome.UNKNOWN,
        "c/1": Outcome.REFUSED,
    }


def test_a_lost_answer_of_the_only_request_is_the_calls_own() -> None:
    with pytest.raises(OutcomeUnknownError):
        Toko(a=OutcomeUnknownError("lost")).outcomes("a/1")


def test_a_refused_request_stops_no_other_one() -> None:
    toko = Toko(a=RequestRefusedError("no", status=400))

    assert toko.outcomes("a/1", "b/1") == {"a/1": Outcome.REFUSED, "b/1": Outcome.APPLIED}


def test_rows_refused_together_go_one_by_one_before_the_next_parcel() -> None:
    toko = Toko(a=None)

    assert set(toko.outcomes("a/1", "a/2", "b/1").values()) == {Outcome.APPLIED}
    assert toko.asked == [["a/1", "a/2"], ["a/1"], ["a/2"], ["b/1"]]


def test_a_row_alone_cannot_be_refused_for_another_one() -> None:
    with pytest.raises(ValueError, match="one row"):
        send_parcels(parcels("a/1"), lambda _parcel: None, redact=lambda text: text)


@pytest.mark.parametrize("answer", [refused, None], ids=["told", "raised"])
def test_no_secret_stays_in_a_message(answer: Callable[[QuantityPush, str], PushResult] | None) -> None:
    def send(parcel: Parcel[Key]) -> list[PushResult]:
        if parcel.of == "b" and answer is None:
            raise OutcomeUnknownError("hush")
        return [refused(entry.push, "hush") for entry in parcel.entries]

    told = send_parcels(parcels("a/1", "b/1"), send, redact=lambda text: text.replace("hush", "[redacted]"))

    assert {one.message for one in told} == {"[redacted]"}
