"""Whatever buyers, sellers and staff do, a shop's numbers stay whole and its log explains them."""

import random
from contextlib import suppress
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import Order
from syncworker.sandbox.pools import ListingSeed, QuantityItem
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.refusal import RefusedError
from tests.sandbox.replay import replayed
from tests.sandbox.shops import START

UNITS = st.integers(1, 4)
PROFILES = st.builds(
    ShopProfile,
    name=st.just("corner"),
    quantity_mode=st.sampled_from(["set", "compare_and_set", "delta"]),
    quantity_kind=st.sampled_from(["available", "on_hand"]),
    below_zero=st.sampled_from(["refuse", "clamp", "negative"]),
    restocks_on_cancel=st.sampled_from(["yes", "no", "unknown"]),
    feeds=st.sampled_from(["single", "split"]),
    visibility_lag_s=st.sampled_from([0.0, 5.0]),
    read_lag_s=st.sampled_from([0.0, 7.0]),
)


class AnyShop(RuleBasedStateMachine):
    """One shop with two SKUs on one pool and one on another, and everything that can happen to it."""

    @initialize(profile=PROFILES, seed=st.integers(0, 9))
    def open(self, profile: ShopProfile, seed: int) -> None:
        self.profile = profile
        self.now = START
        seeds = [
            ListingSeed(sku="RED-LAMP", quantity=5, pool_id="P1"),
            ListingSeed(sku="BLUE-LAMP", pool_id="P1"),
            ListingSeed(sku="CHAIR", quantity=2, pool_id="P2"),
        ]
        self.market = Marketplace(profile, rng=random.Random(seed), listings=seeds, now=START)

    @rule(seconds=st.sampled_from([0, 1, 4, 8]))
    def let_time_pass(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.market.advance(self.now)

    @rule(
        sku=st.sampled_from(["RED-LAMP", "BLUE-LAMP", "CHAIR"]),
        units=UNITS,
        told=st.sampled_from(["yes", "yes", "no", "unknown"]),
    )
    def buy(self, sku: str, units: int, told: str) -> None:
        pool = self.market.pool_of(sku=sku)
        before = self.market.sellable(pool)

        sale = self.market.buy(now=self.now, sku=sku, quantity=units, counts_down=told)  # type: ignore[arg-type]

        if told != "no":
            assert (sale.outcome == "sold") == (before >= units)
            assert self.market.sellable(pool) == before - (units if sale.outcome == "sold" else 0)

    @rule(pool=st.sampled_from(["P1", "P2"]), number=st.integers(0, 6), off=st.sampled_from([0, 0, 1]))
    def push(self, pool: str, number: int, off: int) -> None:
        item = self._item(pool, number, off)
        (result,) = self.market.push_quantities([item], now=self.now)
        if result.status == "applied":
            assert result.quantity == self.market.pools[pool].quantity

    @rule(number=st.integers(0, 6), seconds=st.integers(1, 9))
    def push_that_lands_later(self, number: int, seconds: int) -> None:
        self.market.land_later([self._item("P1", number, 0)], now=self.now, after_s=seconds)

    @rule(pool=st.sampled_from(["P1", "P2"]), number=st.integers(0, 6))
    def edit_by_hand(self, pool: str, number: int) -> None:
        self.market.hand_edit(pool, now=self.now, quantity=number)

    @precondition(lambda self: bool(self.market.book.orders))
    @rule(data=st.data(), act=st.sampled_from(["cancel", "ship", "return", "edit", "reinstate", "part"]))
    def act_on_order(self, data: st.DataObject, act: str) -> None:
        order = data.draw(st.sampled_from(list(self.market.book.orders.values())))
        with suppress(RefusedError):
            self._act(order, act, data)

    @invariant()
    def what_sells_is_never_negative(self) -> None:
        if not hasattr(self, "market"):
            return
        for pool in self.market.pools.values():
            assert self.market.sellable(pool.pool_id) >= 0
            assert pool.reserved >= 0
            if self.profile.below_zero != "negative" and self.profile.quantity_kind == "available":
                assert pool.quantity >= 0

    @invariant()
    def reserved_is_the_open_units_of_orders_that_count(self) -> None:
        if not hasattr(self, "market"):
            return
        open_units = dict.fromkeys(self.market.pools, 0)
        for order in self.market.book.orders.values():
            for line in order.lines:
                open_units[line.pool_id] += line.open if line.took else 0
        assert open_units == {pool.pool_id: pool.reserved for pool in self.market.pools.values()}

    @invariant()
    def the_log_explains_every_number(self) -> None:
        if not hasattr(self, "market"):
            return
        numbers = replayed(self.profile, self.market.log)
        for pool in self.market.pools.values():
            seen = numbers[pool.pool_id]
            assert (seen.quantity, seen.reserved) == (pool.quantity, pool.reserved)

    def _item(self, pool: str, number: int, off: int) -> QuantityItem:
        if self.profile.quantity_mode == "delta":
            return QuantityItem(pool_id=pool, delta=number - 3)
        if self.profile.quantity_mode == "compare_and_set":
            expected = self.market.pools[pool].quantity + off
            return QuantityItem(pool_id=pool, quantity=number, expected=expected)
        return QuantityItem(pool_id=pool, quantity=number)

    def _act(self, order: Order, act: str, data: st.DataObject) -> None:
        market, line = self.market, order.lines[0]
        if act == "cancel":
            market.cancel(order.order_id, now=self.now)
        elif act == "part":
            market.cancel(order.order_id, now=self.now, quantity=1, restock=data.draw(st.booleans()))
        elif act == "ship":
            market.ship(order.order_id, now=self.now)
        elif act == "return":
            market.take_return(order.order_id, now=self.now, restock=data.draw(st.booleans()))
        elif act == "reinstate":
            market.reinstate(order.order_id, now=self.now)
        else:
            units, back = data.draw(st.integers(0, 5)), data.draw(st.booleans())
            market.edit_order(
                order.order_id, line_id=line.line_id, quantity=units, now=self.now, restock=back
            )


AnyShop.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestAnyShop = AnyShop.TestCase
