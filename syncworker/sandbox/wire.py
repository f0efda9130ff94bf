"""What does the wire contract "Marketplace API v1" look like? Request and answer shapes; no behaviour."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from syncworker.sandbox.pools import QuantityItem
from syncworker.sandbox.profile import Told

#: A whole number of units; floats, strings and booleans are refused.
Units = Annotated[int, Field(strict=True)]
Text = Annotated[str, Field(strict=True, min_length=1, max_length=500)]
Ident = Annotated[str, Field(strict=True, min_length=1, max_length=120)]


class Body(BaseModel):
    """A request body: unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid")


class Money(Body):
    """An amount as decimal digits, and its ISO currency."""

    amount: Annotated[str, Field(strict=True, examples=["85000"])]
    currency: Annotated[str, Field(strict=True, min_length=3, max_length=3, examples=["IDR"])]


class NewListing(Body):
    """A SKU to be shown. The quantity stands at the shop at once: treat a lost answer like that of a push."""

    sku: Ident
    title: Text
    price: Money
    quantity: Units
    pool_id: Annotated[Ident | None, Field(description="Join this pool; its number becomes `quantity`.")] = (
        None
    )


class ListingPatch(Body):
    """Contents to change; what is absent stays."""

    title: Text | None = None
    price: Money | None = None
    state: Literal["active", "hidden"] | None = None


class PoolIds(Body):
    """Pools to read back, at most `batch_max`."""

    pool_ids: list[Ident]


class PushItem(Body):
    """One wanted number, shaped by the shop's `quantity_mode`."""

    pool_id: Ident
    quantity: Annotated[Units | None, Field(description="set, compare_and_set: the number wanted")] = None
    expected: Annotated[
        Units | None, Field(description="compare_and_set: the number that must stand there")
    ] = None
    delta: Annotated[Units | None, Field(description="delta: the difference wanted")] = None

    def item(self) -> QuantityItem:
        """The same for the model."""
        return QuantityItem(
            pool_id=self.pool_id, quantity=self.quantity, expected=self.expected, delta=self.delta
        )


class PushBatch(Body):
    """1 to `batch_max` items, each pool once."""

    items: list[PushItem]


class Problem(BaseModel):
    """Why a request was refused as a whole. Some codes come with further fields, for example `listing_id`."""

    model_config = ConfigDict(extra="allow")

    code: str
    message: str


class Capabilities(BaseModel):
    """What the shop declares of itself; times in seconds. See docs/marketplace-api.md."""

    quantity_mode: Literal["set", "compare_and_set", "delta"]
    quantity_kind: Literal["available", "on_hand"]
    below_zero: Literal["refuse", "clamp", "negative"]
    floor: int
    floor_mode: Literal["refuse", "lift"]
    ceiling: int | None
    visibility_lag_s: float
    apply_lag_s: float
    read_lag_s: float
    page_size: int
    batch_max: int
    rate_limit_calls: int
    rate_limit_window_s: float
    restocks_on_cancel: Told
    feeds: Literal["single", "split"]
    request_horizon_s: float
    idempotency_retention_s: float
    readable: bool


class Shop(BaseModel):
    """The shop and its capabilities."""

    name: str
    currency: str
    capabilities: Capabilities


class ListingShown(BaseModel):
    """A listing and the numbers of its pool; null where the shop does not let them be read."""

    listing_id: str
    pool_id: str
    sku: str
    title: str
    price: Money
    state: Literal["active", "hidden"]
    quantity: int | None
    reserved: int | None


class Listings(BaseModel):
    """One page of listings."""

    listings: list[ListingShown]
    next_cursor: str | None


class Reading(BaseModel):
    """A pool's numbers, or `code` = `unknown_pool` and no numbers."""

    pool_id: str
    quantity: int | None = None
    reserved: int | None = None
    code: str | None = None


class Readings(BaseModel):
    """The answer to a read-back."""

    items: list[Reading]


class PushResult(BaseModel):
    """What became of one item: `quantity` is the resulting number, null while only accepted or when refused."""

    pool_id: str
    status: Literal["applied", "accepted", "refused"]
    quantity: int | None
    code: str | None
    message: str | None
    current: int | None


class PushResults(BaseModel):
    """Results by item. An item that is missing here may or may not have taken effect."""

    items: list[PushResult]


class LineShown(BaseModel):
    """An order line with its levels; cancelled, returned and restocked are null where this feed does not tell them."""

    line_id: str
    listing_id: str
    sku: str
    quantity: int
    cancelled_quantity: int | None
    returned_quantity: int | None
    shipped_quantity: int
    unit_price: Money
    restocked: Told | None
    counts_down: Told


class OrderShown(BaseModel):
    """The newest listed version of an order. More status words than the documented ones may come."""

    order_id: str
    status: str
    created_at: str
    updated_at: str
    currency: str
    buyer: str
    lines: list[LineShown]


class Orders(BaseModel):
    """One page of a feed, by (updated_at, order_id); `as_of` is the shop's clock."""

    orders: list[OrderShown]
    next_cursor: str | None
    as_of: str
