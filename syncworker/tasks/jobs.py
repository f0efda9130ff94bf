"""What does a worker do when it is told to look? One use case a task, its outcome in one line, and no exception out.

A task carries a channel's name and nothing else; whatever it needs to know stands in the rows.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from functools import partial

import structlog
from celery import Celery
from structlog.contextvars import bound_contextvars

from syncworker.bootstrap import App, keep_of
from syncworker.errors import LeaseLostError, RetryLaterError
from syncworker.ledger import channels, heartbeats, incidents
from syncworker.ledger.heartbeats import Sign
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.pruning import prune
from syncworker.sync.context import Context
from syncworker.sync.failure import record_failure
from syncworker.sync.pull import PullReport, pull_orders
from syncworker.sync.push import PushReport, push_channel
from syncworker.sync.read import ReadReport, read_back
from syncworker.sync.tick import tick
from syncworker.sync.updating import ContentsReport, update_contents
from syncworker.sync.watching import ListingsReport, watch_listings
from syncworker.tasks.app import task_name
from syncworker.tasks.hints import Doorbell
from syncworker.tasks.pulse import PRUNE_EVERY, TickPulse
from syncworker.tasks.queues import PRUNE, TICK
from syncworker.tasks.underway import HUNG_S, Underway

#: What became dirty while a push was under way found the job taken, so the same task looks again, this often at most.
PUSHES_PER_TASK = 5
#: Less than a task may last; what is left then is pruned so much later.
PRUNE_FOR_S, PRUNE_AGAIN = 40.0, timedelta(minutes=10)
#: What an incident about the engine itself is about.
ENGINE = "engine"

Report = PullReport | PushReport | ReadReport | ContentsReport | ListingsReport | None

log: structlog.stdlib.BoundLogger = structlog.get_logger("syncworker.jobs")


class Runtime:
    """This process's engine and its doorbell, made when a task first asks: after a fork, not before it."""

    def __init__(self, open_app: Callable[[], App], doorbell: Doorbell, *, share: int = len(JobKind)) -> None:
        self._open_app, self.doorbell = open_app, doorbell
        #: ``share`` is how many jobs of one channel may run in this process at a time.
        self.underway, self.tick_pulse = Underway(share=share, ring=doorbell.ring), TickPulse()
        self._lock = threading.Lock()
        self._pid, self._app = 0, None

    _app: App | None

    def app(self) -> App:
        """The engine; a child process makes its own, since a database connection cannot be shared over a fork."""
        with self._lock:
            if self._app is None or self._pid != os.getpid():
                self._app, self._pid = self._open_app().with_hint(self.doorbell.ring), os.getpid()
            return self._app

    def context(self) -> Context:
        """What a use case needs."""
        return self.app().context


def add_jobs(celery: Celery, runtime: Runtime) -> None:
    """Give the app its tasks: ``tick``, and one of each kind of job with a channel's name.

    Not shared with other apps of this process: each has a runtime of its own.
    """

    def add(kind: JobKind) -> None:
        @celery.task(name=task_name(kind.value), shared=False)
        def job(channel: str) -> None:
            run_job(runtime, kind, channel)

    for kind in JobKind:
        add(kind)

    @celery.task(name=task_name(TICK), shared=False)
    def sweep() -> None:
        run_tick(runtime)

    @celery.task(name=task_name(PRUNE), shared=False)
    def forget() -> None:
        run_prune(runtime)


def run_job(runtime: Runtime, kind: JobKind, channel: str) -> None:
    """Do what is to be done of this kind at this channel. Raises nothing: a failure is logged and recorded."""
    with bound_contextvars(job=kind.value, channel=channel), runtime.underway.place(channel, kind) as away_s:
        if away_s is not None:
            _leave(runtime, channel, away_s)
            return
        try:
            runtime.doorbell.answered(channel, kind)
            report = _WORK[kind](runtime.context(), channel)
        except LeaseLostError as error:
            log.warning("job_taken_over", error=str(error))
        except Exception as error:
            log.exception("job_failed")
            _record(runtime, partial(_channel_failed, channel, error))
        else:
            _tell(report)


