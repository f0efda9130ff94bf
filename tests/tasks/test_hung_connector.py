"""A connector that never comes back holds one thread a kind of job; the other channels are worked on as before."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from syncworker.bootstrap import App
from syncworker.ledger import channels
from syncworker.ledger.jobs import JobKind
from syncworker.settings import Settings
from syncworker.sync.context import Context
from syncworker.tasks import jobs
from syncworker.tasks.app import create_celery
from syncworker.tasks.hints import Doorbell
from syncworker.tasks.jobs import Runtime, run_job
from syncworker.tasks.underway import HUNG_S, Underway


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_hung_channel_does_not_use_up_the_threads(
    app: App, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = Runtime(lambda: app, Doorbell(create_celery(settings)))
    freed, fine = threading.Event(), threading.Semaphore(0)
    hung: list[str] = []

    def pull(_: Context, channel: str) -> None:
        if channel == "hung":
            hung.append(channel)
            freed.wait(30)
        else:
            fine.release()

    monkeypatch.setattr(jobs, "_WORK", {JobKind.PULL: pull})
    with ThreadPoolExecutor(4) as pool:
        try:
            for _ in range(20):
                pool.submit(run_job, runtime, JobKind.PULL, "hung")
            pool.submit(run_job, runtime, JobKind.PULL, "fine")
            assert fine.acquire(timeout=10)
            assert len(hung) == 1
        finally:
            freed.set()


def test_who_is_away_for_too_long_is_told_and_a_new_job_may_follow_the_end(
    app: App, settings: Settings
) -> None:
    runtime, clock = Runtime(lambda: app, Doorbell(create_celery(settings))), Clock()
    runtime.underway = Underway(monotonic=clock)

    with runtime.underway.place("stall", JobKind.PULL):
        run_job(runtime, JobKind.PULL, "stall")
        with app.ledger.snapshot() as tx:
            early = channels.load(tx, "stall").failures
        clock.now = HUNG_S + 1
        run_job(runtime, JobKind.PULL, "stall")
    with runtime.underway.place("stall", JobKind.PULL) as away_s:
        again = away_s

    with app.ledger.snapshot() as tx:
        record = channels.load(tx, "stall")
    assert (early, record.failures, again) == (0, 1, None)
    assert record.last_error is not None
    assert "has not come back for 91 s" in record.last_error
