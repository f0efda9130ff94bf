"""What was there to sell at the start? The catalogue file, read by the judge's own parser; it guesses nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_COLUMNS = ("sku", "title", "on_hand", "price", "currency", "parts")


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """One row: either units on hand, or the parts it takes per sale (then `on_hand` is None)."""

    sku: str
    title: str
    price: str
    currency: str
    on_hand: int | None
    parts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All rows by SKU, in the file's order."""

    items: Mapping[str, CatalogueItem]

    def recipe(self, sku: str) -> Mapping[str, int] | None:
        """Units of each part that one sale of `sku` takes; None for a SKU that is not in the catalogue."""
        item = self.items.get(sku)
        if item is None:
            return None
        return item.parts or {sku: 1}

    def stock(self) -> dict[str, int]:
        """Units on hand at the start, per part."""
        return {item.sku: item.on_hand for item in self.items.values() if item.on_hand is not None}


def load_catalogue(path: Path) -> Catalogue:
    """Read a catalogue file (UTF-8, with or without a byte order mark). `ValueError` names line and mistake."""
    return parse_catalogue(path.read_text(encoding="utf-8-sig"))


def parse_catalogue(text: str) -> Catalogue:
    """Read a catalogue: columns sku, title, on_hand, price, currency, parts (`A:1;B:2`); others are ignored."""
    rows = csv.DictReader(io.StringIO(text))
    missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise ValueError(f"the catalogue lacks the columns {', '.join(missing)}")
    items: dict[str, CatalogueItem] = {}
    for row in rows:
        item = _item(row, rows.line_num)
        if item.sku in items:
            raise ValueError(f"line {rows.line_num}: {item.sku} stands there twice")
        items[item.sku] = item
    for item in items.values():
        for part in item.parts:
            if part not in items or items[part].on_hand is None:
                raise ValueError(f"{item.sku} is made of {part}, which is no part with units on hand")
    return Catalogue(items)


def _item(row: Mapping[str, str | None], line: int) -> CatalogueItem:
    sku, on_hand, parts = ((row[name] or "").strip() for name in ("sku", "on_hand", "parts"))
    if not sku:
        raise ValueError(f"line {line}: a SKU is missing")
    if bool(parts) == bool(on_hand):
        raise ValueError(f"line {line}: {sku} needs either units on hand or parts")
    return CatalogueItem(
        sku=sku,
        title=(row["title"] or "").strip(),
        price=(row["price"] or "").strip(),
        currency=(row["currency"] or "").strip(),
        on_hand=None if parts else _count(on_hand, line, least=0),
        parts=_parts(parts, line) if parts else {},
    )


def _parts(text: str, line: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in text.split(";"):
        sku, _, units = (piece.strip() for piece in entry.partition(":"))
        if not sku or sku in found:
            raise ValueError(f"line {line}: {text!r} is no list of parts such as A:1;B:2")
        found[sku] = _count(units, line, least=1)
    return found


def _count(text: str, line: int, *, least: int) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 9 or int(text) < least:
        raise ValueError(f"line {line}: {text!r} is no number of units (at least {least})")
    return int(text)
