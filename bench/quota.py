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
from pathlib import Path

import structlog

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

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
        (pool,) = shop.control.truth(orders=False)["pools"]  # type: ignore[misc]  # a list of pools
        turned_back = _push_together(redis.url, shop, pool["pool_id"], quota, (windows + 1.5) * quota.seconds)
        times = sorted(_pushes(shop.control.log()))
    begun = times[0] + quota.seconds
    counted = sum(begun <= moment < begun + windows * quota.seconds for moment in times)
    return Use(
        quota=quota,
        used=counted / (windows * quota.calls),
        most=_most_in_a_window(times, quota.seconds),
        turned_back=turned_back,
    )


def _push_together(redis_url: str, shop: ShopAddress, pool: str, quota: Quota, seconds: float) -> int:
    """How many calls the shop turned back."""
    context = multiprocessing.get_context("fork")
    gate, results = context.Barrier(WORKERS), context.Queue()
    workers = [
        context.Process(
            target=_worker, args=(redis_url, shop.base_url, shop.token, pool, quota, seconds, gate, results)
        )
        for _ in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    turned_back = sum(results.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join(timeout=10)
    return turned_back


def _worker(
    redis_url: str, base_url: str, token: str, pool: str, quota: Quota, seconds: float, gate, results
) -> None:  # type: ignore[no-untyped-def]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    share_rate_limits(redis_url)
    connector = load("marketplace")
    settings = {
        "base_url": base_url, "token": token, "allow_private_network": True, "rate_limits": (quota.allowance,)
    }  # fmt: skip
    channel = connector.open("toko", validate(connector, settings), KeptToken())
    gate.wait()
    end, turned_back, turn = time.monotonic() + seconds, 0, 0
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


def main() -> int:
    """1 if too little was used, or anything was turned back."""
    use = measure()
    print(
        f"quota of {use.quota.calls} calls in {use.quota.seconds} s, {WORKERS} workers: {use.used:.1%} of it used "
        f"(at least {LEAST:.0%}), at most {use.most} calls in a window, {use.turned_back} turned back"
    )
    return 0 if use.used >= LEAST and use.most <= use.quota.calls and use.turned_back == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
