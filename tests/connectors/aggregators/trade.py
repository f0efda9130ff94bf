"""A business on real time: the real engine and a real connector against two shops of one wire format, under misfortune.

The engine's jobs run in the test's own thread, buyers come from another one, the shops are a process of their own. The
referee judges from the shops' logs.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal

from syncworker.connector import Channel, KeptToken
from syncworker.connector.registry import load, validate
from syncworker.ledger import Ledger, open_ledger, pools, pushes
from syncworker.ledger.books import check_books
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.products import Product, save_products
from syncworker.ledger.stocktaking import receive
from syncworker.sandbox.catalogue import parse_catalogue
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import Sandbox, ShopAddress, start_sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.referee import Verdict, judge
from syncworker.sandbox.remote import ControlError, ShopControl
from syncworker.sandbox.setup import ShopSetup
from syncworker.sync.channels import go_live, plan_go_live, register
from syncworker.sync.context import Context
from syncworker.sync.golive import look_first
from syncworker.sync.listings import discover, link_suggested
from syncworker.sync.pull import pull_orders
from syncworker.sync.push import push_channel
from syncworker.sync.read import read_back
from syncworker.sync.resync import plan_rows
from syncworker.sync.tick import tick
from tests.connectors.aggregators.counterparts import HABITS, settings_of
from tests.tables import copy_tables
from tests.waiting import await_condition

NAMES = ("north", "south")
STOCK = {"BIN": 9, "PAN": 6, "TOPENG": 1}
CATALOGUE = "sku,title,on_hand,price,currency,parts\n" + "".join(
    f"{sku},{sku},{units},85000,IDR,\n" for sku, units in STOCK.items()
)
#: So many buyers come while misfortune is loose.
VISITS = 50
#: Facts about the shops that the tests declare, and that hold for them.
FACTS: Mapping[str, object] = {
    "visibility_lag_s": 0,
    "read_lag_s": 0,
    "horizon_s": 2,
    "clock_skew_s": 0.1,
    "poll_s": 0.4,
}
#: Misfortune that all wire formats know, within what is declared.
TROUBLE: Sequence[Mapping[str, object]] = (
    {"kind": "timeout_after", "operation": "quantities", "probability": 0.1, "seconds": 1.0},
    {"kind": "cut_after", "operation": "quantities", "probability": 0.1},
    {"kind": "late", "operation": "quantities", "probability": 0.1, "seconds": 0.2, "up_to_s": 1.2},
    {"kind": "error_after", "operation": "quantities", "probability": 0.1, "status": 502},
    {"kind": "rate_limited", "probability": 0.05, "seconds": 0.3},
    {"kind": "server_error", "probability": 0.05, "status": 503},
    {"kind": "html_ok", "probability": 0.03},
    {"kind": "truncated_json", "probability": 0.03},
    {"kind": "item_missing", "probability": 0.1},
    {"kind": "item_refused", "probability": 0.05, "code": "locked"},
    {"kind": "duplicate_rows", "probability": 0.1},
    {"kind": "reorder_rows", "probability": 0.2},
    {"kind": "repeat_page", "probability": 0.1},
)
_JOBS: Mapping[JobKind, Callable[[Context, str], object]] = {
    JobKind.PULL: pull_orders,
    JobKind.PUSH: push_channel,
    JobKind.READ: read_back,
}


@dataclass(slots=True)
class Trade:
    """One business with its shops. Make it with :func:`open_trade`."""

    ledger: Ledger
    sandbox: Sandbox
    open_channel: Callable[[str], Channel]
    hints: list[tuple[str, JobKind]] = field(default_factory=list)

    @property
    def context(self) -> Context:
        return Context(ledger=self.ledger, open_channel=self.open_channel, hint=self.hint)

    def hint(self, name: str, kind: JobKind) -> None:
        if (name, kind) not in self.hints:
            self.hints.append((name, kind))

    def until(self, is_so: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Tick and work until it is so."""

        def is_so_after_a_round() -> bool:
            self.work()
            return is_so()

        await_condition(is_so_after_a_round, timeout_s, what, poll_s=0.05)

    def work(self) -> None:
        """One tick, and the jobs that follow from it, at most fifty."""
        tick(self.context)
        for _ in range(50):
            if not self.hints:
                return
            name, kind = self.hints.pop(0)
            _JOBS[kind](self.context, name)

    def trouble(self, *more: Mapping[str, object], without: Sequence[str] = ()) -> None:
        """Let misfortune loose at every shop."""
        faults = [one for one in (*TROUBLE, *more) if one["kind"] not in without]
        for shop in self.sandbox.shops.values():
            shop.control.order_faults(*faults)

    def calm(self) -> None:
        for shop in self.sandbox.shops.values():
            shop.control.clear_faults()

    @contextmanager
    def buyers(self, *, seed: int, pace_s: float = 0.06) -> Iterator[list[str]]:
        """Buyers at every shop for the length of the block; some change their minds. Where they have been so far."""
        stop = threading.Event()
        visits: list[str] = []
        crowd = threading.Thread(target=self._visit, args=(random.Random(seed), stop, pace_s, visits))
        crowd.start()
        try:
            yield visits
        finally:
            stop.set()
            crowd.join()

    def _visit(self, rng: random.Random, stop: threading.Event, pace_s: float, visits: list[str]) -> None:
        orders: list[tuple[str, str]] = []
        while not stop.wait(rng.expovariate(1 / pace_s)):
            name = rng.choice(NAMES)
            sale = self.sandbox.shops[name].control.buy(rng.choice(list(STOCK)), rng.choice((1, 1, 2)))
            visits.append(name)
            if sale["outcome"] == "sold":
                orders.append((name, str(sale["order_id"])))
            if orders and rng.random() < 0.15:
                shop, order_id = orders.pop(rng.randrange(len(orders)))
                with suppress(ControlError):
                    _change(self.sandbox.shops[shop].control, order_id, rng.random())

    def sells(self) -> bool:
        """Whether a buyer finds something of every kind of goods but the single one at every shop."""
        return all(
            pool["sellable"]
            for shop in self.sandbox.shops.values()
            for pool in _pools(shop)
            if "TOPENG" not in str(pool["skus"])
        )

    def verdict(self) -> Verdict:
        return judge(parse_catalogue(CATALOGUE), self.sandbox.logs())

    def books(self) -> list[str]:
        with self.ledger.snapshot() as tx:
            return check_books(tx)

    def unrest(self) -> list[str]:
        """What is not finished: unanswered pushes, unsettled pools, numbers that a second plan would still change."""
        with self.ledger.snapshot() as tx:
            records = [record for name in NAMES for record in pools.of_channel(tx, name)]
            found = [f"push {push.id} of {push.channel}: {push.state}" for push in pushes.unanswered(tx)]
            found += [f"{r.channel} {r.sku}: pending" for r in records if r.bound.pending is not None]
            found += [f"{r.channel} {r.sku}: unknown" for r in records if r.bound.exposure is None]
            rows = plan_rows(tx, list(NAMES))
        return found + [
            f"{row.channel} {row.sku}: would get {row.value}" for row in rows if row.value is not None
        ]


