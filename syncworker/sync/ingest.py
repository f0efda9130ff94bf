"""What do the orders of one page change? Everything they mean, in one transaction and a handful of statements.

Counts, bounds, lines and dirty pools move together or not at all; a page that comes again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from syncworker.connector.contract import ChannelLine, ChannelOrder
from syncworker.core.fulfilment import Levels
from syncworker.core.model import Known
from syncworker.ledger import listings, orders, products
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.orders import LineRecord, LineState, OrderRecord, QuarantinedLine
from syncworker.sync.booking import LineChange, book, changed_line


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a page changed: orders that were new or different, and the channels whose pools are to be looked at."""

    orders: int
    channels: tuple[str, ...]
    #: Orders that were seen for the first time.
    new: tuple[OrderRecord, ...] = ()


def ingest(
    tx: Transaction,
    channel: ChannelRecord,
    page: Sequence[ChannelOrder],
    *,
    actor: str = "sync",
    by_sku: bool = False,
) -> Ingested:
    """Record a page of orders of one channel. Repeats, reordering and older tellings change nothing.

    ``by_sku``: a person has typed them in, so a SKU of ours is enough, and no line waits for a listing to be linked.
    """
    # A telling from the future would make every later one look older.
    told = _newest([replace(one, updated_at=min(one.updated_at, tx.now)) for one in page])
    known = orders.load(tx, channel.name, told, lock=True)
    desk = _Desk.open(tx, channel, told.values(), by_sku=by_sku)
    changed: list[OrderRecord] = []
    changes: list[LineChange] = []
    for order in told.values():
        before = known.get(order.external_id)
        record = _recorded(channel, order, before)
        lines = desk.changes(record, order, before)
        if lines or record != before:
            changed.append(replace(record, lines={change.after.line_id: change.after for change in lines}))
            changes.extend(lines)
    orders.store(tx, changed)
    return Ingested(
        orders=len(changed),
        channels=book(tx, channel, changed, changes, actor=actor),
        new=tuple(record for record in changed if record.id is None),
    )


def take_up(
    tx: Transaction, channel: ChannelRecord, waiting: Iterable[QuarantinedLine], *, actor: str
) -> Ingested:
    """Apply lines that waited in quarantine and whose listing is linked by now; the others go on waiting."""
    lines = _as_they_stand(tx, channel, waiting)
    links = listings.links(tx, channel.name, {each.line.listing_id for each in lines if each.line.listing_id})
    recipes = products.recipe_of(tx, sorted({link.sku for link in links.values()}))
    changes = []
    for each in lines:
        link = links.get(each.line.listing_id or "")
        if link is not None and link.sku in recipes:
            mapped = replace(
                each.line,
                sku=link.sku,
                pool_id=link.pool_id,
                recipe=recipes[link.sku],
                state=LineState.APPLIED,
            )
            changes.append(changed_line(each.order, each.line, mapped))
    return _store(tx, channel, changes, actor=actor)


def map_line(
    tx: Transaction,
    channel: ChannelRecord,
    waiting: QuarantinedLine,
    *,
    sku: str,
    pool_id: str | None,
    actor: str,
) -> Ingested:
    """An operator says what a quarantined line sold; ``pool_id`` if it was sold from one of our pools."""
    recipe = products.recipe_of(tx, [sku])[sku]
    changes = [
        changed_line(
            each.order,
            each.line,
            replace(each.line, sku=sku, pool_id=pool_id, recipe=recipe, state=LineState.APPLIED),
        )
        for each in _as_they_stand(tx, channel, [waiting])
    ]
    return _store(tx, channel, changes, actor=actor)


def ignore_line(tx: Transaction, channel: ChannelRecord, waiting: QuarantinedLine, *, actor: str) -> Ingested:
    """An operator says that a quarantined line is none of ours; what it had reserved is given back."""
    changes = [
        changed_line(each.order, each.line, replace(each.line, state=LineState.IGNORED))
        for each in _as_they_stand(tx, channel, [waiting])
    ]
    return _store(tx, channel, changes, actor=actor)


def _as_they_stand(
    tx: Transaction, channel: ChannelRecord, waiting: Iterable[QuarantinedLine]
) -> list[QuarantinedLine]:
    """These lines, locked, with what a pull has recorded of them meanwhile; those that wait no more are left out."""
    asked = [(each.order.external_id, each.line.line_id) for each in waiting]
    known = orders.load(tx, channel.name, {order_id for order_id, _ in asked}, lock=True)
    found = [
        QuarantinedLine(known[order_id].lines[line_id], known[order_id])
        for order_id, line_id in asked
        if order_id in known and line_id in known[order_id].lines
    ]
    return [each for each in found if each.line.state is LineState.QUARANTINED]


def _store(tx: Transaction, channel: ChannelRecord, changes: Sequence[LineChange], *, actor: str) -> Ingested:
    changed: dict[str, OrderRecord] = {}
    for change in changes:
        record = changed.get(change.order.external_id, replace(change.order, lines={}))
        changed[record.external_id] = replace(
            record, lines={**record.lines, change.after.line_id: change.after}
        )
    orders.store(tx, list(changed.values()))
    return Ingested(
        orders=len(changed), channels=book(tx, channel, list(changed.values()), changes, actor=actor)
    )


