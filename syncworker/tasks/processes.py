"""How do the pieces run apart? A worker or beat as a process of its own, any number of each, over a shared broker."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

from celery import signals
from celery.beat import Scheduler, Service

from syncworker.bootstrap import App, build, started
from syncworker.connector import share_rate_limits
from syncworker.errors import ConfigurationError
from syncworker.settings import Settings, require_shared_broker
from syncworker.tasks.app import Pool, create_celery
from syncworker.tasks.hints import Doorbell
from syncworker.tasks.jobs import Runtime, add_jobs


def worker(app: App, *, pool: Pool = "threads", on_ready: Callable[[], None] | None = None) -> int:
    """Work until SIGTERM or Ctrl-C, which wait for the tasks under way (20 s at most); the exit code.

    Raises ConfigurationError for a broker that lives inside one process, and for ``prefork`` on SQLite, which wants
    one writing process. Call it in the main thread.
    """
    settings = app.settings
    require_shared_broker(settings, "worker")
    is_prefork = pool == "prefork"
    if is_prefork and settings.database_url.startswith("sqlite"):
        raise ConfigurationError(
            [
                "pool: 'prefork' needs PostgreSQL as ledger; use 'threads', or set database_url to postgresql://…"
            ]
        )
    share_rate_limits(rate_storage(settings.broker_url))
    keep_logging()
    celery = create_celery(settings, pool=pool)
    add_jobs(celery, Runtime((lambda: build(settings)) if is_prefork else (lambda: app), Doorbell(celery)))

    def tell_ready(**_: object) -> None:
        if on_ready is not None:
            on_ready()

    signals.worker_ready.connect(tell_ready, weak=False)
    with started(app):
        if is_prefork:
            # A connection must not be shared over a fork: the children open their own.
            app.close()
        work = celery.Worker(
            hostname=f"worker-{os.getpid()}@%h", quiet=True, without_mingle=True, without_gossip=True
        )
        work.start()
        return int(work.exitcode or 0)


def beat(settings: Settings) -> int:
    """Ring a tick every ``tick_s`` seconds until SIGTERM (exit code 0) or Ctrl-C (130). Needs no ledger.

    Any number of beats do no harm: a tick finds work, it makes none. Raises ConfigurationError as :func:`worker` does.
    """
    require_shared_broker(settings, "beat")
    keep_logging()
    service = Service(create_celery(settings), scheduler_cls=Scheduler)
    heard = []

    def stop(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        # Out of the sleep between two ticks; the service takes it as its end.
        raise SystemExit(0)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        service.start()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 128 + signal.SIGINT if signal.SIGINT in heard else 0


def keep_logging() -> None:
    """Our logging stays as it was set up: a receiver of this signal keeps Celery from setting up its own."""
    signals.setup_logging.connect(_already_set_up, weak=False)


def rate_storage(broker_url: str) -> str:
    """The same Redis in the words of the library that counts requests."""
    return broker_url.replace("redis+socket://", "redis+unix://", 1)


def _already_set_up(**_: object) -> None:
    """Nothing to do."""
