"""Movements only grow: the database itself refuses to change or delete one.

Revision 0002, after 0001. A later revision that rebuilds ``movement`` on SQLite must create these triggers again.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REFUSAL = "movements are append-only: enter a correction instead of changing what was written"


def upgrade() -> None:
    """Go forward; a ledger never goes back: restore a backup instead."""
    if op.get_bind().dialect.name == "postgresql":
        _refuse_on_postgresql()
    else:
        _refuse_on_sqlite()


def _refuse_on_sqlite() -> None:
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER movement_no_{change.lower()} BEFORE {change} ON movement"
            f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )


def _refuse_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION movement_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER movement_no_change BEFORE UPDATE OR DELETE ON movement"
        " FOR EACH ROW EXECUTE FUNCTION movement_is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER movement_no_truncate BEFORE TRUNCATE ON movement"
        " FOR EACH STATEMENT EXECUTE FUNCTION movement_is_append_only()"
    )
