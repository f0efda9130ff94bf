"""How many requests does a changed number cost at each channel, and is that the least that its batch rules allow?

Every shipped connector that sends numbers meets the pretend shop that speaks its wire format; so many numbers change at
once, and the engine's own batches go out. Requests that change something count; what only asks (a job's state) is told
beside them. Loopback alone. Run: `python bench/calls_per_change.py`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from bench.figures import Figure, show  # noqa: E402
from syncworker.connector import (  # noqa: E402
    Channel,
    ChannelHttp,
    KeptToken,
    Outcome,
    QuantityPush,
)
from syncworker.connector.registry import load, validate  # noqa: E402
from syncworker.sandbox.pools import ListingSeed  # noqa: E402
from syncworker.sandbox.process import Sandbox, start_sandbox  # noqa: E402
from syncworker.sandbox.profile import ShopProfile  # noqa: E402
from syncworker.sandbox.setup import ShopSetup  # noqa: E402
from syncworker.sync.batching import batches  # noqa: E402
from tests.connectors.aggregators.counterparts import open_counterpart  # noqa: E402
from tests.connectors.instagram.instagram_shops import open_instagram  # noqa: E402
from tests.connectors.shopee.shopee_shops import open_shopee  # noqa: E402
from tests.connectors.shopify.shopify_shops import open_shopify  # noqa: E402
from tests.connectors.tiktok.tiktok_shops import open_tiktok  # noqa: E402

#: Changed numbers of goods that are a product each, and of products with three variants.
ALONE, PRODUCTS, VARIANTS = 60, 20, 3
#: Of Instagram, whose batches are large.
MANY = 600
#: Numbers that stand there before, and that are sent.
BEFORE, AFTER = 5, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One connector, its shop, and how many requests its rules make necessary."""

    name: str
    #: The channel's rule in words.
    rule: str
    skus: Sequence[str]
    least: int
    open: Callable[[Sandbox], Channel]
    #: The shop's name where it is not the connector's.
    shop: str = ""
    habits: dict[str, Any] = field(default_factory=dict)

    def setup(self) -> ShopSetup:
        """The pretend shop."""
        shop = self.shop or self.name
        profile = ShopProfile(name=shop, request_horizon_s=5.0, **{"page_size": 100, **self.habits})
        seeds = tuple(
            ListingSeed(sku=sku, title=sku, price="85000", quantity=BEFORE, listing_id=_listing_id(self, sku))
            for sku in self.skus
        )
        return ShopSetup(profile=profile, token=f"token-{shop}", dialect=self.name, listings=seeds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the changes of one case cost."""

    case: Case
    changes: int
    #: Requests that changed something.
    requests: int
    #: Requests that only asked for something meanwhile.
    questions: int


def _alone(count: int = ALONE) -> list[str]:
    return [f"GOODS-{n}" for n in range(count)]


def _variants() -> list[str]:
    """In an order in which no two of one product stand beside each other: batches must not tear them apart."""
    return [f"KAOS{n}/{size}" for size in range(VARIANTS) for n in range(PRODUCTS)]


def _listing_id(case: Case, sku: str) -> str | None:
    """A WooCommerce shop tells products from variations by their ids."""
    product, slash, variant = sku.removeprefix("KAOS").partition("/")
    return (
        f"{1000 + int(product)}:{5000 + 10 * int(product) + int(variant)}"
        if slash and case.name == "woocommerce"
        else None
    )


def _marketplace(sandbox: Sandbox) -> Channel:
    shop, connector = sandbox.shops["marketplace"], load("marketplace")
    settings = {
        "base_url": shop.base_url,
        "token": shop.token,
        "allow_private_network": True,
        "batch_max": 25,
    }
    return connector.open("marketplace", validate(connector, settings), KeptToken())


def cases() -> list[Case]:
    """One for each connector that sends numbers; the counter sends none."""
    return [
        Case(name="marketplace", rule="25 a call, as configured", skus=_alone(), least=3, open=_marketplace),
        Case(
            name="channelengine", rule="25 a call, as configured", skus=_alone(), least=3,
            open=lambda box: open_counterpart(box, "channelengine", batch_max=25).channel,
        ),
        Case(
            name="mirakl", rule="25 lines a stock file, as configured", skus=_alone(), least=3,
            open=lambda box: open_counterpart(box, "mirakl", batch_max=25).channel,
            habits={"apply_lag_s": 0.1, "rate_limit_window_s": 0.01},
        ),
        Case(
            name="medusa", rule="50 a call", skus=_alone(), least=2,
            open=lambda box: open_counterpart(box, "medusa").channel, habits={"quantity_kind": "on_hand"},
        ),
        Case(
            name="woocommerce", rule="100 products a call, and each parent's variations", skus=[*_variants(), *_alone()],
            least=1 + PRODUCTS, open=lambda box: open_counterpart(box, "woocommerce").channel,
        ),
        Case(
            name="instagram", rule="500 items a batch", skus=_alone(MANY), least=2,
            open=lambda box: open_instagram(box, "katalog").channel, shop="katalog",
        ),
        Case(
            name="tiktok", rule="SKUs of one product a call", skus=_variants(), least=PRODUCTS,
            open=lambda box: open_tiktok(box, "tiktok", batch_max=25, campaigns="no").channel,
        ),
        Case(
            name="shopee", rule="50 models of one item a call", skus=_variants(), least=PRODUCTS,
            open=lambda box: open_shopee(box, "shopee", batch_max=25).channel,
        ),
        Case(
            name="shopify", rule="25 mutations a call", skus=_variants(), least=3,
            open=lambda box: open_shopify(box, "plus-shopify").channel, shop="plus-shopify",
            habits={"quantity_mode": "compare_and_set"},
        ),
    ]  # fmt: skip


def measure(chosen: Sequence[Case]) -> Iterator[Cost]:
    """Change every number of each shop once."""
    with start_sandbox([case.setup() for case in chosen]) as sandbox:
        for case in chosen:
            yield _cost(case, case.open(sandbox))


def _cost(case: Case, channel: Channel) -> Cost:
    pools = _pools(channel)
    rules = channel.capabilities().rules()
    pushes = [
        QuantityPush(
            push_id=f"{case.name}-{n}", pool_key=pools[sku], kind=rules.mode, value=AFTER, expected=BEFORE,
            idempotency_key=f"{case.name}-{n}",
        )
        for n, sku in enumerate(case.skus)
    ]  # fmt: skip
    by_id = {push.push_id: push for push in pushes}
    records = [SimpleNamespace(id=push_id) for push_id in by_id]
    keys = {push.push_id: push.pool_key for push in pushes}
    with _counted() as calls:
        for batch in batches(channel, records, keys, most=rules.batch_max):  # type: ignore[arg-type]  # ids alone count
            results = channel.push_quantities([by_id[record.id] for record in batch])
            wrong = [result for result in results if result.outcome is not Outcome.APPLIED]
            if wrong or len(results) != len(batch):
                raise SystemExit(
                    f"{case.name}: {len(wrong)} of {len(batch)} numbers did not arrive: {wrong[:1]}"
                )
    return Cost(case=case, changes=len(pushes), requests=calls[True], questions=calls[False])


def _pools(channel: Channel) -> dict[str, str]:
    found: dict[str, str] = {}
    cursor: str | None = None
    while True:
        page = channel.list_listings(cursor=cursor)
        found |= {one.sku: one.pool_key for one in page.listings if one.sku}
        cursor = page.next_cursor
        if cursor is None:
            return found


@contextmanager
def _counted() -> Iterator[Counter[bool]]:
    """Requests that really leave, by whether they may change something."""
    calls: Counter[bool] = Counter()
    real = ChannelHttp._fly  # noqa: SLF001  # the one door that every request leaves by

    def fly(*args: Any, effect: bool) -> Any:
        calls[effect] += 1
        return real(*args, effect=effect)

    with mock.patch.object(ChannelHttp, "_fly", fly):
        yield calls


def figures() -> list[Figure]:
    """For each channel: requests, as a multiple of the fewest possible."""
    return [
        Figure(
            what=cost.case.name,
            value=cost.requests / cost.case.least,
            of="× the fewest",
            bar=1.0,
            at_most=True,
            behind=f"{cost.changes} changes: {cost.requests} requests, {cost.questions} questions after them; "
            f"{cost.case.rule}",
        )
        for cost in measure(cases())
    ]


if __name__ == "__main__":
    sys.exit(show(figures()))
