"""After a restore, a number that nobody can read is proved by a set 0 that nothing older can overtake; nothing is stuck."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncworker.connector import BelowZero, Capabilities
from syncworker.connector.fake import FakeChannel
from syncworker.errors import InputError
from syncworker.interfaces.language import speak
from syncworker.interfaces.sentences import sentence
from syncworker.ledger import ManualClock, pools, products
from syncworker.ledger.backup import mark_restored
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods
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
POLL_S, HORIZON_S = 2, 10
DECLARED = Capabilities(
    below_zero=BelowZero.REFUSES, visibility_lag_s=0, apply_lag_s=0, read_lag_s=0, horizon_s=HORIZON_S,
    clock_skew_s=1, poll_s=POLL_S, readable=False,
)  # fmt: skip
LANDS_IN_S = 1.5 * HORIZON_S


@pytest.fixture
def restored(manual_ledger: Ledger) -> tuple[Context, FakeChannel]:
    """A shop that shows 10 of 10, whose ledger was put back this moment."""
    shop = FakeChannel(now=lambda: _clock(manual_ledger).time, capabilities=DECLARED, name="shop")
    shop.add(SKU, 0)
    context = Context(ledger=manual_ledger, open_channel=lambda _: shop)
    with manual_ledger.transaction() as tx:
        products.save_products(tx, [Product(sku=SKU, title=SKU)])
        goods.count(tx, [Counted(sku=SKU, location="main", units=10)], reference="first", actor="test")
        use.register(tx, "shop", connector="fake", capabilities=DECLARED)
    discover(context, "shop")
    manual_ledger.run(lambda tx: link_suggested(tx, context, "shop", actor="test"))
    pool_id = _pool(manual_ledger).id
    manual_ledger.run(lambda tx: use.assume(tx, pool_id, 0))
    manual_ledger.run(lambda tx: use.go_live(tx, "shop", use.plan_go_live(tx, "shop")))
    _work(context, seconds=30)
    assert shop.sellable(SKU) == 10
    manual_ledger.run(mark_restored)
    return context, shop


def test_a_number_that_nobody_can_read_is_handed_out_again(restored: tuple[Context, FakeChannel]) -> None:
    context, shop = restored

    _work(context, seconds=2 * LANDS_IN_S)

    assert (shop.sellable(SKU), _pool(context.ledger).bound.exposure) == (10, 10)


def test_withdrawn_at_once_and_proved_only_when_nothing_older_can_land(
    restored: tuple[Context, FakeChannel],
) -> None:
    context, shop = restored
    context.ledger.run(lambda tx: use.withdraw(tx, ["shop"]))
    _work(context, seconds=10)
    assert (shop.sellable(SKU), _pool(context.ledger).bound.exposure) == (0, None)

    shop.pools[SKU].quantity = 4  # what was sent before the restore lands now
    _work(context, seconds=LANDS_IN_S + 30)

    assert (shop.sellable(SKU), _pool(context.ledger).bound.exposure) == (0, 0)
    assert sum(call.method == "push_quantities" for call in shop.calls) <= 6


def test_nobody_can_vouch_while_something_may_still_arrive(restored: tuple[Context, FakeChannel]) -> None:
    context, _ = restored
    pool_id = _pool(context.ledger).id
    with pytest.raises(InputError, match="may still arrive") as refused:
        context.ledger.run(lambda tx: use.assume(tx, pool_id, 0))
    speak("id")
    try:
        assert "masih dapat tiba di sana" in sentence(str(refused.value))
    finally:
        speak("en")

    _clock(context.ledger).advance(timedelta(seconds=LANDS_IN_S + 1))
    context.ledger.run(lambda tx: use.assume(tx, pool_id, 10))

    assert _pool(context.ledger).bound.exposure == 10


def _work(context: Context, *, seconds: float) -> None:
    for _ in range(round(seconds / POLL_S)):
        work_once(context, ["shop"])
        _clock(context.ledger).advance(timedelta(seconds=POLL_S))


def _clock(ledger: Ledger) -> ManualClock:
    assert isinstance(ledger.clock, ManualClock)
    return ledger.clock


def _pool(ledger: Ledger) -> PoolRecord:
    with ledger.snapshot() as tx:
        return pools.of_channel(tx, "shop")[0]
