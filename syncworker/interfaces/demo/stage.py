"""How is the demo set up? Shops in processes of their own, the sample catalogue imported, listed with 0, and live.

Each step is the one that a newcomer takes by hand; nothing is sold here yet.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from syncworker.errors import SyncworkerError
from syncworker.interfaces.language import _
from syncworker.sandbox.catalogue import Catalogue, parse_catalogue
from syncworker.sandbox.process import Sandbox, SandboxDiedError, ShopAddress, start_sandbox
from syncworker.sandbox.setup import catalogue_listings

if TYPE_CHECKING:
    from syncworker.bootstrap import App
    from syncworker.interfaces.demo.stall import Stall
    from syncworker.tasks import EmbeddedEngine

SAMPLE = Path(__file__).parents[1] / "samples" / "catalogue.csv"


class StoppedEarlyError(Exception):
    """Somebody pressed Ctrl-C before the shops were open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything is open and running."""

    folder: Path
    config: Path
    logs: Path
    catalogue: Catalogue
    #: Those that are programs of their own.
    shops: Mapping[str, ShopAddress]
    stall: Stall
    #: How each place takes numbers: set, compare_and_set, delta, own, catalogue.
    modes: Mapping[str, str]
    app: App
    engine: EmbeddedEngine


@contextmanager
def open_stage(folder: Path, *, seed: int, policy: str, stop: threading.Event) -> Iterator[Stage]:
    """Set everything up below ``folder`` and take it down again; nothing of it is left running afterwards."""
    from syncworker.interfaces.demo.cast import MODES
    from syncworker.interfaces.demo.shops import pretend_shops, write_configuration
    from syncworker.interfaces.demo.stall import Stall

    catalogue = parse_catalogue(SAMPLE.read_text(encoding="utf-8"))
    with ExitStack() as held:
        setups = {setup.profile.name: setup for setup in pretend_shops(catalogue_listings(catalogue))}
        logs = folder / "shops"
        opening = [start_sandbox([setup], seed=seed, log_dir=logs) for setup in setups.values()]
        shops = {shop.name: shop for box in _opened(held, opening) for shop in box.shops.values()}
        _unless(stop)
        profiles = {name: setup.profile for name, setup in setups.items()}
        config = write_configuration(folder, shops, profiles, policy=policy)
        app, engine = _run_engine(held, config, folder, shops, stop)
        stall = Stall(app.ledger, logs, actor=app.settings.actor)
        held.callback(stall.close)
        yield Stage(
            folder=folder,
            config=config,
            logs=logs,
            catalogue=catalogue,
            shops=shops,
            stall=stall,
            modes=MODES,
            app=app,
            engine=engine,
        )


def _opened(held: ExitStack, opening: Sequence[AbstractContextManager[Sandbox]]) -> list[Sandbox]:
    """Open them side by side, and load the engine's code meanwhile: each takes about a second."""
    with ThreadPoolExecutor(len(opening)) as pool:
        waiting = [pool.submit(one.__enter__) for one in opening]
        _load_engine()
    boxes, died = [], None
    for one, future in zip(opening, waiting, strict=True):
        try:
            boxes.append(future.result())
            held.push(one.__exit__)
        except SandboxDiedError as error:
            died = error
    if died is not None:
        raise SyncworkerError(
            _("A pretend shop did not open: {error}. Run the demo again.").format(error=died)
        ) from died
    return boxes


def _load_engine() -> None:
    import syncworker.bootstrap
    import syncworker.tasks  # noqa: F401 - only to have it loaded


def _run_engine(
    held: ExitStack,
    config: Path,
    folder: Path,
    shops: Mapping[str, ShopAddress],
    stop: threading.Event,
) -> tuple[App, EmbeddedEngine]:
    from syncworker.bootstrap import build
    from syncworker.settings import load_settings
    from syncworker.tasks import EmbeddedEngine
    from syncworker.telemetry import configure_logging

    settings = load_settings(config)
    log = held.enter_context((folder / "engine.log").open("a", encoding="utf-8"))
    configure_logging(level="info", style="json", secrets=settings.secrets, stream=log)
    app = held.enter_context(build(settings))
    _take_in(app, shops)
    for name in settings.channels:
        _unless(stop)
        _list_and_go_live(app, name)
    return app, held.enter_context(EmbeddedEngine(app))


def _take_in(app: App, shops: Mapping[str, ShopAddress]) -> None:
    """The newcomer's first steps: product import, channel add, channel connect."""
    from syncworker.bootstrap import register_channels
    from syncworker.interfaces.demo.cast import TIKTOK
    from syncworker.interfaces.demo.shops import consent_of
    from syncworker.sync.catalogue import apply_plan, plan_products

    actor, data = app.settings.actor, SAMPLE.read_bytes()
    app.ledger.run(lambda tx: apply_plan(tx, plan_products(tx, data), reference="demo", actor=actor))
    register_channels(app)
    app.vault.of(TIKTOK).keep(consent_of(shops[TIKTOK]))


def _list_and_go_live(app: App, name: str) -> None:
    """And for each channel: listing publish (or listing suggest), channel go-live."""
    from syncworker.interfaces.demo.cast import FOUND_THERE, STALL
    from syncworker.sync.channels import go_live, plan_go_live
    from syncworker.sync.golive import look_first
    from syncworker.sync.listings import discover, link_suggested
    from syncworker.sync.publishing import publish

    if name in FOUND_THERE:
        discover(app.context, name)
        app.ledger.run(lambda tx: link_suggested(tx, app.context, name, actor=app.settings.actor))
        look_first(app.context, name)
    else:
        publish(app.context, name)
    if name == STALL:
        _let_go_of_the_last(app)
    else:
        app.ledger.run(lambda tx: go_live(tx, name, plan_go_live(tx, name)))


def _let_go_of_the_last(app: App) -> None:
    """limit set counter SKU --at-least 0: a counter keeps one of everything, unless one says that it may go elsewhere."""
    from syncworker.interfaces.demo.cast import STALL
    from syncworker.ledger.products import list_products
    from syncworker.sync.limits import set_limits

    with app.ledger.snapshot() as tx:
        skus = [one.sku for one in list_products(tx)]
    for sku in skus:
        app.ledger.run(lambda tx, sku=sku: set_limits(tx, STALL, sku, at_least=0))  # type: ignore[misc]


def _unless(stop: threading.Event) -> None:
    if stop.is_set():
        raise StoppedEarlyError
