"""How do settings become something that works? The composition root: ledger, connectors and context, joined once.

Nothing happens at import. Everything a process needs hangs on the one :class:`App` that :func:`build` returns.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from syncworker import telemetry
from syncworker.connector import registry
from syncworker.connector.abilities import UpdatesListings
from syncworker.connector.auth import KeptToken, TokenStore
from syncworker.connector.contract import Capabilities, Channel
from syncworker.errors import ChannelMisconfiguredError, ConfigurationError
from syncworker.ledger import channels as channel_rows
from syncworker.ledger import installation, jobs
from syncworker.ledger.clock import Clock
from syncworker.ledger.incidents import IncidentKind, open_incident
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Ledger, Transaction, open_ledger
from syncworker.ledger.pruning import Keep
from syncworker.ledger.upgrade import ensure_current
from syncworker.settings import ChannelSettings, Settings, file_stamp, load_settings
from syncworker.settings.keys import token_cipher
from syncworker.sync import channels as channel_acts
from syncworker.sync.context import Context, log, tell_nobody
from syncworker.sync.vault import Vault


class ChannelShelf:
    """Opened channels: each thread has its own, opened when first asked for.

    ``channels.toml`` is read again when it changed, so a channel added beside a running worker is found.
    """

    def __init__(self, settings: Settings, vault: Vault) -> None:
        self._vault = vault
        self._channels = dict(settings.channels)
        self._file, self._folder = settings.channels_file, settings.folder
        self._seen = file_stamp(self._file)
        self._lock = threading.Lock()
        self._here = threading.local()
        self._opened: list[Channel] = []

    def open(self, name: str) -> Channel:
        """This thread's channel of that name; ChannelMisconfiguredError if it is not configured or cannot be opened."""
        configured = self._configured(name)
        mine: dict[str, tuple[ChannelSettings, Channel]] = self._here.__dict__.setdefault("channels", {})
        known = mine.get(name)
        if known is not None and known[0] is configured:
            return known[1]
        channel = open_configured(configured, self._vault.of(name))
        mine[name] = (configured, channel)
        with self._lock:
            self._opened.append(channel)
        return channel

    def close(self) -> None:
        """Let go of connections, where a connector keeps any."""
        with self._lock:
            opened, self._opened = self._opened, []
        for channel in opened:
            close = getattr(channel, "close", None)
            if callable(close):
                with suppress(Exception):
                    close()

    def _configured(self, name: str) -> ChannelSettings:
        with self._lock:
            stamp = file_stamp(self._file)
            if stamp != self._seen:
                self._seen = stamp
                self._read_again()
            configured = self._channels.get(name)
        if configured is None:
            raise ChannelMisconfiguredError(
                f"Channel {name!r} stands in the ledger but not in {self._file}. Put it back there, or"
                f" stop selling there with `syncworker channel withdraw {name}`."
            )
        return configured

    def _read_again(self) -> None:
        """A file with a mistake changes nothing: what worked before goes on."""
        try:
            settings = load_settings(self._folder)
        except ConfigurationError as error:
            log.warning("configuration_not_taken_over", problems=list(error.problems))
            return
        telemetry.hide(settings.secrets)
        changed = {
            name: fresh for name, fresh in settings.channels.items() if self._channels.get(name) != fresh
        }
        kept = {name: old for name, old in self._channels.items() if name in settings.channels}
        self._channels = {**kept, **changed}
        log.info("configuration_taken_over", channels=sorted(changed))


@dataclass(frozen=True, slots=True)
class App:
    """One process's engine: everything that commands and tasks work with. Close it at the end."""

    settings: Settings
    ledger: Ledger
    context: Context
    shelf: ChannelShelf
    vault: Vault

    def with_hint(self, hint: Callable[[str, JobKind], None]) -> App:
        """The same engine, telling ``hint`` of work after each commit."""
        return replace(self, context=replace(self.context, hint=hint))

    def close(self) -> None:
        """Give back connections, to the channels and to the database."""
        self.shelf.close()
        self.ledger.close()

    def __enter__(self) -> App:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """How the configuration and the ledger's channels compare."""

    #: Channels that were not known before; they start observing, a counter starts live.
    new: tuple[str, ...]
    #: Channels of the ledger that the configuration no longer has; their numbers still count.
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Declared:
    """What a configured channel says of itself, before it is asked anything."""

    capabilities: Capabilities
    updates_listings: bool


