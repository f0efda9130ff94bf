"""The marketplace connector on pretend shops of its own wire format: one for each way of changing a number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from syncworker.connector.conformance import Bench, SandboxShop, bench
from syncworker.connector.registry import load
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import start_sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.setup import ShopSetup

GOODS = tuple(f"CONF-{n}" for n in range(1, 7))
SETTING = ShopProfile(
    name="setting", page_size=3, visibility_lag_s=0.2, apply_lag_s=0.1, read_lag_s=0.1, request_horizon_s=2.0
)
COMPARING = ShopProfile(
    name="comparing",
    quantity_mode="compare_and_set",
    batch_max=1,
    page_size=4,
    ceiling=5000,
    request_horizon_s=2.0,
)
ADJUSTING = ShopProfile(
    name="adjusting",
    quantity_mode="delta",
    quantity_kind="on_hand",
    feeds="split",
    page_size=3,
    request_horizon_s=2.0,
)


@bench
def setting() -> Iterator[Bench]:
    """It sets numbers, late; a set-only shop with available numbers."""
    yield from on_sandbox(SETTING)


@bench
def comparing() -> Iterator[Bench]:
    """It compares first; one push a call, so that its idempotency key counts."""
    yield from on_sandbox(COMPARING)


@bench
def adjusting() -> Iterator[Bench]:
    """It adds and subtracts, counts on hand, and tells cancellations in a feed of their own."""
    yield from on_sandbox(ADJUSTING)


def on_sandbox(profile: ShopProfile, **lies: object) -> Iterator[Bench]:
    """The connector, configured with what the shop declares unless told otherwise."""
    seeds = tuple(ListingSeed(sku=sku, title=sku, price="1000", quantity=1) for sku in GOODS)
    with start_sandbox([ShopSetup(profile=profile, token="token-of-the-bench", listings=seeds)]) as sandbox:
        address = sandbox.shops[profile.name]
        yield Bench(
            connector=load("marketplace"),
            settings={**declared(profile, address.base_url, address.token), **lies},
            shop=SandboxShop(address.control, GOODS),
        )


def declared(profile: ShopProfile, base_url: str, token: str) -> Mapping[str, object]:
    return {
        "base_url": base_url,
        "token": token,
        "allow_private_network": True,
        "quantity_mode": profile.quantity_mode,
        "quantity_kind": profile.quantity_kind,
        "feeds": profile.feeds,
        "readable": profile.readable,
        "floor": profile.floor,
        "ceiling": profile.ceiling,
        "below_zero": profile.below_zero,
        "visibility_lag_s": profile.visibility_lag_s,
        "apply_lag_s": profile.apply_lag_s,
        "read_lag_s": profile.read_lag_s,
        "horizon_s": profile.request_horizon_s,
        "batch_max": profile.batch_max,
        "page_size": profile.page_size,
        "idempotency_s": profile.idempotency_retention_s,
    }
