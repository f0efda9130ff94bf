"""How many orders an hour are recorded and told onward, across three channels on PostgreSQL?

One process takes turns: a page of 100 orders of 2 lines from each channel, then the numbers that the others have to be
told, until nothing is left to tell. Under the policy `shared` every channel shows the same units, so each sale has to be
told to both others, which is the most that there can be to tell. The channels answer at once, so this is the engine's own share; broker, polling and
the channels' time are not in it. Run: `python bench/onward.py` (`--long`: two minutes instead of twenty seconds).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from bench import business, pages, pull  # noqa: E402
from bench.figures import Figure, show  # noqa: E402
from syncworker.core.model import Policy, QuantityMode  # noqa: E402
from syncworker.sync.context import Context  # noqa: E402
from syncworker.sync.pull import pull_orders  # noqa: E402
from syncworker.sync.push import push_channel  # noqa: E402

CHANNELS = ("toko", "pasar", "warung")
SKUS = [f"SKU-{number:05}" for number in range(3_000)]
#: Of each SKU; no channel shows more.
UNITS = 2_000
SECONDS, LONG_SECONDS = 20.0, 120.0
GOAL = 1_000_000
FACTS = replace(pull.FACTS, mode=QuantityMode.COMPARE_AND_SET, apply_lag_s=0, batch_max=100)


def figures() -> list[Figure]:
    """What is measured, beside its bars."""
    seconds = LONG_SECONDS if "--long" in sys.argv else SECONDS
    most = int(seconds * 10)
    with ExitStack() as stack:
        ports = {
            name: stack.enter_context(pages.served(pages.bodies(SKUS, most, channel=name)))
            for name in CHANNELS
        }
        url = stack.enter_context(business.database("postgresql"))
        ledger = stack.enter_context(
            business.stocked(url, SKUS, CHANNELS, FACTS, shown=UNITS, units=UNITS, policy=Policy.SHARED)
        )
        shops = {
            name: pull.StubChannel(
                pages.Reader(port), now=lambda: datetime.now(UTC), facts=FACTS, pages_a_pull=1
            )
            for name, port in ports.items()
        }
        rounds, sent, took = _run(
            Context(ledger=ledger, open_channel=shops.__getitem__), shops, seconds, most
        )
        proven = business.proof(ledger)
    orders = rounds * len(CHANNELS) * pages.ORDERS
    return [
        Figure(
            what="recorded and told onward",
            value=3600 * orders / took / GOAL,
            of="million orders an hour",
            bar=1,
            at_most=False,
            goal=True,
            behind=f"{orders:,} orders in {took:.0f} s, {sent:,} numbers told under the policy shared; {proven}",
        )
    ]


def _run(
    context: Context, shops: Mapping[str, pull.StubChannel], seconds: float, most: int
) -> tuple[int, int, float]:
    """Rounds, numbers told and seconds."""
    began, rounds, sent = time.perf_counter(), 0, 0
    while time.perf_counter() - began < seconds and rounds < most:
        for name, shop in shops.items():
            shop.first = rounds
            pull_orders(context, name)
        rounds += 1
        for _ in range(2):
            for name in shops:
                while (report := push_channel(context, name)) is not None and report.applied:
                    sent += report.applied
    return rounds, sent, time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(show(figures()))
