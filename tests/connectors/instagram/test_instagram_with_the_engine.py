"""The whole engine with a catalogue beside a shop, and with an old account that sells: judged by the referee."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from syncworker.bootstrap import App, build, register_channels
from syncworker.ledger import pools, products, stock, stocktaking
from syncworker.ledger.ledger import Transaction
from syncworker.sandbox.catalogue import parse_catalogue
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import Sandbox, start_sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.referee import Verdict, judge
from syncworker.sandbox.setup import ShopSetup
from syncworker.settings import add_channel, load_settings
from syncworker.sync.channels import go_live, plan_go_live
from syncworker.sync.listings import discover, link_suggested
from syncworker.sync.sale import add_sale
from syncworker.sync.wait import work_once
from tests.business import declared, profile
from tests.connectors.instagram.instagram_shops import settings_of
from tests.waiting import await_condition

GOODS = parse_catalogue(
    "sku,title,on_hand,price,currency,parts\nBIN,Bin,4,85000,IDR,\nPAN,Pan,2,35000,IDR,\n"
)
SEEDS = tuple(ListingSeed(sku=sku, title=sku, price="1000", quantity=0) for sku in GOODS.items)
QUICK = {
    "horizon_s": 1.5,
    "visibility_lag_s": 0.2,
    "read_lag_s": 0.0,
    "poll_s": 0.3,
    "batch_wait_s": 1.0,
    "rate_limits": ("1000/second",),
}
#: The most that the engine gets for one wish, in seconds.
PATIENCE_S = 30.0


@dataclass(slots=True)
class Town:
    """A shop that sells and one of Meta's, with the engine's work done on call."""

    app: App
    sandbox: Sandbox
    names: tuple[str, ...]

    def work_until(self, is_so: Callable[[], bool]) -> None:
        def is_so_with_a_round_more() -> bool:
            return is_so() or (bool(work_once(self.app.context, self.names)) and is_so())

        await_condition(is_so_with_a_round_more, PATIENCE_S, "the engine to get there")

    def numbers(self, name: str) -> dict[str, int]:
        found = self.sandbox.shops[name].control.truth(orders=False)["pools"]
        assert isinstance(found, list)
        return {one["skus"][0]: one["sellable"] for one in found}

    def available(self) -> dict[str, int]:
        with self.app.ledger.snapshot() as tx:
            return {sku: level.available for (sku, _), level in stock.levels(tx).items()}

    def verdict(self) -> Verdict:
        return judge(GOODS, self.sandbox.logs())


@contextmanager
def open_town(directory: Path, meta: str, dialect: str) -> Iterator[Town]:
    """Both shops live; nothing has been told yet."""
    (directory / "config").mkdir()
    setups = [
        ShopSetup(profile=profile("pasar", "compare_and_set"), token="token-pasar", listings=SEEDS),
        ShopSetup(
            profile=ShopProfile(
                name=meta, request_horizon_s=1.5, visibility_lag_s=0.2, idempotency_retention_s=30.0
            ),
            token=f"token-{meta}",
            dialect=dialect,
            listings=SEEDS,
        ),
    ]
    with start_sandbox(setups) as sandbox:
        file = directory / "config" / "channels.toml"
        add_channel(file, "pasar", "marketplace", declared(sandbox.shops["pasar"], "compare_and_set"))
        add_channel(file, meta, "instagram", settings_of(sandbox, meta, **QUICK))
        with build(load_settings(directory / "config")) as app:
            app.ledger.run(_stock_up)
            register_channels(app)
            for name in ("pasar", meta):
                discover(app.context, name)
                app.ledger.run(lambda tx, name=name: link_suggested(tx, app.context, name, actor="test"))  # type: ignore[misc]
                app.ledger.run(lambda tx, name=name: go_live(tx, name, plan_go_live(tx, name)))  # type: ignore[misc]
            yield Town(app, sandbox, ("pasar", meta))


def _stock_up(tx: Transaction) -> None:
    products.save_products(tx, [products.Product(sku=sku, title=sku) for sku in GOODS.items])
    for row in GOODS.items.values():
        stocktaking.receive(tx, row.sku, "main", row.on_hand or 0, reference=row.sku, actor="test")


def test_a_catalogue_follows_the_stock_and_takes_none_of_it(tmp_path: Path) -> None:
    with open_town(tmp_path, "katalog", "instagram") as town:
        control = town.sandbox.shops["katalog"].control
        town.work_until(lambda: town.numbers("pasar") == {"BIN": 4, "PAN": 2})
        town.work_until(lambda: town.numbers("katalog") == {"BIN": 1, "PAN": 1})

        control.order_faults({"kind": "timeout_after", "operation": "quantities", "seconds": 0.1, "count": 1})
        town.sandbox.shops["pasar"].control.buy("BIN", 4)
        town.work_until(lambda: town.numbers("katalog")["BIN"] == 0)
        control.order_faults({"kind": "late", "operation": "quantities", "seconds": 0.5, "count": 1})
        town.app.ledger.run(
            lambda tx: add_sale(
                tx, "katalog", sku="PAN", units=2, reference="dm-1", sold_at=tx.now, actor="test"
            )
        )
        town.work_until(lambda: town.numbers("katalog")["PAN"] == 0 and town.numbers("pasar")["PAN"] == 0)
        with town.app.ledger.snapshot() as tx:
            bounds = [record.bound.exposure for record in pools.of_channel(tx, "katalog")]

    assert bounds == [0, 0]


def test_an_old_account_sells_and_nothing_is_sold_twice(tmp_path: Path) -> None:
    with open_town(tmp_path, "lama", "instagram_orders") as town:
        meta, other = (town.sandbox.shops[name].control for name in ("lama", "pasar"))
        meta.order_faults({"kind": "cut_after", "operation": "quantities", "count": 1})
        meta.order_faults({"kind": "html_ok", "operation": "orders", "count": 1})
        town.work_until(lambda: town.numbers("lama").get("BIN", 0) > 0)

        bought = 0

        def sell_out() -> bool:
            nonlocal bought
            for control in (meta, other):
                for sku in GOODS.items:
                    bought += control.buy(sku, 1)["outcome"] == "sold"
            return sum(town.available().values()) == 0

        town.work_until(sell_out)
        verdict = town.verdict()

    assert verdict.oversold == 0
    assert (verdict.sold, bought) == (6, 6)
