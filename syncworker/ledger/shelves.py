"""What stands on the shelves, page by page? Stock rows with their titles, and numbers that wait for a person.

Pages go on by key, so that a million rows never come at once; changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from syncworker.core.availability import StockLevel
from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.listings import ListingState
from syncworker.ledger.products import Product, list_products, recipe_of
from syncworker.ledger.schema import listing, pool, product, push, stock
from syncworker.ledger.stock import Place, levels

#: Rows of one page when everything is walked.
PAGE = 2_000
#: No limit at all, where every row is to be changed.
EVERYTHING = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One part at one location."""

    sku: str
    title: str
    maker: str | None
    location: str
    level: StockLevel
    safety_stock: int

    @property
    def place(self) -> Place:
        """Where the next page goes on."""
        return self.sku, self.location


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which shelves are wanted; everything unless something is said."""

    #: Stands in the SKU or in the title, whatever the case.
    text: str | None = None
    location: str | None = None
    maker: str | None = None
    #: So many available, or fewer.
    low: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedNumber:
    """A pool that nothing is sent to before a person says so."""

    pool_id: str
    channel: str
    sku: str
    #: In the channel's own words.
    message: str
    refusals: int
    shown: int | None
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedContents:
    """A listing whose contents the channel does not accept as they are."""

    id: int
    channel: str
    external_id: str
    sku: str | None
    message: str


def page(tx: Snapshot, filters: Filters, *, after: Place | None = None, most: int = PAGE) -> list[Shelf]:
    """Parts that were ever counted, by SKU and location, behind ``after``; at most so many."""
    available = stock.c.on_hand - stock.c.reserved
    columns = (stock, product.c.title, product.c.maker, product.c.safety_stock)
    query = sa.select(*columns).join(product, product.c.sku == stock.c.sku).where(stock.c.version > 0)
    if after is not None:
        behind = sa.tuple_(stock.c.sku, stock.c.location) > sa.tuple_(*map(sa.literal, after))
        query = query.where(behind)
    if filters.text is not None:
        either = [
            column.icontains(filters.text, autoescape=True) for column in (stock.c.sku, product.c.title)
        ]
        query = query.where(sa.or_(*either))
    if filters.location is not None:
        query = query.where(stock.c.location == filters.location)
    if filters.maker is not None:
        query = query.where(product.c.maker == filters.maker)
    if filters.low is not None:
        query = query.where(available <= filters.low)
    rows = tx.execute(query.order_by(stock.c.sku, stock.c.location).limit(most))
    return [
        Shelf(
            sku=row.sku,
            title=row.title,
            maker=row.maker,
            location=row.location,
            level=StockLevel(row.on_hand, row.reserved),
            safety_stock=row.safety_stock,
        )
        for row in rows
    ]


def walk(tx: Snapshot, filters: Filters) -> Iterator[Shelf]:
    """All of them, one page in memory at a time."""
    after: Place | None = None
    while found := page(tx, filters, after=after):
        yield from found
        after = found[-1].place


def count(tx: Snapshot) -> int:
    """How many parts at a location were ever counted."""
    return int(
        tx.execute(sa.select(sa.func.count()).select_from(stock).where(stock.c.version > 0)).scalar_one()
    )


def catalogue(tx: Snapshot, *, location: str) -> Iterator[tuple[Product, int | None]]:
    """Every product with its count at that location, one page in memory at a time; ``None``: never counted there."""
    after = ""
    while skus := list(
        tx.execute(
            sa.select(product.c.sku).where(product.c.sku > after).order_by(product.c.sku).limit(PAGE)
        ).scalars()
    ):
        counted = levels(tx, skus)
        for one in list_products(tx, skus):
            level = counted.get((one.sku, location))
            yield one, None if level is None else level.on_hand
        after = skus[-1]


def products(tx: Snapshot) -> int:
    """How many products there are."""
    return int(tx.execute(sa.select(sa.func.count()).select_from(product)).scalar_one())


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """All parts together."""

    parts: int
    on_hand: int
    reserved: int
    #: SKUs with less than nothing to promise somewhere.
    oversold: tuple[str, ...]


def totals(tx: Snapshot) -> Totals:
    """What all shelves add up to, computed by the database."""
    counted = stock.c.version > 0
    query = sa.select(
        sa.func.count(stock.c.sku.distinct()),
        sa.func.coalesce(sa.func.sum(stock.c.on_hand), 0),
        sa.func.coalesce(sa.func.sum(stock.c.reserved), 0),
    ).where(counted)
    parts, on_hand, reserved = tx.execute(query).one()
    short = sa.select(stock.c.sku).where(counted, stock.c.on_hand < stock.c.reserved).distinct()
    oversold = tuple(sorted(tx.execute(short).scalars()))
    return Totals(parts=int(parts), on_hand=int(on_hand), reserved=int(reserved), oversold=oversold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """A channel's numbers together."""

    pools: int
    #: Units that they may sell; ``None`` while one of them is not known.
    may_sell: int | None
    #: Of these, how many the allocator has yet to look at.
    dirty: int


