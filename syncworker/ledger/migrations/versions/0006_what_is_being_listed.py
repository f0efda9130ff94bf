"""What is being listed stands in a row before the request leaves; listings to be unlinked; their currencies found at once.

Revision 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syncworker.ledger.schema import Moment

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; a ledger never goes back: restore a backup instead."""
    op.create_table(
        "publication",
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("began_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["channel"], ["channel.name"], name=op.f("fk_publication_channel_channel")),
        sa.ForeignKeyConstraint(["sku"], ["product.sku"], name=op.f("fk_publication_sku_product")),
        sa.PrimaryKeyConstraint("channel", "sku", name=op.f("pk_publication")),
    )
    op.add_column("listing", sa.Column("unlinking", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_listing_currency", "listing", ["channel", "currency"], unique=False)
