"""How is a row written that may be there already? Both databases' INSERT … ON CONFLICT behind one name."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def insert_for(dialect: str, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT with ``on_conflict_do_nothing`` and ``on_conflict_do_update`` for the named dialect."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
