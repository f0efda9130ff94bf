"""How does a ledger in memory get its tables? By a copy: the revisions run once a process, for they cost more than a short test."""

import functools
import sqlite3
from contextlib import closing

from syncworker.ledger import Ledger, open_ledger
from syncworker.ledger.upgrade import upgrade


def copy_tables(ledger: Ledger) -> None:
    """All tables, empty, for a ledger on ``sqlite://`` that has none."""
    _copy(_original(), ledger)


@functools.cache
def _original() -> Ledger:
    """A ledger in memory that was brought up to date and is kept for as long as the process lives."""
    ledger = open_ledger("sqlite://")
    upgrade(ledger.engine)
    return ledger


def _copy(source: Ledger, target: Ledger) -> None:
    with closing(source.engine.raw_connection()) as given, closing(target.engine.raw_connection()) as taken:
        assert isinstance(given.driver_connection, sqlite3.Connection)
        assert isinstance(taken.driver_connection, sqlite3.Connection)
        given.driver_connection.backup(taken.driver_connection)
