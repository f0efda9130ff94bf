"""A whole business for tests of running engines: a configuration, a sandbox process, a stocked ledger, live channels.

Nothing of it runs by itself: the test starts the engine, and lets buyers in.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from syncworker.bootstrap import App, build, register_channels
from syncworker.ledger import orders, pools, products, pushes, stock, stocktaking
from syncworker.ledger.books import check_books
from syncworker.ledger.ledger import Transaction
from syncworker.sandbox.catalogue import Catalogue, parse_catalogue
from syncworker.sandbox.process import Sandbox, ShopAddress, start_sandbox
from syncworker.sandbox.profile import QuantityMode, ShopProfile
from syncworker.sandbox.referee import Verdict, judge
from syncworker.sandbox.setup import ShopSetup
from syncworker.settings import Settings, add_channel, load_settings
from syncworker.sync.channels import go_live, plan_go_live
from syncworker.sync.publishing import publish

CRAFT = """\
sku,title,on_hand,price,currency,parts
BIN-BAMBU,Tempat sampah bambu,12,85000,IDR,
PENGKI-BAMBU,Pengki bambu,14,35000,IDR,
SAPU-GLAGAH,Sapu glagah,9,30000,IDR,
SET-BERSIH,Paket kebersihan,,140000,IDR,BIN-BAMBU:1;PENGKI-BAMBU:1;SAPU-GLAGAH:1
UKIRAN-01,Ukiran bambu,1,450000,IDR,
"""
MODES: Mapping[str, QuantityMode] = {"warung": "set", "pasar": "compare_and_set", "toko": "delta"}
VISIBILITY_S = 0.3
HORIZON_S = 4.0
#: Between two visits of one buyer.
PACE_S = 0.05


def profile(name: str, mode: QuantityMode) -> ShopProfile:
    """A shop with short lags, so that a test of a running engine ends soon."""
    return ShopProfile(
        name=name, quantity_mode=mode, visibility_lag_s=VISIBILITY_S, request_horizon_s=HORIZON_S
    )


def declared(shop: ShopAddress, mode: QuantityMode) -> dict[str, object]:
    """The same habits in the words of ``channels.toml``."""
    return {
        "base_url": shop.base_url,
        "token": shop.token,
        "allow_private_network": True,
        "quantity_mode": mode,
        "below_zero": "refuse",
        "floor": 0,
        "readable": True,
        "visibility_lag_s": VISIBILITY_S,
        "apply_lag_s": 0.0,
        "read_lag_s": 0.0,
        "horizon_s": HORIZON_S,
        "clock_skew_s": 0.1,
        "poll_s": 0.5,
        "batch_max": 100,
        "feeds": "single",
        "restocks": "yes",
    }


@dataclass(slots=True)
class Business:
    """A stocked business whose channels are live. Make it with :func:`open_business`."""

    folder: Path
    settings: Settings
    sandbox: Sandbox
    catalogue: Catalogue
    app: App

    def verdict(self) -> Verdict:
        """The referee's judgement so far, from the shops' own logs."""
        return judge(self.catalogue, self.sandbox.logs())

    @property
    def supply(self) -> int:
        """Units of parts there were at the start."""
        return sum(self.catalogue.stock().values())

    def unfinished(self) -> list[str]:
        """What the engine still has to do, one word each; empty when everything is told and recorded."""
        sold = {part.sku: part.supply - part.sold for part in self.verdict().parts}
        with self.app.ledger.snapshot() as tx:
            levels = stock.levels(tx)
            pulled = {sku: level.available for (sku, _), level in levels.items()}
            dirty = [f"dirty at {name}" for name in pools.dirty_channels(tx)]
            sending = [f"{push.state} at {push.channel}" for push in pushes.unanswered(tx)]
        missed = [f"orders of {sku}" for sku, left in sold.items() if pulled.get(sku) != left]
        return [*missed, *dirty, *sending]

    def is_finished(self) -> bool:
        return not self.unfinished()

    def is_sold_out(self) -> bool:
        return self.verdict().sold == self.supply

    def books(self) -> list[str]:
        """What does not add up; empty when all does."""
        with self.app.ledger.snapshot() as tx:
            return check_books(tx)

    def orders_of(self, channel: str) -> int:
        """Orders of the channel that are recorded by now."""
        with self.app.ledger.snapshot() as tx:
            return len(orders.latest(tx, channel=channel, most=10_000))

    def sells_everywhere(self) -> bool:
        """Whether a buyer finds something at every shop."""
        return all(any(self.truly_shown(name).values()) for name in self.sandbox.shops)

    def truly_shown(self, channel: str) -> dict[str, int]:
        """What a buyer could take there, by SKU, as the shop itself knows it."""
        truth = self.sandbox.shops[channel].control.truth(orders=False)
        found = truth["pools"]
        assert isinstance(found, list)
        with self.app.ledger.snapshot() as tx:
            names = {record.pool_key: record.sku for record in pools.of_channel(tx, channel)}
        return {names[one["pool_id"]]: one["sellable"] for one in found if one["pool_id"] in names}


@contextmanager
def open_business(
    directory: Path,
    *,
    modes: Mapping[str, QuantityMode] = MODES,
    catalogue: str = CRAFT,
    main: Mapping[str, object] | None = None,
) -> Iterator[Business]:
    """Shops in a process of their own, everything published there and live. ``main`` are keys of syncworker.toml."""
    folder = directory / "config"
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        setups = [
            ShopSetup(profile=profile(name, mode), token=f"token-{name}") for name, mode in modes.items()
        ]
        sandbox = stack.enter_context(start_sandbox(setups))
        lines = {"tick_s": 0.3, "actor": "test", **(main or {})}
        (folder / "syncworker.toml").write_text(
            "".join(f"{key} = {value!r}\n" for key, value in lines.items())
        )
        for name, mode in modes.items():
            add_channel(folder / "channels.toml", name, "marketplace", declared(sandbox.shops[name], mode))
        settings = load_settings(folder)
        app = stack.enter_context(build(settings))
        goods = parse_catalogue(catalogue)
        _stock_up(app, goods)
        register_channels(app)
        for name in modes:
            publish(app.context, name)
            app.ledger.run(lambda tx, name=name: go_live(tx, name, plan_go_live(tx, name)))  # type: ignore[misc]
        yield Business(folder, settings, sandbox, goods, app)


def _stock_up(app: App, goods: Catalogue) -> None:
    def write(tx: Transaction) -> None:
        rows = goods.items.values()
        products.save_products(
            tx,
            [
                products.Product(
                    sku=r.sku, title=r.title, price=Decimal(r.price), currency=r.currency, parts=r.parts
                )
                for r in rows
            ],
        )
        for row in rows:
            if row.on_hand:
                stocktaking.receive(
                    tx, row.sku, "main", row.on_hand, reference=f"opening-{row.sku}", actor="test"
                )

    app.ledger.run(write)


@dataclass(slots=True)
class Buyers:
    """People who visit the shops, each in a thread of their own, until told to stop. A context manager."""

    business: Business
    seed: int = 0
    count: int = 3
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Buyers:
        for number in range(self.count):
            thread = threading.Thread(target=self._visit, args=(number,), name=f"buyer-{number}")
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _visit(self, number: int) -> None:
        chance = random.Random(f"{self.seed}:{number}")
        skus = list(self.business.catalogue.items)
        shops = list(self.business.sandbox.shops.values())
        while not self._stop.wait(PACE_S * chance.uniform(0.5, 1.5)):
            chance.choice(shops).control.buy(chance.choice(skus), 1, f"buyer-{number}")
