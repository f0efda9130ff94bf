"""The Shopify connector on pretend shops: one by pages that lists late and reads late, one by bulk operation."""

from __future__ import annotations

from collections.abc import Iterator

from syncworker.connector.conformance import Bench, SandboxShop, bench
from syncworker.connector.registry import load
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import start_sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.setup import ShopSetup
from tests.connectors.shopify.shopify_shops import LOCATION, shown_id

#: Variants of one product, and others of their own.
GOODS = ("CONF/1", "CONF/2", "CONF/3", "CONF-4", "CONF-5", "CONF-6")
LATE = ShopProfile(
    name="plus-late",
    quantity_mode="compare_and_set",
    page_size=3,
    visibility_lag_s=0.2,
    read_lag_s=0.1,
    request_horizon_s=2.0,
)
WHOLE = ShopProfile(
    name="plus-whole", quantity_mode="compare_and_set", restocks_on_cancel="unknown", request_horizon_s=2.0
)


@bench
def late() -> Iterator[Bench]:
    """By pages; its only location is found by itself."""
    yield from on_sandbox(LATE)


@bench
def whole() -> Iterator[Bench]:
    """Its listings come by bulk operation, and it honours keys for a day."""
    yield from on_sandbox(
        WHOLE, bulk_listings=True, idempotency_s=86_400, location_id=LOCATION, orders_page=3
    )


def on_sandbox(profile: ShopProfile, **more: object) -> Iterator[Bench]:
    seeds = tuple(ListingSeed(sku=sku, title=sku, price="79000", quantity=1) for sku in GOODS)
    name = profile.name
    setup = ShopSetup(profile=profile, token=f"token-{name}", dialect="shopify", listings=seeds)
    with start_sandbox([setup]) as sandbox:
        address = sandbox.shops[name]
        settings: dict[str, object] = {
            "shop": name,
            "token": address.token,
            "client_secret": f"secret-{name}",
            "base_url": address.base_url,
            "allow_private_network": True,
            "visibility_lag_s": profile.visibility_lag_s,
            "read_lag_s": profile.read_lag_s,
            "horizon_s": profile.request_horizon_s,
        }
        yield Bench(
            connector=load("shopify"),
            settings=settings | more,
            shop=SandboxShop(address.control, GOODS, number_field="quantity", order_id=shown_id),
        )
