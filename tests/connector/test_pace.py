"""Does an allowance hold, for all workers together, and without anybody waiting long?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from syncworker.connector import share_rate_limits
from syncworker.connector.pace import AllowanceUsedUpError, Pace
from tests.servers import RedisServer


@pytest.fixture
def account() -> str:
    return f"toko-{uuid4()}"


@pytest.fixture
def shared(redis_server: RedisServer) -> Iterator[RedisServer]:
    share_rate_limits(redis_server.url)
    yield redis_server
    share_rate_limits(None)


def test_no_allowance_never_waits(account: str) -> None:
    pace = Pace(account, (), sleep=lambda _: pytest.fail("waited"))

    for _ in range(100):
        pace.take_turn()


def test_what_is_blocked_for_long_is_postponed_with_the_time_to_wait(account: str) -> None:
    pace = Pace(account, ("2/minute",), sleep=lambda _: pytest.fail("waited"))
    pace.take_turn()
    pace.take_turn()

    with pytest.raises(AllowanceUsedUpError) as raised:
        pace.take_turn()

    assert raised.value.retry_after_s is not None
    assert 50 < raised.value.retry_after_s <= 60


def test_a_short_block_is_waited_for(account: str) -> None:
    pace, started = Pace(account, ("2/second",)), time.monotonic()

    for _ in range(3):
        pace.take_turn()

    assert 0.5 < time.monotonic() - started < 2


def test_every_window_has_to_allow_it(account: str) -> None:
    pace = Pace(account, ("100/second", "1/hour"))
    pace.take_turn()

    with pytest.raises(AllowanceUsedUpError):
        pace.take_turn()


def test_accounts_do_not_share_an_allowance(account: str) -> None:
    Pace(account, ("1/hour",)).take_turn()
    Pace(f"{account}-b", ("1/hour",)).take_turn()


def test_workers_share_an_allowance_through_redis(shared: RedisServer, account: str) -> None:
    Pace(account, ("1/hour",)).take_turn()
    share_rate_limits(shared.url)  # as another worker would: a storage of its own, the same server

    with pytest.raises(AllowanceUsedUpError):
        Pace(account, ("1/hour",)).take_turn()


def test_while_redis_is_away_each_process_counts_for_itself(account: str) -> None:
    share_rate_limits("redis://127.0.0.1:9")
    try:
        Pace(account, ("1/hour",)).take_turn()
        with pytest.raises(AllowanceUsedUpError):
            Pace(account, ("1/hour",)).take_turn()
    finally:
        share_rate_limits(None)
