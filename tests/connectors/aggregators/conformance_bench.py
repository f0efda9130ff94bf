"""Each shipped manifest against the pretend shop that speaks its wire format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from syncworker.connector.conformance import Bench, SandboxShop, bench
from syncworker.connector.registry import load
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import start_sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.setup import ShopSetup
from tests.connectors.aggregators.counterparts import HABITS, settings_of

GOODS = tuple(f"CONF-{n}" for n in range(1, 7))
HORIZON_S = 2.0


def number_alone(order_id: str) -> str:
    """``shop-000007`` as ``7``."""
    return str(int(order_id.rpartition("-")[2]))


@bench
def woocommerce() -> Iterator[Bench]:
    """An own shop."""
    yield from on_sandbox("woocommerce", number_field="stock_quantity", order_id=number_alone)


@bench
def channelengine() -> Iterator[Bench]:
    """One account for many channels."""
    yield from on_sandbox("channelengine", number_field="Stock", order_id=number_alone, returns=False)


@bench
def mirakl() -> Iterator[Bench]:
    """Offers by import jobs."""
    yield from on_sandbox("mirakl", number_field="quantity", rate_limit_window_s=0.001)


@bench
def medusa() -> Iterator[Bench]:
    """An own shop that counts on hand."""
    yield from on_sandbox("medusa", number_field="stocked_quantity", restocks=True)


def on_sandbox(
    kind: str,
    *,
    number_field: str,
    order_id: Callable[[str], str] = str,
    restocks: bool | None = None,
    returns: bool = True,
    **habits: Any,
) -> Iterator[Bench]:
    """A shop of that kind, and its connector with what the shop declares."""
    seeds = tuple(ListingSeed(sku=sku, title=sku, price="85000", quantity=1) for sku in GOODS)
    profile = ShopProfile(name=kind, request_horizon_s=HORIZON_S, **{**HABITS[kind], **habits})
    with start_sandbox([ShopSetup(profile=profile, token="unused", dialect=kind, listings=seeds)]) as sandbox:
        address = sandbox.shops[kind]
        yield Bench(
            connector=load(kind),
            settings={**settings_of(kind, kind, address.base_url), "horizon_s": HORIZON_S},
            shop=SandboxShop(
                address.control,
                GOODS,
                number_field=number_field,
                order_id=order_id,
                restocks=restocks,
                returns=returns,
            ),
            skips={} if returns else {"restock-on-return": "its wire format tells no returns"},
        )
