"""What was sold without a feed that tells it? A sale typed in is an order that was shipped at once, taken exactly once.

At the counter or an outlet, or by message at a channel that takes no orders. Reads no file: that is ``sale_file.py``'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from syncworker.connector.contract import ChannelLine, ChannelOrder, Money, OrderStatus
from syncworker.core.model import MAX_QUANTITY, Known
from syncworker.errors import InputError, UnknownSkuError
from syncworker.ledger import channels, listings, orders, products, stock, stocktaking
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.orders import OrderRecord
from syncworker.sync.ingest import Ingested, ingest
from syncworker.sync.stockroom import lock_connected

#: The line of a sale: it has but one.
LINE = "1"
#: The longest reference, as the ledger's column has it.
REFERENCE_MAX = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """One sale as a person tells it; the same ``reference`` at the same channel is taken once."""

    sku: str
    units: int
    reference: str
    sold_at: datetime
    price: Money | None = None


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
    sale = Sale(sku=sku, units=units, reference=reference, sold_at=sold_at, price=price)
    return add_sales(tx, name, [sale], actor=actor)


def add_sales(tx: Transaction, name: str, sales: Sequence[Sale], *, actor: str) -> Ingested:
    """:func:`add_sale` for many at once: all or nothing, in a handful of statements."""
    channel = typed_channel(tx, name)
    for sale in sales:
        if not 1 <= sale.units <= MAX_QUANTITY:
            raise InputError(f"A sale has at least 1 unit and at most {MAX_QUANTITY}, not {sale.units}.")
        _check_reference(sale.reference)
    recipes = products.recipe_of(tx, {sale.sku for sale in sales})
    for sale in sales:
        if sale.sku not in recipes:
            raise UnknownSkuError(sale.sku)
    known = orders.load(tx, name, [sale.reference for sale in sales])
    new = [sale for sale in sales if not is_known(known.get(sale.reference), sale)]
    return _take(tx, channel, new, actor=actor) if new else Ingested(orders=0, channels=())


def more_than_on_hand(tx: Snapshot, name: str, *, sku: str, units: int, reference: str) -> dict[str, int]:
    """What is on hand, by part, of each part that this sale takes more of; none if the sale is in the books already.

    It can be so, when a count was wrong; more often it is a typing mistake. InputError if its orders are pulled.
    """
    location = typed_channel(tx, name).location
    if orders.load(tx, name, [reference]):
        return {}
    recipe = products.recipe_of(tx, [sku]).get(sku, {})
    levels = stock.levels(tx, recipe)
    there = {part: levels[part, location].on_hand if (part, location) in levels else 0 for part in recipe}
    return {part: max(0, there[part]) for part, each in recipe.items() if each * units > there[part]}


def _take(tx: Transaction, channel: ChannelRecord, new: Sequence[Sale], *, actor: str) -> Ingested:
    sold_from = listings.of_skus(tx, channel.name, {sale.sku for sale in new})
    page = [_order(channel, sale, sold_from.get(sale.sku)) for sale in new]
    return ingest(tx, channel, page, actor=actor, by_sku=True)


def settle_count(
    tx: Transaction, name: str, *, sku: str, left: int, reference: str, sold_at: datetime, actor: str
) -> tuple[int, Ingested]:
    """A partner counted what is left of the goods at their place: what is missing was sold. Units sold, and what follows.

    The same reference counts once. InputError if more is left than should be there, or if the place is shared with others.
    """
    channel = typed_channel(tx, name)
    others = [one.name for one in channels.all_channels(tx) if one.location == channel.location]
    if others != [name]:
        raise InputError(
            f"{', '.join(others)} sell from {channel.location} as well: a count there does not tell what {name} sold."
            " Give the partner a location of their own."
        )
    _check_reference(reference)
    known = orders.load(tx, name, [reference]).get(reference)
    if known is not None:
        line = known.lines.get(LINE)
        if line is None or line.sku != sku:
            _refuse_second_use(reference, name)
        return line.levels.ordered, Ingested(orders=0, channels=())
    stocktaking.require_countable(tx, [sku])
    lock_connected(tx, [sku])
    there = stock.lock(tx, [(sku, channel.location)])[sku, channel.location].on_hand
    if left > there:
        raise InputError(
            f"{sku}: {left} are said to be left at {channel.location}, but only {max(there, 0)} were brought there."
            f" Enter what was brought with `syncworker stock move`, or the count with `syncworker stock set {sku} {left}"
            f" --location {channel.location}`."
        )
    # A count that finds nothing sold is recorded too: repeated later, it must not find what was brought meanwhile.
    sale = Sale(sku=sku, units=there - left, reference=reference, sold_at=sold_at)
    return sale.units, _take(tx, channel, [sale], actor=actor)


def typed_channel(tx: Snapshot, name: str) -> ChannelRecord:
    """The channel, if sales are typed in there; InputError if its orders are pulled."""
    channel = channels.load(tx, name)
    if channel.feeds:
        raise InputError(
            f"Orders of channel {name} are pulled; typing them in would count them twice. Use the counter's channel."
        )
    return channel


def is_known(record: OrderRecord | None, sale: Sale) -> bool:
    """A reference names one sale: the same again changes nothing, another one under it is a mistake (InputError)."""
    if record is None:
        return False
    line = record.lines.get(LINE)
    if line is None or (line.sku, line.levels.ordered) != (sale.sku, sale.units):
        _refuse_second_use(sale.reference, record.channel)
    return True


def _refuse_second_use(reference: str, channel: str) -> NoReturn:
    raise InputError(f"Reference {reference} was used for another sale at {channel}. Use a new one.")


def _check_reference(reference: str) -> None:
    length, most = len(reference), REFERENCE_MAX
    if not 1 <= length <= most:
        raise InputError(f"A reference has 1 to {most} signs, not {length}. Use a shorter one.")


def _order(channel: ChannelRecord, sale: Sale, listing_id: str | None) -> ChannelOrder:
    line = ChannelLine(
        line_id=LINE,
        listing_id=listing_id,
        sku=sale.sku,
        ordered=sale.units,
        shipped=sale.units,
        # What came by message has moved no number there.
        counts_down=Known.YES if channel.rules.takes_orders else Known.NO,
        restocked=Known.NO,
        returned_restocked=Known.NO,
        unit_price=sale.price,
    )
    return ChannelOrder(
        external_id=sale.reference,
        status=OrderStatus.SHIPPED,
        raw_status="sold",
        placed_at=sale.sold_at,
        updated_at=sale.sold_at,
        lines=(line,),
    )
