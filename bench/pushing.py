"""What does it cost to tell a channel what changed? Calls, time and memory of a push, however many listings there are.

Each time the same number of pools has changed, at a channel that takes 100 a call and answers over loopback HTTP; the bare
side sends the same bodies with `requests` in a loop, in the same run. Run: `python bench/pushing.py` (`--long`: up to
a million listings).
"""

from __future__ import annotations

import json
import math
import multiprocessing
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import requests
import sqlalchemy as sa

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from bench import business  # noqa: E402
from bench.figures import Figure, show  # noqa: E402
from syncworker.connector.contract import Capabilities, Outcome, PushResult, QuantityPush  # noqa: E402
from syncworker.connector.fake import FakeChannel  # noqa: E402
from syncworker.core.model import QuantityMode  # noqa: E402
from syncworker.ledger.ledger import Ledger, open_ledger  # noqa: E402
from syncworker.ledger.schema import pool  # noqa: E402
from syncworker.sync.context import Context  # noqa: E402
from syncworker.sync.push import push_channel  # noqa: E402

BATCH, CHANGED, ROUNDS = 100, 500, 3
SIZES, LONG_SIZES = (1_000, 10_000, 50_000), (1_000, 10_000, 100_000, 1_000_000)
FACTS = Capabilities(
    mode=QuantityMode.COMPARE_AND_SET, readable=True, apply_lag_s=0, visibility_lag_s=0, batch_max=BATCH
)  # fmt: skip


class HttpChannel(FakeChannel):
    """Sends each batch with a session of `requests`; every number is accepted."""

    def __init__(self, url: str) -> None:
        super().__init__(now=lambda: datetime.now(UTC), capabilities=FACTS, name="shop")
        self._session, self._url = requests.Session(), url
        self.sent = 0

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> list[PushResult]:
        self.sent += 1
        body = [{"id": push.pool_key, "quantity": push.value} for push in pushes]
        self._session.put(self._url, json=body, timeout=10).json()
        return [PushResult(push_id=push.push_id, outcome=Outcome.APPLIED, echo=push.value) for push in pushes]


def figures() -> list[Figure]:
    """What is measured, beside its bars."""
    sizes = LONG_SIZES if "--long" in sys.argv else SIZES
    with _shop() as url:
        seen = [_measured(size, url) for size in sizes]
        bare = _bare(url)
    calls, took, peak, proven = seen[-1]
    grown = peak - seen[1][2]
    fewest = math.ceil(CHANGED / BATCH)
    where = f"{CHANGED} changed of {sizes[-1]:,}"
    times = ", ".join(f"{1000 * each[1]:,.0f} ms at {size:,}" for size, each in zip(sizes, seen, strict=True))
    return [
        Figure(what="calls of a push", value=calls / fewest, of="× ⌈N / batch⌉", bar=1, at_most=True,
               behind=f"{where}: {calls:g} calls; {proven}"),
        Figure(what="rate of a push", value=bare / took, of="× a bare requests loop", bar=0.9, at_most=False, goal=True,
               behind=f"{where}: {CHANGED / took:,.0f} numbers/s, planned, stored and recorded; bare {CHANGED / bare:,.0f}"),
        Figure(what="flat however many listings", value=took / seen[0][1], of=f"× the time at {sizes[0]:,}", bar=1.5,
               at_most=True, goal=True, behind=times),
        Figure(what="memory, from 10,000 listings on", value=grown, of="MB", bar=20, at_most=True, goal=True,
               behind=f"peak of a process that only pushes: {seen[1][2]:.0f} MB at {sizes[1]:,}, {peak:.0f} MB at {sizes[-1]:,}"),
    ]  # fmt: skip


def _measured(size: int, url: str) -> tuple[float, float, float, str]:
    """Calls and seconds of one push, peak MB of a fresh process that only pushes, and the proof of the books."""
    skus = [f"SKU-{number:07}" for number in range(size)]
    with (
        business.database("sqlite") as address,
        business.stocked(address, skus, ["shop"], FACTS, shown=100) as ledger,
    ):
        # Whoever stocked the ledger has had its memory already: what a push takes more would not be seen there.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as apart:
            calls, seconds, peak = apart.submit(_pushed, address, url).result()
        return calls, seconds, peak, business.proof(ledger)


def _pushed(address: str, url: str) -> tuple[float, float, float]:
    ledger, channel = open_ledger(address), HttpChannel(url)
    context, times = Context(ledger=ledger, open_channel=lambda _: channel), []
    for _ in range(ROUNDS + 1):
        _change(ledger)
        began = time.perf_counter()
        report = push_channel(context, "shop")
        times.append(time.perf_counter() - began)
        if report is None or report.applied != CHANGED:
            raise RuntimeError(f"a push did not tell what changed: {report}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return channel.sent / (ROUNDS + 1), median(times[1:]), peak


def _change(ledger: Ledger) -> None:
    """The channel shows less of so many pools than it might: their numbers are to be raised."""
    with ledger.transaction() as tx:
        chosen = sa.select(pool.c.id).order_by(pool.c.id).limit(CHANGED)
        tx.execute(
            sa.update(pool)
            .where(pool.c.id.in_(chosen))
            .values(shown=1, exposure=1, wanted_version=pool.c.wanted_version + 1)
        )


def _bare(url: str) -> float:
    """Seconds of the same calls in a bare loop."""
    session, times = requests.Session(), []
    bodies = [
        [{"id": f"SKU-{number:07}", "quantity": 1_000_000} for number in range(start, start + BATCH)]
        for start in range(0, CHANGED, BATCH)
    ]
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        for body in bodies:
            session.put(url, json=body, timeout=10).json()
        times.append(time.perf_counter() - began)
    return median(times[1:])


@contextmanager
def _shop() -> Iterator[str]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/"
    finally:
        process.kill()
        process.join()


def _serve(pipe: Connection) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:  # the name that http.server asks for
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps({"accepted": len(told)}).encode()
            self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pipe.send(server.server_address[1])
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(show(figures()))
