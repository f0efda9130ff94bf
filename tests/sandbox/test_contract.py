"""The documents tell what the sandbox does, and its answers keep to the contract."""

from __future__ import annotations

import ast
import json
import random
import re
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import BaseModel

import syncworker.sandbox
from syncworker.sandbox import wire
from syncworker.sandbox.exchange import Items, Plain, Shown
from syncworker.sandbox.faults import ALL_KINDS, FaultSpec
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.pools import ListingSeed, QuantityItem
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.server import openapi_document
from syncworker.sandbox.setup import builtin_shops
from tests.sandbox.shops import POOL, SKU, at, shop

ROOT = Path(__file__).parents[2]
WORDS = (ROOT / "docs" / "marketplace-api.md").read_text(encoding="utf-8")
SOURCES = sorted(Path(syncworker.sandbox.__file__).parent.glob("*.py"))


def test_the_openapi_document_is_current() -> None:
    written = json.loads((ROOT / "docs" / "marketplace-openapi.json").read_text(encoding="utf-8"))

    assert written == json.loads(openapi_document(builtin_shops())), (
        "run: python -m syncworker.sandbox --export-openapi docs/marketplace-openapi.json"
    )


def test_the_words_name_every_refusal_capability_fault_and_kind_of_event() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    codes = set(re.findall(r'RefusedError\(\s*\d{3},\s*"(\w+)"', source))
    codes |= set(re.findall(r'Decision\([^()"]*"(\w+)"', source)) | set(
        re.findall(r'"code": "(\w+)"', source)
    )
    kinds = {"set", "adjust", "compare_and_set"} | set(
        re.findall(r'self\.(?:log\.append|_move)\(\s*"(\w+)"', source)
    )
    kinds |= set(re.findall(r'self\._(?:change|release)\(\s*[^,"]*,?\s*"(\w+)"', source))

    expected = codes | kinds | set(ShopProfile(name="x").capabilities()) | set(ALL_KINDS)
    expected |= {"not_found", "not_allowed"} | {field.name for field in fields(FaultSpec)}

    assert {
        "stale_quantity",
        "unknown_shop",
        "turned_away",
        "cancel",
        "late_apply",
        "rate_limited",
    } <= codes | kinds
    assert sorted(name for name in expected if f"`{name}`" not in WORDS and f'"{name}"' not in WORDS) == []


def test_the_capabilities_of_the_contract_are_those_of_the_profile() -> None:
    assert set(wire.Capabilities.model_fields) == set(ShopProfile(name="x").capabilities())


def _answers() -> list[tuple[type[BaseModel], Shown]]:
    market = shop(5, feeds="split")
    order_id = market.buy(now=at(1), sku=SKU).order_id
    market.buy(now=at(1), sku=SKU)
    assert order_id
    market.cancel(order_id, now=at(2))
    unreadable = Marketplace(
        ShopProfile(name="dark", readable=False),
        rng=random.Random(1),
        listings=[ListingSeed(sku="X")],
        now=at(0),
    )
    items = [QuantityItem(pool_id=POOL, quantity=3), QuantityItem(pool_id="P-NOWHERE", quantity=1)]
    return [
        (wire.Shop, Plain(market.shop())),
        (wire.Listings, market.list_listings(now=at(3))),
        (wire.Listings, unreadable.list_listings(now=at(3))),
        (
            wire.ListingShown,
            market.create_listing(sku="NEW", title="New", price="1.50", quantity=1, now=at(3)),
        ),
        (wire.Readings, Items(market.read_quantities([POOL, "P-NOWHERE"], now=at(3)))),
        (wire.PushResults, Items(market.push_quantities(items, now=at(3)))),
        (wire.Orders, market.list_orders(now=at(4), limit=1)),
        (wire.Orders, market.list_orders("cancellations", now=at(4))),
    ]


@pytest.mark.parametrize(("shape", "answer"), _answers(), ids=lambda value: getattr(value, "__name__", ""))
def test_answers_have_the_shape_of_the_contract_and_nothing_else(
    shape: type[BaseModel], answer: Shown
) -> None:
    body = json.loads(json.dumps(answer.as_json(), allow_nan=False))

    told = shape.model_validate(body, strict=True).model_dump(mode="json", exclude_unset=True)

    assert told == body


def test_the_sandbox_imports_nothing_of_the_engine() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            ours = [name for name in names if name.split(".")[0] == "syncworker"]
            assert all(name.startswith("syncworker.sandbox") for name in ours), path.name


def test_the_model_waits_for_nothing_and_reads_no_clock() -> None:
    served = {
        *("server.py", "process.py", "remote.py", "house.py", "__main__.py", "app.py", "control.py"),
        "webhooks.py",
    }
    for path in SOURCES:
        if path.name not in served:
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"\bsleep\(|datetime\.now\(|import (time|threading|socket)\b", text), (
                path.name
            )
