"""Which revision does a change of the schema need? Drafts it: ``python -m syncworker.ledger.migrations "What it does"``.

For developers. It compares the schema with what the revisions so far build; read the draft before committing it.
"""

from __future__ import annotations

import sys

from alembic import command
from alembic.script import ScriptDirectory

from syncworker.ledger.engine import create_ledger_engine
from syncworker.ledger.upgrade import migrations_config


def draft(what: str) -> None:
    """Write the next revision's file beside the others."""
    config = migrations_config()
    number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
    with create_ledger_engine("sqlite://").begin() as connection:
        config.attributes["connection"] = connection
        if number > 1:
            command.upgrade(config, "head")
        command.revision(config, what, autogenerate=True, rev_id=f"{number:04d}")


if __name__ == "__main__":
    draft(" ".join(sys.argv[1:]) or sys.exit(__doc__))
