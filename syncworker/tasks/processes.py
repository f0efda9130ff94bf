"""How do the pieces run apart? A worker or beat as a process of its own, any number of each, over a shared broker."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import partial
from types import FrameType

from celery import signals
from celery.beat import Scheduler, Service
from celery.worker import WorkController

from syncworker.bootstrap import App, build, channels_of, started
from syncworker.connector import share_rate_limits
from syncworker.errors import ConfigurationError
from syncworker.ledger import Ledger, open_ledger
from syncworker.ledger.jobs import JobKind
from syncworker.settings import Settings, require_counted_calls, require_shared_broker
from syncworker.tasks.app import Pool, create_celery, queues_of
from syncworker.tasks.hints import Doorbell
from syncworker.tasks.jobs import Runtime, add_jobs
from syncworker.tasks.pulse import Beating, Pulse
from syncworker.tasks.queues import (
    EVERYTHING,
    TICK,
    NewChannels,
    Queues,
    Takes,
    choose,
    consume_from,
)
from syncworker.tasks.stopping import rate_storage
from syncworker.tasks.underway import share_of


def worker(
    app: App,
    *,
    pool: Pool = "threads",
    only: Sequence[str] = (),
    without: Sequence[str] = (),
    on_ready: Callable[[], None] | None = None,
) -> int:
    """Work until SIGTERM or Ctrl-C, which wait for the tasks under way (20 s at most); the exit code.

    ``only`` and ``without`` are channels, or ``tick``, whose work it takes or leaves to others; InputError for unknown ones.
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
    require_counted_calls(settings)
    share_rate_limits(None if settings.rates is None else rate_storage(settings.rates))
    keep_logging()
    signals.worker_ready.connect(lambda **_: on_ready and on_ready(), weak=False)
    with started(app):
        names = channels_of(app)
        takes, queues = choose(only, without, names), queues_of(settings)
        celery = create_celery(settings, pool=pool, queues=queues, takes=takes, channels=names)
        # A process of its own for each job needs no share: others are not held up by it.
        share = len(JobKind) if is_prefork else share_of(settings.concurrency, len(takes.among(names)))
        open_app = (lambda: build(settings)) if is_prefork else (lambda: app)
        add_jobs(celery, Runtime(open_app, Doorbell(celery), share=share))
        if is_prefork:
            # A connection must not be shared over a fork: the children open their own.
            app.close()
        work = celery.Worker(
            hostname=f"worker-{os.getpid()}@%h", quiet=True, without_mingle=True, without_gossip=True
        )
        with _looked_after(app, work, queues, takes, is_prefork=is_prefork):
            work.start()
        return int(work.exitcode or 0)


@contextmanager
def _looked_after(
    app: App, work: WorkController, queues: Queues, takes: Takes, *, is_prefork: bool
) -> Iterator[None]:
    """Meanwhile the worker gives signs of life, and finds channels that are added."""
    settings, ended = app.settings, threading.Event()

    def ledger() -> AbstractContextManager[Ledger]:
        # Beside children that are forked, a connection lives for the moment of a sign alone.
        return closing(open_ledger(settings.database_url)) if is_prefork else nullcontext(app.ledger)

    told = None if takes == EVERYTHING else takes.among([TICK, *settings.channels])
    watch = NewChannels(settings, queues, takes, partial(consume_from, work))
    with Beating(Pulse(ledger, takes=told)):
        threading.Thread(target=watch.watch, args=(ended,), name="syncworker-channels", daemon=True).start()
        try:
            yield
        finally:
            ended.set()


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


def _already_set_up(**_: object) -> None:
    """Nothing to do."""
