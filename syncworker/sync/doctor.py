"""Can the books be trusted, and is anything stuck? Every promise proven from the rows again; mends nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from syncworker.core.availability import free_of
from syncworker.core.exposure import horizon_passed
from syncworker.ledger import (
    books,
    channels,
    holds,
    incidents,
    listings,
    pools,
    products,
    pushes,
    stock,
    tallies,
)
from syncworker.ledger.channels import ChannelState
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Snapshot
from syncworker.sync.finding import Finding, FindingKind
from syncworker.sync.leftovers import leftovers, pointing_nowhere
from syncworker.sync.stockroom import stockroom_of

#: A job that nobody has taken for this long past its time: nobody is working.
IDLE_AFTER = timedelta(minutes=5)
#: The tick finds what is overdue within seconds; this much later it was not found.
GRACE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was proven, and what was found."""

    findings: tuple[Finding, ...]
    #: How many rows of each sort were looked at, so that "nothing found" means something.
    looked_at: Mapping[str, int]

    @property
    def healthy(self) -> bool:
        return not any(finding.needs_attention for finding in self.findings)


def examine(tx: Snapshot) -> Diagnosis:
    """Prove every promise again, from one snapshot."""
    findings = [
        *(
            Finding(kind=FindingKind.BOOKS, subject="ledger", facts={"text": text})
            for text in books.check_books(tx)
        ),
        *pointing_nowhere(tx),
    ]
    # Whatever stands on a row that is not there cannot be looked at.
    if not any(one.kind is FindingKind.LOST for one in findings):
        findings += _standing(tx)
    return Diagnosis(findings=tuple(findings), looked_at=_looked_at(tx))


def _standing(tx: Snapshot) -> list[Finding]:
    return [
        *_reserved(tx),
        *_holds(tx),
        *_sums(tx),
        *_pushes(tx),
        *_jobs(tx),
        *_protection(tx),
        *leftovers(tx),
        *_other_incidents(tx),
    ]


def _looked_at(tx: Snapshot) -> dict[str, int]:
    known = channels.all_channels(tx)
    return {
        "parts": len(stock.levels(tx)),
        "channels": len(known),
        "pools": sum(len(pools.of_channel(tx, channel.name)) for channel in known),
        "unanswered_pushes": len(pushes.unanswered(tx)),
    }


def _reserved(tx: Snapshot) -> Iterator[Finding]:
    """Reserved is exactly what live order lines and holds promise."""
    told: dict[str, int] = defaultdict(int)
    for (sku, _), level in stock.levels(tx).items():
        told[sku] += level.reserved
    by_orders, by_holds = tallies.reserved_by_orders(tx), tallies.reserved_by_holds(tx)
    for sku in sorted({*told, *by_orders, *by_holds}):
        ordered, held = by_orders.get(sku, 0), by_holds.get(sku, 0)
        if told.get(sku, 0) != ordered + held:
            facts = {"reserved": told.get(sku, 0), "orders": ordered, "holds": held}
            yield Finding(kind=FindingKind.RESERVED, subject=sku, facts=facts)


def _holds(tx: Snapshot) -> Iterator[Finding]:
    """Each hold has what its movements say, a closed one nothing, and none outlives its time."""
    moved = tallies.moved_for_holds(tx)
    for one in holds.list_holds(tx, open_only=False):
        for part in one.parts:
            told, found = part.gathered if one.is_open else 0, moved.get((str(one.id), part.sku), 0)
            if told != found:
                facts = {"sku": part.sku, "gathered": told, "moved": found}
                yield Finding(kind=FindingKind.HOLD, subject=str(one.id), facts=facts)
        if one.is_open and one.expires_at < tx.now - IDLE_AFTER:
            told_until = {"expires_at": one.expires_at}
            yield Finding(kind=FindingKind.HOLD_OVERDUE, subject=str(one.id), facts=told_until)


