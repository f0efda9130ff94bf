"""Listings by what they sell and where from, and pools that wait, are found without looking at all of them.

Revision 0005, after 0004.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; a ledger never goes back: restore a backup instead."""
    op.create_index("ix_listing_sku", "listing", ["sku", "channel"], unique=False)
    op.create_index("ix_listing_pool", "listing", ["pool_id"], unique=False)
    op.create_index("ix_listing_number", "listing", ["channel", "pool_key"], unique=False)
    op.create_index("ix_pool_waiting", "pool", ["reason", "planned_at"], unique=False)
