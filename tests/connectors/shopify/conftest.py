"""Pretend Shopify shops, healthy before and after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import Sandbox, start_sandbox
from syncworker.sandbox.setup import ShopSetup
from tests.connectors.shopify.shopify_shops import OWN, PROFILES, SKUS, ShopifyShop, learn_pools, open_shopify


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(setups()) as running:
        yield running


@pytest.fixture(scope="module")
def unused(sandbox: Sandbox) -> Iterator[str]:
    return (one.name for one in OWN if one.name in sandbox.shops)


@pytest.fixture
def own(unused: Iterator[str]) -> str:
    """The name of a shop that no other test has used."""
    return next(unused)


@pytest.fixture
def name() -> str:
    return "plus-toko"


@pytest.fixture
def shop(sandbox: Sandbox, name: str) -> Iterator[ShopifyShop]:
    opened = open_shopify(sandbox, name)
    opened.control.clear_faults()
    for sku in SKUS:
        opened.control.edit_quantity(sku=sku, quantity=5)
    yield learn_pools(opened)
    opened.control.clear_faults()


def setups() -> list[ShopSetup]:
    seeds = tuple(ListingSeed(sku=sku, title=sku, price="79000", quantity=5) for sku in SKUS)
    return [
        ShopSetup(profile=one, token=f"token-{one.name}", dialect="shopify", listings=seeds)
        for one in (*PROFILES, *OWN)
    ]
