"""An answer that was had is recorded, a channel that changed its facts is asked, and slack never darkens a pool for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from syncworker.connector import BelowZero, Capabilities, Known, PushResult, QuantityMode, QuantityPush
from syncworker.connector.fake import FakeChannel
from syncworker.core.exposure import PushState
from syncworker.ledger import ManualClock, jobs, pools, products, pushes
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods
from syncworker.sync.context import Context
from syncworker.sync.listings import discover, link_suggested
from syncworker.sync.push import push_channel
from syncworker.sync.tick import tick
from syncworker.sync.wait import work_once

#: On the other databases under `make prove`.
pytestmark = pytest.mark.parametrize(
    "any_database",
    [
        "memory",
        pytest.param("postgresql", marks=pytest.mark.prove),
        pytest.param("sqlite", marks=pytest.mark.prove),
    ],
    indirect=True,
)

SKUS = ("BIN", "CLOCK")


class Overtaken(FakeChannel):
    """While it is being told a number, another worker takes the job over."""

    ledger: Ledger

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        with self.ledger.transaction() as tx:
            jobs.free_all(tx)
            jobs.claim(tx, "shop", JobKind.PUSH, token="another", seconds=10)
        return super().push_quantities(pushes)


def _live(ledger: Ledger, shop: FakeChannel, *, shown: int = 0) -> Context:
    context = Context(ledger=ledger, open_channel=lambda _: shop)
    for sku in SKUS:
        shop.add(sku, shown)
    with ledger.transaction() as tx:
        products.save_products(tx, [Product(sku=sku, title=sku) for sku in SKUS])
        counted = [Counted(sku=sku, location="main", units=10) for sku in SKUS]
        goods.count(tx, counted, reference="first", actor="test")
        use.register(tx, "shop", connector="fake", capabilities=shop.capabilities())
    discover(context, "shop")
    ledger.run(lambda tx: link_suggested(tx, context, "shop", actor="test"))
    for record in _pools(ledger):
        ledger.run(lambda tx, record=record: use.assume(tx, record.id, shown))  # type: ignore[misc]
    ledger.run(lambda tx: use.go_live(tx, "shop", use.plan_go_live(tx, "shop")))
    return context


def _pools(ledger: Ledger) -> list[PoolRecord]:
    with ledger.snapshot() as tx:
        return pools.of_channel(tx, "shop")


def _clock(ledger: Ledger) -> ManualClock:
    assert isinstance(ledger.clock, ManualClock)
    return ledger.clock


def test_an_answer_is_recorded_though_another_worker_took_the_push_over(manual_ledger: Ledger) -> None:
    clock = _clock(manual_ledger)
    shop = Overtaken(now=lambda: clock.time, capabilities=Capabilities(), name="shop")
    shop.ledger = manual_ledger
    context = _live(manual_ledger, shop)

    push_channel(context, "shop")

    with manual_ledger.snapshot() as tx:
        left = [push.state for push in pushes.unanswered(tx)]
        (first, second) = (pushes.history(tx, record.id) for record in pools.of_channel(tx, "shop"))
    told = sorted(push.state for push in [*first, *second])
    assert (shop.count("push_quantities"), left) == (1, [])
    assert told == [PushState.ACKNOWLEDGED, PushState.REFUSED]


def test_a_channel_that_now_lists_orders_is_pulled(manual_ledger: Ledger) -> None:
    with manual_ledger.transaction() as tx:
        use.register(tx, "shop", connector="fake", capabilities=Capabilities(feeds=()))
        use.register(tx, "shop", connector="fake", capabilities=Capabilities())

    shop = FakeChannel(now=lambda: _clock(manual_ledger).time)
    found = tick(Context(ledger=manual_ledger, open_channel=lambda _: shop))

    assert ("shop", JobKind.PULL) in found


def test_slack_that_no_zero_can_prove_away_does_not_darken_a_pool_for_ever(manual_ledger: Ledger) -> None:
    clock = _clock(manual_ledger)
    declared = Capabilities(
        mode=QuantityMode.ADJUST, below_zero=BelowZero.REFUSES, readable=False, visibility_lag_s=0, apply_lag_s=0,
        read_lag_s=0, horizon_s=3, clock_skew_s=1, poll_s=2,
    )  # fmt: skip
    shop = FakeChannel(now=lambda: clock.time, capabilities=declared, name="shop")
    context = _live(manual_ledger, shop, shown=5)
    shop.cancel(shop.buy("BIN", 2) or "", restock=False)
    (unsure,) = shop.orders.values()
    line = unsure.lines[0]
    shop.tell(replace(unsure, lines=(replace(line, restocked=Known.UNKNOWN),)))
    for _ in range(5):
        work_once(context, ["shop"])
        clock.advance(timedelta(seconds=2))
    for _ in range(10):
        clock.advance(timedelta(seconds=120))
        work_once(context, ["shop"])

    assert shop.sellable("BIN") > 0
