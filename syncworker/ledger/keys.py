"""How are rows asked for by their keys in one statement? The keys are one bound list, or become a table of their own.

One bound value a column however many keys there are, so that no limit of parameters is ever met.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

Key = Sequence[str | int]


class _KeyList(sa.TypeDecorator[Iterable[str | int]]):
    """Keys as one value: an array on PostgreSQL, a JSON text on SQLite; sorted, each once."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, *, whole_numbers: bool) -> None:
        super().__init__()
        self.whole_numbers = whole_numbers

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:  # Any: either kind of list
        if dialect.name != "postgresql":
            return sa.Text()
        return ARRAY(sa.BigInteger() if self.whole_numbers else sa.Text())

    def process_bind_param(self, value: Iterable[str | int] | None, dialect: Dialect) -> Any:  # Any: as above
        keys = sorted(set(value or ()))
        return keys if dialect.name == "postgresql" else json.dumps(keys)


class _IsAmong(FunctionElement[bool]):
    """``column`` is one of the keys of a list; each database has its own words for that."""

    name = "is_among"
    inherit_cache = True


@compiles(_IsAmong)
def _in_words(
    element: _IsAmong, compiler: SQLCompiler, **options: Any
) -> str:  # Any: what a compiler hands on
    column, keys = (compiler.process(clause, **options) for clause in element.clauses)
    if compiler.dialect.name == "postgresql":
        return f"{column} = ANY ({keys})"
    return f"{column} IN (SELECT value FROM json_each({keys}))"  # noqa: S608 - parts that SQLAlchemy has compiled


def among(
    column: sa.ColumnElement[Any], values: Iterable[str | int]
) -> sa.ColumnElement[bool]:  # Any: whatever the column holds
    """The condition that ``column``, of text or whole numbers, is one of these; without any it is never met."""
    return _IsAmong(column, sa.literal(list(values), _keys_of(column)))


def is_among(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:  # Any: as above
    """:func:`among` for a statement that is built once: the values come as the parameter ``name`` of each execution."""
    return _IsAmong(column, sa.bindparam(name, type_=_keys_of(column)))


def _keys_of(column: sa.ColumnElement[Any]) -> _KeyList:  # Any: as above
    return _NUMBERS if isinstance(column.type, sa.Integer) else _TEXTS


_NUMBERS, _TEXTS = _KeyList(whole_numbers=True), _KeyList(whole_numbers=False)


def keys_table(
    dialect: str, table: sa.Table, names: Sequence[str], rows: Iterable[Key]
) -> tuple[sa.FromClause, sa.ColumnElement[bool]]:
    """The keys as a table with the columns ``names``, and the condition that joins ``table`` to it.

    The named columns must hold text or whole numbers. No keys at all match nothing.
    """
    values = key_values(dialect, "keys", rows, width=len(names))
    return _joined(dialect, table, names, {name: sa.literal(value) for name, value in values.items()})


def named_keys(
    dialect: str, table: sa.Table, names: Sequence[str], name: str
) -> tuple[sa.FromClause, sa.ColumnElement[bool]]:
    """:func:`keys_table` for a statement that is built once: the keys come with each execution, by :func:`key_values`."""
    values = key_values(dialect, name, (), width=len(names))
    return _joined(dialect, table, names, {each: sa.bindparam(each) for each in values})


def key_values(dialect: str, name: str, rows: Iterable[Key], *, width: int) -> dict[str, object]:
    """The keys, of ``width`` columns, as parameters of a statement with :func:`named_keys` of that name."""
    listed = [tuple(row) for row in rows]
    if dialect != "postgresql":
        return {name: json.dumps(listed)}
    return {f"{name}_{index}": [row[index] for row in listed] for index in range(width)}


def _joined(
    dialect: str, table: sa.Table, names: Sequence[str], values: Mapping[str, sa.BindParameter[Any]]
) -> tuple[sa.FromClause, sa.ColumnElement[bool]]:  # Any: a list or its JSON
    columns = [table.c[name] for name in names]
    given = list(values.values())
    keys = _unnested(columns, given) if dialect == "postgresql" else _from_json(columns, given[0])
    return keys, sa.and_(*(column == keys.c[column.name] for column in columns))


def _element(column: sa.ColumnElement[Any]) -> sa.types.TypeEngine[Any]:  # Any: as above
    return sa.BigInteger() if isinstance(column.type, sa.Integer) else sa.Text()


def _unnested(
    columns: Sequence[sa.Column[object]], given: Sequence[sa.BindParameter[Any]]
) -> sa.FromClause:  # Any: lists of keys
    arrays = [sa.cast(each, ARRAY(_element(column))) for column, each in zip(columns, given, strict=True)]
    names = [sa.column(column.name, column.type) for column in columns]
    return sa.func.unnest(*arrays).table_valued(*names, name="keys").render_derived()


def _from_json(columns: Sequence[sa.Column[object]], given: sa.BindParameter[str]) -> sa.FromClause:
    each = sa.func.json_each(given).table_valued("value", name="given")
    fields = [
        sa.func.json_extract(each.c.value, f"$[{index}]").label(column.name)
        for index, column in enumerate(columns)
    ]
    return sa.select(*fields).select_from(each).subquery("keys")
