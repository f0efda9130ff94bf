"""Pretend TikTok Shops in a process of their own, seen from both sides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from syncworker.connector import (
    ChannelOrder,
    Json,
    KeptToken,
    Outcome,
    PushResult,
    QuantityMode,
    QuantityPush,
    RemoteListing,
    Token,
    read_json,
)
from syncworker.connector.registry import load, validate
from syncworker.sandbox.process import Sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.remote import ShopControl
from syncworker_tiktok.connector import TikTokChannel

#: Three variants of one product, and a product of its own.
SKUS = ("KAOS/M", "KAOS/L", "KAOS/XL", "BIN-BAMBU")
WAREHOUSE = "7068517275539719942"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SAMPLES = Path(__file__).parent / "samples"
PROFILES = (
    ShopProfile(name="toko", page_size=100, request_horizon_s=2.0),
    ShopProfile(name="split", feeds="split", restocks_on_cancel="unknown", request_horizon_s=2.0),
)
#: Shops for one test each, which may use up their tokens.
OWN = tuple(ShopProfile(name=f"own-{number}", request_horizon_s=2.0) for number in range(1, 9))


def sample(name: str) -> Json:
    """A documented answer or request, with invented values."""
    return read_json((SAMPLES / f"tiktok_{name}.json").read_bytes())


def plain(name: str) -> dict[str, object]:
    """The same, as plain JSON."""
    found: dict[str, object] = json.loads((SAMPLES / f"tiktok_{name}.json").read_text())
    return found


@dataclass(frozen=True)
class TikTokShop:
    """One shop: our channel, and the hand of buyers and misfortune."""

    channel: TikTokChannel
    control: ShopControl
    tokens: KeptToken
    pools: dict[str, str]

    def numbers(self) -> dict[str, object]:
        pools = self.control.truth(orders=False)["pools"]
        assert isinstance(pools, list)
        return {pool["skus"][0]: pool["quantity"] for pool in pools}

    def entry(self, sku: str, value: int, kind: QuantityMode = QuantityMode.SET) -> QuantityPush:
        return QuantityPush(push_id=sku, pool_key=self.pools[sku], kind=kind, value=value)

    def push(self, **numbers: int) -> dict[str, PushResult]:
        """Set these numbers in one call; KAOS_M stands for KAOS/M."""
        pushes = [self.entry(name.replace("_", "/", 1), value) for name, value in numbers.items()]
        return {result.push_id: result for result in self.channel.push_quantities(pushes)}

    def outcomes(self, **numbers: int) -> list[Outcome]:
        return [result.outcome for result in self.push(**numbers).values()]

    def orders(self, feed: str = "orders") -> dict[str, ChannelOrder]:
        found: dict[str, ChannelOrder] = {}
        cursor: str | None = None
        while True:
            page = self.channel.list_orders(feed, since=LONG_AGO, cursor=cursor)
            found |= {order.external_id: order for order in page.orders}
            cursor = page.next_cursor
            if cursor is None:
                return found

    def buy(self, sku: str, units: int = 1) -> tuple[str, str]:
        """The shop's own id of the order, and TikTok's."""
        ours = str(self.control.buy(sku, units)["order_id"])
        return ours, str(576_000_000_000_000_000 + int(ours.rpartition("-")[2]))


def open_tiktok(
    sandbox: Sandbox,
    name: str,
    *,
    token: Token | None = None,
    tokens: KeptToken | None = None,
    **settings: object,
) -> TikTokShop:
    address = sandbox.shops[name]
    raw = settings_of(name, address.base_url) | {"horizon_s": 4.0}
    connector = load("tiktok")
    tokens = tokens or KeptToken(token or token_of(name, address.token))
    channel = connector.open(name, validate(connector, raw | settings), tokens)
    assert isinstance(channel, TikTokChannel)
    return TikTokShop(channel, address.control, tokens, {})


def totals(order: ChannelOrder) -> dict[str, tuple[int, int, int, int | None]]:
    """Ordered, cancelled, shipped and returned units by listing; returned is ``None`` where the feed does not tell it."""
    found: dict[str, tuple[int, int, int, int | None]] = {}
    for line in order.lines:
        listing, told = line.listing_id or "", (line.ordered, line.cancelled or 0, line.shipped)
        before = found.get(listing, (0, 0, 0, 0))
        returned = None if line.returned is None else (before[3] or 0) + line.returned
        found[listing] = (before[0] + told[0], before[1] + told[1], before[2] + told[2], returned)
    return found


def settings_of(name: str, base_url: str) -> dict[str, object]:
    return {
        "app_key": f"key-{name}",
        "app_secret": f"secret-{name}",
        "base_url": base_url,
        "auth_url": base_url,
        "consent_url": base_url,
        "service_id": "7000",
        "allow_private_network": True,
        "rate_limits": (),
    }


def token_of(name: str, access: str) -> Token:
    return Token(
        access=SecretStr(access),
        refresh=SecretStr(f"refresh-{name}"),
        facts={"shop_cipher": f"cipher-{name}", "shop_id": "7490000000000000001"},
    )


def learn_pools(shop: TikTokShop) -> TikTokShop:
    shop.pools.update({one.sku or "": one.pool_key for page in listing_pages(shop) for one in page})
    return shop


def listing_pages(shop: TikTokShop) -> Iterator[tuple[RemoteListing, ...]]:
    cursor: str | None = None
    while True:
        page = shop.channel.list_listings(cursor=cursor)
        yield page.listings
        cursor = page.next_cursor
        if cursor is None:
            return
