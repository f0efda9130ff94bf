"""Pretend Shopify shops in a process of their own, seen from both sides."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import SecretStr

from syncworker.connector import (
    ChannelOrder,
    KeptToken,
    Outcome,
    PushResult,
    QuantityMode,
    QuantityPush,
    RemoteListing,
    Token,
)
from syncworker.connector.registry import load, validate
from syncworker.sandbox.dialects.shopify_rows import order_gid
from syncworker.sandbox.process import Sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.remote import ShopControl
from syncworker_shopify.connector import ShopifyChannel

#: Three variants of one product, and a product of its own.
SKUS = ("KAOS/M", "KAOS/L", "KAOS/XL", "BIN-BAMBU")
LOCATION = "61234567890"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
#: Shops for one test each, which may use up their tokens and points.
OWN = tuple(
    ShopProfile(name=f"own-{number}", quantity_mode="compare_and_set", request_horizon_s=2.0)
    for number in range(1, 9)
)
PROFILES = (
    ShopProfile(name="plus-toko", quantity_mode="compare_and_set", request_horizon_s=2.0),
    ShopProfile(name="plus-small", quantity_mode="compare_and_set", request_horizon_s=2.0, page_size=2),
)
_push_ids = itertools.count(1)


@dataclass(frozen=True)
class ShopifyShop:
    """One shop: our channel, and the hand of buyers and misfortune."""

    channel: ShopifyChannel
    control: ShopControl
    tokens: KeptToken
    pools: dict[str, str]

    def numbers(self) -> dict[str, object]:
        pools = self.control.truth(orders=False)["pools"]
        assert isinstance(pools, list)
        return {sku: pool["quantity"] for pool in pools for sku in pool["skus"]}

    def entry(self, sku: str, value: int, expected: int | None = 5, key: str = "") -> QuantityPush:
        """A push that expects the 5 that every test begins with."""
        push_id = f"{sku}#{next(_push_ids)}"
        return QuantityPush(
            push_id=push_id,
            pool_key=self.pools[sku],
            kind=QuantityMode.COMPARE_AND_SET,
            value=value,
            expected=expected,
            idempotency_key=key or push_id,
        )

    def push(self, **numbers: int) -> dict[str, PushResult]:
        """Set these numbers in one call; KAOS_M stands for KAOS/M."""
        pushes = [self.entry(name.replace("_", "/", 1), value) for name, value in numbers.items()]
        results = self.channel.push_quantities(pushes)
        return {result.push_id.partition("#")[0]: result for result in results}

    def outcomes(self, **numbers: int) -> list[Outcome]:
        return [result.outcome for result in self.push(**numbers).values()]

    def orders(self) -> dict[str, ChannelOrder]:
        found: dict[str, ChannelOrder] = {}
        cursor: str | None = None
        while True:
            page = self.channel.list_orders("orders", since=LONG_AGO, cursor=cursor)
            found |= {order.external_id: order for order in page.orders}
            cursor = page.next_cursor
            if cursor is None:
                return found

    def buy(self, sku: str, units: int = 1) -> tuple[str, str]:
        """The shop's own id of the order, and the one that Shopify tells."""
        ours = str(self.control.buy(sku, units)["order_id"])
        return ours, shown_id(ours)


def shown_id(ours: str) -> str:
    """The number in Shopify's id of an order."""
    return order_gid(ours).rpartition("/")[2]


def open_shopify(
    sandbox: Sandbox, name: str, *, tokens: KeptToken | None = None, **settings: object
) -> ShopifyShop:
    address = sandbox.shops[name]
    raw = settings_of(name, address.base_url) | {"visibility_lag_s": 0.0, "horizon_s": 4.0}
    if tokens is None:
        raw["token"] = address.token
    connector = load("shopify")
    tokens = tokens or KeptToken()
    channel = connector.open(name, validate(connector, raw | settings), tokens)
    assert isinstance(channel, ShopifyChannel)
    return ShopifyShop(channel, address.control, tokens, {})


def settings_of(name: str, base_url: str) -> dict[str, object]:
    return {
        "shop": name,
        "client_id": f"key-{name}",
        "client_secret": f"secret-{name}",
        "base_url": base_url,
        "allow_private_network": True,
    }


def token_of(name: str) -> Token:
    """What a consent would have brought."""
    return Token(access=SecretStr(f"token-{name}"), refresh=SecretStr(f"refresh-{name}"))


def learn_pools(shop: ShopifyShop) -> ShopifyShop:
    shop.pools.update({one.sku or "": one.pool_key for page in listing_pages(shop) for one in page})
    return shop


def listing_pages(shop: ShopifyShop) -> Iterator[tuple[RemoteListing, ...]]:
    cursor: str | None = None
    while True:
        page = shop.channel.list_listings(cursor=cursor)
        yield page.listings
        cursor = page.next_cursor
        if cursor is None:
            return
