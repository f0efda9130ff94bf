"""What does mapping a page of 100 orders by manifest cost, beside the same mapping written by hand?

Prints both, and their ratio, which has to stay below 3. Nothing is sent. Run: `python bench/manifest_mapping.py`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from bench import handwritten_mapping, handwritten_store  # noqa: E402
from bench.figures import Figure, show  # noqa: E402
from syncworker.connector import Answer, Json, KeptToken, Known, OrderPage, read_json  # noqa: E402
from syncworker.connector.declarative import DeclaredChannel  # noqa: E402
from syncworker.connector.registry import validate  # noqa: E402
from syncworker_marketplace import shipped  # noqa: E402

Work: TypeAlias = Callable[[Json], OrderPage]
#: The most that describing may cost in place of writing.
LIMIT = 3.0
ORDERS, LINES, ROUNDS = 100, 3, 60


def page(orders: int = ORDERS, lines: int = LINES) -> Json:
    """A page of the project's own contract, read strictly."""
    line = {
        "listing_id": "L1",
        "sku": "BIN-BAMBU",
        "quantity": 3,
        "cancelled_quantity": 0,
        "returned_quantity": 0,
        "shipped_quantity": 0,
        "unit_price": {"amount": "85000", "currency": "IDR"},
        "restocked": "unknown",
        "counts_down": "yes",
    }
    order = {
        "status": "placed",
        "created_at": "2026-11-24T05:00:00.000000+00:00",
        "updated_at": "2026-11-24T05:00:00.000000+00:00",
        "currency": "IDR",
    }
    document = {
        "orders": [
            {**order, "order_id": f"o-{n}", "lines": [{**line, "line_id": str(m)} for m in range(lines)]}
            for n in range(orders)
        ],
        "next_cursor": None,
        "as_of": "2026-11-24T05:00:00.000000+00:00",
    }
    return read_json(json.dumps(document).encode())


def store_page(orders: int = ORDERS, lines: int = LINES) -> Json:
    """A page of a WooCommerce store, every tenth order with a refund."""
    line = {"product_id": 93, "variation_id": 0, "quantity": 3, "sku": "BIN-BAMBU", "price": 85000.5}
    refund = {"line_items": [{"quantity": -1, "meta_data": [{"key": "_refunded_item_id", "value": "0"}]}]}
    order = {
        "status": "processing",
        "currency": "IDR",
        "date_created_gmt": "2026-11-24T05:00:00",
        "date_modified_gmt": "2026-11-24T05:00:00",
    }
    document = [
        {
            **order,
            "id": n,
            "line_items": [{**line, "id": m} for m in range(lines)],
            "refund_rows": [refund] if n % 10 == 0 else [],
        }
        for n in range(orders)
    ]
    return read_json(json.dumps(document).encode())


def described(name: str, **settings: object) -> Work:
    """The mapping of a shipped manifest."""
    connector = shipped(name)
    channel = connector.open("bench", validate(connector, settings), KeptToken())
    if not isinstance(channel, DeclaredChannel):
        raise TypeError(name)
    feed = channel.feeds["orders"]
    return lambda document: feed.read(Answer(status=200, body=document, headers={}))


def best_ms(works: Sequence[Work], document: Json, rounds: int = ROUNDS) -> list[float]:
    """The fastest round of each work, in turns, by processor time: what it costs when nothing else is in its way."""
    best = [float("inf")] * len(works)
    for _ in range(rounds):
        for number, work in enumerate(works):
            begun = time.thread_time()
            work(document)
            best[number] = min(best[number], (time.thread_time() - begun) * 1000)
    return best


def ratio(name: str, document: Json, written: Work, by_manifest: Work) -> Figure:
    """How much more the manifest costs; both have to find the same orders."""
    if by_manifest(document).orders != written(document).orders:
        raise SystemExit(f"{name}: the two mappings differ")
    by_hand_ms, manifest_ms = best_ms([written, by_manifest], document)
    return Figure(
        what=name,
        value=manifest_ms / by_hand_ms,
        of="× by hand",
        bar=LIMIT,
        at_most=True,
        behind=f"{ORDERS} orders of {LINES} lines: by hand {by_hand_ms:.1f} ms, by manifest {manifest_ms:.1f} ms",
    )


def figures() -> list[Figure]:
    """The project's own contract, and a store's orders with refunds."""
    url = "https://shop.example/v1"
    return [
        ratio(
            "marketplace",
            page(),
            lambda document: handwritten_mapping.order_page(
                document, restocks=Known.UNKNOWN, channel_time=None
            ),
            described("marketplace", base_url=url, token="bench"),  # noqa: S106  # made up
        ),
        ratio(
            "woocommerce",
            store_page(),
            handwritten_store.order_page,
            described("woocommerce", base_url=url, key="bench", secret="bench"),  # noqa: S106  # made up
        ),
    ]


if __name__ == "__main__":
    sys.exit(show(figures()))
