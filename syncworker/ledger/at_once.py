"""Which names begin so? For a shell that completes a word: an SQLite ledger is asked without anything else being loaded.

Reads only, never waits for a writer, and knows two questions alone.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

#: Stands behind every other letter.
_LAST = chr(0x10FFFF)
_QUESTIONS = {
    "sku": "SELECT sku FROM product WHERE sku >= ? AND sku < ? ORDER BY sku LIMIT ?",
    "channel": "SELECT name FROM channel WHERE name >= ? AND name < ? ORDER BY name LIMIT ?",
}


def names_in_file(database: Path, kind: str, text: str, *, most: int) -> list[str]:
    """SKUs (``sku``) or channels (``channel``) of the ledger in this file that begin so; none if it cannot be read."""
    try:
        with closing(
            sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=0.5)
        ) as ledger:
            rows = ledger.execute(_QUESTIONS[kind], (text, text + _LAST, most)).fetchall()
    except sqlite3.Error:
        return []
    return [str(row[0]) for row in rows]
