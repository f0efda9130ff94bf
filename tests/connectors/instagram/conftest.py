"""Pretend shops on Instagram, healthy before and after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncworker.sandbox.process import Sandbox, start_sandbox
from tests.connectors.instagram.instagram_shops import SKUS, InstagramShop, open_instagram, set_to, setups


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(setups()) as running:
        yield running


@pytest.fixture
def name() -> str:
    return "katalog"


@pytest.fixture
def shop(sandbox: Sandbox, name: str) -> Iterator[InstagramShop]:
    opened = open_instagram(sandbox, name)
    opened.control.clear_faults()
    opened.channel.push_quantities([set_to(sku, 5) for sku in SKUS])
    yield opened
    opened.control.clear_faults()
