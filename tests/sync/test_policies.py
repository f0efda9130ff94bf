"""A policy of a SKU's own, and escrow where few units are left: shared while there are enough, never a unit twice below."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncworker.connector import Capabilities
from syncworker.core.allocator import Reason
from syncworker.core.model import Policy, PolicyChoice
from syncworker.errors import InputError, UnknownSkuError
from syncworker.ledger import channels, incidents, limits, pools, products
from syncworker.ledger.channels import ChannelState
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Ledger, Transaction
from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods
from syncworker.sync.planning import plan_for
from syncworker.sync.policies import effective, risk_of, set_policy

SKU = "RETRO-CLOCK"


def _two_shops(tx: Transaction, *, units: int = 10, policy: Policy = Policy.ESCROW) -> None:
    products.save_products(tx, [Product(sku=SKU, title=SKU)])
    goods.count(tx, [Counted(sku=SKU, location="main", units=units)], reference="first", actor="test")
    for name in ("shop", "fair"):
        use.register(tx, name, connector="fake", capabilities=Capabilities(), policy=policy)
        channels.set_state(tx, name, ChannelState.LIVE)
        pools.create(tx, name, channel=name, pool_key=SKU, sku=SKU, in_sum=True, exposure=units)


def _count(tx: Transaction, units: int, reference: str) -> None:
    goods.count(tx, [Counted(sku=SKU, location="main", units=units)], reference=reference, actor="test")


@given(
    policy=st.sampled_from(Policy),
    below=st.none() | st.integers(1, 20),
    sellable=st.integers(-5, 25),
)
def test_a_policy_shares_only_where_it_says_so_and_enough_is_there(
    policy: Policy, below: int | None, sellable: int
) -> None:
    in_force = PolicyChoice(policy, below).in_force(sellable)

    shares = policy is Policy.SHARED and (below is None or sellable >= below)
    assert (in_force is Policy.SHARED) is shares


def test_at_the_crossing_an_incident_opens_and_numbers_are_lowered(manual_ledger: Ledger) -> None:
    with manual_ledger.transaction() as tx:
        _two_shops(tx)
        set_policy(tx, SKU, PolicyChoice(Policy.SHARED, 5))
    with manual_ledger.snapshot() as tx:
        assert incidents.open_incidents(tx) == []
        assert {one.in_force for one in effective(tx, SKU)} == {Policy.SHARED}

    with manual_ledger.transaction() as tx:
        _count(tx, 4, "few are left")

    with manual_ledger.snapshot() as tx:
        assert {one.in_force for one in effective(tx, SKU)} == {Policy.ESCROW}
        told = incidents.open_incidents(tx, kind=IncidentKind.DEFICIT)
        assert [one.details["units_short"] for one in told] == [16]
        decisions = plan_for(tx, [SKU]).decisions.values()
        assert any(
            one.push is not None and one.push.value == 0 and one.reason is Reason.DRAINED_FOR_DEFICIT
            for one in decisions
        )
        assert all(one.push is None or one.push.raised == 0 for one in decisions)


def test_with_enough_there_again_it_is_shared_again_and_the_incident_closes(manual_ledger: Ledger) -> None:
    with manual_ledger.transaction() as tx:
        _two_shops(tx)
        set_policy(tx, SKU, PolicyChoice(Policy.SHARED, 5))
        _count(tx, 4, "few are left")
    with manual_ledger.transaction() as tx:
        _count(tx, 5, "one was found")

    with manual_ledger.snapshot() as tx:
        assert incidents.open_incidents(tx) == []
        assert {one.in_force for one in effective(tx, SKU)} == {Policy.SHARED}


def test_the_policy_of_a_sku_beats_its_channels_and_gives_way_when_taken_away(manual_ledger: Ledger) -> None:
    with manual_ledger.transaction() as tx:
        _two_shops(tx, policy=Policy.SHARED)
        set_policy(tx, SKU, PolicyChoice(Policy.ESCROW))
    with manual_ledger.snapshot() as tx:
        found = effective(tx, SKU)
        assert [(one.channel, one.from_sku, one.in_force) for one in found] == [
            ("fair", True, Policy.ESCROW),
            ("shop", True, Policy.ESCROW),
        ]
        assert [one.kind for one in incidents.open_incidents(tx)] == [IncidentKind.DEFICIT]
        assert limits.own_policies(tx, most=10) == {SKU: PolicyChoice(Policy.ESCROW)}

    with manual_ledger.transaction() as tx:
        set_policy(tx, SKU, None)
    with manual_ledger.snapshot() as tx:
        assert {(one.from_sku, one.in_force) for one in effective(tx, SKU)} == {(False, Policy.SHARED)}
        assert incidents.open_incidents(tx) == []
        assert limits.own_policies(tx, most=10) == {}


def test_a_channel_that_shares_down_to_a_number_is_looked_at_anew_when_the_number_changes(
    manual_ledger: Ledger,
) -> None:
    with manual_ledger.transaction() as tx:
        _two_shops(tx, policy=Policy.SHARED)
        found = pools.of_skus(tx, [SKU]).values()
        pools.record_plan(tx, [(record, 10, "in_band") for record in found])
        use.register(
            tx,
            "shop",
            connector="fake",
            capabilities=Capabilities(),
            policy=Policy.SHARED,
            escrow_below=11,
        )

    with manual_ledger.snapshot() as tx:
        assert pools.dirty_channels(tx) == ["fair", "shop"]
        assert {one.channel: one.in_force for one in effective(tx, SKU)} == {
            "fair": Policy.SHARED,
            "shop": Policy.ESCROW,
        }


def test_the_risk_is_counted_from_what_is_sold_at_several_channels(manual_ledger: Ledger) -> None:
    with manual_ledger.transaction() as tx:
        _two_shops(tx, units=2, policy=Policy.SHARED)
    with manual_ledger.snapshot() as tx:
        risk = risk_of(tx, sku=SKU)
        nothing = risk_of(tx, sku="OTHER")

    assert (risk.skus, risk.scarce, risk.channels) == (1, 1, 2)
    assert risk.slowest_s == Capabilities().rules().visibility_lag_s + Capabilities().rules().poll_s
    assert (nothing.skus, nothing.scarce, nothing.channels, nothing.slowest_s) == (0, 0, 0, 0.0)


def test_a_policy_that_means_nothing_is_refused(manual_ledger: Ledger) -> None:
    with manual_ledger.transaction() as tx:
        _two_shops(tx, policy=Policy.SHARED)
    for choice in (PolicyChoice(Policy.ESCROW, 5), PolicyChoice(Policy.SHARED, 0)):
        with pytest.raises(InputError, match="escrow-below"), manual_ledger.transaction() as tx:
            set_policy(tx, SKU, choice)
    with pytest.raises(UnknownSkuError), manual_ledger.transaction() as tx:
        set_policy(tx, "NO-SUCH", None)
