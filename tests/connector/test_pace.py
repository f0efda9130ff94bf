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


def call(pace: Pace) -> None:
    """A request that is answered at once."""
    with pace.turn():
        pass


def test_no_allowance_never_waits(account: str) -> None:
    pace = Pace(account, (), sleep=lambda _: pytest.fail("waited"))

    for _ in range(100):
        call(pace)


def test_what_is_blocked_for_long_is_postponed_with_the_time_to_wait(account: str) -> None:
    pace = Pace(account, ("2/minute",), sleep=lambda _: pytest.fail("waited"))
    call(pace)
    call(pace)

    with pytest.raises(AllowanceUsedUpError) as raised:
        call(pace)

    assert raised.value.retry_after_s is not None
    assert 50 < raised.value.retry_after_s <= 60


def test_a_short_block_is_waited_for(account: str) -> None:
    pace, started = Pace(account, ("2/second",)), time.monotonic()

    for _ in range(3):
        call(pace)

    assert 0.5 < time.monotonic() - started < 2


def test_every_window_has_to_allow_it(account: str) -> None:
    pace = Pace(account, ("100/second", "1/hour"))
    call(pace)

    with pytest.raises(AllowanceUsedUpError):
        call(pace)


def test_a_turn_that_one_window_forbids_is_not_counted_by_the_others(account: str) -> None:
    Pace(account, ("1/hour",)).turn().__enter__()

    with pytest.raises(AllowanceUsedUpError):
        call(Pace(account, ("1/minute", "1/hour")))

    call(Pace(account, ("1/minute",)))


def test_accounts_do_not_share_an_allowance(account: str) -> None:
    call(Pace(account, ("1/hour",)))
    call(Pace(f"{account}-b", ("1/hour",)))


def test_workers_share_an_allowance_through_redis(shared: RedisServer, account: str) -> None:
    call(Pace(account, ("1/hour",)))
    share_rate_limits(shared.url)  # as another worker would: a storage of its own, the same server

    with pytest.raises(AllowanceUsedUpError):
        call(Pace(account, ("1/hour",)))


def test_while_redis_is_away_each_process_counts_for_itself(account: str) -> None:
    share_rate_limits("redis://127.0.0.1:9")
    try:
        call(Pace(account, ("1/hour",)))
        with pytest.raises(AllowanceUsedUpError):
            call(Pace(account, ("1/hour",)))
    finally:
        share_rate_limits(None)
