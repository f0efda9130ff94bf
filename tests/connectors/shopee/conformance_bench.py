"""The Shopee connector on pretend Shopee shops: one that lists and reads late, one where a page holds a few rows."""

from __future__ import annotations

from collections.abc import Iterator

from syncworker.connector import KeptToken
from syncworker.connector.conformance import Bench, SandboxShop, bench
from syncworker.connector.registry import load
from syncworker.sandbox.dialects.shopee_ids import order_sn
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import start_sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.setup import ShopSetup
from tests.connectors.shopee.shopee_shops import settings_of, token_of

#: Models of one item, and items of their own.
GOODS = ("CONF/1", "CONF/2", "CONF/3", "CONF-4", "CONF-5", "CONF-6")
LATE = ShopProfile(name="late", visibility_lag_s=0.2, read_lag_s=0.1, request_horizon_s=2.0)
NARROW = ShopProfile(name="narrow", page_size=2, restocks_on_cancel="unknown", request_horizon_s=2.0)


@bench
def late() -> Iterator[Bench]:
    """It lists late and reads late."""
    yield from on_sandbox(LATE)


@bench
def narrow() -> Iterator[Bench]:
    """Two rows a page, so that time is cut into slices."""
    yield from on_sandbox(NARROW)


def on_sandbox(profile: ShopProfile) -> Iterator[Bench]:
    seeds = tuple(ListingSeed(sku=sku, title=sku, price="79000", quantity=1) for sku in GOODS)
    name = profile.name
    setup = ShopSetup(profile=profile, token=f"token-{name}", dialect="shopee", listings=seeds)
    with start_sandbox([setup]) as sandbox:
        address = sandbox.shops[name]
        settings = settings_of(name, address.base_url) | {
            "visibility_lag_s": profile.visibility_lag_s,
            "apply_lag_s": profile.apply_lag_s,
            "read_lag_s": profile.read_lag_s,
            "horizon_s": profile.request_horizon_s,
            "clock_skew_s": 1.0,
            "items_page_size": 2,
        }
        kept = KeptToken(token_of(name, address.token))
        yield Bench(
            connector=load("shopee"),
            settings=settings,
            shop=SandboxShop(address.control, GOODS, number_field="stock", order_id=order_sn),
            tokens=lambda: kept,
        )
