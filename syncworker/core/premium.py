"""What does a change of an order line earn its makers, or take back from them? Units of one part, and what is due for them.

Knows no date and no currency table: the premium is the one of the sale, whatever it is now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from syncworker.core.fulfilment import Levels


@dataclass(frozen=True, slots=True)
class Terms:
    """Who made a part, and what the maker gets for each unit sold; ``currency`` is ``None`` where nobody said it."""

    maker: str
    amount: Decimal
    currency: str | None


@dataclass(frozen=True, slots=True)
class Earned:
    """Units sold, cancelled and returned; an entry below 0 takes back an earlier one."""

    sold: int = 0
    cancelled: int = 0
    returned: int = 0

    @property
    def net(self) -> int:
        """Units for which something is due."""
        return self.sold - self.cancelled - self.returned

    @property
    def is_nothing(self) -> bool:
        """Whether it says nothing at all."""
        return not (self.sold or self.cancelled or self.returned)

    def due(self, amount: Decimal) -> Decimal:
        """What the maker gets for it at this premium; below 0 it is a deduction."""
        return amount * self.net

    def __add__(self, other: Earned) -> Earned:
        """Both together."""
        return Earned(
            self.sold + other.sold, self.cancelled + other.cancelled, self.returned + other.returned
        )


def earned(
    before: Levels,
    after: Levels,
    *,
    recipe_before: Mapping[str, int],
    recipe: Mapping[str, int],
) -> dict[str, Earned]:
    """What the change means for each part; parts for which nothing changes are left out.

    A unit counts as sold while it is promised or has left, and as returned once it came back. Entries add up: over all
    changes of a line, their net is what the line's last levels say.
    """
    found = {}
    for part in sorted({*recipe_before, *recipe}):
        was, now = recipe_before.get(part, 0), recipe.get(part, 0)
        sold = now * after.promised - was * before.promised
        back = now * _came_back(after) - was * _came_back(before)
        entry = Earned(sold=max(0, sold), cancelled=max(0, -sold), returned=back)
        if not entry.is_nothing:
            found[part] = entry
    return found


def within(entry: Earned, had: Earned) -> Earned:
    """``entry`` without what would be taken back beyond what was ever earned by the line.

    Goods sold before we kept count earned nothing here: their return takes nothing away.
    """
    if had.net + entry.net >= 0 or entry.net >= 0:
        return entry
    over = -(had.net + entry.net)
    from_returned = min(over, max(0, entry.returned))
    return Earned(entry.sold, entry.cancelled - (over - from_returned), entry.returned - from_returned)


def _came_back(levels: Levels) -> int:
    return min(levels.returned, levels.promised)
