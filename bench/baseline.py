"""How fast could it be? The bare loops on raw sqlite3 and psycopg, in the fastest forms that we know.

A line is a guarded stock update, a journal row and an order line with its unique key; nothing else: no mapping, no bounds,
no incidents. They are the limit that the engine's rates are divided by, measured in the same run.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import TypeAlias

import psycopg

#: An order's external id, and its lines: (line id, SKU, units).
Order: TypeAlias = tuple[str, Sequence[tuple[str, str, int]]]
Record: TypeAlias = Callable[[Sequence[Order]], None]

_TABLES = """\
CREATE TABLE stock (sku TEXT PRIMARY KEY, on_hand BIGINT NOT NULL, reserved BIGINT NOT NULL);
CREATE TABLE journal (id {id}, sku TEXT NOT NULL, units BIGINT NOT NULL, reference TEXT NOT NULL);
CREATE TABLE orders (id {id}, external_id TEXT NOT NULL UNIQUE);
CREATE TABLE lines (order_id BIGINT NOT NULL, line TEXT NOT NULL, sku TEXT NOT NULL, units BIGINT NOT NULL,
    PRIMARY KEY (order_id, line));
"""
_PAGE = """\
WITH told AS (
    SELECT * FROM unnest(%(orders)s::text[], %(lines)s::text[], %(skus)s::text[], %(units)s::bigint[])
        AS told (external_id, line, sku, units)
), fresh AS (
    INSERT INTO orders (external_id) SELECT DISTINCT external_id FROM told
    ON CONFLICT DO NOTHING RETURNING id, external_id
), line AS (SELECT fresh.id, told.line, told.sku, told.units FROM told JOIN fresh USING (external_id)
), total AS (SELECT sku, sum(units) AS units FROM line GROUP BY sku
), moved AS (
    UPDATE stock SET reserved = stock.reserved + total.units FROM total
    WHERE stock.sku = total.sku AND stock.on_hand - stock.reserved >= total.units RETURNING stock.sku
), noted AS (INSERT INTO journal (sku, units, reference) SELECT sku, -units, id::text FROM line RETURNING 1)
INSERT INTO lines (order_id, line, sku, units) SELECT id, line, sku, units FROM line
"""
_ONE = """\
WITH moved AS (
    UPDATE stock SET reserved = reserved + %(units)s
    WHERE sku = %(sku)s AND on_hand - reserved >= %(units)s RETURNING sku
), noted AS (INSERT INTO journal (sku, units, reference) SELECT sku, -%(units)s, %(order)s FROM moved RETURNING 1)
INSERT INTO lines (order_id, line, sku, units) SELECT %(order)s::bigint, '1', sku, %(units)s FROM moved
"""


#: Above this a commit is mostly waiting for the disk, on both sides alike: their ratio tells of the disk, not of us.
SLOWEST_FLUSH_MS = 1.0


def flush_ms() -> float:
    """How long the disk takes to make one small write durable, now; the median of 40, in milliseconds."""
    with tempfile.TemporaryFile() as file:
        times = []
        for _ in range(40):
            file.write(b"x" * 4096)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return 1000 * median(times)


def disturbed_by(flush: float) -> str:
    """Why ratios of commits measured beside this flush time cannot be judged; empty where they can."""
    return (
        "" if flush <= SLOWEST_FLUSH_MS else f"a flush took {flush:.1f} ms, so both sides waited for the disk"
    )


def open_sqlite(path: Path, skus: Iterable[str]) -> sqlite3.Connection:
    """Tables and stock in a file, as durable as the ledger: WAL, synchronous FULL."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.executescript(_TABLES.format(id="INTEGER PRIMARY KEY"))
    database.execute("BEGIN IMMEDIATE")
    database.executemany("INSERT INTO stock VALUES (?, 1000000, 0)", [(sku,) for sku in skus])
    database.execute("COMMIT")
    return database


def open_postgres(url: str, skus: Iterable[str]) -> psycopg.Connection:
    """Tables and stock in a schema of their own in the database at an SQLAlchemy address; durable as the server is."""
    database = psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True)
    database.execute("CREATE SCHEMA bare")
    database.execute("SET search_path = bare")
    database.execute("SET random_page_cost = 1.1")
    for statement in _TABLES.format(id="BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY").split(";\n"):
        if statement:
            database.execute(statement.encode())
    with database.cursor() as cursor:
        cursor.executemany("INSERT INTO stock VALUES (%s, 1000000, 0)", [(sku,) for sku in skus])
    database.execute("ANALYZE stock")
    return database


def sqlite_page(database: sqlite3.Connection) -> Record:
    """One page in one transaction: ``executemany``, one UPDATE per distinct SKU."""

    def record(page: Sequence[Order]) -> None:
        database.execute("BEGIN IMMEDIATE")
        first = database.execute("SELECT coalesce(max(id), 0) FROM orders").fetchone()[0]
        database.executemany(
            "INSERT INTO orders (id, external_id) VALUES (?, ?)",
            [(first + number, order[0]) for number, order in enumerate(page, start=1)],
        )
        lines = [
            (first + number, line, sku, units)
            for number, order in enumerate(page, start=1)
            for line, sku, units in order[1]
        ]
        database.executemany("INSERT INTO lines VALUES (?, ?, ?, ?)", lines)
        totals = Counter[str]()
        for _, _, sku, units in lines:
            totals[sku] += units
        database.executemany(
            "UPDATE stock SET reserved = reserved + ?1 WHERE sku = ?2 AND on_hand - reserved >= ?1",
            [(units, sku) for sku, units in sorted(totals.items())],
        )
        database.executemany(
            "INSERT INTO journal (sku, units, reference) VALUES (?, ?, ?)",
            [(sku, -units, str(order)) for order, _, sku, units in lines],
        )
        database.execute("COMMIT")

    return record


def postgres_page(database: psycopg.Connection) -> Record:
    """One page in one data-modifying statement, its rows from ``unnest``."""

    def record(page: Sequence[Order]) -> None:
        rows = [(order[0], *line) for order in page for line in order[1]]
        names = ("orders", "lines", "skus", "units")
        database.execute(_PAGE.encode(), dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))

    return record


def postgres_reserve(database: psycopg.Connection) -> Callable[[str, int], None]:
    """One unit of a SKU for an order, in one guarded statement of its own transaction."""

    def reserve(sku: str, order: int) -> None:
        database.execute(_ONE.encode(), {"sku": sku, "units": 1, "order": order})

    return reserve
