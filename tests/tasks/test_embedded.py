"""The engine in one process: it sells what is there once, whatever becomes of its tasks, and stops when it is told."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from celery import Celery

from syncworker.bootstrap import App, build, started
from syncworker.errors import AlreadyRunningError
from syncworker.tasks import EmbeddedEngine
from tests.business import Business, Buyers, open_business
from tests.waiting import await_condition

Send = Callable[..., object]
SOON_S = 60.0


@pytest.fixture
def business(tmp_path: Path) -> Iterator[Business]:
    with open_business(tmp_path) as business:
        yield business


def plain(send: Send) -> Send:
    return send


def twice(send: Send) -> Send:
    def sent(*args: object, **options: object) -> object:
        send(*args, **options)
        return send(*args, **options)

    return sent


def every_second_lost(send: Send) -> Send:
    chance = random.Random(7)

    def sent(*args: object, **options: object) -> object:
        return send(*args, **options) if chance.random() < 0.5 else None

    return sent


def spoil(monkeypatch: pytest.MonkeyPatch, celery: Celery, way: Callable[[Send], Send]) -> None:
    """From now on everything that is sent goes this way: hints and beat's ticks alike."""
    # The one door through which tasks leave.
    monkeypatch.setattr(celery, "send_task", way(celery.send_task))


@pytest.mark.parametrize("way", [plain, twice, every_second_lost])
def test_everything_is_sold_once_whether_tasks_are_doubled_or_lost(
    business: Business, way: Callable[[Send], Send], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = EmbeddedEngine(business.app)
    spoil(monkeypatch, engine._celery, way)
    with engine:
        with Buyers(business):
            await_condition(business.is_sold_out, SOON_S, "everything to be sold", poll_s=0.2)
        await_condition(business.is_finished, SOON_S, "everything to be recorded and told", poll_s=0.2)

    assert business.verdict().oversold == 0
    assert business.books() == []


def test_a_broker_that_forgets_everything_costs_a_tick(business: Business) -> None:
    def has_sold(least: int) -> bool:
        return business.verdict().sold >= least

    with EmbeddedEngine(business.app) as engine:
        with Buyers(business):
            for least in (1, 12, 24):
                await_condition(partial(has_sold, least), SOON_S, "sales", poll_s=0.1)
                engine._celery.control.purge()
            await_condition(business.is_sold_out, SOON_S, "everything to be sold", poll_s=0.2)
        await_condition(business.is_finished, SOON_S, "everything to be recorded and told", poll_s=0.2)

    assert business.verdict().oversold == 0


@pytest.fixture
def business_of_few_threads(tmp_path: Path) -> Iterator[Business]:
    """Three channels and a thread for each of them and for the tick: fewer than one channel has kinds of work."""
    with open_business(tmp_path, main={"concurrency": 4}) as business:
        yield business


def test_a_hanging_channel_does_not_hold_up_another(business_of_few_threads: Business) -> None:
    business = business_of_few_threads
    hanging, other = business.sandbox.shops["warung"], business.sandbox.shops["pasar"]
    with EmbeddedEngine(business.app):
        await_condition(business.sells_everywhere, SOON_S, "stock at every shop", poll_s=0.1)
        hanging.control.order_faults({"kind": "delay", "seconds": 60.0})
        for shop in (hanging, other):
            assert any(shop.control.buy(sku)["outcome"] == "sold" for sku in business.catalogue.items)

        await_condition(lambda: business.orders_of("pasar") == 1, SOON_S, "the other shop's order")

        assert business.orders_of("warung") == 0
        hanging.control.clear_faults()


def test_a_stop_does_not_wait_for_a_hanging_request_and_the_next_start_finishes(business: Business) -> None:
    warung = business.sandbox.shops["warung"]
    engine = EmbeddedEngine(business.app)
    warung.control.order_faults({"kind": "delay", "seconds": 60.0, "operation": "quantities"})
    engine.start()
    await_condition(
        lambda: any("sending" in one for one in business.unfinished()), SOON_S, "a push under way"
    )

    engine.stop(timeout_s=0.2)

    assert not engine.is_running
    warung.control.clear_faults()
    with EmbeddedEngine(business.app):
        await_condition(business.sells_everywhere, SOON_S, "stock at every shop", poll_s=0.1)
        await_condition(business.is_finished, SOON_S, "the broken-off push to be proven", poll_s=0.2)


def test_one_process_runs_one_engine(app: App) -> None:
    with EmbeddedEngine(app), pytest.raises(AlreadyRunningError):
        EmbeddedEngine(app).start()


def test_a_ledger_in_use_is_refused_and_left_free_afterwards(app: App) -> None:
    with (
        build(app.settings) as other,
        started(other),
        pytest.raises(AlreadyRunningError, match="already runs"),
    ):
        EmbeddedEngine(app).start()

    with EmbeddedEngine(app) as engine:
        assert engine.is_running


def test_a_stopped_engine_can_be_followed_by_another(app: App) -> None:
    for _ in range(2):
        engine = EmbeddedEngine(app)
        with engine:
            assert engine.is_running
            assert engine.registered.missing == ()
        assert engine.stop()
