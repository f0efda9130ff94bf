"""What needs a person's eye? Incidents, opened and closed by rule, at most one open for a kind and subject.

Decides nothing about when one opens; that is the use cases' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache

import sqlalchemy as sa

from syncworker.errors import InputError
from syncworker.ledger.keys import among
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.schema import incident
from syncworker.ledger.upsert import insert_for


class IncidentKind(StrEnum):
    """What is wrong."""

    OVERSOLD = "oversold"
    DEFICIT = "deficit"
    DRIFT = "drift"
    #: A run would have changed too much of a channel at once, and stopped.
    BRAKE = "brake"
    PARKED = "parked"
    FAILING = "failing"
    QUARANTINE = "quarantine"
    UNKNOWN_STATUS = "unknown_status"
    NOT_PROTECTED = "not_protected"
    RESTORED = "restored"
    LATE_ORDER = "late_order"
    #: A person has to consent again before long.
    EXPIRING = "expiring"
    #: A listing sells from another number than before.
    NUMBER_MOVED = "number_moved"
    #: A listing came to a number that sells another SKU.
    NUMBER_TAKEN = "number_taken"
    #: A channel will not have what a listing of ours is to say.
    LISTING_REFUSED = "listing_refused"
    #: The engine itself failed at something nobody foresaw; the log says more.
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One row of ``incident``; open while ``closed_at`` is ``None``."""

    id: int
    kind: IncidentKind
    subject: str
    opened_at: datetime
    closed_at: datetime | None
    details: Mapping[str, object]


# Built once: they are asked at every step of the engine.
_IS_OPEN = incident.c.closed_at.is_(None)
_OF_KIND = incident.c.kind == sa.bindparam("of_kind")
_ABOUT = incident.c.subject == sa.bindparam("about")
_OPEN_DETAILS = sa.select(incident.c.id, incident.c.details).where(_OF_KIND, _ABOUT, _IS_OPEN)
_CLOSE = sa.update(incident).where(_OF_KIND, _ABOUT, _IS_OPEN).values(closed_at=sa.bindparam("now"))


def open_incident(tx: Transaction, kind: IncidentKind, subject: str, details: Mapping[str, object]) -> bool:
    """Open it, or renew the details of the open one; True if it is new.

    ``details`` are facts by name that JSON can hold; never a buyer's data.
    """
    facts = dict(details)
    known = tx.execute(_OPEN_DETAILS, {"of_kind": kind.value, "about": subject}).one_or_none()
    if known is not None:
        if known.details != facts:
            tx.execute(sa.update(incident).where(incident.c.id == known.id).values(details=facts))
        return False
    insert = insert_for(tx.dialect, incident).values(
        kind=kind.value, subject=subject, opened_at=tx.now, details=facts
    )
    # Two transactions may see none at once: the later one renews the details.
    tx.execute(
        insert.on_conflict_do_update(
            index_elements=[incident.c.kind, incident.c.subject],
            index_where=incident.c.closed_at.is_(None),
            set_={"details": insert.excluded.details},
        )
    )
    return True


def close_incident(tx: Transaction, kind: IncidentKind, subject: str) -> bool:
    """Close the open one; False, and nothing changed, if there is none."""
    done = tx.execute(_CLOSE, {"of_kind": kind.value, "about": subject, "now": tx.now})
    return done.rowcount > 0


def open_incidents(
    tx: Snapshot, *, kind: IncidentKind | None = None, subject: str | None = None
) -> list[Incident]:
    """The open ones, oldest first."""
    asked = {"of_kind": None if kind is None else kind.value, "about": subject}
    query = _open(of_kind=kind is not None, about=subject is not None)
    return _incidents(tx, query, {name: value for name, value in asked.items() if value is not None})


def load(tx: Snapshot, incident_id: int) -> Incident:
    """One incident; InputError if there is none of that number."""
    found = _incidents(tx, sa.select(incident).where(incident.c.id == incident_id))
    if not found:
        raise InputError(f"There is no incident {incident_id}. See `syncworker incident list`.")
    return found[0]


def find_open(tx: Snapshot, kind: IncidentKind, subject: str) -> Incident | None:
    """The open one of that kind about that subject, if there is one."""
    return next(iter(open_incidents(tx, kind=kind, subject=subject)), None)


def open_about(tx: Snapshot, wanted: Mapping[IncidentKind, Iterable[str]]) -> list[Incident]:
    """The open ones of each kind about these subjects, in one statement."""
    about = [
        sa.and_(incident.c.kind == kind.value, among(incident.c.subject, subjects))
        for kind, subjects in wanted.items()
    ]
    query = sa.select(incident).where(incident.c.closed_at.is_(None), sa.or_(sa.false(), *about))
    return _incidents(tx, query.order_by(incident.c.id))


def latest_incidents(tx: Snapshot, *, most: int = 50) -> list[Incident]:
    """Open and closed ones, newest first."""
    return _incidents(tx, sa.select(incident).order_by(incident.c.id.desc()).limit(most))


@cache
def _open(*, of_kind: bool, about: bool) -> sa.Select[*tuple[object, ...]]:
    query = sa.select(incident).where(_IS_OPEN).order_by(incident.c.id)
    if of_kind:
        query = query.where(_OF_KIND)
    return query.where(_ABOUT) if about else query


def _incidents(
    tx: Snapshot, query: sa.Select[*tuple[object, ...]], asked: Mapping[str, object] | None = None
) -> list[Incident]:
    return [
        Incident(
            id=row.id,
            kind=IncidentKind(row.kind),
            subject=row.subject,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
            details=row.details,
        )
        for row in tx.execute(query, asked)
    ]
