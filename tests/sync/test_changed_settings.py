"""A channel whose settings change keeps the promises that were made under the old ones."""

from __future__ import annotations

import pytest

from syncworker.connector import Capabilities
from syncworker.core.model import Policy
from syncworker.errors import InputError
from syncworker.ledger import channels, incidents, pools, products
from syncworker.ledger.channels import ChannelState
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Ledger, Transaction
from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods

SKU = "RETRO-CLOCK"


def _register(tx: Transaction, name: str, *, policy: Policy = Policy.ESCROW, location: str = "main") -> None:
    use.register(tx, name, connector="fake", capabilities=Capabilities(), policy=policy, location=location)


def _two_shops(tx: Transaction, policy: Policy) -> None:
    """Of 10 units both show all, as policy ``shared`` does, or half each."""
    units = 10 if policy is Policy.SHARED else 5
    products.save_products(tx, [Product(sku=SKU, title=SKU)])
    goods.count(tx, [Counted(sku=SKU, location="main", units=10)], reference="first", actor="test")
    for name in ("shop", "fair"):
        _register(tx, name, policy=policy)
        channels.set_state(tx, name, ChannelState.LIVE)
        pools.create(tx, name, channel=name, pool_key=SKU, sku=SKU, in_sum=True, exposure=units)
    pools.record_plan(tx, [(record, units, "in_band") for record in pools.of_skus(tx, [SKU]).values()])


def test_channels_that_no_longer_share_are_planned_anew_and_their_excess_is_told(
    manual_ledger: Ledger,
) -> None:
    with manual_ledger.transaction() as tx:
        _two_shops(tx, Policy.SHARED)
        for name in ("shop", "fair"):
            _register(tx, name)

    with manual_ledger.snapshot() as tx:
        assert pools.dirty_channels(tx) == ["fair", "shop"]
        assert [one.kind for one in incidents.open_incidents(tx)] == [IncidentKind.DEFICIT]


def test_settings_that_say_the_same_again_have_nobody_look(manual_ledger: Ledger) -> None:
    with manual_ledger.transaction() as tx:
        _two_shops(tx, Policy.ESCROW)
        _register(tx, "shop")

    with manual_ledger.snapshot() as tx:
        assert pools.dirty_channels(tx) == []


def test_a_channel_that_sells_cannot_move_to_another_location(manual_ledger: Ledger) -> None:
    with manual_ledger.transaction() as tx:
        _two_shops(tx, Policy.ESCROW)

    with pytest.raises(InputError, match="draws from main"), manual_ledger.transaction() as tx:
        _register(tx, "shop", location="stall")
