"""The books: every row that is the truth, and the only room that knows SQL."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syncworker.ledger.clock import Clock, DatabaseClock, ManualClock
    from syncworker.ledger.ledger import Ledger, Snapshot, Transaction, open_ledger

__all__ = ["Clock", "DatabaseClock", "Ledger", "ManualClock", "Snapshot", "Transaction", "open_ledger"]

_FROM_CLOCK = frozenset(("Clock", "DatabaseClock", "ManualClock"))


def __getattr__(name: str) -> object:
    """Found when first asked for: completing a name in a shell must not wait for all of SQLAlchemy."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{'clock' if name in _FROM_CLOCK else 'ledger'}"), name)
