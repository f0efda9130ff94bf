"""How are things at Shopify named? Global ids on the wire, their numbers in ours, and the key of a pool; pure."""

from __future__ import annotations

from dataclasses import dataclass

from syncworker.connector import Document

_PREFIX = "gid://shopify/"


def gid(kind: str, number: str) -> str:
    """``gid://shopify/Kind/123``."""
    return f"{_PREFIX}{kind}/{number}"


def number(value: Document, kind: str) -> str:
    """The number in a global id of that kind."""
    text = value.text()
    head, _, tail = text.rpartition("/")
    if head != f"{_PREFIX}{kind}" or not tail.isdecimal():
        value.fail(f"must be an id of a {kind}")
    return tail


@dataclass(frozen=True, slots=True)
class PoolKey:
    """One number at Shopify: an inventory item at a location, written ``item/location``."""

    item: str
    location: str

    def __str__(self) -> str:
        return f"{self.item}/{self.location}"

    @property
    def item_gid(self) -> str:
        return gid("InventoryItem", self.item)

    @property
    def location_gid(self) -> str:
        return gid("Location", self.location)

    @classmethod
    def read(cls, text: str) -> PoolKey | None:
        """``None`` for what is no such key."""
        parts = text.split("/")
        return cls(*parts) if len(parts) == 2 and all(part.isdecimal() for part in parts) else None
