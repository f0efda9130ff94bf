"""Who did what, and from how few units on nothing is shared any more; runs and what is parked are found at once.

Revision 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syncworker.ledger.schema import Moment

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; a ledger never goes back: restore a backup instead."""
    op.create_table(
        "audit",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("command", sa.String(length=64), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=True),
        sa.Column("finished_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.add_column("product", sa.Column("escrow_below", sa.BigInteger(), nullable=True))
    op.add_column("channel", sa.Column("escrow_below", sa.BigInteger(), nullable=True))
    op.create_index("ix_run_started", "run", ["started_at", "id"], unique=False)
    op.create_index(
        "ix_pool_parked",
        "pool",
        ["channel"],
        unique=False,
        postgresql_where=sa.text("parked IS NOT NULL"),
        sqlite_where=sa.text("parked IS NOT NULL"),
    )
    op.create_index(
        "ix_listing_refused",
        "listing",
        ["channel"],
        unique=False,
        postgresql_where=sa.text("refusal IS NOT NULL"),
        sqlite_where=sa.text("refusal IS NOT NULL"),
    )
