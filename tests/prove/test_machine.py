"""Does the rule hold in larger shops? Random stories of several units, shops, parts and bundles, by Hypothesis.

The rules are the rows of the event table; the states are not merged, so that the search's merging is checked as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from syncworker.core import availability
from syncworker.core.model import BelowZero, QuantityMode
from tests.prove import canonical, channel, engine
from tests.prove.search import bound_broken
from tests.prove.values import Mark, Move, Shop, start
from tests.prove.worlds import NOT_BACK, PERHAPS, UNSURE, rules

SOAP, BRUSH = 0, 1
MARKS = (Mark(), NOT_BACK, PERHAPS, UNSURE)
SHOPS = (
    Shop(
        rules=rules(sees=2, applies=1, horizon=2),
        recipe=(1, 0),
        most=3,
        pushes=99,
        cancels=99,
        patience=2,
        marks=MARKS,
        merges=False,
    ),
    Shop(
        rules=rules(mode=QuantityMode.COMPARE_AND_SET, readable=True, sees=1, reads=1, horizon=2),
        recipe=(0, 1),
        most=3,
        pushes=99,
        cancels=99,
        patience=1,
        marks=MARKS,
        merges=False,
    ),
    Shop(
        rules=rules(mode=QuantityMode.ADJUST, below_zero=BelowZero.REFUSES, sees=1, horizon=2, readable=True),
        recipe=(2, 1),
        most=2,
        pushes=99,
        cancels=99,
        patience=1,
        merges=False,
    ),
    Shop(rules=rules(readable=True, reads=2), recipe=(1, 1), most=3, pushes=99, cancels=99, merges=False),
)
CHOICE = st.integers(0, 999)


class Shops(RuleBasedStateMachine):
    """Four shops that sell soap, brushes and sets of them."""

    def __init__(self) -> None:
        super().__init__()
        self.pools = [start(shop) for shop in SHOPS]
        self.available = [7, 5]
        self.left = [7, 5]
        self.deficit = [0, 0]

    def _moves(self) -> Iterator[tuple[int, Move]]:
        free = [
            availability.free_of(units, self._exposures(part)) for part, units in enumerate(self.available)
        ]
        for place, (shop, pool) in enumerate(zip(SHOPS, self.pools, strict=True)):
            for source in (channel.moves(shop, pool), engine.moves(shop, pool)):
                for move in source:
                    wanted = [units * move.need for units in shop.recipe]
                    if all(not n or (f is not None and n <= f) for n, f in zip(wanted, free, strict=True)):
                        yield place, move

    def _exposures(self, part: int) -> list[tuple[int, int | None]]:
        pairs = zip(SHOPS, self.pools, strict=True)
        return [(shop.recipe[part], pool.limit.exposure) for shop, pool in pairs if shop.recipe[part]]

    def _one_of(self, choice: int, *words: str) -> None:
        """One of the moves that the words name, if there is any."""
        found = [(place, move) for place, move in self._moves() if any(word in move.label for word in words)]
        if found:
            place, move = found[choice % len(found)]
            self._take(place, move)

    def _take(self, place: int, move: Move) -> None:
        self.pools[place] = canonical.merged(SHOPS[place], move.pool)
        for part, units in enumerate(SHOPS[place].recipe):
            self.available[part] += units * move.available
            self.left[part] += units * move.left
            deficit = max(0, self._taken(part) - self.available[part])
            assert move.outside or deficit <= self.deficit[part], f"I3: {move.label}"
            self.deficit[part] = deficit

    def _taken(self, part: int) -> int:
        return sum(units * max(0, exposure or 0) for units, exposure in self._exposures(part))

    @rule(choice=CHOICE)
    def a_quantity_is_sent(self, choice: int) -> None:
        self._one_of(choice, "is sent")

    @rule(choice=CHOICE)
    def a_request_lands(self, choice: int) -> None:
        self._one_of(choice, "lands")

    @rule(choice=CHOICE)
    def an_answer_comes(self, choice: int) -> None:
        self._one_of(choice, "is acknowledged", "is refused")

    @rule(choice=CHOICE)
    def an_answer_is_lost(self, choice: int) -> None:
        self._one_of(choice, "the answer is lost")

    @rule(choice=CHOICE)
    def a_buyer_buys(self, choice: int) -> None:
        self._one_of(choice, "buys")

    @rule(choice=CHOICE)
    def a_buyer_cancels(self, choice: int) -> None:
        self._one_of(choice, "cancels")

    @rule(choice=CHOICE)
    def an_order_is_ingested(self, choice: int) -> None:
        self._one_of(choice, "we ingest")

    @rule(choice=CHOICE)
    def a_read_back_moves_on(self, choice: int) -> None:
        self._one_of(choice, "read-back")

    @rule(choice=CHOICE)
    def a_pull_moves_on(self, choice: int) -> None:
        self._one_of(choice, "pull")

    @rule(ticks=st.integers(1, 4))
    def time_passes(self, ticks: int) -> None:
        for _ in range(ticks):
            later = [canonical.ticked(shop, pool) for shop, pool in zip(SHOPS, self.pools, strict=True)]
            if any(pool is None for pool in later):
                return
            pairs = zip(SHOPS, later, strict=True)
            self.pools = [canonical.merged(shop, pool) for shop, pool in pairs if pool is not None]

    @invariant()
    def every_bound_holds(self) -> None:
        """I2."""
        for shop, pool in zip(SHOPS, self.pools, strict=True):
            assert bound_broken(shop, pool) is None

    @invariant()
    def nothing_is_oversold(self) -> None:
        """I1: what is on sale, all of it bought this moment, is there."""
        for part, units in enumerate(self.left):
            shown = sum(
                shop.recipe[part] * max(0, p.shows) for shop, p in zip(SHOPS, self.pools, strict=True)
            )
            assert shown <= units


TestShops = Shops.TestCase
TestShops.settings = settings(
    max_examples=60, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
