"""Which installation is this? Its token, once it was started; never changes it."""

from __future__ import annotations

import sqlalchemy as sa

from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.schema import installation


def installation_token(tx: Snapshot) -> str | None:
    """The installation's own name; ``None`` before its first start."""
    row = tx.execute(sa.select(installation.c.token)).one_or_none()
    return None if row is None else str(row.token)
