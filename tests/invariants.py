"""The rule, checked from rows before every commit of every test: Σ units × max(E, 0) ≤ available, for every part.

A part is excused while one of its pools is unknown (adopting), while its deficit is open as an incident, or while one of
its pools follows the policy ``shared``. Reads the rows by itself: nothing of the engine's arithmetic is used.
"""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa

from syncworker.ledger.ledger import Transaction
from syncworker.ledger.schema import channel, incident, pool, product, product_part, stock


class RuleBrokenError(BaseException):
    """The channels together could sell more than there is, and nobody was told. No handler of the engine may catch it."""


def check_rule(tx: Transaction) -> None:
    """Raise :class:`RuleBrokenError` for a part whose pools hold more than is available."""
    if not sa.inspect(tx.connection).has_table("pool"):
        return
    held, excused = _held(tx)
    counts = {(row.sku, row.location): row.on_hand - row.reserved for row in tx.execute(sa.select(stock))}
    told = {row.subject for row in tx.execute(_open_deficits())}
    for (sku, location), units in held.items():
        available = counts.get((sku, location), 0)
        subject = sku if location == "main" else f"{sku}@{location}"
        if units > max(available, 0) and (sku, location) not in excused and subject not in told:
            raise RuleBrokenError(f"{subject}: the pools hold {units}, available are {available}")


def _held(tx: Transaction) -> tuple[dict[tuple[str, str], int], set[tuple[str, str]]]:
    recipes: dict[str, dict[str, int]] = defaultdict(dict)
    for row in tx.execute(sa.select(product_part)):
        recipes[row.sku][row.part] = row.units
    held: dict[tuple[str, str], int] = defaultdict(int)
    excused: set[tuple[str, str]] = set()
    pools = sa.select(
        pool.c.sku,
        pool.c.exposure,
        channel.c.location,
        channel.c.policy,
        product.c.policy.label("own_policy"),
    ).select_from(
        pool.join(channel, channel.c.name == pool.c.channel).join(product, product.c.sku == pool.c.sku)
    )
    for row in tx.execute(pools.where(pool.c.in_sum)):
        for part, units in recipes.get(row.sku, {row.sku: 1}).items():
            place = (part, row.location)
            if row.exposure is None or (row.own_policy or row.policy) == "shared":
                excused.add(place)
            else:
                held[place] += units * max(row.exposure, 0)
    return held, excused


def _open_deficits() -> sa.Select[str]:
    return sa.select(incident.c.subject).where(incident.c.kind == "deficit", incident.c.closed_at.is_(None))
