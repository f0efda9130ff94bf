"""Silver, the orders: are sales, cancellations and returns told truly, in time, and without the buyer?"""

from __future__ import annotations

import time

from syncworker.connector.conformance.bench import CannotError, Target, Trouble
from syncworker.connector.conformance.checks import check
from syncworker.connector.conformance.judging import Level, expect, fail, not_applicable
from syncworker.connector.conformance.trial import PAUSE_S, Trial
from syncworker.connector.contract import OrderStatus
from syncworker.core.model import Known, QuantityKind

SILVER = Level.SILVER


@check("visibility-lag", SILVER)
def visibility_lag(trial: Trial) -> None:
    """A pull that begins the declared visibility lag after a sale tells the sale."""
    trial.sells()
    if trial.declared.visibility_lag_s is None:
        not_applicable(f"visibility_lag_s is not declared: {trial.rules.visibility_lag_s:g} s are assumed")
    sku = _stocked(trial)
    order_id = trial.shop.buy(sku)
    sold_at = time.monotonic()
    allowed = trial.rules.visibility_lag_s + trial.bench.slack_s
    while True:
        began = time.monotonic() - sold_at
        if trial.tellings(order_id):
            return
        if began > allowed:
            fail(
                f"visibility_lag_s = {trial.rules.visibility_lag_s:g} is declared, yet a pull that began {began:.1f} s"
                f" after the sale does not tell order {order_id}: sales would be settled away"
            )
        time.sleep(PAUSE_S)


@check("counts-down", SILVER)
def counts_down(trial: Trial) -> None:
    """An ordinary sale is understood: its status, its listing, its units, and whether it lowered the channel's own number."""
    trial.sells()
    sku = _stocked(trial)
    before = trial.shop.sellable(sku)
    order_id = trial.shop.buy(sku, 2)
    line = trial.told(order_id, lambda one: one.ordered == 2, "2 units were bought")
    odd = [one.raw_status for one in trial.tellings(order_id).values() if one.status is OrderStatus.UNKNOWN]
    expect(not odd, f"an ordinary order has a status that the mapping does not know: {odd}")
    fell = before - trial.shop.sellable(sku)
    expect(
        line.listing_id == trial.listing(sku).listing_id,
        f"the line names listing {line.listing_id!r}, list_listings calls it {trial.listing(sku).listing_id!r}",
    )
    expect(
        line.counts_down is not Known.YES or fell == 2, f"counts_down = yes, but the number fell by {fell}"
    )
    expect(line.counts_down is not Known.NO or fell == 0, f"counts_down = no, but the number fell by {fell}")


@check("quantity-kind", SILVER)
def quantity_kind(trial: Trial) -> None:
    """The number means what is declared: units for sale, or units there with the reserved ones told beside them."""
    trial.sells()
    sku = _stocked(trial)
    order_id = trial.shop.buy(sku, 2)
    _means_the_truth(trial, sku, "after a sale of 2")
    try:
        trial.shop.ship(order_id)
    finally:
        _means_the_truth(trial, sku, "after that was shipped")


def _means_the_truth(trial: Trial, sku: str, when: str) -> None:
    kind, sellable = trial.rules.kind, trial.shop.sellable(sku)
    if trial.rules.readable:
        trial.within(
            trial.rules.read_lag_s,
            lambda: (reading := trial.read(sku)) is not None and reading.sellable(kind) == sellable,
            lambda: (
                f"kind = {kind} is declared; {when} the channel would sell {sellable}, read back {trial.read(sku)}"
            ),
        )
    elif kind is QuantityKind.AVAILABLE:
        number = trial.shop.number(sku)
        expect(
            number == sellable,
            f"kind = available; {when} the number is {number}, {sellable} would still sell",
        )


@check("restock-on-cancel", SILVER)
def restock_on_cancel(trial: Trial) -> None:
    """A cancelled line says truly whether the channel put the units on sale again."""
    trial.sells()
    sku = _stocked(trial)
    for restock in (True, False):
        order_id = trial.shop.buy(sku, 2)
        trial.told(order_id, lambda one: one.ordered == 2, "2 units were bought")
        before = trial.shop.sellable(sku)
        trial.shop.cancel(order_id, restock=restock)
        line = trial.told(order_id, lambda one: one.cancelled == 2, "the order was cancelled")
        _told_truly(line.restocked, trial.shop.sellable(sku) - before, "restocked", "cancelled")
        status = [order.status for order in trial.tellings(order_id).values()]
        expect(OrderStatus.CANCELLED in status, f"a cancelled order has the status {status}")


@check("restock-on-return", SILVER)
def restock_on_return(trial: Trial) -> None:
    """A returned line says truly whether the channel put the units on sale again."""
    trial.sells()
    sku = _stocked(trial)
    for restock in (False, True):
        order_id = trial.shop.buy(sku, 2)
        trial.shop.ship(order_id)
        trial.told(order_id, lambda one: one.shipped == 2, "the order was shipped")
        before = trial.shop.sellable(sku)
        trial.shop.give_back(order_id, restock=restock)
        line = trial.told(order_id, lambda one: one.returned == 1, "1 unit was returned")
        rise = trial.shop.sellable(sku) - before
        _told_truly(line.returned_restocked, rise, "returned_restocked", "returned")


