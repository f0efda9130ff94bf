"""Pretend Shopee shops in a process of their own, seen from both sides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

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
from syncworker.sandbox.dialects.shopee_ids import PARTNER_ID, order_sn, shop_id
from syncworker.sandbox.process import Sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.remote import ShopControl
from syncworker_shopee.connector import ShopeeChannel

#: Three models of one item, and an item without any.
SKUS = ("KAOS/M", "KAOS/L", "KAOS/XL", "BIN-BAMBU")
PROFILES = (
    ShopProfile(name="toko", page_size=3, request_horizon_s=2.0),
    #: A promotion holds two units of everything.
    ShopProfile(name="promo", floor=2, request_horizon_s=2.0),
)
#: Shops for one test each, which may use up their tokens.
OWN = tuple(ShopProfile(name=f"own-{number}", request_horizon_s=2.0) for number in range(1, 9))


@dataclass(frozen=True)
class ShopeeShop:
    """One shop: our channel, and the hand of buyers and misfortune."""

    channel: ShopeeChannel
    control: ShopControl
    tokens: KeptToken
    pools: dict[str, str]

    def numbers(self) -> dict[str, object]:
        pools = self.control.truth(orders=False)["pools"]
        assert isinstance(pools, list)
        return {pool["skus"][0]: pool["quantity"] for pool in pools}

    def pool_id(self, sku: str) -> str:
        pools = self.control.truth(orders=False)["pools"]
        assert isinstance(pools, list)
        return next(str(one["pool_id"]) for one in pools if one["skus"] == [sku])

    def entry(self, sku: str, value: int, kind: QuantityMode = QuantityMode.SET) -> QuantityPush:
        return QuantityPush(push_id=sku, pool_key=self.pools[sku], kind=kind, value=value)

    def push(self, **numbers: int) -> dict[str, PushResult]:
        """Set these numbers in one call; KAOS_M stands for KAOS/M."""
        pushes = [self.entry(name.replace("_", "/", 1), value) for name, value in numbers.items()]
        return {result.push_id: result for result in self.channel.push_quantities(pushes)}

    def outcomes(self, **numbers: int) -> list[Outcome]:
        return [result.outcome for result in self.push(**numbers).values()]

    def orders(self, feed: str = "orders", *, days: float = 1.0) -> dict[str, ChannelOrder]:
        since = datetime.now(UTC) - timedelta(days=days)
        return {one.external_id: one for page in order_pages(self.channel, feed, since) for one in page}

    def buy(self, sku: str, units: int = 1) -> tuple[str, str]:
        """The shop's own id of the order, and Shopee's."""
        ours = str(self.control.buy(sku, units)["order_id"])
        return ours, order_sn(ours)


def open_shopee(
    sandbox: Sandbox,
    name: str,
    *,
    token: Token | None = None,
    tokens: KeptToken | None = None,
    **settings: object,
) -> ShopeeShop:
    address = sandbox.shops[name]
    connector = load("shopee")
    tokens = tokens or KeptToken(token or token_of(name, address.token))
    raw = settings_of(name, address.base_url) | {"horizon_s": 4.0}
    channel = connector.open(name, validate(connector, raw | settings), tokens)
    assert isinstance(channel, ShopeeChannel)
    return ShopeeShop(channel, address.control, tokens, {})


def settings_of(name: str, base_url: str) -> dict[str, object]:
    return {
        "partner_id": PARTNER_ID,
        "partner_key": f"secret-{name}",
        "base_url": base_url,
        "allow_private_network": True,
        "rate_limits": (),
    }


def token_of(name: str, access: str) -> Token:
    return Token(
        access=SecretStr(access),
        refresh=SecretStr(f"refresh-{name}"),
        facts={"shop_id": str(shop_id(name))},
    )


def learn_pools(shop: ShopeeShop) -> ShopeeShop:
    shop.pools.update({one.sku or "": one.pool_key for page in listing_pages(shop) for one in page})
    return shop


def order_pages(channel: ShopeeChannel, feed: str, since: datetime) -> Iterator[tuple[ChannelOrder, ...]]:
    cursor: str | None = None
    while True:
        page = channel.list_orders(feed, since=since, cursor=cursor)
        yield page.orders
        cursor = page.next_cursor
        if cursor is None:
            return


def listing_pages(shop: ShopeeShop) -> Iterator[tuple[RemoteListing, ...]]:
    cursor: str | None = None
    while True:
        page = shop.channel.list_listings(cursor=cursor)
        yield page.listings
        cursor = page.next_cursor
        if cursor is None:
            return