def build(
    settings: Settings, *, hint: Callable[[str, JobKind], None] = tell_nobody, clock: Clock | None = None
) -> App:
    """Open the ledger, upgrade its tables if need be, and join the rooms.

    Raises NewerDatabaseError, UnsafeDatabaseError or another LedgerError if the database cannot be used. Contacts no
    channel and registers none: see :func:`register_channels`.
    """
    ledger = open_ledger(settings.database_url, clock)
    try:
        ensure_current(ledger.engine)
    except BaseException:
        ledger.close()
        raise
    vault = Vault(ledger, lambda: token_cipher(settings))
    shelf = ChannelShelf(settings, vault)
    return App(settings, ledger, Context(ledger=ledger, open_channel=shelf.open, hint=hint), shelf, vault)


def open_configured(configured: ChannelSettings, tokens: TokenStore) -> Channel:
    """Open one account as configured; ChannelMisconfiguredError with the connector's own words if that fails."""
    try:
        connector = registry.load(configured.connector, manifest=configured.manifest)
        return connector.open(configured.name, configured.settings, tokens)
    except Exception as error:
        raise ChannelMisconfiguredError(
            f"Channel {configured.name!r} cannot be opened with connector {configured.connector!r}: {error}"
        ) from error


def register_channels(app: App) -> Registered:
    """Write a row for every configured channel, or take over its changed facts. Harmless to repeat.

    A counter gets a pool for every product that has none yet. Raises ConfigurationError that names every channel
    that cannot be opened; then none is registered.
    """
    declared = _declared(app.settings)
    return app.ledger.run(lambda tx: _register(tx, app, declared))


def keep_of(settings: Settings) -> Keep:
    """For how long what is over stays in the ledger."""
    return Keep(
        runs=timedelta(days=settings.keep_runs_days),
        incidents=timedelta(days=settings.keep_incidents_days),
        audit=timedelta(days=settings.keep_audit_days),
        traffic=timedelta(days=settings.keep_traffic_days),
    )


def channels_of(app: App) -> set[str]:
    """Names of all channels there may be work for: configured ones, and those that the ledger still counts."""
    with app.ledger.snapshot() as tx:
        return {*app.settings.channels, *(record.name for record in channel_rows.all_channels(tx))}


@contextmanager
def started(app: App) -> Iterator[Registered]:
    """Be the running engine on this ledger: alone on an SQLite file, with every configured channel registered.

    Alone, it takes over at once what a killed one had leased. Notices a restored backup: then every exposure counts as unknown until it is proven, and an incident says so.
    Raises AlreadyRunningError if another process runs on the same SQLite file.
    """
    with installation.running(app.ledger):
        registered = register_channels(app)
        if app.settings.database_url.startswith("sqlite"):
            app.ledger.run(jobs.free_all)
        if installation.begin_start(app.ledger):
            app.ledger.run(_tell_restored)
            log.warning(
                "ledger_restored", consequence="every number at every channel counts as unknown until read"
            )
        for name in registered.missing:
            log.warning("channel_not_configured", channel=name, file=str(app.settings.channels_file))
        yield registered


def _declared(settings: Settings) -> dict[str, _Declared]:
    declared: dict[str, _Declared] = {}
    problems = []
    for name, configured in settings.channels.items():
        try:
            channel = open_configured(configured, KeptToken())
            declared[name] = _Declared(channel.capabilities(), isinstance(channel, UpdatesListings))
        except Exception as error:  # noqa: BLE001 - a connector may raise anything; all of them are named at once
            problems.append(f"{settings.channels_file}: channels.{name}: {error}")
    if problems:
        raise ConfigurationError(problems)
    return declared


def _register(tx: Transaction, app: App, declared: dict[str, _Declared]) -> Registered:
    new = []
    for name, found in declared.items():
        configured = app.settings.channels[name]
        is_new = channel_acts.register(
            tx,
            name,
            connector=configured.connector,
            capabilities=found.capabilities,
            location=configured.location,
            policy=configured.policy,
            escrow_below=configured.escrow_below,
            counts_open_orders=configured.counts_open_orders,
            price_rule=configured.price,
            drift=configured.drift,
            updates_listings=found.updates_listings,
        )
        if is_new:
            new.append(name)
        if found.capabilities.rules().own_number:
            channel_acts.stock_counter(tx, app.context, name)
    rows = [record.name for record in channel_rows.all_channels(tx)]
    return Registered(new=tuple(new), missing=tuple(name for name in rows if name not in declared))


def _tell_restored(tx: Transaction) -> None:
    open_incident(tx, IncidentKind.RESTORED, "ledger", {"noticed_at": tx.now.isoformat()})
