"""Which sales does a file tell? A table from a stall's notebook, or lines that were written offline; all of them or none.

Every mistake is named at once. Each sale is taken exactly once, however often its file is read: by its own reference, or by
what it says. Writes nothing by itself (``sale.py`` does).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from syncworker.connector.contract import Money
from syncworker.errors import ImportFileError, InputError
from syncworker.ledger import orders, products
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.sync import cells
from syncworker.sync.cells import CellError
from syncworker.sync.ingest import Ingested
from syncworker.sync.sale import REFERENCE_MAX, Sale, add_sales, is_known, typed_channel
from syncworker.sync.table import MAX_BYTES, Problem, TableRow, read_table

COLUMNS = ("sku", "units")
EXTRAS = ("reference", "sold_at", "price", "currency")

V = TypeVar("V")


class SaleState(StrEnum):
    """What becomes of a line."""

    NEW = "new"
    #: It was taken before.
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One sale, the line it stands on, and where it was sold if the line says so."""

    line: int
    sale: Sale
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedSale:
    """One sale of the file against the books."""

    line: int
    channel: str
    sale: Sale
    state: SaleState


@dataclass(frozen=True, slots=True)
class SalePlan:
    """All that a file would record; nothing has been recorded yet."""

    rows: tuple[PlannedSale, ...]

    def rows_that_are(self, state: SaleState) -> tuple[PlannedSale, ...]:
        """The new rows, or those that are in the books already."""
        return tuple(row for row in self.rows if row.state is state)

    @property
    def is_empty(self) -> bool:
        """Whether it would record nothing."""
        return not self.rows_that_are(SaleState.NEW)


@dataclass(slots=True)
class _Reading:
    lines: list[SaleLine] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


# ---------------------------------------------------------------- a plan


def plan_table(tx: Snapshot, name: str, data: bytes) -> SalePlan:
    """What a CSV file of sales would record at that channel; ImportFileError naming every mistake at once.

    A row is known again by its ``reference``; without one by what it says if ``sold_at`` gives the time of day, else by the
    whole file and its line: a file without either that was changed is a new file.
    """
    typed_channel(tx, name)
    table = read_table(data, required=COLUMNS, optional=EXTRAS, fractions=("price",), moments=("sold_at",))
    reading = _Reading(problems=table.problems)
    whole = hashlib.sha256(data).hexdigest()[:16]
    for row in table.rows:
        line = _table_line(row, whole, tx.now, reading.problems)
        if line is not None:
            reading.lines.append(line)
    reading.lines = _numbered(reading.lines)
    return _plan(tx, reading, name)


def plan_offline(tx: Snapshot, data: bytes, *, channel: str | None = None) -> SalePlan:
    """What lines written offline would record: JSON objects with ``id``, ``sku``, ``units``, ``sold_at``, and if wanted
    ``channel``, ``price`` and ``currency``, one a line. ImportFileError naming every mistake at once.
    """
    reading = _Reading()
    for number, document in _documents(data, reading.problems):
        line = _offline_line(number, document, tx.now, reading.problems)
        if line is not None:
            reading.lines.append(line)
    for one in reading.lines:
        if one.channel is None and channel is None:
            reading.problems.append(Problem(one.line, "channel", None, "say where it was sold"))
    for name in sorted({one.channel or channel or "" for one in reading.lines} - {""}):
        _check_channel(tx, name, reading)
    return _plan(tx, reading, channel or "")


def record(tx: Transaction, plan: SalePlan, *, actor: str) -> list[Ingested]:
    """Record the new sales of the plan, all of them or none; what was taken meanwhile is not taken twice."""
    by_channel: dict[str, list[Sale]] = {}
    for row in plan.rows_that_are(SaleState.NEW):
        by_channel.setdefault(row.channel, []).append(row.sale)
    return [add_sales(tx, name, sales, actor=actor) for name, sales in sorted(by_channel.items())]


def _plan(tx: Snapshot, reading: _Reading, fallback: str) -> SalePlan:
    reading.problems += _repeats(reading.lines, fallback)
    reading.problems += _unknown_skus(tx, reading.lines)
    rows = [row for row in _compared(tx, reading, fallback) if row is not None]
    if reading.problems:
        reading.problems.sort(key=lambda problem: problem.line or 0)
        raise ImportFileError([str(problem) for problem in reading.problems])
    return SalePlan(tuple(rows))


def _compared(tx: Snapshot, reading: _Reading, fallback: str) -> Iterator[PlannedSale | None]:
    named: dict[str, list[SaleLine]] = {}
    for line in reading.lines:
        named.setdefault(line.channel or fallback, []).append(line)
    known = {
        name: orders.load(tx, name, [one.sale.reference for one in lines]) for name, lines in named.items()
    }
    for line in reading.lines:
        name = line.channel or fallback
        try:
            is_there = is_known(known[name].get(line.sale.reference), line.sale)
        except InputError:
            advice = "use another one: it was used for another sale"
            reading.problems.append(Problem(line.line, "reference", line.sale.reference, advice))
            continue
        yield PlannedSale(line.line, name, line.sale, SaleState.KNOWN if is_there else SaleState.NEW)


def _repeats(lines: Sequence[SaleLine], fallback: str) -> list[Problem]:
    times = Counter((one.channel or fallback, one.sale.reference) for one in lines)
    first: set[tuple[str, str]] = set()
    found = []
    for one in lines:
        name = (one.channel or fallback, one.sale.reference)
        if times[name] > 1 and name in first:
            advice = "keep it once: another line has the same"
            found.append(Problem(one.line, "reference", one.sale.reference, advice))
        first.add(name)
    return found


