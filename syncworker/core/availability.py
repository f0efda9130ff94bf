"""How many units are there to promise? On hand less reserved, and bundles taken apart into their parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from syncworker.core.exposure import counted
from syncworker.core.model import Recipe


@dataclass(frozen=True, slots=True)
class StockLevel:
    """Units of one part at one location."""

    on_hand: int
    reserved: int

    @property
    def available(self) -> int:
        """Units that nobody was promised; below 0 the part is oversold."""
        return self.on_hand - self.reserved


def parts_of(recipe: Recipe, units: int) -> dict[str, int]:
    """Units of each part that ``units`` sales consume."""
    return {part: per_sale * units for part, per_sale in recipe.items()}


def free_of(available: int, exposures: Iterable[tuple[int, int | None]]) -> int | None:
    """Units of a part that no pool may take: available − Σ units per sale × exposure; ``None`` if one is unknown.

    ``exposures`` are (units of the part per sale, exposure) of every pool in the sum. Below 0 the part is in deficit.
    """
    free = available
    for per_sale, exposure in exposures:
        if exposure is None:
            return None
        free -= per_sale * counted(exposure)
    return free


def sellable_units(available: Mapping[str, int], recipe: Recipe) -> int:
    """Whole sales that the available parts allow; 0 when a part is short."""
    return max(0, min((available.get(part, 0) // per_sale for part, per_sale in recipe.items()), default=0))


def summed(deltas: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Total per part, parts in sorted order, so that rows are always locked in the same order."""
    total: Counter[str] = Counter()
    for part, units in deltas:
        total[part] += units
    return {part: total[part] for part in sorted(total)}
