"""A small business that sells at two Shopee shops: the real engine on a virtual clock, signed requests over real HTTP.

Only the time between requests is virtual, as for TikTok Shop; signatures and tokens keep the wall clock's.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from syncworker.connector import Capabilities, Channel, KeptToken
from syncworker.core.model import Policy
from syncworker.ledger import ManualClock, open_ledger
from syncworker.ledger.upgrade import upgrade
from syncworker.sandbox.catalogue import parse_catalogue
from syncworker.sandbox.house import House, Shopfront
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.profile import ShopProfile
from syncworker.sync.channels import go_live, plan_go_live, register
from syncworker.sync.listings import discover, link_suggested
from syncworker_shopee import ShopeeSettings, connector
from tests.connectors.shopee.shopee_shops import settings_of, token_of
from tests.connectors.tiktok.tiktok_world import START, TikTokWorld, Travelling, served, stock_up


@dataclass(slots=True)
class ShopeeWorld(TikTokWorld):
    """One run. Make it with :func:`open_world`."""

    def capabilities(self, name: str) -> Capabilities:
        return self._configured(name).capabilities()

    def open(self, name: str) -> Channel:
        if name not in self.tokens:
            self.tokens[name] = KeptToken(token_of(name, f"token-{name}"))
        return Travelling(connector.open(name, self._configured(name), self.tokens[name]), self.advance)

    def _configured(self, name: str) -> ShopeeSettings:
        """What an owner would write who declares exactly what the shop declares."""
        profile = self.market(name).profile
        return ShopeeSettings.model_validate(
            settings_of(name, f"{self.base_url}/{name}")
            | {
                "visibility_lag_s": profile.visibility_lag_s,
                "apply_lag_s": profile.apply_lag_s,
                "read_lag_s": profile.read_lag_s,
                "horizon_s": profile.request_horizon_s,
                "clock_skew_s": 1.0,
                "poll_s": 2.0,
            }
        )


@contextmanager
def open_world(profiles: Sequence[ShopProfile], *, seed: int, catalogue: str) -> Iterator[ShopeeWorld]:
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
            "shopee",
        )
        for profile in profiles
    }
    house = House(fronts, clock=lambda: clock.time)
    with served(house) as base_url:
        world = ShopeeWorld(clock, ledger, house, base_url, rows)
        ledger.run(lambda tx: stock_up(tx, rows))
        for name in fronts:
            _go_live(world, name)
        yield world
    ledger.close()


def _go_live(world: ShopeeWorld, name: str) -> None:
    ledger, capabilities = world.ledger, world.capabilities(name)
    ledger.run(
        lambda tx: register(tx, name, connector="shopee", capabilities=capabilities, policy=Policy.ESCROW)
    )
    discover(world.context, name)
    ledger.run(lambda tx: link_suggested(tx, world.context, name, actor="test"))
    ledger.run(lambda tx: go_live(tx, name, plan_go_live(tx, name)))
