"""Pretend catalogues and old shops of Meta's in a process of their own, seen from both sides."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from syncworker.connector import (
    ChannelOrder,
    Json,
    KeptToken,
    PushResult,
    QuantityMode,
    QuantityPush,
    read_json,
)
from syncworker.connector.registry import load, validate
from syncworker.sandbox.dialects.instagram import catalog_id, cms_id
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import Sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.remote import ShopControl
from syncworker.sandbox.setup import ShopSetup
from syncworker_instagram.connector import InstagramChannel, InstagramOrdersChannel

SKUS = ("KAOS-001-M", "KAOS-001-L", "BIN-BAMBU")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SAMPLES = Path(__file__).parent / "samples"
#: How long an acknowledged order stays subtracted from the number, in seconds.
BUFFER_S = 0.6
PROFILES = {
    "katalog": ShopProfile(name="katalog", request_horizon_s=2.0),
    "lambat": ShopProfile(name="lambat", apply_lag_s=1.2, request_horizon_s=4.0),
    "lama": ShopProfile(name="lama", request_horizon_s=2.0, idempotency_retention_s=BUFFER_S),
}
DIALECTS = {"katalog": "instagram", "lambat": "instagram", "lama": "instagram_orders"}


def sample(name: str) -> Json:
    """A documented answer or request, with invented values."""
    return read_json((SAMPLES / f"instagram_{name}.json").read_bytes())


def plain(name: str) -> Any:
    """The same, as plain JSON."""
    return json.loads((SAMPLES / f"instagram_{name}.json").read_text())


def setups() -> list[ShopSetup]:
    """All pretend shops, five of everything in each."""
    seeds = tuple(ListingSeed(sku=sku, title=sku, price="79000", quantity=5) for sku in SKUS)
    return [
        ShopSetup(profile=one, token=f"token-{one.name}", dialect=DIALECTS[one.name], listings=seeds)
        for one in PROFILES.values()
    ]


def settings_of(sandbox: Sandbox, name: str, **more: object) -> dict[str, object]:
    """The settings of ``channels.toml`` for one of them."""
    legacy = {"orders": True, "cms_id": cms_id(name), "page_token": f"page-token-{name}"}
    return {
        "catalog_id": catalog_id(name),
        "access_token": f"token-{name}",
        "app_secret": f"secret-{name}",
        "base_url": sandbox.shops[name].base_url,
        "allow_private_network": True,
        "horizon_s": PROFILES[name].request_horizon_s,
        "batch_limits": ("1000/second",),
        **(legacy if DIALECTS[name] == "instagram_orders" else {}),
        **more,
    }


def set_to(sku: str, value: int, kind: QuantityMode = QuantityMode.SET) -> QuantityPush:
    """A number as the engine sends it."""
    return QuantityPush(push_id=sku, pool_key=sku, kind=kind, value=value, idempotency_key=sku)


@dataclass(frozen=True)
class InstagramShop:
    """One shop: our channel, and the hand of buyers and misfortune."""

    channel: InstagramChannel
    control: ShopControl

    @property
    def orders_channel(self) -> InstagramOrdersChannel:
        assert isinstance(self.channel, InstagramOrdersChannel)
        return self.channel

    def numbers(self) -> dict[str, object]:
        pools = self.control.truth(orders=False)["pools"]
        assert isinstance(pools, list)
        return {pool["skus"][0]: pool["quantity"] for pool in pools}

    def push(self, **numbers: int) -> dict[str, PushResult]:
        """Set these numbers in one call; KAOS_001_M stands for KAOS-001-M."""
        pushes = [set_to(name.replace("_", "-"), value) for name, value in numbers.items()]
        return {result.push_id: result for result in self.channel.push_quantities(pushes)}

    def read(self, *skus: str) -> dict[str, int | None]:
        return {one.pool_key: one.quantity for one in self.channel.read_quantities(skus)}

    def orders(self, feed: str = "orders") -> dict[str, ChannelOrder]:
        page = self.channel.list_orders(feed, since=LONG_AGO, cursor=None)
        assert page.next_cursor is None
        return {order.external_id: order for order in page.orders}

    def buy(self, sku: str, units: int = 1) -> tuple[str, str]:
        """The shop's own id of the order, and Meta's."""
        ours = str(self.control.buy(sku, units)["order_id"])
        return ours, f"3352{int(ours.rpartition('-')[2]):011d}"


def open_instagram(sandbox: Sandbox, name: str, **settings: object) -> InstagramShop:
    """One of the pretend shops by way of the connector."""
    connector = load("instagram")
    channel = connector.open(name, validate(connector, settings_of(sandbox, name, **settings)), KeptToken())
    assert isinstance(channel, InstagramChannel)
    return InstagramShop(channel, sandbox.shops[name].control)
