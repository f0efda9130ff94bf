"""How does all of it run in one process? Worker, beat and hints in threads beside whoever started them, on one SQLite file.

The broker lives in memory: nothing is kept in it that the rows would not tell again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext, suppress
from types import TracebackType
from typing import Self
from uuid import uuid4

import structlog
from celery import Celery
from celery.beat import Scheduler, Service
from celery.worker import WorkController
from celery.worker import state as worker_state
from kombu import Queue

from syncworker.bootstrap import App, Registered, channels_of, started
from syncworker.errors import AlreadyRunningError
from syncworker.ledger import installation
from syncworker.tasks.app import create_celery, task_name
from syncworker.tasks.hints import Doorbell
from syncworker.tasks.jobs import Runtime, add_jobs
from syncworker.tasks.metrics import serving
from syncworker.tasks.pulse import Pulse
from syncworker.tasks.queues import EVERYTHING, TICK, NewChannels, Queues, consume_from
from syncworker.tasks.stopping import Stop, leave
from syncworker.tasks.underway import share_of

START_S = 10.0
#: A stop waits so long for jobs that are under way; what is left has its rows, and the next start finds them.
STOP_S = 2.5
#: The witness beside the database is renewed this often.
WITNESS_S = 60.0
#: Beat's longest sleep, and so how soon it notices that it shall stop.
BEAT_LOOKS_UP_S = 0.25
#: A task that does nothing.
NUDGE = "syncworker.nudge"

_log: structlog.stdlib.BoundLogger = structlog.get_logger("syncworker")
#: Celery keeps "shall I stop?" in a variable of the process, so there can be one worker in it.
_one_worker = threading.Lock()


class _Worker(WorkController):
    """A worker that tells when it takes tasks. It handles no signals: that is up to whoever owns the process."""

    def __init__(self, celery: Celery, ready: threading.Event) -> None:
        self._ready = ready
        super().__init__(
            app=celery, hostname="embedded", without_heartbeat=True, without_mingle=True, without_gossip=True
        )

    def on_consumer_ready(self, consumer: object) -> None:  # noqa: ARG002 - Celery's signature
        self._ready.set()


class EmbeddedEngine:
    """Pulls, pushes and reads back in the background until it is stopped; the app stays its owner's.

    Start and stop it from any thread, once; one at a time in a process.
    """

    def __init__(self, app: App) -> None:
        self._queues = Queues(f"embedded-{uuid4().hex[:8]}")
        names = channels_of(app)
        self._celery = create_celery(app.settings, queues=self._queues, channels=names)
        self._share = share_of(app.settings.concurrency, len(names))
        self._celery.conf.beat_max_loop_interval = BEAT_LOOKS_UP_S
        self._doorbell = Doorbell(self._celery)
        #: The same app, its hints ringing our doorbell: work done through it is found at once.
        self.app = app.with_hint(self._doorbell.ring)
        self._ready, self._ended = threading.Event(), threading.Event()
        self._held = ExitStack()
        self._threads: list[threading.Thread] = []
        self._beat = Service(self._celery, scheduler_cls=Scheduler)
        self._registered: Registered | None = None
        self._worker: _Worker | None = None

    @property
    def registered(self) -> Registered:
        """What the start found out about the channels."""
        if self._registered is None:
            raise RuntimeError("the engine was not started")
        return self._registered

    @property
    def is_running(self) -> bool:
        """Whether the worker takes tasks."""
        return self._ready.is_set() and not self._ended.is_set()

    def start(self) -> None:
        """Return when work is being done. Raises AlreadyRunningError if somebody else runs on this ledger."""
        if not _one_worker.acquire(blocking=False):
            raise AlreadyRunningError("This process runs an engine already. Stop that one first.")
        try:
            self._held.callback(_one_worker.release)
            self._registered = self._held.enter_context(started(self.app))
            add_jobs(self._celery, Runtime(lambda: self.app, self._doorbell, share=self._share))
            self._celery.task(name=NUDGE, shared=False)(_nothing)
            # The pool's threads look their task up in the default app.
            self._celery.set_default()
            _tell_worker_to_stop(None)
            self._run("worker", self._work)
            self._await_ready()
            self._ring_tick()
            self._run("beat", self._beat.start)
            self._run("witness", self._renew_witness)
            self._run("pulse", self._give_signs)
            self._run("channels", self._watch_channels)
        except BaseException:
            self.stop()
            raise

    def stop(self, *, timeout_s: float = STOP_S) -> bool:
        """Take no more tasks and wait for those under way; False if one of them was still not done after ``timeout_s``.

        Then its thread goes on by itself and ends with its request; its rows say what it was doing. Harmless to repeat.
        """
        deadline = time.monotonic() + timeout_s
        self._ended.set()
        self._beat.stop()
        _tell_worker_to_stop(0)
        self._wake_worker()
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        is_done = not any(thread.is_alive() for thread in self._threads)
        self._held.close()
        return is_done

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _await_ready(self) -> None:
        if not self._ready.wait(START_S) or self._ended.is_set():
            raise RuntimeError("the worker did not start; the log says why")

    def _run(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(
            target=self._guarded, args=(name, work), name=f"syncworker-{name}", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        """Without any one of its threads the engine is not running: whoever waits for it must notice."""
        try:
            work()
        except Exception:  # noqa: BLE001 - the outermost edge of a thread
            _log.exception("thread_failed", thread=name)
        finally:
            self._ended.set()
            self._ready.set()

    def _work(self) -> None:
        self._worker = _Worker(self._celery, self._ready)
        self._worker.start()

    def _ring_tick(self) -> None:
        self._celery.send_task(task_name(TICK), expires=10)

    def _wake_worker(self) -> None:
        """It looks up only every two seconds, and once more before it believes that it shall stop."""
        with suppress(Exception):
            for _ in range(3):
                self._celery.send_task(NUDGE)

    def _give_signs(self) -> None:
        Pulse(lambda: nullcontext(self.app.ledger)).beat(self._ended)

    def _watch_channels(self) -> None:
        NewChannels(self.app.settings, self._queues, EVERYTHING, self._consume).watch(self._ended)

    def _consume(self, queue: Queue) -> bool:
        return self._worker is not None and consume_from(self._worker, queue)

    def _renew_witness(self) -> None:
        while not self._ended.wait(WITNESS_S):
            try:
                installation.renew_witness(self.app.ledger)
            except Exception:  # noqa: BLE001 - tried again in a minute
                _log.exception("witness_not_renewed")


def _nothing() -> None:
    """What a nudge asks for."""


def _tell_worker_to_stop(code: int | None) -> None:
    """Celery's own way to tell; ``None`` takes it back."""
    worker_state.should_terminate = None
    worker_state.should_stop = code  # type: ignore[assignment]  # the stubs know only how it begins


def up(app: App, *, on_ready: Callable[[Registered], None] | None = None) -> int:
    """Run everything in this process until Ctrl-C (exit code 130) or SIGTERM (0); 1 if the worker broke down.

    Call it in the main thread. Ends the process itself, with the same code, if a request still hangs after three
    seconds or if it is told to stop twice: what was under way is found in the rows at the next start.
    """
    stop = Stop()
    with stop.listening(), serving(app.settings, app.ledger):
        engine = EmbeddedEngine(app)
        engine.start()
        try:
            if on_ready is not None:
                on_ready(engine.registered)
            while engine.is_running and not stop.wanted.wait(0.5):
                pass
        finally:
            is_done = engine.stop()
        code = stop.code if stop.wanted.is_set() else 1
        if not is_done:
            leave(code)
        return code