@contextmanager
def open_trade(
    connector_name: str,
    settings_of: Callable[[str, str], Mapping[str, object]],
    *,
    seed: int = 0,
    dialect: str | None = None,
    **habits: object,
) -> Iterator[Trade]:
    """Two shops of one make, all goods listed there with 0 and linked, both channels live.

    ``settings_of`` gets a shop's name and base URL; ``FACTS`` are added to what it says.
    """
    setups = [_setup(name, dialect or connector_name, habits) for name in NAMES]
    connector = load(connector_name)
    ledger = open_ledger("sqlite://")
    copy_tables(ledger)
    with start_sandbox(setups, seed=seed) as sandbox:
        settings = {
            name: validate(connector, {**FACTS, **settings_of(name, shop.base_url)})
            for name, shop in sandbox.shops.items()
        }
        channels = {name: connector.open(name, settings[name], KeptToken()) for name in NAMES}
        trade = Trade(ledger, sandbox, lambda name: channels[name])
        ledger.run(_stock_up)
        for name in NAMES:
            _connect(trade, name, connector_name, channels[name])
        yield trade


def _change(control: ShopControl, order_id: str, draw: float) -> None:
    """The buyer cancels all or a part, or the order is shipped, and a part of it comes back."""
    if draw < 0.4:
        control.cancel(order_id)
    elif draw < 0.6:
        control.cancel(order_id, quantity=1)
    else:
        control.ship(order_id)
        if draw > 0.8:
            control.take_return(order_id, quantity=1)


def _pools(shop: ShopAddress) -> list[dict[str, object]]:
    pools = shop.control.truth(orders=False)["pools"]
    assert isinstance(pools, list)
    return pools


def _setup(name: str, dialect: str, habits: Mapping[str, object]) -> ShopSetup:
    profile = ShopProfile(name=name, request_horizon_s=2.0, **habits)  # type: ignore[arg-type]  # of the profile's own types
    seeds = tuple(ListingSeed(sku=sku, title=sku, price="85000") for sku in STOCK)
    return ShopSetup(profile=profile, token=f"token-{name}", dialect=dialect, listings=seeds)


def _stock_up(tx: Transaction) -> None:
    save_products(tx, [Product(sku=sku, title=sku, price=Decimal(85000), currency="IDR") for sku in STOCK])
    for sku, units in STOCK.items():
        receive(tx, sku, "main", units, reference=f"opening-{sku}", actor="test")


def _connect(trade: Trade, name: str, connector_name: str, channel: Channel) -> None:
    run = trade.ledger.run
    run(lambda tx: register(tx, name, connector=connector_name, capabilities=channel.capabilities()))
    discover(trade.context, name)
    linked = run(lambda tx: link_suggested(tx, trade.context, name, actor="test"))
    assert {sku for _, sku in linked} == set(STOCK)
    look_first(trade.context, name)
    run(lambda tx: go_live(tx, name, plan_go_live(tx, name)))


def sells_nothing_twice(connector_name: str, *, seed: int, **more: object) -> None:
    """Two shops sell the same goods under misfortune: nothing is sold twice, and everything comes to rest afterwards.

    ``more`` are settings beside the usual ones.
    """

    def told(name: str, base_url: str) -> dict[str, object]:
        return {**settings_of(connector_name, name, base_url), **more}

    with open_trade(connector_name, told, seed=seed, **HABITS[connector_name]) as trade:
        trade.until(trade.sells, 30, "every shop to sell")
        trade.trouble()
        with trade.buyers(seed=seed) as visits:
            trade.until(lambda: len(visits) >= VISITS, 30, "the buyers to have come")
        trade.calm()
        trade.until(lambda: not trade.unrest(), 45, "everything to come to rest")

        verdict = trade.verdict()
        assert verdict.oversold == 0
        assert verdict.sold > 0
        assert (trade.unrest(), trade.books()) == ([], [])
