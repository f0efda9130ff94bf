"""A read-back that is too fresh to be believed may still show more than we knew of: people are told in the same moment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncworker.connector import Capabilities
from syncworker.connector.fake import FakeChannel
from syncworker.ledger import ManualClock, incidents, pools, products
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods
from syncworker.sync.context import Context
from syncworker.sync.listings import discover, link
from syncworker.sync.push import push_channel
from syncworker.sync.read import read_back

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

SKU = "BIN"


def test_units_put_back_before_the_feed_tells_it_open_a_deficit(manual_ledger: Ledger) -> None:
    clock = manual_ledger.clock
    assert isinstance(clock, ManualClock)
    shop = FakeChannel(
        now=lambda: clock.time, capabilities=Capabilities(readable=True, read_lag_s=5), name="shop"
    )
    shop.add(SKU, 0)
    context = Context(ledger=manual_ledger, open_channel=lambda _: shop)
    with manual_ledger.transaction() as tx:
        products.save_products(tx, [Product(sku=SKU, title=SKU)])
        goods.count(tx, [Counted(sku=SKU, location="main", units=4)], reference="first", actor="test")
        use.register(tx, "shop", connector="fake", capabilities=shop.capabilities())
    discover(context, "shop")
    manual_ledger.run(lambda tx: link(tx, context, "shop", SKU, SKU, actor="test"))
    with manual_ledger.snapshot() as snapshot:
        (pool_id,) = [record.id for record in pools.of_channel(snapshot, "shop")]
    manual_ledger.run(lambda tx: use.assume(tx, pool_id, 0))
    manual_ledger.run(lambda tx: use.go_live(tx, "shop", use.plan_go_live(tx, "shop")))
    push_channel(context, "shop")
    shop.pools[SKU].quantity += 2
    clock.advance(timedelta(seconds=1))

    read_back(context, "shop", pool_ids=[pool_id])

    with manual_ledger.snapshot() as snapshot:
        assert pools.load(snapshot, [pool_id])[pool_id].bound.exposure == 6
        assert [one.kind for one in incidents.open_incidents(snapshot)] == [IncidentKind.DEFICIT]
