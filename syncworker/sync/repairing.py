"""What of all that ``doctor`` finds can be mended, and what was done? What is sent stays the plan's.

Never guesses: a count is set to what its movements lead to only by a person's word, and what nobody can know stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from syncworker.ledger import (
    channels,
    incidents,
    jobs,
    listings,
    orphans,
    pools,
    pushes,
    recounting,
    runs,
    stock,
)
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.runs import RunItem
from syncworker.sync import leftovers, withdrawing
from syncworker.sync.context import Context
from syncworker.sync.doctor import GRACE, Diagnosis, examine
from syncworker.sync.finding import FindingKind
from syncworker.sync.holding import keep_holds, settle_holds
from syncworker.sync.incidents import review_parts, review_protection
from syncworker.sync.read import read_back
from syncworker.sync.stockroom import Part, lock_connected
from syncworker.sync.tick import take_stuck_pushes


class RepairKind(StrEnum):
    """What was mended."""

    DROPPED = "dropped"
    UNLINKED = "unlinked"
    COUNT_REBUILT = "count_rebuilt"
    LEASE_FREED = "lease_freed"
    READ_BACK = "read_back"
    READ_LATER = "read_later"
    ZEROED = "zeroed"
    MARKED = "marked"
    DEFICIT_TOLD = "deficit_told"
    INCIDENT_CLOSED = "incident_closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One thing that was done; ``facts`` are numbers and names for people and programs."""

    kind: RepairKind
    subject: str
    facts: Mapping[str, object] = field(default_factory=dict)


def repair(context: Context, *, actor: str, rebuild_counts: bool = False) -> tuple[Repair, ...]:
    """Mend what can be mended; what was done, in order. Nothing to mend leaves nothing behind. Harmless to repeat.

    ``rebuild_counts``: a person has looked at the counts that differ from their movements, and wants the movements to be
    right; where the chain of movements is broken, nothing can say what is right, and the count stays. What hangs at a channel
    is asked for there at once; a channel that fails is asked again by the engine.
    """
    done, found = context.ledger.run(lambda tx: _mend(tx, rebuild_counts=rebuild_counts))
    if not _is_lost(found):
        keep_holds(context)
        stuck = _subjects(found, FindingKind.PUSH_OVERDUE)
        done += [_asked(context, name, skus) for name, skus in _by_channel(stuck)]
    return _recorded(context, done, actor)


def _mend(tx: Transaction, *, rebuild_counts: bool) -> tuple[list[Repair], Diagnosis]:
    """All that is mended in the rows, at once, so that nothing half-mended is ever seen; and what was found meanwhile."""
    done = _mend_pointers(tx)
    if rebuild_counts:
        done += _rebuild_counts(tx)
    found = examine(tx)
    if not _is_lost(found):
        done += [*_freed(tx), *_told(tx, found), *_zeroed(tx), *_marked(tx), *_closed(tx)]
    return done, found


def _is_lost(found: Diagnosis) -> bool:
    """Whether rows are missing on which others stand: then those cannot even be looked at."""
    return any(one.kind is FindingKind.LOST for one in found.findings)


def _recorded(context: Context, done: list[Repair], actor: str) -> tuple[Repair, ...]:
    """The books keep what was mended, and by whom."""
    if done:
        items = {f"{one.kind.value} {one.subject}": one for one in done}
        run_id = context.new_id()

        def write(tx: Transaction) -> None:
            runs.record(tx, run_id, kind="repair", actor=actor, details={"repairs": len(done)})
            runs.add_items(tx, run_id, [_item(subject, one) for subject, one in items.items()])

        context.ledger.run(write)
    return tuple(done)


def _item(subject: str, one: Repair) -> RunItem:
    return RunItem(subject=subject, state=one.kind.value, details=one.facts)


# --- rows that point to nothing ------------------------------------------------------------------------------------


def _mend_pointers(tx: Transaction) -> list[Repair]:
    """Drop what nobody misses; a listing whose number is gone is no longer linked, and is told as unprotected."""
    done = []
    for channel, listing, sku in orphans.lost_numbers(tx):
        listings.unlink(tx, listings.load(tx, channel, listing))
        facts: dict[str, object] = {"channel": channel, "listing": listing}
        done.append(Repair(kind=RepairKind.UNLINKED, subject=f"{channel}/{sku}", facts=facts))
    known = {one.name for one in channels.all_channels(tx)}
    for name in sorted({str(one.facts["channel"]) for one in done} & known):
        review_protection(tx, name)
    for one in orphans.drop(tx):
        gone: dict[str, object] = {"table": one.table, "parent": one.parent, "rows": one.rows}
        done.append(Repair(kind=RepairKind.DROPPED, subject=f"{one.table}.{one.column}", facts=gone))
    return done


# --- counts --------------------------------------------------------------------------------------------------------


