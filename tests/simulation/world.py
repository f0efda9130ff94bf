"""A whole business on a virtual clock: the real use cases on a real ledger, sandbox shops in process, seeded buyers.

Nothing sleeps: buyers come while calls are under way, the tick rings between them. The referee judges from the shops'
own logs.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel

from syncworker.connector import Channel
from syncworker.core.model import Policy
from syncworker.ledger import Ledger, ManualClock, open_ledger
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.products import Product, save_products
from syncworker.ledger.stocktaking import receive
from syncworker.ledger.upgrade import upgrade
from syncworker.sandbox.catalogue import Catalogue, parse_catalogue
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.referee import Verdict, common_stock_sold, judge
from syncworker.sync import goods
from syncworker.sync.channels import go_live, plan_go_live, register
from syncworker.sync.context import Context
from syncworker.sync.publishing import publish
from syncworker.sync.pull import pull_orders
from syncworker.sync.push import push_channel
from syncworker.sync.read import read_back
from syncworker.sync.tick import tick
from syncworker.sync.updating import update_contents
from syncworker.sync.watching import watch_listings
from tests.simulation.shop import settings_of, simulated_channel
from tests.tables import copy_tables

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
CRAFT = """\
sku,title,on_hand,price,currency,parts
BIN-BAMBU,Tempat sampah bambu,36,85000,IDR,
PENGKI-BAMBU,Pengki bambu,60,35000,IDR,
SAPU-GLAGAH,Sapu glagah,24,30000,IDR,
SET-BERSIH,Paket kebersihan,,140000,IDR,BIN-BAMBU:1;PENGKI-BAMBU:1;SAPU-GLAGAH:1
UKIRAN-01,Ukiran bambu,1,450000,IDR,
"""
JOBS: dict[JobKind, Callable[[Context, str], object]] = {
    JobKind.PULL: pull_orders,
    JobKind.PUSH: push_channel,
    JobKind.READ: read_back,
    JobKind.CONTENTS: update_contents,
    JobKind.LISTINGS: watch_listings,
}


@dataclass(slots=True)
class World:
    """One run. Make it with :func:`open_world`."""

    seed: int
    clock: ManualClock
    ledger: Ledger
    shops: dict[str, Marketplace]
    settings: dict[str, BaseModel]
    catalogue: Catalogue
    tick_s: float
    calls: list[str] = field(default_factory=list)
    hints: list[tuple[str, JobKind]] = field(default_factory=list)
    #: Buyers, cancellations and other acts of the outside, by virtual time.
    acts: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    #: Called before each request leaves, for faults of our own process.
    on_request: Callable[[], None] = lambda: None
    #: What a careless connector makes of each channel.
    lie: Callable[[Channel], Channel] | None = None
    ids: int = 0

    @property
    def context(self) -> Context:
        return Context(ledger=self.ledger, open_channel=self.open, hint=self.hint, new_id=self.new_id)

    def hint(self, name: str, kind: JobKind) -> None:
        if (name, kind) not in self.hints:
            self.hints.append((name, kind))

    def new_id(self) -> str:
        self.ids += 1
        return f"{self.ids:032d}"

    def open(self, name: str) -> Channel:
        def advance(seconds: float) -> None:
            self.on_request()
            self.advance(seconds)

        channel = simulated_channel(self.shops[name], self.settings[name], self.clock, advance, self.calls)
        return channel if self.lie is None else self.lie(channel)

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Have something happen outside at START + ``seconds``."""
        heapq.heappush(self.acts, (START + timedelta(seconds=seconds), len(self.acts), act))

    def advance(self, seconds: float) -> None:
        """Let virtual time pass; whatever the outside does until then happens."""
        until = self.clock.time + timedelta(seconds=seconds)
        while self.acts and self.acts[0][0] <= until:
            when, _, act = heapq.heappop(self.acts)
            if when > self.clock.time:
                self.clock.advance(when - self.clock.time)
            act()
        if until > self.clock.time:
            self.clock.advance(until - self.clock.time)

    @property
    def elapsed_s(self) -> float:
        return (self.clock.time - START).total_seconds()

    def run_until(self, seconds: float, *, done: Callable[[], bool] = lambda: False) -> None:
        """Ring the tick and work off what it hints, as the workers would, until START + ``seconds``."""
        while self.elapsed_s < seconds and not done():
            began = self.clock.time
            tick(self.context)
            self.work()
            spent = (self.clock.time - began).total_seconds()
            self.advance(max(0.0, self.tick_s - spent) or 0.001)

    def receive(self, sku: str, units: int) -> None:
        """Goods come in."""
        reference = self.new_id()
        self.ledger.run(lambda tx: goods.receive(tx, sku, "main", units, reference=reference, actor="test"))

    def work(self) -> None:
        """Run hinted jobs until no hint is left, at most a hundred."""
        for _ in range(100):
            if not self.hints:
                return
            name, kind = self.hints.pop(0)
            JOBS[kind](self.context, name)

    @property
    def logs(self) -> list[list[dict[str, object]]]:
        return [list(shop.log) for shop in self.shops.values()]

    def verdict(self) -> Verdict:
        return judge(self.catalogue, self.logs)

    def common_stock_sold(self) -> int:
        return common_stock_sold(self.catalogue, self.logs)


def open_world(
    profiles: Sequence[ShopProfile],
    *,
    seed: int = 0,
    catalogue: str = CRAFT,
    poll_s: float = 2.0,
    tick_s: float = 0.5,
    policy: Policy = Policy.ESCROW,
    database: Path | None = None,
) -> World:
    """A business whose catalogue is published at every shop and whose channels have just gone live."""
    clock = ManualClock(START)
    ledger = open_ledger("sqlite://" if database is None else f"sqlite:///{database}", clock)
    if database is None:
        copy_tables(ledger)
    elif not database.exists():
        upgrade(ledger.engine)
    shops = {
        profile.name: Marketplace(profile, rng=random.Random(f"{seed}:{profile.name}"))
        for profile in profiles
    }
    world = World(
        seed=seed,
        clock=clock,
        ledger=ledger,
        shops=shops,
        settings={name: settings_of(shop, poll_s=poll_s) for name, shop in shops.items()},
        catalogue=parse_catalogue(catalogue),
        tick_s=tick_s,
    )
    stock_up(world)
    for name in shops:
        set_up_channel(world, name, policy=policy)
    return world


def stock_up(world: World) -> None:
    """Record the catalogue and its counts."""
    rows = list(world.catalogue.items.values())
    products = [
        Product(sku=row.sku, title=row.sku, price=Decimal(85000), currency="IDR", parts=row.parts)
        for row in rows
    ]

    def write(tx: Transaction) -> None:
        save_products(tx, products)
        for row in rows:
            if row.on_hand:
                receive(tx, row.sku, "main", row.on_hand, reference=f"opening-{row.sku}", actor="test")

    world.ledger.run(write)


def set_up_channel(world: World, name: str, *, policy: Policy) -> None:
    """Register, publish with quantity 0, go live."""
    capabilities = world.open(name).capabilities()
    world.ledger.run(
        lambda tx: register(tx, name, connector="marketplace", capabilities=capabilities, policy=policy)
    )
    publish(world.context, name)
    world.ledger.run(lambda tx: go_live(tx, name, plan_go_live(tx, name)))
