"""${message}.

Revision ${up_revision}${f", after {down_revision}" if down_revision else ""}.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; a ledger never goes back: restore a backup instead."""
    ${upgrades if upgrades else "pass"}
