"""The books: every row that is the truth, and the only room that knows SQL."""

from syncworker.ledger.clock import Clock, DatabaseClock, ManualClock
from syncworker.ledger.ledger import Ledger, Snapshot, Transaction, open_ledger

__all__ = ["Clock", "DatabaseClock", "Ledger", "ManualClock", "Snapshot", "Transaction", "open_ledger"]