def _sums(tx: Snapshot) -> Iterator[Finding]:
    """The channels together can sell no more than there is, or people have been told."""
    room = stockroom_of(tx, [one.sku for one in products.list_products(tx)])
    told = {one.subject: one for one in incidents.open_incidents(tx, kind=IncidentKind.DEFICIT)}
    short = set()
    for part in sorted(room.parts()):
        available = room.available(part)
        free = free_of(available, room.exposures(part))
        facts = {"available": available, "free": free}
        if available < 0:
            yield Finding(kind=FindingKind.OVERSOLD, subject=str(part), facts=facts)
        if free is None:
            unknown = sorted(
                f"{pool.channel}/{pool.sku}"
                for pool in room.pools.values()
                if pool.in_sum and pool.bound.exposure is None and part in room.recipe(pool)
            )
            yield Finding(kind=FindingKind.ADOPTING, subject=str(part), facts={**facts, "unknown": unknown})
        elif free < 0:
            short.add(str(part))
            kind = FindingKind.DEFICIT if str(part) in told else FindingKind.EXPOSED
            yield Finding(kind=kind, subject=str(part), facts=facts)
    for subject in sorted(told.keys() - short):
        over = {"incident": IncidentKind.DEFICIT.value, "number": told[subject].id}
        yield Finding(kind=FindingKind.INCIDENT_OVER, subject=subject, facts=over)


def _pushes(tx: Snapshot) -> Iterator[Finding]:
    """No quantity waits for an answer longer than it can take effect and be read back."""
    known = {channel.name: channel for channel in channels.all_channels(tx)}
    waiting = pushes.unanswered(tx)
    records = pools.load(tx, {push.pool_id for push in waiting})
    for push in waiting:
        if push.channel not in known or push.pool_id not in records:
            continue
        rules = known[push.channel].rules
        if horizon_passed(push.open, tx.now - rules.read_lag - rules.visibility_lag - GRACE, rules):
            subject = f"{push.channel}/{records[push.pool_id].sku}"
            facts = {"value": push.value, "stored_at": push.stored_at, "state": push.state}
            yield Finding(kind=FindingKind.PUSH_OVERDUE, subject=subject, facts=facts)


def _jobs(tx: Snapshot) -> Iterator[Finding]:
    """Nobody holds a job longer than it may take, and somebody takes those that are due."""
    gates = {channel.name: channel.not_before for channel in channels.all_channels(tx)}
    for job in tallies.jobs(tx):
        facts = {"job": job.kind, "since": job.lease_until or job.due_at}
        if job.lease_until is not None and job.lease_until < tx.now - GRACE:
            yield Finding(kind=FindingKind.LEASE_OVERDUE, subject=job.channel, facts=facts)
        elif job.kind.value == "pull" and job.lease_until is None:
            due_at = max(job.due_at, gates.get(job.channel) or job.due_at)
            if due_at < tx.now - IDLE_AFTER:
                yield Finding(
                    kind=FindingKind.NOBODY_WORKS, subject=job.channel, facts={**facts, "since": due_at}
                )


def _protection(tx: Snapshot) -> Iterator[Finding]:
    """Whatever sells our goods outside of the sum is named."""
    for channel in channels.all_channels(tx):
        bare = listings.suggestions(tx, channel=channel.name)
        if channel.state is ChannelState.OBSERVING:
            facts = {"pools": len(pools.of_channel(tx, channel.name)), "unlinked": len(bare)}
            yield Finding(kind=FindingKind.OBSERVING, subject=channel.name, facts=facts)
        elif bare:
            skus = sorted({str(listing.remote_sku) for listing in bare})
            told: dict[str, object] = {"listings": len(bare), "skus": skus}
            yield Finding(kind=FindingKind.NOT_PROTECTED, subject=channel.name, facts=told)


#: Incidents that another finding tells already.
_TOLD = frozenset({IncidentKind.OVERSOLD, IncidentKind.DEFICIT, IncidentKind.NOT_PROTECTED})


def _other_incidents(tx: Snapshot) -> Iterator[Finding]:
    for one in incidents.open_incidents(tx):
        if one.kind not in _TOLD:
            facts = {"incident": one.kind, "opened_at": one.opened_at, **one.details}
            yield Finding(kind=FindingKind.INCIDENT, subject=one.subject, facts=facts)
