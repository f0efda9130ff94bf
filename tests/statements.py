"""What is compiled once for all ledgers of a test process? The SQL of each statement: a test opens one ledger or more.

A program opens one ledger and needs nothing of this.
"""

import sqlalchemy as sa

#: The first engine of each dialect that has been connected: its compiled statements serve the others.
_first: dict[str, sa.Engine] = {}


def share_compiled(engine: sa.Engine) -> None:
    """Let this engine use what was compiled for the first one of its dialect.

    Compiled SQL is found by the dialect and the statement, so both the dialect and the cache must be the same ones. Events of
    an engine that lie with its dialect (``handle_error``) must be removed at a test's end.
    """
    first = _first.setdefault(engine.dialect.name, engine)
    if first is not engine and getattr(first.dialect, "server_version_info", None) is not None:
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
