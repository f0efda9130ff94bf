"""Is anybody at work? When the last tick was, and which workers gave a sign of life; rows of ``heartbeat``.

A sign is proof of the past alone: how old one may be is for the reader to say.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.schema import heartbeat
from syncworker.ledger.upsert import insert_for


class Sign(StrEnum):
    """What gives it."""

    TICK = "tick"
    WORKER = "worker"
    PRUNE = "prune"
    TOLD = "told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """The last sign of one of them."""

    name: str
    sign: Sign
    host: str
    #: The channels whose work it takes; ``None`` for everything.
    takes: tuple[str, ...] | None
    at: datetime


def give(tx: Transaction, sign: Sign, *, name: str, host: str, takes: Collection[str] | None = None) -> None:
    """A sign of life, now; one row a name."""
    values = {
        "kind": sign.value,
        "host": host,
        "takes": None if takes is None else sorted(takes),
        "at": tx.now,
    }
    insert = insert_for(tx.dialect, heartbeat).values(name=name, **values)
    tx.execute(insert.on_conflict_do_update(index_elements=[heartbeat.c.name], set_=values))


def take_turn(tx: Transaction, sign: Sign, *, host: str, every: timedelta) -> bool:
    """True for the one who shall do now what is done once in so long, and then it counts as done; else False.

    A turn that was taken in the future, by a clock that was set back since, holds up nobody.
    """
    values = {"kind": sign.value, "host": host, "at": tx.now}
    insert = insert_for(tx.dialect, heartbeat).values(name=sign.value, **values)
    is_due = sa.or_(heartbeat.c.at <= tx.now - every, heartbeat.c.at > tx.now)
    taken = tx.execute(
        insert.on_conflict_do_update(index_elements=[heartbeat.c.name], set_=values, where=is_due)
    )
    return taken.rowcount == 1


def reach(tx: Transaction, sign: Sign, *, host: str, first: datetime) -> datetime:
    """How far something has been counted, locked for this transaction: whoever is second waits. ``first``, if never."""
    insert = insert_for(tx.dialect, heartbeat).values(name=sign.value, kind=sign.value, host=host, at=first)
    tx.execute(insert.on_conflict_do_update(index_elements=[heartbeat.c.name], set_={"host": host}))
    reached: datetime = tx.execute(
        sa.select(heartbeat.c.at).where(heartbeat.c.name == sign.value)
    ).scalar_one()
    return reached


def move(tx: Transaction, sign: Sign, *, to: datetime) -> None:
    """It is counted up to there."""
    tx.execute(sa.update(heartbeat).where(heartbeat.c.name == sign.value).values(at=to))


def end(tx: Transaction, name: str) -> None:
    """It stopped by itself: nobody waits for its next sign."""
    tx.execute(sa.delete(heartbeat).where(heartbeat.c.name == name))


def latest(
    tx: Snapshot, sign: Sign, *, host: str | None = None, since: datetime | None = None
) -> list[Heartbeat]:
    """Signs of that kind, the newest first: on one computer, or from then on."""
    query = sa.select(heartbeat).where(heartbeat.c.kind == sign.value).order_by(heartbeat.c.at.desc())
    if host is not None:
        query = query.where(heartbeat.c.host == host)
    if since is not None:
        query = query.where(heartbeat.c.at >= since)
    return [
        Heartbeat(
            name=row.name,
            sign=Sign(row.kind),
            host=row.host,
            takes=None if row.takes is None else tuple(row.takes),
            at=row.at,
        )
        for row in tx.execute(query)
    ]
