"""What happened at this shop, in which order? An append-only list of events; it judges nothing.

Each event is one flat JSON object: `seq` (1, 2, 3 ... without a gap), `time` (ISO, UTC, microseconds), `shop`,
`kind`, then the kind's own fields. An event that concerns a pool's number carries `before`, `after`,
`reserved_before` and `reserved_after`, so that a replay can explain every number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TextIO

LogLine = dict[str, object]


class EventLog:
    """The events of one shop in memory and, when `path` is given, in a file that is flushed per event."""

    def __init__(self, shop: str, path: Path | None = None) -> None:
        self.shop = shop
        self._lines: list[LogLine] = []
        self._file: TextIO | None = path.open("a", encoding="utf-8") if path else None

    def append(self, kind: str, at: datetime, fields: LogLine) -> LogLine:
        """Record one event that happened at `at`; the caller holds the shop's lock."""
        line: LogLine = {
            "seq": len(self._lines) + 1,
            "time": at.isoformat(timespec="microseconds"),
            "shop": self.shop,
            "kind": kind,
            **fields,
        }
        self._lines.append(line)
        if self._file:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()
        return line

    def after(self, seq: int = 0) -> list[LogLine]:
        """All events with a larger sequence number than `seq`, oldest first. Do not change them."""
        return self._lines[max(seq, 0) :]

    def __iter__(self) -> Iterator[LogLine]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def close(self) -> None:
        """Close the file; events after that are kept in memory alone. Harmless to repeat."""
        if self._file:
            self._file.close()
            self._file = None
