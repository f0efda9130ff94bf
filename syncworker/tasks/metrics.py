"""What does a monitor see? Prometheus's figures, computed from the ledger whenever it asks, so that they outlive every process.

Served on this computer alone unless the settings say otherwise; changes nothing but the count of how soon sales were told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from syncworker.bootstrap import App
from syncworker.connector import share_rate_limits
from syncworker.connector.usage import Usage, usage
from syncworker.errors import ConfigurationError
from syncworker.ledger import gauges, heartbeats, told
from syncworker.ledger.heartbeats import Sign
from syncworker.ledger.ledger import Ledger, Snapshot
from syncworker.settings import Settings
from syncworker.tasks.pulse import WORKER_SIGN_S, this_host
from syncworker.tasks.stopping import Stop, rate_storage

K = TypeVar("K", bound=tuple[str, ...])

#: A worker that missed so many signs is not counted.
MISSED = 4

_log: structlog.stdlib.BoundLogger = structlog.get_logger("syncworker")


class LedgerCollector(Collector):
    """Asks the ledger each time Prometheus asks. A part that fails is left out, and ``syncworker_up`` is 0 then."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked before there is somebody to answer."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All families, in one snapshot."""
        began = time.monotonic()
        try:
            self._ledger.run(lambda tx: told.count(tx, host=this_host()))
            with self._ledger.snapshot() as tx:
                families = [*_of_stock(tx), *_of_channels(tx), *_of_work(tx), _told(tx)]
            works = 1
        except Exception as error:  # noqa: BLE001 - the monitor must hear that something is wrong
            _log.warning("metrics_not_computed", error=repr(error))
            families, works = [], 0
        yield from families
        yield _quota(usage())
        yield _gauge("syncworker_up", "Whether the ledger could be asked.", works)
        yield _gauge(
            "syncworker_scrape_seconds", "What computing these figures took.", time.monotonic() - began
        )


@contextmanager
def serving(settings: Settings, ledger: Ledger) -> Iterator[None]:
    """Meanwhile Prometheus may ask, if the settings name a port. ConfigurationError if that port is taken."""
    if settings.metrics_port is None:
        yield
        return
    stop = serve(settings.metrics_host, settings.metrics_port, ledger)
    try:
        yield
    finally:
        stop()


def metrics(app: App, *, on_ready: Callable[[str], None] | None = None) -> int:
    """Serve the figures as a process of its own until Ctrl-C (exit code 130) or SIGTERM (0). Call it in the main thread.

    Raises ConfigurationError without a ``metrics_port``, or if it is taken.
    """
    settings = app.settings
    if settings.metrics_port is None:
        raise ConfigurationError(
            ["metrics_port: not set; choose a port of this computer, for instance metrics_port = 9188"]
        )
    share_rate_limits(None if settings.rates is None else rate_storage(settings.rates))
    stop = Stop()
    with stop.listening(), serving(settings, app.ledger):
        if on_ready is not None:
            on_ready(f"http://{settings.metrics_host}:{settings.metrics_port}/metrics")
        stop.wanted.wait()
    return stop.code


def serve(host: str, port: int, ledger: Ledger) -> Callable[[], None]:
    """Answer at ``http://host:port/metrics`` until what is given back is called."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(LedgerCollector(ledger))
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        raise ConfigurationError(
            [f"metrics_port: {host}:{port} cannot be used ({error.strerror}); choose another port"]
        ) from error

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join(5.0)

    return stop


def _of_stock(tx: Snapshot) -> Iterator[Metric]:
    oversold = gauges.oversold(tx)
    yield _gauge("syncworker_oversold_units", "Units promised that are not there.", oversold.units)
    yield _gauge(
        "syncworker_oversold_parts", "Parts of which more is promised than is there.", oversold.parts
    )
    yield _labelled(
        "syncworker_incidents_open",
        "What needs a person, by kind.",
        ["kind"],
        {(kind,): count for kind, count in gauges.incidents(tx).items()},
    )
    yield _labelled(
        "syncworker_drift_open",
        "Numbers that stand differently at a channel, by class.",
        ["channel", "class"],
        gauges.drift(tx),
    )


def _of_channels(tx: Snapshot) -> Iterator[Metric]:
    found, gates = gauges.channels(tx), gauges.gates(tx)
    for name, text, values in (
        ("exposure_units", "Units that it may still sell.", {n: one.may_sell for n, one in found.items()}),
        (
            "exposures_unknown",
            "Numbers of which it is not known what they may sell.",
            {n: one.unknown for n, one in found.items()},
        ),
        ("pools", "Its numbers.", {n: one.pools for n, one in found.items()}),
        ("pools_dirty", "Numbers that have to be looked at.", {n: one.dirty for n, one in found.items()}),
        (
            "closed",
            "Whether it is left alone for now, after failures or because it asked for it.",
            {name: int(closed) for name, (closed, _) in gates.items()},
        ),
        ("failures", "Failures in a row.", {name: failures for name, (_, failures) in gates.items()}),
    ):
        yield _labelled(
            f"syncworker_channel_{name}", text, ["channel"], {(n,): value for n, value in values.items()}
        )
    unsent = gauges.unsent_since(tx)
    yield _labelled(
        "syncworker_oldest_unsent_seconds",
        "Age of the oldest change that the channel has not acknowledged.",
        ["channel"],
        {(name,): _age(tx, unsent.get(name)) for name in found},
    )


def _of_work(tx: Snapshot) -> Iterator[Metric]:
    yield _labelled(
        "syncworker_work_overdue_seconds",
        "How long work has been due that nobody does.",
        ["channel", "job"],
        {(name, kind.value): _age(tx, at) for (name, kind), at in gauges.waiting_since(tx).items()},
    )
    ticks = heartbeats.latest(tx, Sign.TICK)
    if ticks:
        yield _gauge("syncworker_tick_age_seconds", "Since the last look for work.", _age(tx, ticks[0].at))
    since = tx.now - timedelta(seconds=MISSED * WORKER_SIGN_S)
    workers = len(heartbeats.latest(tx, Sign.WORKER, since=since))
    yield _gauge("syncworker_workers", "Workers that gave a sign of life within a minute.", workers)


def _told(tx: Snapshot) -> Metric:
    family = HistogramMetricFamily(
        "syncworker_sale_told_seconds",
        "From a sale, as its channel dates it, to another number's acknowledgement, by kind of change.",
        labels=["kind"],
    )
    for one in told.totals(tx):
        below, buckets = 0, []
        for bound, count in zip((*map(str, told.BOUNDS_S), "+Inf"), one.counts, strict=True):
            below += count
            buckets.append((bound, below))
        family.add_metric([one.kind], buckets, one.seconds)
    return family


def _quota(found: Iterable[Usage]) -> Metric:
    family = GaugeMetricFamily(
        "syncworker_quota_calls",
        "Calls of an allowance that are used, and left.",
        labels=["account", "allowance", "state"],
    )
    for one in found:
        family.add_metric([one.account, one.allowance, "used"], one.used)
        family.add_metric([one.account, one.allowance, "left"], max(0, one.calls - one.used))
    return family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _labelled(name: str, text: str, labels: list[str], values: Mapping[K, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(list(key), value)
    return family


def _age(tx: Snapshot, moment: datetime | None) -> float:
    return 0.0 if moment is None else max(0.0, (tx.now - moment).total_seconds())
