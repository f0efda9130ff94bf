"""A channel that may clamp proves nothing by accepting a lowering; and a number at 0 needs no units to be adopted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncworker.connector import BelowZero, Capabilities, QuantityMode
from syncworker.connector.fake import FakeChannel
from syncworker.ledger import ManualClock, channels, pools, products
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods
from syncworker.sync.context import Context
from syncworker.sync.listings import discover, link_suggested
from syncworker.sync.read import read_back
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


def _shop(ledger: Ledger, capabilities: Capabilities, *, shown: int = 0) -> tuple[Context, FakeChannel]:
    clock = ledger.clock
    assert isinstance(clock, ManualClock)
    shop = FakeChannel(now=lambda: clock.time, capabilities=capabilities, name="shop")
    shop.add(SKU, shown)
    context = Context(ledger=ledger, open_channel=lambda _: shop)
    with ledger.transaction() as tx:
        products.save_products(tx, [Product(sku=SKU, title=SKU)])
        goods.count(tx, [Counted(sku=SKU, location="main", units=10)], reference="first", actor="test")
        use.register(tx, "shop", connector="fake", capabilities=capabilities)
    discover(context, "shop")
    ledger.run(lambda tx: link_suggested(tx, context, "shop", actor="test"))
    return context, shop


def _settled(context: Context, clock: ManualClock) -> None:
    for _ in range(20):
        work_once(context, ["shop"])
        clock.advance(timedelta(seconds=2))


def test_a_withdrawal_at_a_channel_that_may_clamp_is_proven_by_a_read_back(manual_ledger: Ledger) -> None:
    declared = Capabilities(
        mode=QuantityMode.ADJUST, below_zero=BelowZero.CLAMPS, readable=True, visibility_lag_s=1, apply_lag_s=0,
        read_lag_s=0, horizon_s=3, clock_skew_s=1, poll_s=2,
    )  # fmt: skip
    context, shop = _shop(manual_ledger, declared)
    clock = manual_ledger.clock
    assert isinstance(clock, ManualClock)
    with manual_ledger.snapshot() as tx:
        plan = use.plan_go_live(tx, "shop")
    manual_ledger.run(lambda tx: use.go_live(tx, "shop", plan))
    _settled(context, clock)
    sold_before = shop.sellable(SKU)

    manual_ledger.run(lambda tx: use.withdraw(tx, ["shop"]))
    _settled(context, clock)

    with manual_ledger.snapshot() as tx:
        left = use.still_selling(tx, ["shop"])
    assert (sold_before, shop.sellable(SKU), left) == (10, 0, {})


def test_a_number_that_shows_0_keeps_it_when_its_channel_goes_live(manual_ledger: Ledger) -> None:
    context, _ = _shop(manual_ledger, Capabilities(readable=True, read_lag_s=0))
    with manual_ledger.transaction() as tx:
        # Another channel of the same goods whose number nobody knows yet.
        use.register(tx, "other", connector="fake", capabilities=Capabilities())
        channels.set_state(tx, "other", channels.ChannelState.LIVE)
        pools.create(tx, "unknown", channel="other", pool_key="x", sku=SKU, in_sum=True, exposure=None)

    read_back(context, "shop", pool_ids=[record.id for record in _pools(manual_ledger)])
    with manual_ledger.snapshot() as tx:
        (adoption,) = use.plan_go_live(tx, "shop")

    assert (adoption.shown, adoption.keeps) == (0, True)


def test_a_number_that_nothing_can_prove_says_so_before_going_live(manual_ledger: Ledger) -> None:
    _shop(manual_ledger, Capabilities(mode=QuantityMode.COMPARE_AND_SET, readable=False))

    with manual_ledger.snapshot() as tx:
        (adoption,) = use.plan_go_live(tx, "shop")

    assert (adoption.shown, adoption.keeps, adoption.needs_person) == (None, False, True)


def _pools(ledger: Ledger) -> list[pools.PoolRecord]:
    with ledger.snapshot() as tx:
        return pools.of_channel(tx, "shop")
