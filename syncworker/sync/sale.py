"""What was sold over the counter? A sale typed in is an order of the counter, shipped at once, and taken exactly once."""

from __future__ import annotations

from datetime import datetime

from syncworker.connector.contract import ChannelLine, ChannelOrder, Money, OrderStatus
from syncworker.core.model import MAX_QUANTITY, Known
from syncworker.errors import InputError, UnknownSkuError
from syncworker.ledger import channels, listings, orders, products
from syncworker.ledger.ledger import Transaction
from syncworker.sync.ingest import Ingested, ingest


def add_sale(
    tx: Transaction,
    name: str,
    *,
    sku: str,
    units: int,
    reference: str,
    sold_at: datetime,
    actor: str,
    price: Money | None = None,
) -> Ingested:
    """Record a sale at the counter (or of a channel without orders). The same reference is taken once.

    A sale is never refused for lack of units: it has happened. If none were left, an incident says who goes short.
    """
    channel = channels.load(tx, name)
    if not channel.rules.own_number and channel.feeds:
        raise InputError(
            f"Orders of channel {name} are pulled; typing them in would count them twice. Use the counter's channel."
        )
    if not 1 <= units <= MAX_QUANTITY:
        raise InputError(f"A sale has at least 1 unit and at most {MAX_QUANTITY}, not {units}.")
    if not products.recipe_of(tx, [sku]):
        raise UnknownSkuError(sku)
    links = listings.links(tx, name, [sku])
    line = ChannelLine(
        line_id="1",
        listing_id=sku if sku in links else None,
        sku=sku,
        ordered=units,
        shipped=units,
        counts_down=Known.YES,
        restocked=Known.NO,
        returned_restocked=Known.NO,
        unit_price=price,
    )
    order = ChannelOrder(
        external_id=reference,
        status=OrderStatus.SHIPPED,
        raw_status="sold",
        placed_at=sold_at,
        updated_at=sold_at,
        lines=(line,),
    )
    if _is_known_sale(tx, name, order):
        return Ingested(orders=0, channels=())
    return ingest(tx, channel, [order], actor=actor)


def _is_known_sale(tx: Transaction, name: str, order: ChannelOrder) -> bool:
    """A reference names one sale: the same again changes nothing, another one under it is a mistake."""
    known = orders.load(tx, name, [order.external_id]).get(order.external_id)
    if known is None:
        return False
    line = known.lines.get("1")
    if line is None or (line.sku, line.levels.ordered) != (order.lines[0].sku, order.lines[0].ordered):
        raise InputError(f"Reference {order.external_id} was used for another sale at {name}. Use a new one.")
    return True