@dataclass(frozen=True, slots=True)
class _Desk:
    """What has to be known to read a page: links, our own SKUs and their recipes, looked up once for all lines."""

    channel: ChannelRecord
    links: Mapping[str, listings.Link]
    recipes: Mapping[str, Mapping[str, int]]
    by_sku: bool

    @classmethod
    def open(
        cls, tx: Transaction, channel: ChannelRecord, told: Iterable[ChannelOrder], *, by_sku: bool
    ) -> _Desk:
        lines = [line for order in told for line in order.lines]
        links = listings.links(tx, channel.name, {line.listing_id for line in lines if line.listing_id})
        skus = {link.sku for link in links.values()} | {line.sku for line in lines if line.sku}
        return cls(channel, links, products.recipe_of(tx, sorted(skus)) if skus else {}, by_sku)

    def changes(
        self, record: OrderRecord, order: ChannelOrder, known: OrderRecord | None
    ) -> list[LineChange]:
        """Lines of the order that are new or different; an older telling than the recorded one has none."""
        if known is not None and order.updated_at < known.updated_at:
            return []
        same_time = known is not None and order.updated_at == known.updated_at
        found = []
        for line in order.lines:
            before = None if known is None else known.lines.get(line.line_id)
            after = self._line(record, line, before, merge=same_time)
            if after != before:
                found.append(changed_line(record, before, after))
        if known is not None and not same_time:
            told = {line.line_id for line in order.lines}
            found.extend(
                self._removed(record, line) for key, line in known.lines.items() if _is_gone(line, key, told)
            )
        return found

    def _line(
        self, record: OrderRecord, line: ChannelLine, before: LineRecord | None, *, merge: bool
    ) -> LineRecord:
        seen = line.levels(before.levels if before is not None else None)
        if before is not None:
            seen = before.levels.merged(seen) if merge else before.levels.followed_by(seen)
            return replace(
                before,
                levels=seen,
                counts_down=line.counts_down,
                restocked=_merged(before.restocked, line.restocked) if merge else line.restocked,
                returned_restocked=(
                    _merged(before.returned_restocked, line.returned_restocked)
                    if merge
                    else line.returned_restocked
                ),
            )
        return self._first_seen(record, line, seen)

    def _first_seen(self, record: OrderRecord, line: ChannelLine, seen: Levels) -> LineRecord:
        link = self.links.get(line.listing_id or "")
        sku = link.sku if link is not None else line.sku if line.sku in self.recipes else None
        is_sure = sku is not None if self.by_sku else link is not None and link.sku in self.recipes
        state = LineState.APPLIED if is_sure else LineState.QUARANTINED
        if record.is_history and not self.channel.counts_open_orders:
            state = LineState.IGNORED
        return LineRecord(
            line_id=line.line_id,
            listing_id=line.listing_id,
            remote_sku=line.sku,
            sku=sku,
            pool_id=link.pool_id if link is not None else None,
            recipe=self.recipes.get(sku) if sku is not None else None,
            state=state,
            levels=seen,
            counts_down=line.counts_down,
            restocked=line.restocked,
            returned_restocked=line.returned_restocked,
            unit_price=None if line.unit_price is None else line.unit_price.amount,
            currency=None if line.unit_price is None else line.unit_price.currency,
        )

    def _removed(self, record: OrderRecord, line: LineRecord) -> LineChange:
        """A line that the channel no longer tells is cancelled as far as it has not shipped.

        What the channel marked on it spoke of cancelled units, not of an edit: they may be on sale again.
        """
        levels = replace(line.levels, cancelled=line.levels.ordered)
        return changed_line(record, line, replace(line, levels=levels, restocked=Known.UNKNOWN))


def _merged(before: Known, told: Known) -> Known:
    """Of two tellings that carry the same time, "not on sale again" is believed only if both say so."""
    return before if told is Known.NO else told


def _is_gone(line: LineRecord, key: str, told: set[str]) -> bool:
    return key not in told and line.levels.cancelled < line.levels.ordered


def _newest(page: Sequence[ChannelOrder]) -> dict[str, ChannelOrder]:
    """The newest telling of each order on the page, whatever their order on it."""
    newest: dict[str, ChannelOrder] = {}
    for order in page:
        other = newest.get(order.external_id)
        if other is None or order.updated_at >= other.updated_at:
            newest[order.external_id] = order
    return newest


def _recorded(channel: ChannelRecord, order: ChannelOrder, known: OrderRecord | None) -> OrderRecord:
    if known is not None:
        if order.updated_at < known.updated_at:
            return known
        return replace(
            known, status=order.status.value, raw_status=order.raw_status[:64], updated_at=order.updated_at
        )
    return OrderRecord(
        channel=channel.name,
        external_id=order.external_id,
        status=order.status.value,
        raw_status=order.raw_status[:64],
        placed_at=order.placed_at,
        updated_at=order.updated_at,
        # What a person types in is meant to count, whenever it was sold.
        is_history=bool(channel.feeds) and order.placed_at < channel.connected_at,
    )
