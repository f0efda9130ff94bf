"""Workers and beats apart, on PostgreSQL and Redis: flushed, killed, restarted; the referee judges."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from syncworker.ledger import channels
from tests.business import Business, Buyers, open_business
from tests.faults.processes import Piece, running
from tests.servers import PostgresServer, RedisServer
from tests.waiting import await_condition

pytestmark = pytest.mark.faults

SOON_S = 60.0


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of our own: it is flushed and stopped here."""
    with RedisServer(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def business(tmp_path: Path, postgres_url: str, redis: RedisServer) -> Iterator[Business]:
    main = {"database_url": postgres_url, "broker_url": redis.url, "concurrency": 8}
    with open_business(tmp_path / "business", main=main) as business:
        yield business


def has_sold(business: Business, least: int) -> bool:
    return business.verdict().sold >= least


def test_nothing_is_oversold_though_redis_is_flushed_twice_and_a_worker_is_killed(
    business: Business, redis: RedisServer, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    log = postgres_server.directory / "postgres.log"
    before = log.stat().st_size
    with ExitStack() as stack:

        def start(kind: str, number: int) -> Piece:
            return stack.enter_context(running(kind, business.folder, tmp_path / f"{kind}-{number}.log"))

        doomed, *others = [
            start(kind, number) for number, kind in enumerate(["worker", "prefork", "beat", "beat"])
        ]
        with Buyers(business, count=2):
            await_condition(partial(has_sold, business, 4), SOON_S, "first sales", poll_s=0.1)
            redis.flush()
            doomed.kill()
            others.append(start("worker", 9))
            await_condition(others[-1].is_ready, SOON_S, "the new worker to be ready")
            await_condition(partial(has_sold, business, 16), SOON_S, "more sales", poll_s=0.1)
            redis.flush()
            await_condition(business.is_sold_out, SOON_S, "everything to be sold", poll_s=0.2)
        await_condition(business.is_finished, SOON_S, "everything to be recorded and told", poll_s=0.2)
        codes = [piece.signal(signal.SIGTERM) for piece in others]

    verdict = business.verdict()
    assert (verdict.oversold, verdict.sold) == (0, business.supply)
    assert business.books() == []
    assert codes == [0, 0, 0, 0]
    # The server is shared with the tests that ran before; what it says from here on is ours.
    assert b"deadlock detected" not in log.read_bytes()[before:]


def has_begun_to_pull(business: Business) -> bool:
    with business.app.ledger.snapshot() as tx:
        return channels.load(tx, "warung").pull_sequence > 0


def test_a_worker_outlives_a_restart_of_redis_with_a_task_in_flight(
    business: Business, redis: RedisServer, tmp_path: Path
) -> None:
    shop = business.sandbox.shops["warung"]
    with running("worker", business.folder, tmp_path / "worker.log") as worker:
        with running("beat", business.folder, tmp_path / "beat.log"):
            shop.control.order_faults({"kind": "delay", "seconds": 60.0, "operation": "orders"})
            await_condition(lambda: has_begun_to_pull(business), SOON_S, "a pull under way", poll_s=0.05)
            redis.restart(kill=True)
            shop.control.clear_faults()

            await_condition(business.sells_everywhere, SOON_S, "stock at every shop", poll_s=0.1)
            await_condition(business.is_finished, SOON_S, "everything to be recorded and told", poll_s=0.2)
        assert worker.process.poll() is None
