"""How fast does PostgreSQL reserve through the engine? One unit a transaction, and a hundred, beside the bare statements.

One client, 10,000 SKUs. The engine locks the counts, asks whether the effect was applied before, chains the movement and
writes the count; the bare form is one guarded statement. Rounds are interleaved, and the median counts.
Run: `python bench/reserving.py`.
"""

from __future__ import annotations

import itertools
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from bench import baseline, business  # noqa: E402
from bench.figures import Figure, show  # noqa: E402
from syncworker.ledger import stock  # noqa: E402
from syncworker.ledger.ledger import Ledger  # noqa: E402
from syncworker.ledger.stock import Effect, MovementKind  # noqa: E402

SKUS = [f"SKU-{number:05}" for number in range(10_000)]
ROUNDS, ROUND_S = 3, 1.5
BATCH = 100
_numbers = itertools.count()
_pick = random.Random(5)


def figures() -> list[Figure]:
    """What is measured, beside its bars."""
    with (
        business.database("postgresql") as url,
        business.stocked(url, SKUS, [], business.FACTS, shown=0) as ledger,
    ):
        bare = baseline.open_postgres(url, SKUS)
        reserve, page = baseline.postgres_reserve(bare), baseline.postgres_page(bare)
        flush = baseline.flush_ms()
        singles = _rates(
            lambda: _reserve(ledger, 1),
            lambda: reserve(_pick.choice(SKUS), 1_000_000_000 + next(_numbers)),
            units=1,
        )
        batches = _rates(
            lambda: _reserve(ledger, BATCH),
            lambda: page([(f"o{next(_numbers)}", [("1", sku, 1)]) for sku in _pick.choices(SKUS, k=BATCH)]),
            units=BATCH,
        )
        flush = max(flush, baseline.flush_ms())
        proven = f"a flush takes {flush:.2f} ms; {business.proof(ledger, has_orders=False)}"
    disturbed = baseline.disturbed_by(flush)
    return [
        _figure(
            "one by one", "× the bare statement", *singles, least=0.4, proven=proven, disturbed=disturbed
        ),
        _figure(
            "100 a transaction", "× bare unnest", *batches, least=0.35, proven=proven, disturbed=disturbed
        ),
    ]


def _reserve(ledger: Ledger, units: int) -> None:
    """So many effects of one unit each in one transaction."""
    effects = [
        Effect(
            sku=sku,
            location="main",
            kind=MovementKind.RESERVE,
            reserved=1,
            source="bench",
            reference=str(next(_numbers)),
            actor="bench",
        )
        for sku in _pick.choices(SKUS, k=units)
    ]
    ledger.run(lambda tx: stock.apply_effects(tx, effects))


def _rates(ours: Callable[[], None], bare: Callable[[], None], *, units: int) -> tuple[float, float]:
    """Units a second of both sides; a first round of each warms up."""
    rounds = [(_rate(ours), _rate(bare)) for _ in range(ROUNDS + 1)][1:]
    return units * median(our for our, _ in rounds), units * median(their for _, their in rounds)


def _rate(step: Callable[[], None]) -> float:
    began, done = time.perf_counter(), 0
    while (took := time.perf_counter() - began) < ROUND_S:
        step()
        done += 1
    return done / took


def _figure(
    what: str, of: str, ours: float, bare: float, *, least: float, proven: str, disturbed: str
) -> Figure:
    return Figure(
        what=what,
        value=ours / bare,
        of=of,
        bar=least,
        at_most=False,
        behind=f"{ours:,.0f} units/s, bare {bare:,.0f}; {proven}",
        goal=True,
        disturbed=disturbed,
    )


if __name__ == "__main__":
    sys.exit(show(figures()))
