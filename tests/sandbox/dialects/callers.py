"""Sellers who speak each aggregator's wire format to one real sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import Sandbox, ShopAddress
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.setup import ShopSetup

GOODS = (
    ListingSeed(sku="BIN", title="Bin", price="85000", quantity=5),
    ListingSeed(sku="PAN", title="Pan", price="35000.5", quantity=3),
)
KAOS = (
    ListingSeed(sku="KAOS-M", title="Kaos - M", price="90000", quantity=4, listing_id="31:32"),
    ListingSeed(sku="KAOS-L", title="Kaos - L", price="90000", quantity=2, listing_id="31:33"),
    ListingSeed(sku="TAS-A", price="1", quantity=7, listing_id="41:42", pool_id="TAS"),
    ListingSeed(sku="TAS-B", price="1", quantity=7, listing_id="41:43", pool_id="TAS"),
)


def setups() -> list[ShopSetup]:
    """One shop of each kind."""
    return [
        _shop("woocommerce", listings=(*GOODS, *KAOS)),
        _shop("channelengine", page_size=2),
        _shop("mirakl", apply_lag_s=0.3, rate_limit_window_s=0.2),
        _shop("medusa", quantity_kind="on_hand"),
    ]


def _shop(dialect: str, *, listings: tuple[ListingSeed, ...] = GOODS, **habits: Any) -> ShopSetup:
    return ShopSetup(
        profile=ShopProfile(name=dialect, **habits), token="unused", dialect=dialect, listings=listings
    )


@dataclass(frozen=True)
class Caller:
    """One seller at one shop."""

    shop: ShopAddress
    auth: tuple[str, str] | None = None
    headers: dict[str, str] | None = None
    query: dict[str, str] | None = None

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.call("GET", path, params=query)

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        params = {**(self.query or {}), **more.pop("params", {})}
        return requests.request(
            method,
            self.shop.base_url + path,
            params=params,
            auth=self.auth,
            headers=self.headers,
            timeout=3,
            **more,
        )

    def number(self, sku: str) -> object:
        """What really stands there."""
        return self._pool(sku)["quantity"]

    def sellable(self, sku: str) -> object:
        """What would really still sell."""
        return self._pool(sku)["sellable"]

    def _pool(self, sku: str) -> dict[str, object]:
        pools = self.shop.control.truth(orders=False)["pools"]
        assert isinstance(pools, list)
        found: dict[str, object] = next(pool for pool in pools if sku in pool["skus"])
        return found

    def put(self, sku: str, quantity: int) -> None:
        """Have a number stand there."""
        self.shop.control.edit_quantity(sku=sku, quantity=quantity)

    def buy(self, sku: str, units: int = 1) -> str:
        """A sale; the model's own id of the order."""
        order_id = self.shop.control.buy(sku, units)["order_id"]
        assert isinstance(order_id, str)
        return order_id


def seller(sandbox: Sandbox, name: str) -> Caller:
    """The seller with the right credentials."""
    shop = sandbox.shops[name]
    shop.control.clear_faults()
    if name == "woocommerce":
        return Caller(shop, auth=(f"key-{name}", f"secret-{name}"))
    if name == "channelengine":
        return Caller(shop, query={"apikey": f"key-{name}"})
    if name == "mirakl":
        return Caller(shop, headers={"Authorization": f"key-{name}"})
    return Caller(shop, auth=(f"secret-{name}", ""))
