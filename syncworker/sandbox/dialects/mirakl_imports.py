"""What becomes of a stock file? Reading the form and the CSV, and the job that it turns into; it knows no endpoints."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import Message
from email.parser import BytesParser

from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.pools import QuantityItem
from syncworker.sandbox.refusal import RefusedError

_COLUMNS = ("offer-sku", "quantity", "warehouse-code", "update-delete")


@dataclass(frozen=True, slots=True)
class StockRow:
    """One line of the file; `quantity` is None where the line gives no whole number."""

    sku: str
    quantity: int | None
    warehouse: str
    word: str


@dataclass(frozen=True, slots=True)
class StockFile:
    """The lines of a file; `problem` says why the whole of it cannot be used."""

    rows: tuple[StockRow, ...]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class StockImport:
    """A job: how each line ended (None: well, a text: why not, absent: nobody knows), and when it is through."""

    made: datetime
    due: datetime
    read: int
    told: tuple[tuple[int, str | None], ...]
    problem: str | None = None
    #: Lines that made something new.
    inserted: int = 0

    @classmethod
    def of(
        cls,
        ends: Sequence[str | None],
        *,
        at: datetime,
        lag_s: float,
        problem: str | None = None,
        inserted: int = 0,
    ) -> StockImport:
        """A job whose lines ended so."""
        told = tuple(enumerate(ends, start=1))
        return cls(at, at + timedelta(seconds=lag_s), len(ends), told, problem, inserted)

    def counts(self, now: datetime) -> dict[str, object]:
        """How many offers were made, changed and deleted, once the job is through."""
        if now < self.due:
            return {}
        well = sum(1 for _, why in self.told if why is None)
        return {
            "offer_inserted": self.inserted,
            "offer_updated": well - self.inserted,
            "offer_deleted": 0,
            "lines_in_pending": 0,
        }

    def status(self, now: datetime) -> dict[str, object]:
        """Where the job stands; its counts are told at its end."""
        if now < self.due:
            half = self.made + (self.due - self.made) / 2
            word = "WAITING" if now < half else "RUNNING"
            return {"status": word, "date_created": self.made.isoformat(), "has_error_report": False}
        bad = sum(1 for _, why in self.told if why is not None)
        return {
            "status": "FAILED" if self.problem else "COMPLETE",
            "reason_status": self.problem,
            "date_created": self.made.isoformat(),
            "lines_read": self.read,
            "lines_in_success": len(self.told) - bad,
            "lines_in_error": bad,
            "has_error_report": bad > 0,
        }

    def report(self) -> str:
        """The lines that failed: their number, the first line below the header being 1, and the reason."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(("line", "error"))
        writer.writerows((number, why) for number, why in self.told if why is not None)
        return text.getvalue()


def read_stock_file(content_type: str, raw: bytes) -> StockFile:
    """The CSV in the form's field `file`; 400 if there is no such form or field."""
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    form = BytesParser().parsebytes(head + raw)
    if form.get_content_type() != "multipart/form-data" or not form.is_multipart():
        raise RefusedError(415, "unsupported_media_type", "a file in a multipart form is wanted")
    for part in form.get_payload():
        if isinstance(part, Message) and part.get_param("name", header="content-disposition") == "file":
            content = part.get_payload(decode=True)
            if part.get_filename() and isinstance(content, bytes):
                return _parsed(content)
    raise RefusedError(400, "bad_request", "Required part 'file' is not present.")


def taken(market: Marketplace, file: StockFile, now: datetime) -> StockImport:
    """Start the job: each line goes its own way, and takes effect when the job is through."""
    lag_s = market.profile.apply_lag_s
    if file.problem is not None:
        return StockImport.of((), at=now, lag_s=lag_s, problem=file.problem)
    by_sku = {one.sku: one.pool_id for one in market.listings.values()}
    told: list[tuple[int, str | None]] = []
    for number, row in enumerate(file.rows, start=1):
        why = _mistake(row, by_sku)
        if why is None:
            results = market.push_quantities(
                [QuantityItem(pool_id=by_sku[row.sku], quantity=row.quantity)], now=now
            )
            told += [(number, each.message if each.status == "refused" else None) for each in results]
        else:
            told.append((number, why))
    return StockImport(now, now + timedelta(seconds=lag_s), len(file.rows), tuple(told))


def _parsed(content: bytes) -> StockFile:
    try:
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";", strict=True)
        missing = [name for name in _COLUMNS if name not in (lines.fieldnames or ())]
        if missing:
            return StockFile((), f"missing columns: {', '.join(missing)}")
        return StockFile(tuple(_row(line) for line in lines))
    except (UnicodeDecodeError, csv.Error):
        return StockFile((), "the file cannot be read")


def _row(line: dict[str, str]) -> StockRow:
    digits = line["quantity"] or ""
    quantity = int(digits) if digits.isascii() and digits.isdecimal() else None
    return StockRow(
        line["offer-sku"] or "", quantity, line["warehouse-code"] or "", line["update-delete"] or ""
    )


def _mistake(row: StockRow, by_sku: dict[str, str]) -> str | None:
    if row.sku not in by_sku:
        return f"The offer with SKU '{row.sku}' does not exist"
    if row.warehouse:
        return f"The warehouse '{row.warehouse}' does not exist"
    if row.word not in {"", "update"}:
        return f"'{row.word}' is not possible here"
    return "The quantity must be a whole number" if row.quantity is None else None
