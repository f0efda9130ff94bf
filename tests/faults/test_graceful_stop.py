"""A worker that is told to stop finishes the push it is in: its answer is recorded, nothing is left unknown."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from syncworker.ledger import heartbeats
from syncworker.ledger.heartbeats import Sign
from tests.business import Business, open_business
from tests.faults.processes import running
from tests.servers import RedisServer
from tests.waiting import await_condition

pytestmark = pytest.mark.faults

SOON_S = 60.0
#: A push on its way takes so long, well within what its channel allows a call.
SLOW_S = 1.0


@pytest.fixture
def business(tmp_path: Path) -> Iterator[Business]:
    with (
        RedisServer(tmp_path / "redis") as redis,
        open_business(
            tmp_path / "business", modes={"warung": "set"}, main={"broker_url": redis.url}
        ) as business,
    ):
        yield business


def states(business: Business) -> list[str]:
    with business.app.ledger.snapshot() as tx:
        return list(tx.connection.exec_driver_sql("SELECT state FROM push").scalars())


def workers(business: Business) -> int:
    with business.app.ledger.snapshot() as tx:
        return len(heartbeats.latest(tx, Sign.WORKER))


def test_a_push_under_way_is_finished_before_the_end(business: Business, tmp_path: Path) -> None:
    shop = business.sandbox.shops["warung"]
    shop.control.order_faults({"kind": "delay", "seconds": SLOW_S, "operation": "quantities"})
    with ExitStack() as stack:
        worker = stack.enter_context(running("worker", business.folder, tmp_path / "worker.log"))
        beat = stack.enter_context(running("beat", business.folder, tmp_path / "beat.log"))
        await_condition(lambda: "sending" in states(business), SOON_S, "a push under way")
        alive = workers(business)

        code = worker.signal(signal.SIGTERM)
        assert beat.signal(signal.SIGTERM) == 0

    assert code == 0
    assert set(states(business)) == {"acknowledged"}
    assert any(business.truly_shown("warung").values())
    assert (alive, workers(business)) == (1, 0)
