"""How fast do orders come in? Pages over HTTP into the ledger, beside the bare loop that fetches the same pages.

Pages of 100 orders of 2 lines, 10,000 SKUs, one worker. Both sides fetch and read the same JSON; the engine maps it to the
contract by hand (mapping by manifest is measured by itself), keeps bounds, incidents and dirty pools, and commits each
page with its cursor. Its tables and the bare ones lie in the same database server or on the same disk; rounds are
interleaved, and the median counts. Run: `python bench/pull.py`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from bench import baseline, business, pages  # noqa: E402
from bench.figures import Figure, show  # noqa: E402
from syncworker.connector.contract import (  # noqa: E402
    Capabilities,
    ChannelLine,
    ChannelOrder,
    OrderPage,
    OrderStatus,
    Outcome,
    PushResult,
    QuantityPush,
)
from syncworker.connector.fake import FakeChannel  # noqa: E402
from syncworker.core.model import Known  # noqa: E402
from syncworker.sync.context import Context  # noqa: E402
from syncworker.sync.pull import pull_orders  # noqa: E402

SKUS = [f"SKU-{number:05}" for number in range(10_000)]
#: Rounds, and pages of each round and side.
ROUNDS, PAGES = 3, 10
LEAST = 0.35
FACTS = Capabilities(readable=True, visibility_lag_s=0, poll_s=5)


class StubChannel(FakeChannel):
    """Its orders come from the stub, page by page, mapped by hand; one round's pages a pull."""

    def __init__(
        self,
        reader: pages.Reader,
        *,
        now: Callable[[], datetime],
        facts: Capabilities = FACTS,
        pages_a_pull: int = PAGES,
    ) -> None:
        super().__init__(now=now, capabilities=facts, name="shop")
        self._reader, self._pages, self.first = reader, pages_a_pull, 0

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> list[PushResult]:
        """Every number is accepted at once."""
        return [PushResult(push_id=push.push_id, outcome=Outcome.APPLIED, echo=push.value) for push in pushes]

    def list_orders(self, feed: str, since: datetime, cursor: str | None) -> OrderPage:  # noqa: ARG002 - the contract
        number = self.first if cursor is None else int(cursor)
        is_last = number + 1 == self.first + self._pages
        orders = tuple(_order(each) for each in self._reader.page(number))
        return OrderPage(orders=orders, next_cursor=None if is_last else str(number + 1))


def _order(told: dict[str, Any]) -> ChannelOrder:  # Any: JSON
    at = datetime.fromisoformat(told["placed_at"])
    lines = tuple(
        ChannelLine(
            line_id=line["id"],
            listing_id=line["sku"],
            sku=line["sku"],
            ordered=line["units"],
            counts_down=Known.YES,
        )
        for line in told["lines"]
    )
    return ChannelOrder(
        external_id=told["id"],
        status=OrderStatus.LIVE,
        raw_status="paid",
        placed_at=at,
        updated_at=at,
        lines=lines,
    )


def figures() -> list[Figure]:
    """What is measured, beside its bars."""
    return [_measured("sqlite", "SQLite, synchronous = FULL"), _measured("postgresql", "PostgreSQL")]


def _measured(kind: str, name: str) -> Figure:
    bodies = pages.bodies(SKUS, (ROUNDS + 1) * PAGES, channel="shop")
    with (
        pages.served(bodies) as port,
        business.database(kind) as url,
        tempfile.TemporaryDirectory() as folder,
        business.stocked(url, SKUS, ["shop"], FACTS, shown=100) as ledger,
    ):
        shop = StubChannel(pages.Reader(port), now=lambda: datetime.now(UTC))
        context = Context(ledger=ledger, open_channel=lambda _: shop)
        bare = _bare(kind, url, Path(folder), pages.Reader(port))
        flush = baseline.flush_ms()
        ours, theirs = _rounds(context, shop, bare)
        flush = max(flush, baseline.flush_ms())
        proven = business.proof(ledger)
    orders = PAGES * pages.ORDERS
    return Figure(
        what=name,
        value=median(theirs) / median(ours),
        of="× the bare loop",
        bar=LEAST,
        at_most=False,
        goal=True,
        disturbed=baseline.disturbed_by(flush),
        behind=f"{orders / median(ours):,.0f} orders/s, bare {orders / median(theirs):,.0f}; a flush takes {flush:.2f} ms; {proven}",
    )


def _rounds(context: Context, shop: StubChannel, bare: Bare) -> tuple[list[float], list[float]]:
    """Seconds of each round of ours and of the bare loop's; the first of each warms up and is left out."""
    ours, theirs = [], []
    for number in range(ROUNDS + 1):
        shop.first = number * PAGES
        began = time.perf_counter()
        report = pull_orders(context, "shop")
        if report is None or report.orders != PAGES * pages.ORDERS:
            raise RuntimeError(f"a round did not record its orders: {report}")
        between = time.perf_counter()
        bare(range(shop.first, shop.first + PAGES))
        ours.append(between - began)
        theirs.append(time.perf_counter() - between)
    return ours[1:], theirs[1:]


Bare: TypeAlias = Callable[[Sequence[int]], None]


def _bare(kind: str, url: str, folder: Path, reader: pages.Reader) -> Bare:
    if kind == "sqlite":
        record = baseline.sqlite_page(baseline.open_sqlite(folder / "bare.db", SKUS))
    else:
        record = baseline.postgres_page(baseline.open_postgres(url, SKUS))

    def loop(numbers: Sequence[int]) -> None:
        for number in numbers:
            record(
                [
                    (order["id"], [(line["id"], line["sku"], line["units"]) for line in order["lines"]])
                    for order in reader.page(number)
                ]
            )

    return loop


if __name__ == "__main__":
    sys.exit(show(figures()))
