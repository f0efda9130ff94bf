"""What does a channel show where nobody can order? In stock while a unit is there to show, else out of stock.

Such a pool can sell nothing by itself: it holds no units, its pushes raise nothing, and no other pool gives way to it.
"""

from __future__ import annotations

from syncworker.core.decision import PlannedPush, Reason
from syncworker.core.model import QuantityMode
from syncworker.core.sheet import Row, Sheet

#: The number that stands for "in stock"; "out of stock" is 0.
IN_STOCK = 1


def show_catalogues(sheet: Sheet) -> None:
    """Decide about every pool of a catalogue that is not left alone: a push only when in and out of stock change places."""
    for row in sheet.rows:
        if row.is_catalogue and row.reason is None:
            row.decide(*_next(row))


def _next(row: Row) -> tuple[Reason, PlannedPush | None]:
    shows = row.view.shown
    if shows is not None and (shows > 0) == (row.target > 0):
        return _standing(row), None
    if row.target > 0 and row.view.unknown_push:
        return Reason.WAITS_FOR_OUTCOME, None
    if row.target == 0 and row.lowest > 0:
        return Reason.ZERO_IS_NO_QUANTITY, None
    value = max(IN_STOCK, row.view.rules.floor) if row.target > 0 else 0
    return _standing(row), PlannedPush(kind=QuantityMode.SET, value=value)


def _standing(row: Row) -> Reason:
    """What is counted there is of a time when it took orders: nobody but a person can say that nothing of it is left."""
    if row.held > 0 or row.view.exposure is None:
        return Reason.WAITS_FOR_PERSON
    if row.target > 0:
        return Reason.CATALOGUE_IN_STOCK
    return row.limit if row.high == 0 else Reason.CATALOGUE_OUT_OF_STOCK
