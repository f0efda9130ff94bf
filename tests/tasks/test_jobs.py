"""A task does one use case, and nothing that happens in it ends the worker."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syncworker.bootstrap import App
from syncworker.ledger import channels, incidents
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.jobs import JobKind
from syncworker.settings import Settings
from syncworker.sync.context import Context
from syncworker.tasks import jobs
from syncworker.tasks.app import create_celery
from syncworker.tasks.hints import Doorbell
from syncworker.tasks.jobs import Runtime, add_jobs, run_job, run_tick


@pytest.fixture
def runtime(app: App, settings: Settings) -> Runtime:
    return Runtime(lambda: app, Doorbell(create_celery(settings)))


def boom(*_: object) -> None:
    raise ZeroDivisionError("nobody foresaw this")


@pytest.mark.parametrize("kind", list(JobKind))
def test_an_unforeseen_error_closes_the_channels_gate_and_is_told(
    app: App, runtime: Runtime, kind: JobKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: dict[JobKind, Callable[[Context, str], None]] = dict.fromkeys(JobKind, boom)
    monkeypatch.setattr(jobs, "_WORK", work)

    for _ in range(3):
        run_job(runtime, kind, "stall")

    with app.ledger.snapshot() as tx:
        record = channels.load(tx, "stall")
        told = incidents.open_incidents(tx, kind=IncidentKind.FAILING)
    assert record.failures == 3
    assert record.last_error == "nobody foresaw this"
    assert [one.subject for one in told] == ["channel/stall"]


def test_a_channel_that_nobody_knows_ends_no_worker(runtime: Runtime) -> None:
    for kind in JobKind:
        run_job(runtime, kind, "nowhere")


def test_a_database_that_is_away_ends_no_worker(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(runtime.app().ledger), "run", boom)

    for kind in JobKind:
        run_job(runtime, kind, "stall")
    run_tick(runtime)


def test_a_tick_that_fails_is_told_until_one_works_again(
    app: App, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> list[str]:
        with app.ledger.snapshot() as tx:
            return [one.subject for one in incidents.open_incidents(tx, kind=IncidentKind.INTERNAL)]

    with monkeypatch.context() as broken:
        broken.setattr(jobs, "tick", boom)
        run_tick(runtime)
        assert told() == ["engine"]

    run_tick(runtime)
    assert told() == []


def test_the_app_has_one_task_a_kind_and_a_tick(runtime: Runtime, settings: Settings) -> None:
    celery = create_celery(settings)
    add_jobs(celery, runtime)

    ours = {name for name in celery.tasks if name.startswith("syncworker.")}

    kinds = ("tick", "prune", "pull", "push", "read", "contents", "listings")
    assert ours == {f"syncworker.{kind}" for kind in kinds}


def test_nothing_but_json_is_accepted_or_sent(settings: Settings) -> None:
    conf = create_celery(settings).conf

    assert set(conf.accept_content) == {"json"}
    assert {conf.task_serializer, conf.result_serializer, conf.event_serializer} == {"json"}
    assert conf.task_acks_late
    assert conf.worker_prefetch_multiplier == 1
    assert conf.task_ignore_result
