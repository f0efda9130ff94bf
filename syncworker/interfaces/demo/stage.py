"""How is the demo set up? Shops in processes of their own, the sample catalogue imported, published with 0, and live.

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

if TYPE_CHECKING:
    from syncworker.bootstrap import App
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
    shops: Mapping[str, ShopAddress]
    #: How each shop takes numbers: set, compare_and_set, delta.
    modes: Mapping[str, str]
    app: App
    engine: EmbeddedEngine


@contextmanager
def open_stage(folder: Path, *, seed: int, policy: str, stop: threading.Event) -> Iterator[Stage]:
    """Set everything up below ``folder`` and take it down again; nothing of it is left running afterwards."""
    from syncworker.interfaces.demo.shops import empty_shops, write_configuration

    with ExitStack() as held:
        setups = {setup.profile.name: setup for setup in empty_shops()}
        logs = folder / "shops"
        opening = [start_sandbox([setup], seed=seed, log_dir=logs) for setup in setups.values()]
        shops = {shop.name: shop for box in _opened(held, opening) for shop in box.shops.values()}
        _unless(stop)
        profiles = {name: setup.profile for name, setup in setups.items()}
        config = write_configuration(folder, shops, profiles, policy=policy)
        app, engine = _run_engine(held, config, folder, stop)
        yield Stage(
            folder=folder,
            config=config,
            logs=logs,
            catalogue=parse_catalogue(SAMPLE.read_text(encoding="utf-8")),
            shops=shops,
            modes={name: profile.quantity_mode for name, profile in profiles.items()},
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
    held: ExitStack, config: Path, folder: Path, stop: threading.Event
) -> tuple[App, EmbeddedEngine]:
    from syncworker.bootstrap import build
    from syncworker.settings import load_settings
    from syncworker.tasks import EmbeddedEngine
    from syncworker.telemetry import configure_logging

    settings = load_settings(config)
    log = held.enter_context((folder / "engine.log").open("a", encoding="utf-8"))
    configure_logging(level="info", style="json", secrets=settings.secrets, stream=log)
    app = held.enter_context(build(settings))
    _take_in_and_go_live(app, list(settings.channels), stop)
    return app, held.enter_context(EmbeddedEngine(app))


def _take_in_and_go_live(app: App, names: list[str], stop: threading.Event) -> None:
    """The newcomer's steps: product import, channel add, product publish, channel go-live."""
    from syncworker.bootstrap import register_channels
    from syncworker.sync.catalogue import apply_plan, plan_products
    from syncworker.sync.channels import go_live, plan_go_live
    from syncworker.sync.publishing import publish

    actor, data = app.settings.actor, SAMPLE.read_bytes()
    app.ledger.run(lambda tx: apply_plan(tx, plan_products(tx, data), reference="demo", actor=actor))
    register_channels(app)
    for name in names:
        _unless(stop)
        publish(app.context, name)
        app.ledger.run(lambda tx, name=name: go_live(tx, name, plan_go_live(tx, name)))  # type: ignore[misc]


def _unless(stop: threading.Event) -> None:
    if stop.is_set():
        raise StoppedEarlyError
