"""What may somebody have meant? Names that begin with, or look like, what was typed; never more than a few.

Every query is bounded by an index and a limit, so that it costs the same with a million rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import sqlalchemy as sa

from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.schema import channel, order, product

#: Names that are compared at most.
COMPARED = 2_000
#: Names that are offered at most.
OFFERED = 3
#: Stands behind every other letter.
LAST = chr(0x10FFFF)


def skus_from(tx: Snapshot, text: str, *, most: int = 50) -> list[str]:
    """SKUs that begin with this text, in order."""
    return _beginning(tx, product.c.sku, text, most=most)


def channels_from(tx: Snapshot, text: str, *, most: int = 50) -> list[str]:
    """Names of channels that begin with this text, in order."""
    return _beginning(tx, channel.c.name, text, most=most)


def near_skus(tx: Snapshot, text: str) -> list[str]:
    """SKUs that look like this one, the nearest first; none if nothing does."""
    return _near(text, _around(tx, product.c.sku, text))


def near_orders(tx: Snapshot, name: str, text: str) -> list[str]:
    """Order numbers of a channel that look like this one, the nearest first."""
    return _near(text, _around(tx, order.c.external_id, text, order.c.channel == name))


def _beginning(
    tx: Snapshot, column: sa.Column[str], text: str, *where: sa.ColumnElement[bool], most: int
) -> list[str]:
    """On SQLite a range of the index: its LIKE would walk the table, since it knows no difference of case."""
    is_range = sa.and_(column >= text, column < text + LAST)
    begins = is_range if tx.dialect == "sqlite" else column.startswith(text, autoescape=True)
    query = sa.select(column).where(begins, *where).order_by(column).limit(most)
    return list(tx.execute(query).scalars())


def _around(tx: Snapshot, column: sa.Column[str], text: str, *where: sa.ColumnElement[bool]) -> list[str]:
    """Names that share the beginning, in either case, then those that stand beside it in order."""
    found: dict[str, None] = {}
    for spelling in dict.fromkeys((text, text.upper(), text.lower())):
        for length in (len(spelling), 3, 1, 0):
            found.update(dict.fromkeys(_beginning(tx, column, spelling[:length], *where, most=COMPARED // 4)))
    return list(found)


def _near(text: str, names: Iterable[str]) -> list[str]:
    plain = {name.casefold(): name for name in names}
    return [plain[each] for each in get_close_matches(text.casefold(), plain, n=OFFERED, cutoff=0.6)]
