"""A small business that sells at two Shopify shops: the real engine on a virtual clock, GraphQL over real HTTP.

Only the time between requests is virtual, as for TikTok Shop.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from syncworker.connector import Channel, KeptToken
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
from syncworker_shopify import ShopifySettings, connector
from tests.connectors.shopify.shopify_shops import LOCATION, token_of
from tests.connectors.tiktok.tiktok_world import START, TikTokWorld, Travelling, served, stock_up


@dataclass(slots=True)
class ShopifyWorld(TikTokWorld):
    """One run. Make it with :func:`open_world`."""

    def open(self, name: str) -> Channel:
        if name not in self.tokens:
            self.tokens[name] = KeptToken(token_of(name))
        return Travelling(connector.open(name, self.configured(name), self.tokens[name]), self.advance)

    def configured(self, name: str) -> ShopifySettings:
        """What an owner would write who declares exactly what the shop declares."""
        profile = self.market(name).profile
        return ShopifySettings.model_validate(
            {
                "shop": name,
                "client_id": f"key-{name}",
                "client_secret": f"secret-{name}",
                "location_id": LOCATION,
                "base_url": f"{self.base_url}/{name}",
                "allow_private_network": True,
                "visibility_lag_s": profile.visibility_lag_s,
                "apply_lag_s": profile.apply_lag_s,
                "read_lag_s": profile.read_lag_s,
                "horizon_s": profile.request_horizon_s,
                "clock_skew_s": 1.0,
                "poll_s": 2.0,
            }
        )


@contextmanager
def open_world(profiles: Sequence[ShopProfile], *, seed: int, catalogue: str) -> Iterator[ShopifyWorld]:
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
            "shopify",
        )
        for profile in profiles
    }
    house = House(fronts, clock=lambda: clock.time)
    with served(house) as base_url:
        world = ShopifyWorld(clock, ledger, house, base_url, rows)
        ledger.run(lambda tx: stock_up(tx, rows))
        for name in fronts:
            _go_live(world, name)
        yield world
    ledger.close()


def _go_live(world: ShopifyWorld, name: str) -> None:
    capabilities = world.configured(name).capabilities()
    ledger, context = world.ledger, world.context
    ledger.run(
        lambda tx: register(tx, name, connector="shopify", capabilities=capabilities, policy=Policy.ESCROW)
    )
    discover(context, name)
    ledger.run(lambda tx: link_suggested(tx, context, name, actor="test"))
    ledger.run(lambda tx: go_live(tx, name, plan_go_live(tx, name)))
