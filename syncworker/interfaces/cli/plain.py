"""How is a value written that JSON has no word for? Used by every ``--json`` and by the audit."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path


def plain(value: object) -> object:
    """What JSON has no word for: decimals and times as text, enumerations by value, sets and tuples as lists."""
    if isinstance(value, Decimal | Path):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, set | frozenset | tuple):
        return sorted(value) if isinstance(value, set | frozenset) else list(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