def _unknown_skus(tx: Snapshot, lines: Sequence[SaleLine]) -> list[Problem]:
    known = products.recipe_of(tx, sorted({one.sale.sku for one in lines}))
    advice = "correct it, or add this SKU with `syncworker product import` first"
    return [Problem(one.line, "sku", one.sale.sku, advice) for one in lines if one.sale.sku not in known]


def _check_channel(tx: Snapshot, name: str, reading: _Reading) -> None:
    try:
        typed_channel(tx, name)
    except InputError as error:
        line = next((one.line for one in reading.lines if one.channel == name), None)
        reading.problems.append(Problem(line, "channel", name, str(error).rstrip(".")))


# ---------------------------------------------------------------- lines of a table


def _table_line(row: TableRow, whole: str, now: datetime, problems: list[Problem]) -> SaleLine | None:
    before = len(problems)

    def read(column: str, parse: Callable[[str], V], fallback: V) -> V:
        cell = row.cells.get(column, "")
        try:
            return parse(cell)
        except CellError as error:
            problems.append(Problem(row.line, column, cell, str(error)))
            return fallback

    sku = read("sku", cells.sku, "")
    units = read("units", lambda cell: cells.quantity(cell, least=1), 1)
    sold_at = read("sold_at", lambda cell: _moment(cell, now), now)
    currency = read("currency", cells.currency, None)
    unit = currency or ("USD" if row.cells.get("currency") else None)
    amount = read("price", lambda cell: cells.money(cell, unit), None)
    given = read("reference", _reference, None)
    if len(problems) > before:
        return None
    price = None if amount is None or currency is None else Money(amount, currency)
    told = row.cells.get("sold_at", "")
    reference = given or _fingerprint(row, told, whole)
    return SaleLine(row.line, Sale(sku=sku, units=units, reference=reference, sold_at=sold_at, price=price))


def _reference(cell: str) -> str | None:
    return cells.text(cell, longest=REFERENCE_MAX) if cell else None


def _moment(cell: str, now: datetime) -> datetime:
    """A time on this computer's clock, or with its own zone; now for an empty cell."""
    if not cell:
        return now
    try:
        moment = datetime.fromisoformat(cell).astimezone()
    except (ValueError, OverflowError) as error:
        raise CellError("write a time like 2026-11-24 17:30") from error
    if moment > now:
        raise CellError("write when it was sold; this lies in the future")
    return moment


def _has_time_of_day(cell: str) -> bool:
    return ":" in cell


def _fingerprint(row: TableRow, sold_at: str, whole: str) -> str:
    """What names a row that has no reference of its own."""
    if not _has_time_of_day(sold_at):
        return f"file-{whole}-{row.line}"
    content = "\x1f".join(f"{name}={row.cells[name]}" for name in sorted(row.cells))
    return f"row-{hashlib.sha256(content.encode()).hexdigest()[:24]}"


def _numbered(lines: Sequence[SaleLine]) -> list[SaleLine]:
    """Rows that say the very same are as many sales: the second one is known as the second."""
    seen: Counter[str] = Counter()
    found = []
    for one in lines:
        reference = one.sale.reference
        seen[reference] += 1
        if reference.startswith("row-") and seen[reference] > 1:
            one = replace(one, sale=replace(one.sale, reference=f"{reference}-{seen[reference]}"))  # noqa: PLW2901
        found.append(one)
    return found


# ---------------------------------------------------------------- lines written offline


def _documents(data: bytes, problems: list[Problem]) -> Iterator[tuple[int, Mapping[str, object]]]:
    if len(data) > MAX_BYTES:
        problems.append(Problem(None, None, None, f"split the file: it has more than {MAX_BYTES} bytes"))
        return
    for number, raw in enumerate(data.split(b"\n"), start=1):
        if not raw.strip():
            continue
        try:
            document = json.loads(raw.decode("utf-8-sig"), parse_float=str)
        except ValueError:
            document = None
        if isinstance(document, dict):
            yield number, document
        else:
            problems.append(Problem(number, None, None, "write one JSON object a line, in UTF-8"))


_FIELDS = ("id", "sku", "units", "sold_at", "channel", "price", "currency")


def _offline_line(
    number: int, document: Mapping[str, object], now: datetime, problems: list[Problem]
) -> SaleLine | None:
    """The same readings as a table's, from fields that are texts; ``units`` is a JSON number."""
    before = len(problems)
    advice = f"remove this field; known are {', '.join(_FIELDS)}"
    problems += [Problem(number, name, None, advice) for name in sorted(set(document) - set(_FIELDS))]
    texts: dict[str, str] = {}
    for name in _FIELDS:
        value = document.get(name)
        is_units = name == "units" and isinstance(value, int) and not isinstance(value, bool)
        if value is None and name in ("id", "sold_at"):
            problems.append(Problem(number, name, None, "add this field"))
        elif value is not None and not isinstance(value, str) and not is_units:
            problems.append(Problem(number, name, None, "write a text here (units: a whole number)"))
        else:
            texts[name] = "" if value is None else cells.cleaned(str(value))
    if len(problems) > before:
        return None
    channel = texts.pop("channel") or None
    row = TableRow(number, {**texts, "reference": texts.pop("id")})
    line = _table_line(row, "", now, problems)
    return None if line is None else replace(line, channel=channel)
