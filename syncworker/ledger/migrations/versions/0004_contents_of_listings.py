"""Contents of listings, and prices by channel.

Revision 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syncworker.ledger.schema import Amount, Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; a ledger never goes back: restore a backup instead."""
    op.add_column("product", sa.Column("description", sa.Text(), nullable=True))
    op.add_column("product", sa.Column("images", sa.Text(), server_default="", nullable=False))
    op.add_column("channel", sa.Column("price_rule", sa.JSON(), nullable=True))
    op.add_column("channel", sa.Column("listing_fields", sa.JSON(), nullable=True))
    op.add_column("pool", sa.Column("hidden", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("pool", sa.Column("locked", sa.BigInteger(), nullable=True))
    op.add_column("pool", sa.Column("locked_until", Moment(), nullable=True))
    op.add_column("listing", sa.Column("managed", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("listing", sa.Column("wanted_active", sa.Boolean(), nullable=True))
    op.add_column("listing", sa.Column("sent", sa.JSON(), nullable=True))
    op.add_column("listing", sa.Column("refused", sa.JSON(), nullable=True))
    op.add_column("listing", sa.Column("refusal", sa.Text(), nullable=True))
    op.add_column("listing", sa.Column("contents_wanted", sa.Integer(), server_default="0", nullable=False))
    op.add_column("listing", sa.Column("contents_done", sa.Integer(), server_default="0", nullable=False))
    op.create_index(
        "ix_listing_contents",
        "listing",
        ["channel"],
        unique=False,
        postgresql_where=sa.text("contents_wanted > contents_done"),
        sqlite_where=sa.text("contents_wanted > contents_done"),
    )
    op.create_table(
        "price",
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("amount", Amount(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.PrimaryKeyConstraint("channel", "sku", name=op.f("pk_price")),
    )
