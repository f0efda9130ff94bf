"""The TikTok connector on pretend TikTok Shops: one that tells everything at once, one with a feed of cancellations."""

from __future__ import annotations

from collections.abc import Iterator

from syncworker.connector import KeptToken
from syncworker.connector.conformance import Bench, SandboxShop, bench
from syncworker.connector.registry import load
from syncworker.sandbox.dialects.tiktok_ids import order_id
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import start_sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.setup import ShopSetup
from tests.connectors.tiktok.tiktok_shops import token_of

#: Variants of one product, and others of their own.
GOODS = ("CONF/1", "CONF/2", "CONF/3", "CONF-4", "CONF-5", "CONF-6")
TOKO = ShopProfile(
    name="toko", page_size=3, visibility_lag_s=0.2, read_lag_s=0.1, ceiling=99_999, request_horizon_s=2.0
)
TOKOPEDIA = ShopProfile(
    name="tokopedia", feeds="split", restocks_on_cancel="unknown", ceiling=99_999, request_horizon_s=2.0
)


@bench
def toko() -> Iterator[Bench]:
    """It lists late and reads late."""
    yield from on_sandbox(TOKO)


@bench
def tokopedia() -> Iterator[Bench]:
    """Its orders tell nothing of cancellations."""
    yield from on_sandbox(TOKOPEDIA)


def on_sandbox(profile: ShopProfile) -> Iterator[Bench]:
    seeds = tuple(ListingSeed(sku=sku, title=sku, price="79000", quantity=1) for sku in GOODS)
    name = profile.name
    setup = ShopSetup(profile=profile, token=f"token-{name}", dialect="tiktok", listings=seeds)
    with start_sandbox([setup]) as sandbox:
        address = sandbox.shops[name]
        settings = {
            "app_key": f"key-{name}",
            "app_secret": f"secret-{name}",
            "base_url": address.base_url,
            "auth_url": address.base_url,
            "allow_private_network": True,
            "visibility_lag_s": profile.visibility_lag_s,
            "apply_lag_s": profile.apply_lag_s,
            "read_lag_s": profile.read_lag_s,
            "horizon_s": profile.request_horizon_s,
            "page_size": 10,
            "rate_limits": (),
        }
        kept = KeptToken(token_of(name, address.token))
        yield Bench(
            connector=load("tiktok"),
            settings=settings,
            shop=SandboxShop(address.control, GOODS, number_field="available_quantity", order_id=order_id),
            tokens=lambda: kept,
        )