def _told_truly(told: Known, rise: int, field: str, act: str) -> None:
    lie = (told is Known.NO and rise > 0) or (told is Known.YES and rise <= 0)
    expect(
        not lie,
        f"{field} = {told}, but {max(rise, 0)} of the {act} units went on sale again; say unknown unless it is sure",
    )


@check("since-includes-its-moment", SILVER)
def since_includes_its_moment(trial: Trial) -> None:
    """A walk from the very moment of a change tells that change."""
    trial.sells()
    order_id = trial.shop.buy(_stocked(trial))
    trial.told(order_id, lambda one: one.ordered == 1, "1 unit was bought")
    for feed, order in trial.tellings(order_id).items():
        again = {one.external_id for one in trial.walk(feed, since=order.updated_at)}
        expect(order_id in again, f"feed {feed!r} leaves out an order that changed at `since` itself")


@check("pages", SILVER)
def pages(trial: Trial) -> None:
    """Orders beyond one page are all told, each once, and a cursor means the same to a channel opened afresh."""
    trial.sells()
    sku = _stocked(trial, 20)
    bought = {trial.shop.buy(sku) for _ in range(5)}
    feed = trial.declared.feeds[0]
    last = max(bought, key=str)
    trial.told(last, lambda one: one.ordered == 1, "5 orders were placed")
    told = [order.external_id for order in trial.walk(feed)]
    missing = bought - set(told)
    expect(not missing, f"feed {feed!r} lost {len(missing)} of 5 orders between its pages")
    expect(len(told) == len(set(told)), f"feed {feed!r} tells an order on two pages of a quiet walk")
    first = trial.channel.list_orders(feed, since=trial.began_at, cursor=None)
    if first.next_cursor is None:
        not_applicable("one page of the bench holds all orders; give its shop a small page")
    here = trial.channel.list_orders(feed, since=trial.began_at, cursor=first.next_cursor)
    there = trial.bench.open().list_orders(feed, since=trial.began_at, cursor=first.next_cursor)
    same = [one.external_id for one in here.orders] == [one.external_id for one in there.orders]
    expect(same, "the second page differs for a channel opened afresh: the connector keeps state")


@check("feeds-are-whole", SILVER)
def feeds_are_whole(trial: Trial) -> None:
    """The declared feeds together tell everything that moves the number: sold, cancelled, shipped, returned."""
    trial.sells()
    sku = _stocked(trial)
    kept, dropped = trial.shop.buy(sku, 3), trial.shop.buy(sku, 1)
    trial.shop.cancel(dropped, restock=True)
    trial.shop.ship(kept)
    returned = _given_back(trial, kept)
    trial.told(dropped, lambda one: one.cancelled == 1, "an order was cancelled at once")
    trial.told(
        kept,
        lambda one: (one.ordered, one.shipped, one.returned or 0) == (3, 3, returned),
        f"3 were bought and shipped, {returned} returned",
    )


def _given_back(trial: Trial, order_id: str) -> int:
    """Units returned; none where the channel knows no returns."""
    try:
        trial.shop.give_back(order_id, restock=False)
    except CannotError:
        return 0
    return 1


@check("unknown-status", SILVER)
def unknown_status(trial: Trial) -> None:
    """A status nobody has heard of is told as unknown, never as cancelled or shipped; the walk goes on."""
    trial.sells()
    order_id = trial.shop.buy(_stocked(trial))
    trial.told(order_id, lambda one: one.ordered == 1, "1 unit was bought")
    trial.shop.strike(Trouble.UNKNOWN_STATUS, Target.ORDERS)
    told = [order for feed in trial.declared.feeds for order in trial.walk(feed)]
    odd = [order for order in told if "enchantment" in order.raw_status.lower()]
    expect(bool(odd), "the odd status word is not shown in raw_status")
    wrong = [order.status for order in odd if order.status is not OrderStatus.UNKNOWN]
    expect(not wrong, f"a status nobody has heard of is told as {wrong}")


@check("no-buyer", SILVER)
def no_buyer(trial: Trial) -> None:
    """Nothing of the buyer leaves the mapping."""
    trial.sells()
    order_id = trial.shop.buy(_stocked(trial))
    trial.told(order_id, lambda one: one.ordered == 1, "1 unit was bought")
    told = repr(trial.tellings(order_id))
    expect(trial.shop.buyer not in told, f"the buyer's name stands in the order: {trial.shop.buyer}")


def _stocked(trial: Trial, units: int = 12) -> str:
    """A SKU with enough for sale, staff saw to it."""
    (sku,) = trial.goods(1)
    trial.shop.put(sku, trial.hidden(sku) + units)
    return sku
