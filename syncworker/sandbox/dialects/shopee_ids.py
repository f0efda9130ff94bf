"""Which of Shopee's ids stands for which of a shop's goods and orders? 64-bit numbers, and order numbers as texts; both ways."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.pools import Listing
from syncworker.sandbox.refusal import RefusedError

#: The one app that all pretend shops are connected to.
PARTNER_ID = 2_001_887
#: What stands for the only model of an item that has none.
NO_MODEL = 0
_ITEMS = 2_500_000_000_000
_MODELS = 10_000_000_000_000_000
_ORDERS = "2607"


@dataclass(frozen=True, slots=True)
class Model:
    """A listing as Shopee names it."""

    item_id: int
    model_id: int
    listing: Listing


class Shelf:
    """The shop's listings by Shopee's ids. SKUs with the same text before a "/" are models of one item."""

    def __init__(self, market: Marketplace) -> None:
        self.items: dict[int, list[Model]] = {}
        self.by_listing: dict[str, Model] = {}
        first: dict[str, int] = {}
        for number, listing in enumerate(market.listings.values(), start=1):
            name, slash, _ = listing.sku.partition("/")
            item = first.setdefault(name, number) if slash else number
            model = Model(_ITEMS + item, _MODELS + number if slash else NO_MODEL, listing)
            self.items.setdefault(model.item_id, []).append(model)
            self.by_listing[listing.listing_id] = model

    def item(self, item_id: int) -> list[Model]:
        """The models of an item; refused if there is none."""
        if item_id not in self.items:
            raise RefusedError(200, "error_item_not_found", "Product not found")
        return self.items[item_id]


def has_models(item: list[Model]) -> bool:
    """Whether the item's numbers are those of its models."""
    return item[0].model_id != NO_MODEL


def shop_id(name: str) -> int:
    """Shopee's number of the shop of that name."""
    return 600_000 + zlib.crc32(name.encode()) % 300_000


def order_sn(ours: str) -> str:
    """Shopee's number of an order of the shop."""
    return f"{_ORDERS}{int(ours.rpartition('-')[2]):010d}"


def our_order_id(market: Marketplace, theirs: str) -> str:
    """The shop's own id; refused if it has no such order."""
    digits = theirs.removeprefix(_ORDERS)
    number = int(digits) if theirs.startswith(_ORDERS) and digits.isdecimal() else 0
    ours = f"{market.profile.name}-{number:06d}"
    if ours not in market.book.orders:
        raise RefusedError(200, "error_not_found", "Wrong parameters, detail: order_sn is not found.")
    return ours