def _rebuild_counts(tx: Transaction) -> list[Repair]:
    """Counts as their movements have them; whoever sells from them is looked at again, and told if there are too few."""
    wanted = [one for one in recounting.differences(tx) if one.is_whole]
    if not wanted:
        return []
    lock_connected(tx, {one.sku for one in wanted})
    stock.lock(tx, [one.place for one in wanted])
    wanted = [one for one in recounting.differences(tx) if one.is_whole]
    recounting.rebuild(tx, wanted)
    settle_holds(tx, [one.place for one in wanted])
    review_parts(tx, [Part(one.sku, one.location) for one in wanted])
    pools.mark_parts_dirty(tx, {one.sku for one in wanted})
    return [
        Repair(
            kind=RepairKind.COUNT_REBUILT,
            subject=str(Part(one.sku, one.location)),
            facts={
                "on_hand_before": one.told.on_hand,
                "on_hand": one.moved.on_hand,
                "reserved_before": one.told.reserved,
                "reserved": one.moved.reserved,
            },
        )
        for one in wanted
    ]


# --- everything else -----------------------------------------------------------------------------------------------


def _freed(tx: Transaction) -> Iterator[Repair]:
    for name, kind in jobs.free_overdue(tx, before=tx.now - GRACE):
        yield Repair(kind=RepairKind.LEASE_FREED, subject=name, facts={"job": kind.value})


def _told(tx: Transaction, found: Diagnosis) -> Iterator[Repair]:
    """Parts that may be sold beyond what there is are told of, and lowered; those that are so no more are closed."""
    exposed = _subjects(found, FindingKind.EXPOSED)
    over = [
        one.subject
        for one in found.findings
        if one.kind is FindingKind.INCIDENT_OVER and one.facts["incident"] == IncidentKind.DEFICIT.value
    ]
    parts = {subject: _part(subject) for subject in [*exposed, *over]}
    review_parts(tx, parts.values())
    pools.mark_parts_dirty(tx, {part.sku for part in parts.values()})
    still = {one.subject for one in incidents.open_incidents(tx, kind=IncidentKind.DEFICIT)}
    for subject in parts:
        kind = RepairKind.DEFICIT_TOLD if subject in still else RepairKind.INCIDENT_CLOSED
        yield Repair(kind=kind, subject=subject, facts={"incident": IncidentKind.DEFICIT.value})


def _part(subject: str) -> Part:
    sku, _, location = subject.partition("@")
    return Part(sku, location or "main")


def _zeroed(tx: Transaction) -> Iterator[Repair]:
    """A number that no listing of ours sells from is set to 0 until that is settled: then it counts nothing."""
    for record in leftovers.unlisted(tx):
        withdrawing.begin(tx, record)
        facts: dict[str, object] = {"exposure": record.bound.exposure}
        yield Repair(kind=RepairKind.ZEROED, subject=leftovers.named(record), facts=facts)


def _marked(tx: Transaction) -> Iterator[Repair]:
    """Numbers that no mark reached are looked at again."""
    silent = [record for record, _ in leftovers.unplanned(tx)]
    for record in [*leftovers.deaf(tx), *silent]:
        pools.update(tx, record.id, wanted_version=max(record.wanted_version, record.planned_version) + 1)
        yield Repair(kind=RepairKind.MARKED, subject=leftovers.named(record))


def _closed(tx: Transaction) -> Iterator[Repair]:
    for one in leftovers.about_nothing(tx):
        incidents.close_incident(tx, one.kind, one.subject)
        facts = {"incident": one.kind.value, "number": one.id}
        yield Repair(kind=RepairKind.INCIDENT_CLOSED, subject=one.subject, facts=facts)


# --- what hangs at a channel ---------------------------------------------------------------------------------------


def _asked(context: Context, name: str, skus: Iterable[str]) -> Repair:
    """A push that nobody knows the outcome of: read back now where that can be, else the number is set to 0."""
    named = f"{name}/{', '.join(sorted(skus))}"
    wanted, is_readable = context.ledger.run(lambda tx: _taken_up(tx, name))
    if not is_readable:
        context.hint(name, JobKind.PUSH)
        return Repair(kind=RepairKind.ZEROED, subject=named)
    report = read_back(context, name, pool_ids=wanted) if wanted else None
    is_read = report is not None and report.answered == report.asked
    return Repair(kind=RepairKind.READ_BACK if is_read else RepairKind.READ_LATER, subject=named)


def _taken_up(tx: Transaction, name: str) -> tuple[list[str], bool]:
    """The channel's numbers with a push that waits for its answer, now in the tick's hands, and whether they can be read."""
    known = {record.name: record for record in channels.all_channels(tx)}
    stuck = [push.pool_id for push in pushes.unanswered(tx, channel=name)]
    take_stuck_pushes(tx, known)
    return sorted(set(stuck)), known[name].rules.readable


def _subjects(found: Diagnosis, kind: FindingKind) -> list[str]:
    return sorted({one.subject for one in found.findings if one.kind is kind})


def _by_channel(subjects: Iterable[str]) -> list[tuple[str, list[str]]]:
    """SKUs by channel, of numbers as people type them."""
    found: dict[str, list[str]] = {}
    for subject in subjects:
        name, _, sku = subject.partition("/")
        found.setdefault(name, []).append(sku)
    return sorted(found.items())
