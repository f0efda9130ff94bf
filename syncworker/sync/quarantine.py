"""What becomes of an order line whose listing nobody linked? A person maps it to a SKU, or says that it is none of ours."""

from __future__ import annotations

from syncworker.errors import InputError, UnknownSkuError
from syncworker.ledger import channels, listings, orders, pools, products
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.orders import QuarantinedLine
from syncworker.sync.ingest import Ingested, ignore_line, map_line


def waiting_line(tx: Snapshot, name: str, order_id: str, line_id: str | None) -> QuarantinedLine:
    """The line in quarantine; ``line_id`` may be left out where the order has only one. Raises InputError."""
    channels.load(tx, name)
    found = [each for each in orders.quarantined(tx, channel=name) if each.order.external_id == order_id]
    chosen = [each for each in found if line_id in (None, each.line.line_id)]
    if len(chosen) == 1:
        return chosen[0]
    if not found:
        raise InputError(
            f"Order {order_id!r} at {name} has no line that waits. See `syncworker order list --waiting`."
        )
    ids = ", ".join(each.line.line_id for each in found)
    raise InputError(
        f"Order {order_id!r} at {name} has these waiting lines: {ids}. Say which one with --line."
    )


def map_order_line(
    tx: Transaction, name: str, order_id: str, *, line_id: str | None, sku: str, actor: str
) -> Ingested:
    """From now on the line is a sale of ``sku``, from the number that its listing sells from if that is ours."""
    waiting = waiting_line(tx, name, order_id, line_id)
    if not products.recipe_of(tx, [sku]):
        raise UnknownSkuError(sku)
    return map_line(
        tx, channels.load(tx, name), waiting, sku=sku, pool_id=_pool_of(tx, name, waiting, sku), actor=actor
    )


def ignore_order_line(
    tx: Transaction, name: str, order_id: str, *, line_id: str | None, actor: str
) -> Ingested:
    """The line is none of ours; what it had reserved is given back."""
    waiting = waiting_line(tx, name, order_id, line_id)
    return ignore_line(tx, channels.load(tx, name), waiting, actor=actor)


def _pool_of(tx: Snapshot, name: str, waiting: QuarantinedLine, sku: str) -> str | None:
    if waiting.line.listing_id is None:
        return None
    known = {each.external_id: each.pool_key for each in listings.all_listings(tx, channel=name)}
    key = known.get(waiting.line.listing_id)
    record = None if key is None else pools.by_key(tx, name, [key]).get(key)
    return record.id if record is not None and record.sku == sku else None
