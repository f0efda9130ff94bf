"""How does a row become a value? Its columns by name; the types are those that the schema declares."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping


def columns(row: RowMapping) -> dict[str, Any]:  # Any: each column has the type that the schema declares
    """The row's columns by name, ready for the class that has one field a column."""
    return dict(zip(map(str, row.keys()), row.values(), strict=True))


def parameters(*names: str) -> dict[str, sa.BindParameter[Any]]:  # Any: as above
    """Values for an UPDATE that runs as one ``executemany``: each column from the parameter of its name."""
    return {name: sa.bindparam(name) for name in names}
