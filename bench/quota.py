"""How much of a shop's documented quota do four workers use together, and do they ever ask for more?

Four processes that share one Redis push as often as our limiter lets them, to a pretend shop that turns back every call
above its quota. Counted at the shop: its own log, and the calls that it turned back. Loopback alone; about 15 seconds.
Run: `python bench/quota.py`.
"""

from __future__ import annotations

import logging
import multiprocessing
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import structlog

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from bench.figures import Figure, show  # noqa: E402
from syncworker.connector import (  # noqa: E402
    Channel,
    KeptToken,
    Outcome,
    QuantityMode,
    QuantityPush,
    RetryLaterError,
    share_rate_limits,
)
from syncworker.connector.pace import AllowanceUsedUpError  # noqa: E402
from syncworker.connector.registry import load, validate  # noqa: E402
from syncworker.sandbox.pools import ListingSeed  # noqa: E402
from syncworker.sandbox.process import ShopAddress, start_sandbox  # noqa: E402
from syncworker.sandbox.profile import ShopProfile  # noqa: E402
from syncworker.sandbox.setup import ShopSetup  # noqa: E402
from tests.servers import RedisServer  # noqa: E402

#: The share of the quota that has to be used.
LEAST = 0.9
_PUSH = "set"
WORKERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """So many calls in any so many seconds, as the shop documents it."""

    calls: int
    seconds: int

    @property
    def allowance(self) -> str:
        """As a connector's ``rate_limits`` say it."""
        return f"{self.calls}/{self.seconds} second"


#: As many calls a second as a small shop's plan allows.
QUOTA = Quota(calls=40, seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What the shop saw."""

    quota: Quota
    #: Share of what was allowed in the windows after the first.
    used: float
    #: The most calls within any one window.
    most: int
    #: Calls above the quota that the shop turned back.
    turned_back: int


def measure(quota: Quota = QUOTA, *, windows: int = 3) -> Use:
    """Let the workers push for a warm-up window and so many whole ones."""
    profile = ShopProfile(
        name="toko", rate_limit_calls=quota.calls, rate_limit_window_s=quota.seconds, request_horizon_s=30.0
    )
    listing = ListingSeed(sku="BIN-BAMBU", title="Tempat sampah bambu", price="85000")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quota-")))
        redis = stack.enter_context(RedisServer(folder))
        setup = ShopSetup(profile=profile, token="token-toko", listings=(listing,))  # noqa: S106  # made up
        sandbox = stack.enter_context(start_sandbox([setup]))
        shop = sandbox.shops["toko"]
        work = _Work(redis_url=redis.url, shop=shop, quota=quota, seconds=(windows + 1.5) * quota.seconds)
        turned_back = _push_together(work)
        times = sorted(_pushes(shop.control.log()))
    begun = times[0] + quota.seconds
    counted = sum(begun <= moment < begun + windows * quota.seconds for moment in times)
    return Use(
        quota=quota,
        used=counted / (windows * quota.calls),
        most=_most_in_a_window(times, quota.seconds),
        turned_back=turned_back,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What each worker is told."""

    redis_url: str
    shop: ShopAddress
    quota: Quota
    seconds: float


def _push_together(work: _Work) -> int:
    """How many calls the shop turned back."""
    context = multiprocessing.get_context("fork")
    gate, results = context.Barrier(WORKERS), context.SimpleQueue()
    workers = [context.Process(target=_worker, args=(work, gate, results)) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    if any(worker.exitcode != 0 for worker in workers):
        raise SystemExit("a worker did not end well")
    return sum(results.get() for _ in workers)


def _worker(work: _Work, gate: Barrier, results: SimpleQueue[int]) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    share_rate_limits(work.redis_url)
    connector = load("marketplace")
    settings = {
        "base_url": work.shop.base_url,
        "token": work.shop.token,
        "allow_private_network": True,
        "rate_limits": (work.quota.allowance,),
    }
    channel = connector.open("toko", validate(connector, settings), KeptToken())
    pool = channel.list_listings(cursor=None).listings[0].pool_key
    gate.wait()
    end, turned_back, turn = time.monotonic() + work.seconds, 0, 0
    while time.monotonic() < end:
        turn += 1
        turned_back += _push(channel, pool, turn, end)
    results.put(turned_back)


def _push(channel: Channel, pool: str, turn: int, end: float) -> bool:
    """One call, or a wait as long as our limiter asks for; whether the shop turned it back."""
    push = QuantityPush(push_id="p", pool_key=pool, kind=QuantityMode.SET, value=turn % 100)
    try:
        (result,) = channel.push_quantities([push])
    except AllowanceUsedUpError as error:
        time.sleep(min(error.retry_after_s or 0.1, max(end - time.monotonic(), 0)))
        return False
    except RetryLaterError:
        return True
    if result.outcome is not Outcome.APPLIED:
        raise RuntimeError(f"the shop did not take the number: {result.message}")
    return False


def _pushes(log: Iterable[dict[str, object]]) -> Iterable[float]:
    return (datetime.fromisoformat(str(line["time"])).timestamp() for line in log if line["kind"] == _PUSH)


def _most_in_a_window(times: Iterable[float], seconds: float) -> int:
    running: deque[float] = deque()
    most = 0
    for moment in times:
        running.append(moment)
        while running[0] <= moment - seconds:
            running.popleft()
        most = max(most, len(running))
    return most


def figures() -> list[Figure]:
    """What was used, and what was asked for in vain."""
    use = measure()
    behind = f"{use.quota.calls} calls in any {use.quota.seconds} s, {WORKERS} processes; at most {use.most} in a window"
    return [
        Figure(what="used", value=use.used, of="of the quota", bar=LEAST, at_most=False, behind=behind),
        Figure(
            what="most calls in any window",
            value=use.most / use.quota.calls,
            of="of the quota",
            bar=1.0,
            at_most=True,
            behind="by the times in the shop's log",
        ),
        Figure(
            what="calls that the shop turned back",
            value=float(use.turned_back),
            of="calls",
            bar=0.0,
            at_most=True,
            behind="by its own count",
        ),
    ]


if __name__ == "__main__":
    sys.exit(show(figures()))
