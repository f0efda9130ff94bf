"""How are whole units shared out among pools that sell at different speeds and compete for the same parts?

By highest quotients (D'Hondt), so that units go where they sell, after each claimant got a first one while they last.
Never looks at what a pool shows now, and never takes a step per unit: a million units cost as much as fifty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

#: Every pool claims this share of what the average pool beside it sells on top of its own sales: one that sold nothing
#: still gets units, and a single sale does not move everything.
FLOOR_SHARE = 0.5
#: ... and so many sales that nobody made: the first few sales say little, and must not move everything.
FIRST_GUESS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one pool may take. ``low`` is served first, by weight, and never above ``high``; both are sales, not parts."""

    recipe: tuple[tuple[str, int], ...]
    #: Its demand: decides who is served first.
    weight: float
    #: Decides how the rest is shared out, once each has one.
    bulk: float
    low: int = 0
    high: int


def weights(sales: Sequence[float]) -> list[float]:
    """Demand of each pool: its recent sales with a floor; equal when nothing was sold at all."""
    total = sum(sales)
    if total <= 0:
        return [1.0] * len(sales)
    floor = FIRST_GUESS + FLOOR_SHARE * total / len(sales)
    return [one + floor for one in sales]


def hand_out(capacity: Mapping[str, int], claims: Sequence[Claim]) -> list[int]:
    """Units for each claim, in order; no part is used beyond ``capacity``. Ties go to the earlier claim.

    Three rounds: what each must have, one unit for each that wants some, the rest by demand. A bundle has no claim to a
    first one while its parts sell by themselves: it would bind a unit of each, and the last of them sell better alone.
    """
    left = {part: 0 for claim in claims for part, _ in claim.recipe}
    left.update((part, max(0, units)) for part, units in capacity.items())
    given = [0] * len(claims)
    highs = [claim.high for claim in claims]
    if any(claim.low for claim in claims):
        lows = [min(claim.low, claim.high) for claim in claims]
        _fill(left, claims, given, lows, [claim.weight for claim in claims])
    for i in _entitled(claims):
        if given[i] == 0 < highs[i] and _fits(left, claims[i]):
            _take(left, claims[i], given, i, 1)
    _fill(left, claims, given, highs, [claim.bulk for claim in claims])
    return given


def _entitled(claims: Sequence[Claim]) -> list[int]:
    """Who gets a first unit as of right, the greatest demand first."""
    alone = {claim.recipe[0][0] for claim in claims if _takes_one(claim) and claim.high > 0}
    entitled = [
        i
        for i, claim in enumerate(claims)
        if _takes_one(claim) or alone.isdisjoint(part for part, _ in claim.recipe)
    ]
    return sorted(entitled, key=lambda i: (-claims[i].weight, i))


def _takes_one(claim: Claim) -> bool:
    return len(claim.recipe) == 1 and claim.recipe[0][1] == 1


def _fill(
    left: dict[str, int],
    claims: Sequence[Claim],
    given: list[int],
    upto: Sequence[int],
    weight: Sequence[float],
) -> None:
    """Raise ``given`` towards ``upto`` by the highest quotient weight / (given + 1), taking from ``left``."""
    active = [i for i in range(len(claims)) if given[i] < upto[i] and _fits(left, claims[i])]
    while active:
        level = _highest_level(left, claims, given, upto, weight, active)
        for i in active:
            more = min(int(weight[i] * level), upto[i]) - given[i]
            if more > 0:
                _take(left, claims[i], given, i, more)
        active = _one_by_one(left, claims, given, upto, weight, active)


def _take(left: dict[str, int], claim: Claim, given: list[int], i: int, units: int) -> None:
    given[i] += units
    for part, per_sale in claim.recipe:
        left[part] -= per_sale * units


def _fits(left: Mapping[str, int], claim: Claim) -> bool:
    for part, per_sale in claim.recipe:  # noqa: SIM110 - the innermost loop of every plan: a generator doubles its time
        if left[part] < per_sale:
            return False
    return True


def _highest_level(
    left: Mapping[str, int],
    claims: Sequence[Claim],
    given: Sequence[int],
    upto: Sequence[int],
    weight: Sequence[float],
    active: Iterable[int],
) -> float:
    """The level up to which every active claim can be filled at once, found by halving; exact to one unit a claim."""
    rows = [(weight[i], given[i], upto[i], claims[i].recipe) for i in active]
    total = sum(left.values())
    low, high = 0.0, max((min(top, have + total) + 1) / each for each, have, top, _ in rows)
    largest = max(each for each, _, _, _ in rows)
    while (high - low) * largest > 0.5:
        middle = (low + high) / 2
        need = dict.fromkeys(left, 0)
        for each, have, top, recipe in rows:
            more = max(0, min(int(each * middle), top) - have)
            for part, per_sale in recipe if more else ():
                need[part] += per_sale * more
        if all(need[part] <= units for part, units in left.items()):
            low = middle
        else:
            high = middle
    return low


def _one_by_one(
    left: dict[str, int],
    claims: Sequence[Claim],
    given: list[int],
    upto: Sequence[int],
    weight: Sequence[float],
    active: Sequence[int],
) -> list[int]:
    """Hand out the few units that whole levels leave; gives the claims that could still take more."""
    heap = [(-weight[i] / (given[i] + 1), i) for i in active if given[i] < upto[i]]
    heapify(heap)
    for _ in range(2 * len(active)):
        if not heap or not _fits(left, claims[heap[0][1]]):
            break
        _, i = heappop(heap)
        _take(left, claims[i], given, i, 1)
        if given[i] < upto[i]:
            heappush(heap, (-weight[i] / (given[i] + 1), i))
    return sorted(i for _, i in heap if _fits(left, claims[i]))
