"""How does Alembic reach the ledger? By the connection that the caller holds, inside the caller's transaction.

Opens no connection of its own, so that a whole upgrade commits together or not at all.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from syncworker.ledger.migrations.options import options_for

connection: sa.Connection = context.config.attributes["connection"]
context.configure(connection=connection, **options_for(connection))
context.run_migrations()
