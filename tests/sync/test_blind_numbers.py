"""Numbers whose reserved units a channel does not tell stay to be sent, and are in nobody's way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from syncworker.connector import Capabilities, Reading
from syncworker.connector.fake import FakeChannel
from syncworker.core.model import QuantityKind
from syncworker.ledger import ManualClock, pools, products
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods, push
from syncworker.sync.context import Context
from syncworker.sync.listings import discover, link_suggested
from syncworker.sync.push import push_channel

pytestmark = pytest.mark.parametrize("any_database", ["memory", "postgresql"], indirect=True)

FACTS = Capabilities(
    readable=True, read_lag_s=0, visibility_lag_s=0, horizon_s=10, kind=QuantityKind.ON_HAND, batch_max=10
)
MUTE = ("A1", "A2")


class HalfMute(FakeChannel):
    """It tells nothing of two of its numbers."""

    def read_quantities(self, pool_keys: Sequence[str]) -> Sequence[Reading]:
        return [one for one in super().read_quantities(pool_keys) if one.pool_key not in MUTE]


def test_a_number_behind_many_that_cannot_be_sent_has_its_turn(
    manual_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "POOLS_PER_TASK", 2)
    clock = manual_ledger.clock
    assert isinstance(clock, ManualClock)
    shop = HalfMute(now=lambda: clock.time, capabilities=FACTS, name="shop")
    skus = [*MUTE, "B"]
    ids = iter(f"{n:02}" for n in range(100))
    context = Context(ledger=manual_ledger, open_channel=lambda _: shop, new_id=lambda: next(ids))
    with manual_ledger.transaction() as tx:
        products.save_products(tx, [Product(sku=sku, title=sku) for sku in skus])
        counts = [Counted(sku=sku, location="main", units=4) for sku in skus]
        goods.count(tx, counts, reference="first", actor="test")
        use.register(tx, "shop", connector="fake", capabilities=replace(FACTS))
    for sku in skus:
        shop.add(sku, 0)
    discover(context, "shop")
    manual_ledger.run(lambda tx: link_suggested(tx, context, "shop", actor="test"))
    with manual_ledger.snapshot() as snapshot:
        known = [record.id for record in pools.of_channel(snapshot, "shop")]
    for pool_id in known:
        manual_ledger.run(lambda tx, pool_id=pool_id: use.assume(tx, pool_id, 0))  # type: ignore[misc]
    manual_ledger.run(lambda tx: use.go_live(tx, "shop", use.plan_go_live(tx, "shop")))

    for _ in range(3):
        push_channel(context, "shop")

    assert {sku: shop.pools[sku].quantity for sku in skus} == {"A1": 0, "A2": 0, "B": 4}
    with manual_ledger.snapshot() as snapshot:
        dirty = pools.dirty(snapshot, "shop", most=10)
    assert {record.sku for record in dirty} == set(MUTE)
