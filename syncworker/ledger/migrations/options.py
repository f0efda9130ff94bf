"""How are the ledger's tables compared and changed? One set of Alembic options for upgrades, checks and new revisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypedDict

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.runtime.migration import MigrationContext

from syncworker.ledger.schema import Amount, Moment, metadata


class AlembicOptions(TypedDict):
    """What ``context.configure`` and ``MigrationContext.configure`` are given."""

    target_metadata: sa.MetaData
    compare_type: bool
    compare_server_default: Callable[..., bool | None]
    render_as_batch: bool
    transactional_ddl: bool
    render_item: Callable[[str, object, AutogenContext], str | Literal[False]]


def options_for(connection: sa.Connection) -> AlembicOptions:
    """SQLite cannot change a column in place, so its tables are rebuilt in batches; both databases roll DDL back."""
    return {
        "target_metadata": metadata,
        "compare_type": True,
        "compare_server_default": _default_differs,
        "render_as_batch": connection.dialect.name == "sqlite",
        "transactional_ddl": True,
        "render_item": _render,
    }


def _default_differs(
    _context: MigrationContext,
    _inspected_column: sa.Column[object],
    _column: sa.Column[object],
    inspected: str | None,
    _default: sa.FetchedValue | None,
    rendered: str | None,
) -> bool | None:
    """Equal but for quotes is equal: Alembic takes SQLite's ``('')`` for a difference. ``None`` leaves it to Alembic."""
    if inspected is None or rendered is None:
        return None
    return False if inspected.strip("()'") == rendered.strip("()'") else None


def _render(kind: str, item: object, context: AutogenContext) -> str | Literal[False]:
    """Our column types by their own names; true and false in words that both databases understand."""
    if kind == "type" and isinstance(item, Moment | Amount):
        name = type(item).__name__
        context.imports.add(f"from syncworker.ledger.schema import {name}")
        return f"{name}()"
    if kind == "server_default" and isinstance(item, sa.DefaultClause):
        return (
            "sa.false()"
            if isinstance(item.arg, sa.False_)
            else "sa.true()"
            if isinstance(item.arg, sa.True_)
            else False
        )
    return False
