"""How many units may a hold gather, and when does it give some back? Guards belong to raises and holds, never to a sale.

Units are those of one part at one location. Holds come in the order in which they were created: the first one is served
first and gives back last.
"""

from __future__ import annotations

from collections.abc import Sequence


def within_reach(lack: int, available: int) -> int:
    """Units for which pools are lowered: what is missing, as far as on hand less reserved covers it.

    The rest waits for goods-in; no shop goes dark for units that are not there.
    """
    return max(0, min(lack, available))


def gathered(lacks: Sequence[int], free: int | None) -> list[int]:
    """Units that each hold takes now, never more together than is ``free``; unknown is nothing."""
    return _in_turn(lacks, max(0, free or 0))


def covered(lacks: Sequence[int], available: int) -> list[int]:
    """Of what each hold lacks, the units that are there: the rest of it waits for goods-in."""
    return _in_turn(lacks, max(0, available))


def given_back(holdings: Sequence[int], available: int) -> list[int]:
    """Units that each hold gives up because more is promised than is there: an order wins, the last hold gives first."""
    return _in_turn(holdings[::-1], max(0, -available))[::-1]


def _in_turn(wishes: Sequence[int], units: int) -> list[int]:
    taken: list[int] = []
    for wish in wishes:
        taken.append(min(max(0, wish), units))
        units -= taken[-1]
    return taken
