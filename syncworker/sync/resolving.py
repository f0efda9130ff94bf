"""Which incidents may a person close? Those that no rule can see the end of; the books keep who said so, and why."""

from __future__ import annotations

from syncworker.errors import InputError
from syncworker.ledger import incidents, pools, runs
from syncworker.ledger.incidents import Incident, IncidentKind
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.sync import drifting
from syncworker.sync.context import Context

#: What only a person can judge: a lag that is declared by hand, an order that is looked at elsewhere, a restored backup, a
#: run that stopped.
BY_PERSON = frozenset(
    {IncidentKind.LATE_ORDER, IncidentKind.UNKNOWN_STATUS, IncidentKind.RESTORED, IncidentKind.BRAKE}
)


def may_be_resolved(tx: Snapshot, one: Incident) -> bool:
    """Whether a person's word closes it now."""
    return one.closed_at is None and is_by_person(one) and not _unread(tx, one)


def is_by_person(one: Incident) -> bool:
    """Whether it waits for a person's word; of the drifts only those that keep a number as it is, by the operator's own wish."""
    return one.kind in BY_PERSON or drifting.is_kept(one)


def resolve(tx: Transaction, context: Context, incident_id: int, *, reason: str, actor: str) -> Incident:
    """Close an incident on a person's word. Audited; the incident as it was before.

    InputError if it is closed, if a rule closes it (so a person's word would only hide it), or if its end can be seen and
    is not reached.
    """
    if not reason.strip():
        raise InputError("Say why, for instance --reason 'looked at the order: it was a test'.")
    one = incidents.load(tx, incident_id)
    if one.closed_at is not None:
        raise InputError(f"Incident {one.id} is closed already.")
    if not is_by_person(one):
        raise InputError(
            f"Incident {one.id} closes by itself once it is mended, and by no word before that."
            f" See what to do with `syncworker incident show {one.id}`."
        )
    unread = _unread(tx, one)
    if unread:
        raise InputError(
            f"{unread} numbers are still unknown since the backup was restored. Wait until they are read and settled:"
            " `syncworker status` shows it."
        )
    incidents.close_incident(tx, one.kind, one.subject)
    if one.kind in (IncidentKind.DRIFT, IncidentKind.BRAKE):
        drifting.freed(tx, one)
    details = {
        "incident": one.id,
        "incident_kind": one.kind.value,
        "subject": one.subject,
        "reason": reason.strip(),
    }
    runs.record(tx, context.new_id(), kind="resolve", actor=actor, details=details)
    return one


def _unread(tx: Snapshot, one: Incident) -> int:
    """Numbers that nobody knows, where that is what the incident is about."""
    return pools.unknown(tx) if one.kind is IncidentKind.RESTORED else 0
