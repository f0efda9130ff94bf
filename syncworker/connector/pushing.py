"""How do many numbers become few requests, and each request the outcome of every number in it?

The frame of a channel that takes numbers in parcels, those of one product for instance. Sends no request itself, repeats
none, and calls nothing applied that the channel did not say.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from syncworker.connector.contract import Outcome, PushResult, QuantityPush
from syncworker.core.model import MAX_QUANTITY, QuantityMode
from syncworker.errors import ChannelMisconfiguredError, RequestRefusedError, RetryLaterError

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Entry(Generic[Key]):
    """One push, and the number it is for as the channel's own code sees it."""

    push: QuantityPush
    key: Key


@dataclass(frozen=True, slots=True)
class Parcel(Generic[Key]):
    """The pushes of one request."""

    #: What they have in common: the product's id, for instance.
    of: str
    #: Those that the request has to name together (one SKU's numbers in several warehouses), in one row each.
    rows: tuple[tuple[Entry[Key], ...], ...]

    @property
    def entries(self) -> tuple[Entry[Key], ...]:
        """All of them."""
        return tuple(entry for row in self.rows for entry in row)

    def by_row(self) -> list[Parcel[Key]]:
        """The same, one row a request."""
        return [Parcel(self.of, (row,)) for row in self.rows]


def addressed(
    pushes: Iterable[QuantityPush],
    read: Callable[[str], Key | None],
    *,
    channel: str,
    mode: QuantityMode,
    most: int = MAX_QUANTITY,
) -> tuple[list[Entry[Key]], list[PushResult]]:
    """What can be sent, and the refusals of what never can. ``read`` makes a key of its text, ``None`` of no such key."""
    fit: list[Entry[Key]] = []
    unfit: list[PushResult] = []
    for push in pushes:
        key = read(push.pool_key)
        if key is None:
            words = f"not sent: {push.pool_key!r} is no number of {channel}"
            unfit.append(refused(push, words, parks=True))
        elif push.kind is not mode or (mode is QuantityMode.COMPARE_AND_SET and push.expected is None):
            unfit.append(refused(push, f"not sent: {channel} takes {_in_words(mode)}, not this {push.kind}"))
        elif mode is not QuantityMode.ADJUST and not 0 <= push.value <= most:
            unfit.append(refused(push, f"not sent: {channel} takes 0 to {most}"))
        else:
            fit.append(Entry(push, key))
    return fit, unfit


def less_beside(
    entries: Iterable[Entry[Key]], beside: Mapping[Key, int]
) -> tuple[list[Entry[Key]], list[PushResult]]:
    """The entries as the channel takes them where units are sold *beside* its number: those of a campaign, for instance.

    A push names all that can be sold, so the number is what is left. Below what is sold beside nothing can go: such a push is
    refused with that ``least``, and so is one for a number of which ``beside`` tells nothing. A 0 always goes, for it takes
    off sale what the number itself shows; what it leaves is told by `left_beside`.
    """
    fit: list[Entry[Key]] = []
    unfit: list[PushResult] = []
    for entry in entries:
        units = beside.get(entry.key)
        if units is None:
            unfit.append(refused(entry.push, "not sent: how many units are sold beside it could not be read"))
        elif entry.push.value == 0:
            fit.append(entry)
        elif entry.push.value < units:
            words = f"not sent: {units} units are sold beside this number (a campaign), which it cannot lower"
            unfit.append(replace(refused(entry.push, words), least=units))
        else:
            fit.append(Entry(replace(entry.push, value=entry.push.value - units), entry.key))
    return fit, unfit


def left_beside(
    results: Iterable[PushResult], entries: Iterable[Entry[Key]], beside: Mapping[Key, int]
) -> list[PushResult]:
    """The results, where an accepted 0 tells what can still be sold beside the number, however often it is sent."""
    left = {
        one.push.push_id: beside[one.key] for one in entries if one.push.value == 0 and beside.get(one.key)
    }
    return [
        replace(one, echo=left[one.push_id], least=left[one.push_id])
        if one.outcome is Outcome.APPLIED and one.push_id in left
        else one
        for one in results
    ]


def parcelled(
    entries: Iterable[Entry[Key]],
    *,
    of: Callable[[Key], str],
    row: Callable[[Key], Hashable],
    rows_max: int | None = None,
) -> list[Parcel[Key]]:
    """The fewest parcels that carry them: one for each ``of``, or more where it has more than ``rows_max`` rows."""
    grouped: dict[str, dict[Hashable, list[Entry[Key]]]] = {}
    for entry in entries:
        grouped.setdefault(of(entry.key), {}).setdefault(row(entry.key), []).append(entry)
    found: list[Parcel[Key]] = []
    for name, together in grouped.items():
        rows = [tuple(one) for one in together.values()]
        size = rows_max or len(rows)
        found += [Parcel(name, tuple(rows[start : start + size])) for start in range(0, len(rows), size)]
    return found


def send_parcels(
    parcels: Iterable[Parcel[Key]],
    send: Callable[[Parcel[Key]], Sequence[PushResult] | None],
    *,
    redact: Callable[[str], str],
) -> list[PushResult]:
    """Send one after the other. At the first that fails the rest is not sent.

    ``send`` makes one request of a parcel. It may raise as ``push_quantities`` does; ``None``: the channel refused the whole
    request before any effect because of one of its rows, so each row goes by itself. An error is raised only if no request
    before it was answered, for then it is true of all.
    """
    queue = deque(parcels)
    told: list[PushResult] = []
    is_first = True
    while queue:
        parcel = queue.popleft()
        try:
            results = _answered(parcel, send)
        except (RetryLaterError, ChannelMisconfiguredError) as error:
            if is_first:
                raise
            return [*told, *_unsent((parcel, *queue), str(error))]
        except Exception as error:
            if is_first and not queue:
                raise
            words = redact(str(error) or type(error).__name__)
            told += [unknown(entry.push, words) for entry in parcel.entries]
            return [*told, *_unsent(queue, "an earlier request of the run failed")]
        is_first = False
        if results is None:
            queue.extendleft(reversed(parcel.by_row()))
        else:
            told += [replace(one, message=redact(one.message)) for one in results]
    return told


def _answered(
    parcel: Parcel[Key], send: Callable[[Parcel[Key]], Sequence[PushResult] | None]
) -> Sequence[PushResult] | None:
    try:
        results = send(parcel)
    except RequestRefusedError as error:
        return [refused(entry.push, str(error)) for entry in parcel.entries]
    if results is None and len(parcel.rows) < 2:  # a row alone is refused for nobody else
        raise ValueError("a request of one row cannot be refused because of another one")
    return results


def _unsent(parcels: Iterable[Parcel[Key]], why: str) -> list[PushResult]:
    return [refused(entry.push, f"not sent: {why}") for parcel in parcels for entry in parcel.entries]


def _in_words(mode: QuantityMode) -> str:
    return f"{mode} with a number to compare with" if mode is QuantityMode.COMPARE_AND_SET else str(mode)


def applied(push: QuantityPush, *, echo: int | None = None) -> PushResult:
    """The channel said so; ``echo`` is the number it says it has now."""
    return PushResult(push_id=push.push_id, outcome=Outcome.APPLIED, echo=echo)


def refused(push: QuantityPush, message: str, *, parks: bool = False) -> PushResult:
    """Nothing of it was applied."""
    return PushResult(push_id=push.push_id, outcome=Outcome.REFUSED, message=message, parks=parks)


def unknown(push: QuantityPush, message: str) -> PushResult:
    """It may have been applied."""
    return PushResult(push_id=push.push_id, outcome=Outcome.UNKNOWN, message=message)
