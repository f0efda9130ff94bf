"""The Instagram connector on a pretend catalogue of Meta's, where nobody orders."""

from __future__ import annotations

from collections.abc import Iterator

from syncworker.connector.conformance import Bench, SandboxShop, bench
from syncworker.connector.registry import load
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import start_sandbox
from syncworker.sandbox.setup import ShopSetup
from tests.connectors.instagram.instagram_shops import DIALECTS, PROFILES, settings_of

GOODS = tuple(f"CONF-{n}" for n in range(1, 7))


@bench
def katalog() -> Iterator[Bench]:
    """A catalogue: nobody orders there."""
    yield from on_sandbox("katalog")


def on_sandbox(name: str) -> Iterator[Bench]:
    """The shop of that name, as its seller configures it."""
    seeds = tuple(ListingSeed(sku=sku, title=sku, price="79000", quantity=1) for sku in GOODS)
    profile = PROFILES[name]
    setup = ShopSetup(profile=profile, token=f"token-{name}", dialect=DIALECTS[name], listings=seeds)
    with start_sandbox([setup]) as sandbox:
        yield Bench(
            connector=load("instagram"),
            settings=settings_of(sandbox, name, rate_limits=()),
            shop=SandboxShop(sandbox.shops[name].control, GOODS, number_field="availability"),
            skips={
                "reads-back": "a catalogue tells what it was last given; its staff type no numbers of their own"
            },
        )
