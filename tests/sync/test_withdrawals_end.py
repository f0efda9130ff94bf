"""A withdrawal that the engine itself asked for ends as soon as nothing is left to withdraw; no pool stays dark for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncworker.connector import BelowZero, Capabilities, OutcomeUnknownError, QuantityMode
from syncworker.connector.fake import FakeChannel
from syncworker.ledger import ManualClock, pools, products
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods, withdrawing
from syncworker.sync.context import Context
from syncworker.sync.listings import discover, link_suggested
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

SKU = "RETRO-CLOCK"
POLL_S = 2


def _declared(mode: QuantityMode = QuantityMode.SET, *, readable: bool) -> Capabilities:
    return Capabilities(
        mode=mode, below_zero=BelowZero.REFUSES, visibility_lag_s=0, apply_lag_s=0, read_lag_s=0, horizon_s=3,
        clock_skew_s=1, poll_s=POLL_S, readable=readable,
    )  # fmt: skip


def _live_shop(ledger: Ledger, capabilities: Capabilities, *, shown: int = 0) -> tuple[Context, FakeChannel]:
    """A shop of a catalogue of one that has gone live, with 10 units on hand."""
    clock = _clock(ledger)
    shop = FakeChannel(now=lambda: clock.time, capabilities=capabilities, name="shop")
    shop.add(SKU, shown)
    context = Context(ledger=ledger, open_channel=lambda _: shop)
    with ledger.transaction() as tx:
        products.save_products(tx, [Product(sku=SKU, title=SKU)])
        goods.count(tx, [Counted(sku=SKU, location="main", units=10)], reference="first", actor="test")
        use.register(tx, "shop", connector="fake", capabilities=capabilities)
    discover(context, "shop")
    ledger.run(lambda tx: link_suggested(tx, context, "shop", actor="test"))
    if not capabilities.readable:
        pool_id = _pool(ledger).id
        ledger.run(lambda tx: use.assume(tx, pool_id, shown))
    ledger.run(lambda tx: use.go_live(tx, "shop", use.plan_go_live(tx, "shop")))
    return context, shop


def _clock(ledger: Ledger) -> ManualClock:
    assert isinstance(ledger.clock, ManualClock)
    return ledger.clock


def _pool(ledger: Ledger) -> PoolRecord:
    with ledger.snapshot() as tx:
        return pools.of_channel(tx, "shop")[0]


def _work(context: Context, *, rounds: int = 12) -> None:
    for _ in range(rounds):
        work_once(context, ["shop"])
        _clock(context.ledger).advance(timedelta(seconds=POLL_S))


def _withdraw(ledger: Ledger) -> None:
    """As the tick does with a pool whose bound has slack that nobody can read."""
    record = _pool(ledger)
    ledger.run(lambda tx: withdrawing.begin(tx, record))


def test_a_pool_that_sold_out_before_it_was_withdrawn_shows_goods_again(manual_ledger: Ledger) -> None:
    context, shop = _live_shop(manual_ledger, _declared(readable=False))
    _work(context)
    assert shop.sellable(SKU) == 10

    shop.buy(SKU, 10)
    _withdraw(manual_ledger)
    _work(context)
    with manual_ledger.transaction() as tx:
        goods.receive(tx, SKU, "main", 5, reference="more", actor="test")
    _work(context)

    assert (shop.sellable(SKU), _pool(manual_ledger).withdraw) == (5, False)


@pytest.mark.parametrize("mode", [QuantityMode.COMPARE_AND_SET, QuantityMode.ADJUST])
def test_a_scarce_number_that_was_lowered_exactly_is_handed_out_again_within_a_minute(
    manual_ledger: Ledger, mode: QuantityMode
) -> None:
    context, shop = _live_shop(manual_ledger, _declared(mode, readable=True), shown=30)

    _work(context, rounds=30)

    assert (shop.sellable(SKU), _pool(manual_ledger).withdraw) == (10, False)


def test_a_lost_answer_at_a_pool_that_oversold_its_own_number_does_not_stop_it(manual_ledger: Ledger) -> None:
    context, shop = _live_shop(manual_ledger, _declared(readable=False))
    shop.fail_at("push_quantities", 1, OutcomeUnknownError("timeout"), after_effect=True)
    work_once(context, ["shop"])
    shop.pools[SKU].quantity += 5
    shop.buy(SKU, 15)
    _work(context)
    with manual_ledger.transaction() as tx:
        goods.receive(tx, SKU, "main", 20, reference="more", actor="test")
    _work(context, rounds=30)

    assert shop.sellable(SKU) == 15
