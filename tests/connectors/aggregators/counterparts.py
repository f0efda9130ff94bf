"""Each aggregator's connector beside the pretend shop that it is tried on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from syncworker.connector import Channel, ChannelOrder, KeptToken, PushResult, QuantityMode, QuantityPush
from syncworker.connector.registry import load, validate
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import Sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.remote import ShopControl
from syncworker.sandbox.setup import ShopSetup

SKUS = ("BIN", "PAN", "SAPU")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HORIZON_S = 2.0
HABITS: Mapping[str, Mapping[str, Any]] = {
    "woocommerce": {},
    "channelengine": {"page_size": 2},
    "mirakl": {"apply_lag_s": 0.3, "rate_limit_window_s": 0.2},
    "medusa": {"quantity_kind": "on_hand"},
}


#: What only a shop with variable products has: two variations with a number each, two that share their parent's.
VARIATIONS = (
    ListingSeed(sku="KAOS-M", price="90000", quantity=5, listing_id="31:32"),
    ListingSeed(sku="KAOS-L", price="90000", quantity=5, listing_id="31:33"),
    ListingSeed(sku="TAS-A", price="60000", quantity=5, listing_id="41:42", pool_id="TAS"),
    ListingSeed(sku="TAS-B", price="60000", quantity=5, listing_id="41:43", pool_id="TAS"),
)


def setups() -> list[ShopSetup]:
    """One shop of each kind, named after it."""
    seeds = tuple(ListingSeed(sku=sku, title=sku.title(), price="85000", quantity=5) for sku in SKUS)
    return [
        ShopSetup(
            profile=ShopProfile(name=name, **habits),
            token="unused",
            dialect=name,
            listings=(*seeds, *(VARIATIONS if name == "woocommerce" else ())),
        )
        for name, habits in HABITS.items()
    ]


def settings_of(kind: str, name: str, base_url: str) -> dict[str, object]:
    """What a seller writes for the shop ``name`` of that kind."""
    common: dict[str, object] = {"base_url": base_url, "allow_private_network": True}
    own: dict[str, dict[str, object]] = {
        "woocommerce": {"key": f"key-{name}", "secret": f"secret-{name}"},
        "channelengine": {"key": f"key-{name}", "stock_location_id": 1},
        "mirakl": {
            "key": f"key-{name}",
            "import_interval_s": 0,
            "status_interval_s": 0.1,
            "job_wait_s": 1.5,
            "state_code": "11",
            "product_id_type": "SHOP_SKU",
        },
        "medusa": {
            "secret_key": f"secret-{name}",
            "location_id": f"sloc_{name}",
            "counts_down": "yes",
            "sales_channel_id": "sc_1",
        },
    }
    return common | own[kind]


@dataclass(frozen=True)
class Counterpart:
    """One shop from both sides: ours, and the one that buyers and misfortune come from."""

    kind: str
    channel: Channel
    control: ShopControl
    pools: dict[str, str]

    def put(self, sku: str, quantity: int) -> None:
        """Have a number stand there."""
        self.control.edit_quantity(sku=sku, quantity=quantity)

    def number(self, sku: str) -> object:
        """What really stands there."""
        pools = self.control.truth(orders=False)["pools"]
        assert isinstance(pools, list)
        return next(pool["quantity"] for pool in pools if sku in pool["skus"])

    def is_at_rest(self) -> bool:
        """Whether nothing is about to land."""
        return not self.control.truth(orders=False)["pending"]

    def push(self, **numbers: int) -> dict[str, PushResult]:
        """Send these numbers in one call; the results by SKU."""
        pushes = [
            QuantityPush(
                push_id=sku,
                pool_key=self.pools.get(sku, sku),
                kind=QuantityMode.SET,
                value=number,
                idempotency_key=f"push-{sku}",
            )
            for sku, number in numbers.items()
        ]
        return {result.push_id: result for result in self.channel.push_quantities(pushes)}

    def orders(self) -> dict[str, ChannelOrder]:
        """Every order, by the end of its id."""
        found: dict[str, ChannelOrder] = {}
        cursor: str | None = None
        while True:
            page = self.channel.list_orders("orders", since=LONG_AGO, cursor=cursor)
            found |= {order.external_id: order for order in page.orders}
            cursor = page.next_cursor
            if cursor is None:
                return found

    def order(self, order_id: str) -> ChannelOrder:
        """The order that the shop knows as ``order_id``; some formats call it by its number alone."""
        number = int(order_id.rpartition("-")[2])
        found = self.orders()
        return found.get(order_id) or found[str(number)]

    def buy(self, sku: str, units: int = 1) -> str:
        """A sale; the shop's id of the order."""
        order_id = self.control.buy(sku, units)["order_id"]
        assert isinstance(order_id, str)
        return order_id


def open_counterpart(sandbox: Sandbox, kind: str, **settings: object) -> Counterpart:
    """The shop of that kind, healthy."""
    address = sandbox.shops[kind]
    address.control.clear_faults()
    connector = load(kind)
    facts: dict[str, object] = {"horizon_s": HORIZON_S}
    raw = {**settings_of(kind, kind, address.base_url), **facts, **settings}
    channel = connector.open(kind, validate(connector, raw), KeptToken())
    pools: dict[str, str] = {}
    cursor: str | None = None
    while True:
        page = channel.list_listings(cursor=cursor)
        pools |= {one.sku: one.pool_key for one in page.listings if one.sku}
        cursor = page.next_cursor
        if cursor is None:
            return Counterpart(kind, channel, address.control, pools)