def numbers(tx: Snapshot, channel: str) -> Numbers:
    """What a channel's numbers add up to, computed by the database."""
    positive = sa.case((pool.c.exposure > 0, pool.c.exposure), else_=0)
    is_unknown = sa.case((pool.c.exposure.is_(None), 1), else_=0)
    is_dirty = sa.case((pool.c.wanted_version > pool.c.planned_version, 1), else_=0)
    query = sa.select(
        sa.func.count(),
        *(sa.func.coalesce(sa.func.sum(each), 0) for each in (positive, is_unknown, is_dirty)),
    )
    count, units, unknown, dirty = tx.execute(query.where(pool.c.channel == channel)).one()
    return Numbers(pools=int(count), may_sell=None if unknown else int(units), dirty=int(dirty))


def parked(
    tx: Snapshot, *, channel: str | None = None, after: str | None = None, most: int | None = PAGE
) -> list[ParkedNumber]:
    """Numbers that a channel refused for good, by id behind ``after``; at most so many."""
    query = sa.select(pool).where(pool.c.parked.is_not(None))
    if channel is not None:
        query = query.where(pool.c.channel == channel)
    if after is not None:
        query = query.where(pool.c.id > after)
    rows = tx.execute(query.order_by(pool.c.id).limit(most)).all()
    return [
        ParkedNumber(
            pool_id=row.id,
            channel=row.channel,
            sku=row.sku,
            message=row.parked,
            refusals=row.refusals,
            shown=row.shown,
            since=_refused_at(tx, row.id),
        )
        for row in rows
    ]


def _refused_at(tx: Snapshot, pool_id: str) -> datetime | None:
    query = sa.select(push.c.answered_at).where(push.c.pool_id == pool_id, push.c.state == "refused")
    return tx.execute(query.order_by(push.c.stored_at.desc()).limit(1)).scalar_one_or_none()


def refused_contents(
    tx: Snapshot,
    *,
    channel: str | None = None,
    sku: str | None = None,
    after: int | None = None,
    most: int | None = PAGE,
) -> list[RefusedContents]:
    """Linked listings whose contents were refused, by id behind ``after``; at most so many."""
    query = sa.select(listing).where(
        listing.c.state == ListingState.LINKED.value,
        listing.c.refusal.is_not(None),
        listing.c.refused.is_not(None),
    )
    if channel is not None:
        query = query.where(listing.c.channel == channel)
    if sku is not None:
        query = query.where(listing.c.sku == sku)
    if after is not None:
        query = query.where(listing.c.id > after)
    return [
        RefusedContents(
            id=row.id,
            channel=row.channel,
            external_id=row.external_id,
            sku=row.sku,
            message=row.refusal or "",
        )
        for row in tx.execute(query.order_by(listing.c.id).limit(most))
    ]


@dataclass(frozen=True, slots=True)
class SoldAtSeveral:
    """A SKU that more than one channel sells, and what is there of it."""

    sku: str
    channels: tuple[str, ...]
    available: int


def sold_at_several(
    tx: Snapshot, *, sku: str | None = None, channel: str | None = None
) -> list[SoldAtSeveral]:
    """SKUs that more than one channel sells; only this one, or only those that this channel sells too."""
    query = sa.select(pool.c.sku, pool.c.channel).distinct().order_by(pool.c.sku, pool.c.channel)
    several = sa.select(pool.c.sku).group_by(pool.c.sku).having(sa.func.count(pool.c.channel.distinct()) > 1)
    query = query.where(pool.c.sku.in_(several))
    if sku is not None:
        query = query.where(pool.c.sku == sku)
    if channel is not None:
        query = query.where(pool.c.sku.in_(sa.select(pool.c.sku).where(pool.c.channel == channel)))
    names: dict[str, list[str]] = {}
    for row in tx.execute(query):
        names.setdefault(row.sku, []).append(row.channel)
    recipes = recipe_of(tx, names)
    there: dict[str, int] = {}
    for (part, _), level in levels(tx, {part for recipe in recipes.values() for part in recipe}).items():
        there[part] = there.get(part, 0) + level.available
    return [
        SoldAtSeveral(
            each, tuple(at), min(there.get(part, 0) // units for part, units in recipes[each].items())
        )
        for each, at in names.items()
    ]
