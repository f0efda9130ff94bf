"""What follows when an operator changes a count? The shops are told, and promises that are in danger show as incidents.

Changes no count by itself: that is ``ledger.stocktaking``'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from syncworker.core.availability import StockLevel
from syncworker.ledger import pools, stocktaking
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.stock import Place
from syncworker.ledger.stocktaking import Counted
from syncworker.sync.holding import settle_holds
from syncworker.sync.incidents import review_parts
from syncworker.sync.stockroom import Part, stockroom_of


def receive(
    tx: Transaction, sku: str, location: str, units: int, *, reference: str, actor: str, note: str = ""
) -> StockLevel:
    """Goods in (see ``stocktaking.receive``), and every pool that sells the part is looked at again."""
    hold_family(tx, [(sku, location)])
    level = stocktaking.receive(tx, sku, location, units, reference=reference, actor=actor, note=note)
    counts_changed(tx, [(sku, location)])
    return level


def adjust(
    tx: Transaction, sku: str, location: str, units: int, *, reason: str, reference: str, actor: str
) -> StockLevel:
    """Found or lost (see ``stocktaking.adjust``), and every pool that sells the part is looked at again."""
    hold_family(tx, [(sku, location)])
    level = stocktaking.adjust(tx, sku, location, units, reason=reason, reference=reference, actor=actor)
    counts_changed(tx, [(sku, location)])
    return level


def move(
    tx: Transaction,
    sku: str,
    units: int,
    *,
    origin: str,
    target: str,
    reference: str,
    actor: str,
    note: str = "",
) -> dict[Place, StockLevel]:
    """Goods carried elsewhere (see ``stocktaking.move``), and every pool that sells the part is looked at again."""
    hold_family(tx, [(sku, origin), (sku, target)])
    levels = stocktaking.move(
        tx, sku, units, origin=origin, target=target, reference=reference, actor=actor, note=note
    )
    counts_changed(tx, [(sku, origin), (sku, target)])
    return levels


def count(
    tx: Transaction,
    counted: Sequence[Counted],
    *,
    reference: str,
    actor: str,
    source: str = "operator",
    as_of: datetime | None = None,
    note: str = "",
) -> dict[Place, StockLevel]:
    """A stock-take (see ``stocktaking.count_all``), and every pool that sells one of the parts is looked at again."""
    hold_family(tx, [(one.sku, one.location) for one in counted])
    levels = stocktaking.count_all(
        tx, counted, reference=reference, actor=actor, source=source, as_of=as_of, note=note
    )
    counts_changed(tx, levels)
    return levels


def hold_family(tx: Transaction, places: Iterable[Place], *, skus: Iterable[str] = ()) -> None:
    """Lock everything that hangs together with these parts, and these SKUs, first counts, then pools, as everybody does.

    Raises InputError for what cannot be the name of a location.
    """
    wanted = sorted(set(places))
    for _, location in wanted:
        stocktaking.check_location(location)
    concerned = sorted({*skus, *(sku for sku, _ in wanted)})
    if concerned:
        stockroom_of(tx, concerned, at=wanted)


def counts_changed(tx: Transaction, places: Iterable[Place]) -> list[str]:
    """Have the pools of these parts looked at again, open or close incidents; channels concerned."""
    changed = sorted(set(places))
    if not changed:
        return []
    settle_holds(tx, changed)
    review_parts(tx, [Part(sku, location) for sku, location in changed])
    return pools.mark_parts_dirty(tx, {sku for sku, _ in changed})
