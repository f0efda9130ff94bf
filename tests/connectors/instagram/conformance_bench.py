"""The Instagram connector on a pretend catalogue of Meta's, where nobody orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from syncworker.connector.conformance import Bench, SandboxShop, bench
from syncworker.connector.registry import load
from syncworker.sandbox.dialects.instagram_catalogue import WAITING
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import start_sandbox
from syncworker.sandbox.remote import ShopControl
from syncworker.sandbox.setup import ShopSetup
from tests.connectors.instagram.instagram_shops import DIALECTS, PROFILES, settings_of

HIDDEN = (
    "Meta tells the number that was given and hides what waiting orders take of it, which comes back after half an hour: "
    "what is read is never less than what sells, and no order counts it down for good"
)
SKIPS = {
    "katalog": {
        "reads-back": "a catalogue tells what it was last given; its staff type no numbers of their own"
    },
    "lama": {
        "restock-on-return": "nothing comes back to such a shop: a refund pays, and puts nothing on sale",
        "counts-down": HIDDEN,
        "quantity-kind": HIDDEN,
    },
}
GOODS = tuple(f"CONF-{n}" for n in range(1, 7))


@bench
def katalog() -> Iterator[Bench]:
    """A catalogue: nobody orders there."""
    yield from on_sandbox("katalog")


@bench
def lama() -> Iterator[Bench]:
    """An account that still has the old order API."""
    yield from on_sandbox("lama")


def on_sandbox(name: str) -> Iterator[Bench]:
    """The shop of that name, as its seller configures it."""
    seeds = tuple(ListingSeed(sku=sku, title=sku, price="79000", quantity=1) for sku in GOODS)
    profile = PROFILES[name]
    setup = ShopSetup(profile=profile, token=f"token-{name}", dialect=DIALECTS[name], listings=seeds)
    with start_sandbox([setup]) as sandbox:
        yield Bench(
            connector=load("instagram"),
            settings=settings_of(sandbox, name, rate_limits=()),
            shop=_far_side(name, sandbox.shops[name].control),
            skips=SKIPS[name],
        )


def _far_side(name: str, control: ShopControl) -> SandboxShop:
    if name == "katalog":
        return SandboxShop(control, GOODS, number_field="availability")
    return OldShop(control)


class OldShop(SandboxShop):
    """An old shop of Meta's: its number is the one that was given, what waiting orders take of it is hidden."""

    def __init__(self, control: ShopControl) -> None:
        super().__init__(
            control,
            GOODS,
            number_field="quantity_to_sell_on_facebook",
            order_id=lambda one: f"3352{int(one.rpartition('-')[2]):011d}",
            returns=False,
        )
        self._hand = control

    def put(self, sku: str, quantity: int) -> None:
        """Half an hour after every order was acknowledged, so that none takes anything of a number."""
        for order in self._waiting():
            self._hand.set_status(str(order["order_id"]), "in_progress")
        super().put(sku, quantity)

    def number(self, sku: str) -> int:
        lines = [line for order in self._waiting() for line in order["lines"] if line["sku"] == sku]
        return super().number(sku) + sum(int(line["quantity"]) - int(line["cancelled"]) for line in lines)

    def _waiting(self) -> list[dict[str, Any]]:
        orders: Any = self._hand.truth()["orders"]
        return [order for order in orders if order["status"] in WAITING]
