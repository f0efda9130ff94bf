"""How are many rows asked for by their keys in one statement? The keys become a table of their own, or one bound list.

One bound value a column however many keys there are, so that no limit of parameters is ever met.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

Key = Sequence[str | int]


def keys_table(
    dialect: str, table: sa.Table, names: Sequence[str], rows: Iterable[Key]
) -> tuple[sa.FromClause, sa.ColumnElement[bool]]:
    """The keys as a table with the columns ``names``, and the condition that joins ``table`` to it.

    The named columns must hold text or whole numbers. No keys at all match nothing.
    """
    columns = [table.c[name] for name in names]
    listed = [tuple(row) for row in rows]
    keys = _unnested(columns, listed) if dialect == "postgresql" else _from_json(columns, listed)
    return keys, sa.and_(*(column == keys.c[column.name] for column in columns))


def among(
    dialect: str, column: sa.ColumnElement[Any], values: Iterable[str | int]
) -> sa.ColumnElement[bool]:  # Any: whatever the column holds
    """The condition that ``column``, of text or whole numbers, is one of these; without any it is never met."""
    given = sorted(set(values))
    if dialect == "postgresql":
        return column == sa.any_(sa.cast(given, ARRAY(_element(column))))
    each = sa.func.json_each(json.dumps(given)).table_valued("value")
    return column.in_(sa.select(each.c.value))


def _element(column: sa.ColumnElement[Any]) -> sa.types.TypeEngine[Any]:  # Any: as above
    return sa.BigInteger() if isinstance(column.type, sa.Integer) else sa.Text()


def _unnested(columns: Sequence[sa.Column[object]], rows: list[tuple[str | int, ...]]) -> sa.FromClause:
    arrays = []
    for index, column in enumerate(columns):
        arrays.append(sa.cast([row[index] for row in rows], ARRAY(_element(column))))
    names = [sa.column(column.name, column.type) for column in columns]
    return sa.func.unnest(*arrays).table_valued(*names, name="keys").render_derived()


def _from_json(columns: Sequence[sa.Column[object]], rows: list[tuple[str | int, ...]]) -> sa.FromClause:
    each = sa.func.json_each(json.dumps(rows)).table_valued("value", name="given")
    fields = [
        sa.func.json_extract(each.c.value, f"$[{index}]").label(column.name)
        for index, column in enumerate(columns)
    ]
    return sa.select(*fields).select_from(each).subquery("keys")
