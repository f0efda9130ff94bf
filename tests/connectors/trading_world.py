"""A small business that sells at two shops of one platform: the real engine on a virtual clock, requests over real HTTP.

Time passes between requests, on their way and while a read waits to be tried again; all of it is virtual, nothing sleeps.
Signatures and tokens keep the wall clock's.
"""

from __future__ import annotations

import heapq
import random
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import uvicorn

from syncworker.connector import (
    Capabilities,
    Channel,
    ChannelCheck,
    KeptToken,
    ListingDraft,
    ListingPage,
    OrderPage,
    PushResult,
    QuantityPush,
    Reading,
    RemoteListing,
    Token,
)
from syncworker.connector.registry import load, validate
from syncworker.core.model import Policy
from syncworker.ledger import Ledger, ManualClock, open_ledger, pools, pushes
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.products import Product, save_products
from syncworker.ledger.stocktaking import receive
from syncworker.ledger.upgrade import upgrade
from syncworker.sandbox.answers import KnowsConnection
from syncworker.sandbox.app import create_app
from syncworker.sandbox.catalogue import Catalogue, parse_catalogue
from syncworker.sandbox.house import House, Shopfront
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.referee import Verdict, judge
from syncworker.sync.channels import go_live, plan_go_live, register
from syncworker.sync.context import Context
from syncworker.sync.listings import discover, link_suggested
from syncworker.sync.pull import pull_orders
from syncworker.sync.push import push_channel
from syncworker.sync.read import read_back
from syncworker.sync.resync import plan_rows
from syncworker.sync.tick import tick
from tests.connectors.shopee import shopee_shops
from tests.connectors.shopify import shopify_shops
from tests.connectors.tiktok import tiktok_shops

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
#: Virtual seconds that a call takes on its way there, and back.
LATENCY_S = 0.02
TICK_S = 1.0
JOBS: dict[JobKind, Callable[[Context, str], object]] = {
    JobKind.PULL: pull_orders,
    JobKind.PUSH: push_channel,
    JobKind.READ: read_back,
}


@dataclass(frozen=True, slots=True)
class Platform:
    """What its sellers configure, and the token of their consent; each by the shop's name."""

    #: Of the connector, and of the sandbox's dialect.
    name: str
    settings: Callable[[str, str], dict[str, object]]
    token: Callable[[str], Token]


PLATFORMS: Mapping[str, Platform] = {
    one.name: one
    for one in (
        Platform(
            "tiktok",
            lambda name, url: (
                tiktok_shops.settings_of(name, url) | {"unpaid_counts_down": "yes", "page_size": 10}
            ),
            lambda name: tiktok_shops.token_of(name, f"token-{name}"),
        ),
        Platform(
            "shopify",
            lambda name, url: shopify_shops.settings_of(name, url) | {"location_id": shopify_shops.LOCATION},
            shopify_shops.token_of,
        ),
        Platform(
            "shopee",
            shopee_shops.settings_of,
            lambda name: shopee_shops.token_of(name, f"token-{name}"),
        ),
    )
}


