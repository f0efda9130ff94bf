"""What a read-back was compared with and why it differed, and what an operator wants done about it at each channel.

Revision 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; a ledger never goes back: restore a backup instead."""
    op.add_column("channel", sa.Column("drift", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("read", sa.Column("expected", sa.BigInteger(), nullable=True))
    op.add_column("read", sa.Column("drift", sa.String(length=16), nullable=True))
