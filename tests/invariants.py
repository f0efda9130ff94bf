"""The rule, checked from rows before every commit of every test: Σ units × max(E, 0) ≤ available, for every part.

A part is excused while one of its pools is unknown (adopting), while its deficit is open as an incident, or while one of
its pools follows the policy ``shared`` and no fewer units are there than it shares down to. Reads the rows by itself: nothing of the engine's arithmetic is used. Plain SQL, since
this is asked thousands of times and building statements would cost more than running them.
"""

from __future__ import annotations

import weakref
from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from syncworker.ledger.ledger import Transaction

STOCK = "SELECT sku, location, on_hand - reserved FROM stock"
PARTS = "SELECT sku, part, units FROM product_part"
POOLS = """
SELECT pool.sku, channel.location, pool.exposure, COALESCE(product.policy, channel.policy),
    CASE WHEN product.policy IS NULL THEN channel.escrow_below ELSE product.escrow_below END
FROM pool JOIN channel ON channel.name = pool.channel JOIN product ON product.sku = pool.sku WHERE pool.in_sum
"""
DEFICITS = "SELECT subject FROM incident WHERE kind = 'deficit' AND closed_at IS NULL"

#: Databases that have their tables: a test may begin before there are any.
_made: weakref.WeakSet[sa.Engine] = weakref.WeakSet()


class RuleBrokenError(BaseException):
    """The channels together could sell more than there is, and nobody was told. No handler of the engine may catch it."""


def check_rule(tx: Transaction) -> None:
    """Raise :class:`RuleBrokenError` for a part whose pools hold more than is available."""
    if not _has_tables(tx):
        return
    counts = {(sku, location): units for sku, location, units in _rows(tx, STOCK)}
    held, excused = _held(tx, counts)
    told = {subject for (subject,) in _rows(tx, DEFICITS)}
    for (sku, location), units in held.items():
        available = counts.get((sku, location), 0)
        subject = sku if location == "main" else f"{sku}@{location}"
        if units > max(available, 0) and (sku, location) not in excused and subject not in told:
            raise RuleBrokenError(f"{subject}: the pools hold {units}, available are {available}")


def _has_tables(tx: Transaction) -> bool:
    engine = tx.connection.engine
    if engine not in _made and sa.inspect(tx.connection).has_table("pool"):
        _made.add(engine)
    return engine in _made


def _rows(tx: Transaction, query: str) -> list[tuple[Any, ...]]:  # Any: whatever the columns hold
    return [tuple(row) for row in tx.connection.exec_driver_sql(query)]


def _held(
    tx: Transaction, counts: dict[tuple[str, str], int]
) -> tuple[dict[tuple[str, str], int], set[tuple[str, str]]]:
    recipes: dict[str, dict[str, int]] = defaultdict(dict)
    for sku, part, units in _rows(tx, PARTS):
        recipes[sku][part] = units
    held: dict[tuple[str, str], int] = defaultdict(int)
    excused: set[tuple[str, str]] = set()
    for sku, location, exposure, policy, below in _rows(tx, POOLS):
        recipe = recipes.get(sku, {sku: 1})
        sellable = min(counts.get((part, location), 0) // units for part, units in recipe.items())
        is_shared = policy == "shared" and (below is None or sellable >= below)
        for part, units in recipe.items():
            place = (part, location)
            if exposure is None or is_shared:
                excused.add(place)
            else:
                held[place] += units * max(exposure, 0)
    return held, excused
