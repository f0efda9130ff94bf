"""Which of TikTok's ids stands for which of a shop's goods and orders? Numbers of up to 19 digits, as texts; both ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.pools import Listing
from syncworker.sandbox.refusal import RefusedError

#: The one warehouse that every pretend shop sells from.
WAREHOUSE = "7068517275539719942"
_PRODUCTS = 1_729_592_969_712_000_000
_SKUS = 1_729_700_000_000_000_000
_ORDERS = 576_000_000_000_000_000
_LINES = 577_000_000_000_000_000
#: Unit lines of one order at most.
_LINES_PER_ORDER = 1_000


@dataclass(frozen=True, slots=True)
class Sku:
    """A listing as TikTok names it."""

    product_id: str
    sku_id: str
    listing: Listing


class Shelf:
    """The shop's listings by TikTok's ids. SKUs with the same text before a "/" are variants of one product."""

    def __init__(self, market: Marketplace) -> None:
        self.products: dict[str, list[Sku]] = {}
        self.skus: dict[str, Sku] = {}
        self.by_listing: dict[str, Sku] = {}
        first: dict[str, int] = {}
        for number, listing in enumerate(market.listings.values(), start=1):
            product = first.setdefault(listing.sku.partition("/")[0], number)
            sku = Sku(str(_PRODUCTS + product), str(_SKUS + number), listing)
            self.products.setdefault(sku.product_id, []).append(sku)
            self.skus[sku.sku_id] = self.by_listing[listing.listing_id] = sku

    def product(self, product_id: str) -> list[Sku]:
        """The SKUs of a product; refused if there is none."""
        if product_id not in self.products:
            raise RefusedError(200, "12052032", "The product does not exist")
        return self.products[product_id]


def order_id(ours: str) -> str:
    """TikTok's id of an order of the shop."""
    return str(_ORDERS + _number(ours))


def our_order_id(market: Marketplace, theirs: str) -> str:
    """The shop's own id; refused if it has no such order."""
    number = int(theirs) - _ORDERS if theirs.isdecimal() else 0
    ours = f"{market.profile.name}-{number:06d}"
    if ours not in market.book.orders:
        raise RefusedError(200, "21008111", "The order does not exist or is not this shop's")
    return ours


def line_ids(ours: str) -> Iterator[str]:
    """Ids for the unit lines of one order, in their order."""
    first = _LINES + _number(ours) * _LINES_PER_ORDER
    return (str(first + index) for index in range(1, _LINES_PER_ORDER))


def _number(ours: str) -> int:
    return int(ours.rpartition("-")[2])
