"""The shops that the marketplace connector is tried on: a real sandbox, seen from both sides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from syncworker.connector import (
    Channel,
    ChannelLine,
    ChannelOrder,
    KeptToken,
    PushResult,
    QuantityMode,
    QuantityPush,
    RemoteListing,
)
from syncworker.connector.registry import load, validate
from syncworker.sandbox.process import Sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.remote import ShopControl

SKUS = ("BIN-BAMBU", "PENGKI-BAMBU", "SAPU-GLAGAH")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HORIZON_S = 1.0

PROFILES = (
    ShopProfile(name="setting", quantity_mode="set", page_size=2, request_horizon_s=HORIZON_S),
    ShopProfile(name="comparing", quantity_mode="compare_and_set", request_horizon_s=HORIZON_S),
    ShopProfile(name="adjusting", quantity_mode="delta", request_horizon_s=HORIZON_S),
    ShopProfile(name="splitting", feeds="split", restocks_on_cancel="unknown"),
    ShopProfile(name="hiding", readable=False, apply_lag_s=0.05, floor=1),
    ShopProfile(name="counting", quantity_kind="on_hand"),
)


@dataclass(frozen=True)
class Shop:
    """One shop from both sides: ours, and the one that buyers and misfortune come from."""

    channel: Channel
    control: ShopControl
    pools: dict[str, str]

    def put(self, sku: str, quantity: int) -> None:
        self.control.edit_quantity(sku=sku, quantity=quantity)

    def number(self, sku: str) -> object:
        pools = self.control.truth(orders=False)["pools"]
        assert isinstance(pools, list)
        return next(pool["quantity"] for pool in pools if pool["pool_id"] == self.pools[sku])

    def push(
        self, sku: str, kind: QuantityMode, value: int, expected: int | None = None, key: str = ""
    ) -> PushResult:
        (result,) = self.channel.push_quantities([self.entry(sku, kind, value, expected, key)])
        return result

    def entry(
        self, sku: str, kind: QuantityMode, value: int, expected: int | None = None, key: str = ""
    ) -> QuantityPush:
        return QuantityPush(
            push_id=sku,
            pool_key=self.pools[sku],
            kind=kind,
            value=value,
            expected=expected,
            idempotency_key=key,
        )

    def orders(self, feed: str = "orders") -> dict[str, ChannelOrder]:
        found: dict[str, ChannelOrder] = {}
        cursor: str | None = None
        while True:
            page = self.channel.list_orders(feed, since=LONG_AGO, cursor=cursor)
            found |= {order.external_id: order for order in page.orders}
            cursor = page.next_cursor
            if cursor is None:
                return found

    def buy(self, sku: str, units: int) -> str:
        order_id = self.control.buy(sku, units)["order_id"]
        assert isinstance(order_id, str)
        return order_id


def open_shop(sandbox: Sandbox, name: str, **settings: object) -> Shop:
    profile = next(profile for profile in PROFILES if profile.name == name)
    address = sandbox.shops[name]
    raw = {
        "base_url": address.base_url,
        "token": address.token,
        "allow_private_network": True,
        "quantity_mode": profile.quantity_mode,
        "quantity_kind": profile.quantity_kind,
        "feeds": profile.feeds,
        "horizon_s": profile.request_horizon_s,
        "readable": profile.readable,
    }
    connector = load("marketplace")
    channel = connector.open(name, validate(connector, raw | settings), KeptToken())
    listings = [one for page in listing_pages(channel) for one in page]
    return Shop(channel, address.control, {one.sku or "": one.pool_key for one in listings})


def listing_pages(channel: Channel) -> Iterator[tuple[RemoteListing, ...]]:
    cursor: str | None = None
    while True:
        page = channel.list_listings(cursor=cursor)
        yield page.listings
        cursor = page.next_cursor
        if cursor is None:
            return


def only_line(order: ChannelOrder) -> ChannelLine:
    (line,) = order.lines
    return line