def _leave(runtime: Runtime, channel: str, away_s: float) -> None:
    """Somebody of this process works on it already; one who has been away for too long is told to a person."""
    if away_s < HUNG_S:
        log.debug("already_underway")
        return
    log.error("connector_hangs", seconds=round(away_s))
    error = RetryLaterError(
        f"its connector has not come back for {away_s:.0f} s; restart syncworker, and tell the connector's author"
    )
    _record(runtime, partial(_channel_failed, channel, error))


def run_tick(runtime: Runtime) -> None:
    """Find all work in the rows and hint it. Raises nothing: a failure is logged and recorded as an incident."""
    try:
        context = runtime.context()
        found = tick(context)
        _close_incident(context)
        if runtime.tick_pulse.swept(context.ledger):
            runtime.doorbell.ask(task_name(PRUNE))
    except Exception as error:
        log.exception("tick_failed")
        details = {"job": TICK, "error": f"{type(error).__name__}: {error}"[:500]}
        _record(runtime, lambda tx: incidents.open_incident(tx, IncidentKind.INTERNAL, ENGINE, details))
    else:
        log.debug("tick", found=len(found))


def run_prune(runtime: Runtime) -> None:
    """Delete what is old and over, for less than a task may last; the rest soon afterwards. Raises nothing."""
    ends = time.monotonic() + PRUNE_FOR_S
    try:
        app = runtime.app()
        gone, is_all = prune(app.ledger, keep_of(app.settings), goes_on=lambda: time.monotonic() < ends)
        if not is_all:
            app.ledger.run(lambda tx: heartbeats.move(tx, Sign.PRUNE, to=tx.now - PRUNE_EVERY + PRUNE_AGAIN))
    except Exception:
        log.exception("prune_failed")
    else:
        log.info("pruned", whole=is_all, **gone)


def _close_incident(context: Context) -> None:
    """The engine works again. Looks first, for a write each tick would be one too many."""
    with context.ledger.snapshot() as snapshot:
        is_open = bool(incidents.open_incidents(snapshot, kind=IncidentKind.INTERNAL, subject=ENGINE))
    if is_open:
        context.ledger.run(lambda tx: incidents.close_incident(tx, IncidentKind.INTERNAL, ENGINE))


def _push(context: Context, channel: str) -> PushReport | None:
    """Push until nothing is left to send: what changed meanwhile could not claim the job."""
    first = report = push_channel(context, channel)
    for _ in range(PUSHES_PER_TASK - 1):
        if report is None or not report.applied:
            break
        report = push_channel(context, channel)
    return first


_WORK: dict[JobKind, Callable[[Context, str], Report]] = {
    JobKind.PULL: pull_orders,
    JobKind.PUSH: _push,
    JobKind.READ: read_back,
    JobKind.CONTENTS: update_contents,
    JobKind.LISTINGS: watch_listings,
}


def _tell(report: Report) -> None:
    """One line; nothing to speak of is for the curious alone."""
    if report is None:
        log.debug("nothing_to_do")
        return
    facts = {name: value for name, value in asdict(report).items() if name != "channel"}
    is_news = not isinstance(report, PullReport) or report.orders > 0
    (log.info if is_news else log.debug)("job_done", **facts)


def _channel_failed(channel: str, error: Exception, tx: Transaction) -> None:
    """It counts as a failure of the channel: the gate closes for a while, so a fault of ours makes no busy loop."""
    record_failure(tx, channels.load(tx, channel), error)


def _record(runtime: Runtime, write: Callable[[Transaction], object]) -> None:
    """A failure that cannot even be recorded (the database is away) is in the log, and found again by the tick."""
    try:
        runtime.context().ledger.run(write)
    except Exception as error:  # noqa: BLE001 - the outermost edge of a worker
        log.warning("failure_not_recorded", error=repr(error))
