"""What do our own books say of buyers, shops and goods? Read once; nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from syncworker.core.model import Limits
from syncworker.errors import InputError
from syncworker.forecast.building import Goods
from syncworker.forecast.history import History, Sold
from syncworker.forecast.setting import Shop
from syncworker.ledger import channels, limits, stock
from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.products import recipe_of
from syncworker.ledger.sold import SoldLine, sold_lines, sold_where


@dataclass(frozen=True, slots=True)
class Books:
    """What the ledger knows, as a world to begin with."""

    goods: Goods
    shops: list[Shop]
    history: History
    #: By (channel, SKU): a person's, and nothing shown where a channel does not sell it.
    limits: Mapping[tuple[str, str], Limits]


def from_books(tx: Snapshot) -> Books:
    """Orders since the channels were connected, their shops as declared, and what lay there before these orders.

    All locations are one shelf, and goods that came in meanwhile lay there from the first day on. InputError without orders.
    """
    lines = sold_lines(tx)
    if not lines:
        raise InputError(
            "The books hold no order yet. Give a file with --orders, or visits an hour with --rate."
        )
    rows = tuple(Sold(one.placed_at, one.channel, one.sku, one.ordered) for one in lines)
    history = History(rows)
    known = {one.name: one for one in channels.all_channels(tx)}
    sold_at = set(history.channels)
    shops = [
        Shop(name=name, popularity=1.0, rules=one.rules)
        for name, one in known.items()
        if one.rules.takes_orders or name in sold_at
    ]
    return Books(_goods(tx, lines), shops, history, _limits(tx, lines, shops))


def _goods(tx: Snapshot, lines: list[SoldLine]) -> Goods:
    """Today's recipes; a SKU that left the catalogue keeps the one it was last sold by."""
    recipes = {one.sku: dict(one.recipe) for one in lines}
    recipes |= recipe_of(tx, sorted(recipes))
    units: Counter[str] = Counter()
    for (sku, _location), level in stock.levels(tx).items():
        units[sku] += level.available
    for one in lines:
        for part, per_sale in recipes[one.sku].items():
            units[part] += per_sale * (one.ordered - one.cancelled)
    parts = {part for recipe in recipes.values() for part in recipe}
    return Goods({part: max(0, units[part]) for part in sorted(parts)}, dict(sorted(recipes.items())))


def _limits(tx: Snapshot, lines: list[SoldLine], shops: list[Shop]) -> dict[tuple[str, str], Limits]:
    sold = {(one.channel, one.sku) for one in lines} | sold_where(tx)
    skus = {one.sku for one in lines}
    nowhere = {
        (shop.name, sku): Limits(pause=True) for shop in shops for sku in skus if (shop.name, sku) not in sold
    }
    return {key: found for key, found in limits.load(tx).items() if key in sold} | nowhere