@dataclass(slots=True)
class World:
    """One run. Make it with :func:`open_world`."""

    platform: Platform
    clock: ManualClock
    ledger: Ledger
    house: House
    base_url: str
    catalogue: Catalogue
    tokens: dict[str, KeptToken] = field(default_factory=dict)
    hints: list[tuple[str, JobKind]] = field(default_factory=list)
    acts: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    ids: int = 0

    @property
    def context(self) -> Context:
        return Context(ledger=self.ledger, open_channel=self.open, hint=self.hint, new_id=self.new_id)

    @property
    def elapsed_s(self) -> float:
        return (self.clock.time - START).total_seconds()

    def hint(self, name: str, kind: JobKind) -> None:
        if (name, kind) not in self.hints:
            self.hints.append((name, kind))

    def new_id(self) -> str:
        self.ids += 1
        return f"{self.ids:032d}"

    def market(self, name: str) -> Marketplace:
        return self.house.shops[name].market

    def open(self, name: str) -> Channel:
        """The shop's channel, configured as an owner would who declares exactly what the shop declares."""
        profile = self.market(name).profile
        facts: dict[str, object] = {
            "visibility_lag_s": profile.visibility_lag_s,
            "apply_lag_s": profile.apply_lag_s,
            "read_lag_s": profile.read_lag_s,
            "horizon_s": profile.request_horizon_s,
            "clock_skew_s": 1.0,
            "poll_s": 2.0,
        }
        connector = load(self.platform.name)
        settings = validate(connector, self.platform.settings(name, f"{self.base_url}/{name}") | facts)
        tokens = self.tokens.setdefault(name, KeptToken(self.platform.token(name)))
        channel = connector.open(name, settings, tokens)
        # A read that is tried again waits on our clock.
        channel._client._http._sleep = self.advance  # type: ignore[attr-defined]  # all of the three have it
        return Travelling(channel, self.advance)

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Have something happen outside at START + ``seconds``."""
        heapq.heappush(self.acts, (START + timedelta(seconds=seconds), len(self.acts), act))

    def advance(self, seconds: float) -> None:
        until = self.clock.time + timedelta(seconds=seconds)
        while self.acts and self.acts[0][0] <= until:
            when, _, act = heapq.heappop(self.acts)
            if when > self.clock.time:
                self.clock.advance(when - self.clock.time)
            act()
        if until > self.clock.time:
            self.clock.advance(until - self.clock.time)

    def run_until(self, seconds: float, *, done: Callable[[], bool] = lambda: False) -> None:
        while self.elapsed_s < seconds and not done():
            began = self.clock.time
            tick(self.context)
            for _ in range(100):
                if not self.hints:
                    break
                name, kind = self.hints.pop(0)
                JOBS[kind](self.context, name)
            spent = (self.clock.time - began).total_seconds()
            self.advance(max(0.0, TICK_S - spent) or 0.001)

    def verdict(self) -> Verdict:
        return judge(self.catalogue, [list(front.market.log) for front in self.house.shops.values()])

    def unrest(self) -> list[str]:
        """What is not finished: unanswered pushes, unsettled pools, numbers that a second plan would still change."""
        with self.ledger.snapshot() as tx:
            records = [record for name in self.house.shops for record in pools.of_channel(tx, name)]
            found = [f"push {push.id} of {push.channel}: {push.state}" for push in pushes.unanswered(tx)]
            found += [f"{r.channel} {r.sku}: {r.bound}" for r in records if r.bound.pending is not None]
            found += [f"{r.channel} {r.sku}: unknown" for r in records if r.bound.exposure is None]
            found += [f"{r.channel} {r.sku}: parked" for r in records if r.parked]
            rows = plan_rows(tx, list(self.house.shops))
        return found + [f"{row.channel} {row.sku}: {row.value}" for row in rows if row.value is not None]


class Travelling:
    """A channel whose calls take virtual time there and back, during which buyers go on buying."""

    def __init__(self, inner: Channel, advance: Callable[[float], None]) -> None:
        self._inner, self._advance = inner, advance

    @contextmanager
    def _trip(self) -> Iterator[Channel]:
        self._advance(LATENCY_S)
        try:
            yield self._inner
        finally:
            self._advance(LATENCY_S)

    def capabilities(self) -> Capabilities:
        return self._inner.capabilities()

    def check(self) -> ChannelCheck:
        with self._trip() as channel:
            return channel.check()

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:
        with self._trip() as channel:
            return channel.list_orders(feed, since=since, cursor=cursor)

    def list_listings(self, *, cursor: str | None) -> ListingPage:
        with self._trip() as channel:
            return channel.list_listings(cursor=cursor)

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        with self._trip() as channel:
            return channel.push_quantities(pushes)

    def read_quantities(self, pool_keys: Sequence[str]) -> Sequence[Reading]:
        with self._trip() as channel:
            return channel.read_quantities(pool_keys)

    def publish(self, draft: ListingDraft) -> RemoteListing:
        with self._trip() as channel:
            return channel.publish(draft)


@contextmanager
def open_world(
    platform: str, profiles: Sequence[ShopProfile], *, seed: int, catalogue: str
) -> Iterator[World]:
    """A business whose goods are listed at every shop with 0, and whose channels have just gone live."""
    clock = ManualClock(START)
    ledger = open_ledger("sqlite://", clock)
    upgrade(ledger.engine)
    rows = parse_catalogue(catalogue)
    seeds = tuple(ListingSeed(sku=sku, title=sku, price="79000") for sku in rows.items)
    fronts = {
        profile.name: Shopfront(
            Marketplace(profile, rng=random.Random(f"{seed}:{profile.name}"), listings=seeds, now=START),
            f"token-{profile.name}",
            platform,
        )
        for profile in profiles
    }
    house = House(fronts, clock=lambda: clock.time)
    with served(house) as base_url:
        world = World(PLATFORMS[platform], clock, ledger, house, base_url, rows)
        ledger.run(lambda tx: stock_up(tx, rows))
        for name in fronts:
            _go_live(world, name)
        yield world
    ledger.close()


@contextmanager
def served(house: House) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = uvicorn.Server(
        uvicorn.Config(
            KnowsConnection(create_app(house)), http="h11", lifespan="off", log_level="critical",
            access_log=False, date_header=False, timeout_graceful_shutdown=1,
        )
    )  # fmt: skip
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def stock_up(tx: Transaction, rows: Catalogue) -> None:
    save_products(
        tx,
        [
            Product(sku=row.sku, title=row.sku, price=Decimal(79000), currency="IDR", parts=row.parts)
            for row in rows.items.values()
        ],
    )
    for row in rows.items.values():
        if row.on_hand:
            receive(tx, row.sku, "main", row.on_hand, reference=f"opening-{row.sku}", actor="test")


def _go_live(world: World, name: str) -> None:
    ledger, context = world.ledger, world.context
    capabilities, connector = world.open(name).capabilities(), world.platform.name
    ledger.run(
        lambda tx: register(tx, name, connector=connector, capabilities=capabilities, policy=Policy.ESCROW)
    )
    discover(context, name)
    ledger.run(lambda tx: link_suggested(tx, context, name, actor="test"))
    ledger.run(lambda tx: go_live(tx, name, plan_go_live(tx, name)))
