"""A number is not what we expected: which class is it, what does the operator want, and which numbers are kept as they are?

Moves no bound. What is kept as it is stands as an open incident; when that ends, the number is free again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from syncworker.core.decision import Reason
from syncworker.core.drift import DriftClass, DriftPolicy, Evidence, classify
from syncworker.core.exposure import PushState
from syncworker.core.model import QuantityKind, QuantityMode
from syncworker.ledger import incidents, orders, pools, pushes, reads
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.incidents import Incident, IncidentKind
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.pushes import PushRecord
from syncworker.sync import braking

#: Policies under which a number is kept as it is, and how the allocator says so; the later one is the stricter.
_KEPT = {DriftPolicy.ASK: Reason.WAITS_FOR_APPROVAL, DriftPolicy.FREEZE: Reason.FROZEN}


#: A push that was accepted longer ago than this is late no more: whatever differs has another cause.
LATELY = timedelta(minutes=20)

# --- what is kept as it is -----------------------------------------------------------------------------------------


def kept(tx: Snapshot, records: Iterable[PoolRecord], *, past_brake: bool = False) -> dict[str, Reason]:
    """Why each of these numbers is kept as it is, by pool; ``past_brake``: as if no run had been stopped."""
    by_subject = {_subject(record.id): record for record in records}
    channels = {f"channel/{record.channel}" for record in by_subject.values()}
    wanted = {IncidentKind.DRIFT: by_subject.keys(), IncidentKind.BRAKE: set() if past_brake else channels}
    found: dict[str, Reason] = {}
    braked = set()
    for one in incidents.open_about(tx, wanted):
        policy = policy_of(one)
        if one.kind is IncidentKind.BRAKE:
            braked.add(one.subject)
        elif policy in _KEPT:
            found[by_subject[one.subject].id] = _KEPT[policy]
    stopped = {
        record.id: Reason.BRAKED for record in by_subject.values() if f"channel/{record.channel}" in braked
    }
    return {**stopped, **found}


def policy_of(one: Incident) -> DriftPolicy:
    """What the operator wanted when it opened."""
    named = one.details.get("policy")
    return DriftPolicy(str(named)) if named in set(DriftPolicy) else DriftPolicy.CORRECT


def is_kept(one: Incident) -> bool:
    """Whether the incident keeps a number as it is, so that a person's word frees it."""
    return one.kind is IncidentKind.DRIFT and policy_of(one) in _KEPT


# --- what was read -------------------------------------------------------------------------------------------------


def evidence(
    tx: Snapshot,
    channel: ChannelRecord,
    record: PoolRecord,
    number: int | None,
    *,
    unexplained: int,
    too_fresh: bool,
    opens: Sequence[PushRecord],
) -> Evidence:
    """All that is known when the number was read back; ``record`` as it was before the answer."""
    seen = Evidence(
        expected=record.shown,
        number=number,
        unexplained=unexplained,
        too_fresh=too_fresh,
        open_push=bool(opens),
        locked=record.locked_at(tx.now),
    )
    differs = number is not None and number != record.shown
    return replace(seen, earlier=_earlier(tx, channel, record)) if differs and not too_fresh else seen


def _earlier(tx: Snapshot, channel: ChannelRecord, record: PoolRecord) -> int | None:
    """The number from before the latest push that was accepted, if that was lately; ``None`` when nobody knows it."""
    accepted = [
        push
        for push in pushes.history(tx, record.id, most=4)
        if push.state in (PushState.ACKNOWLEDGED, PushState.SETTLED) and push.answered_at is not None
    ]
    if not accepted:
        return None
    latest, *before = accepted
    if latest.answered_at is None or latest.answered_at < tx.now - LATELY:
        return None
    if latest.kind is QuantityMode.COMPARE_AND_SET:
        number = latest.expected
    else:
        number = before[0].value if before and before[0].kind is not QuantityMode.ADJUST else None
    hidden = record.remote_reserved if channel.rules.kind is QuantityKind.ON_HAND else 0
    return None if number is None else max(0, number - hidden)


def noticed(tx: Transaction, channel: ChannelRecord, record: PoolRecord, seen: Evidence) -> DriftClass | None:
    """Name what was read, and open, keep or close what people are told of it; the class, if there is one.

    Whatever no bound explains is an incident. So is what the operator wants to be asked about; the rest heals by itself.
    """
    found = classify(seen)
    if seen.too_fresh:
        return found
    known = incidents.find_open(tx, IncidentKind.DRIFT, _subject(record.id))
    policy = DriftPolicy.CORRECT if found is None else channel.drift.policy(found)
    if known is not None and is_kept(known) and _is_over(known, seen):
        incidents.close_incident(tx, IncidentKind.DRIFT, known.subject)
    elif found is not None and (seen.unexplained or policy in _KEPT) and not _is_seen_through(seen, found):
        _tell(tx, channel, record, found, seen, known)
    elif known is not None and _is_over(known, seen):
        incidents.close_incident(tx, IncidentKind.DRIFT, known.subject)
    return found


def _is_seen_through(seen: Evidence, found: DriftClass) -> bool:
    """Orders that came late are in the books by now: nothing is left to ask about."""
    return found is DriftClass.MISSED_ORDER and seen.number == seen.expected


def told(
    tx: Transaction, channel: ChannelRecord, record: PoolRecord, *, number: int | None, unexplained: int
) -> None:
    """The channel itself told a number that no bound explains, in an answer or by what it sold: somebody changed it there."""
    seen = Evidence(expected=record.shown, number=number, unexplained=unexplained)
    known = incidents.find_open(tx, IncidentKind.DRIFT, _subject(record.id))
    _tell(tx, channel, record, DriftClass.EDIT, seen, known)


def _tell(
    tx: Transaction,
    channel: ChannelRecord,
    record: PoolRecord,
    found: DriftClass,
    seen: Evidence,
    known: Incident | None,
) -> None:
    policy = channel.drift.policy(found)
    if known is not None and _strictness(policy_of(known)) > _strictness(policy):
        return
    asked = known is not None and _is_asked_about(known)
    if asked and found is DriftClass.MAPPING:
        # It was not as expected before it went: its return alone is no answer.
        return
    details: dict[str, object] = {
        "channel": channel.name,
        "sku": record.sku,
        "number": seen.number,
        # What was asked about stays the question: what was found meanwhile, nobody has approved.
        "expected": known.details.get("expected") if asked and known is not None else seen.expected,
        "unexplained": seen.unexplained,
        "exposure": record.bound.exposure,
        "class": found.value,
        "policy": policy.value,
        "target": record.target,
    }
    incidents.open_incident(tx, IncidentKind.DRIFT, _subject(record.id), details)


def _strictness(policy: DriftPolicy) -> int:
    return list(DriftPolicy).index(policy)


def _is_over(known: Incident, seen: Evidence) -> bool:
    """Whether what was read ends the incident: frozen ends by a person's word alone."""
    policy = policy_of(known)
    if _is_asked_about(known):
        return seen.number is not None and seen.number == known.details.get("expected")
    if policy is DriftPolicy.ASK:
        return seen.number is not None
    return policy is DriftPolicy.CORRECT


def _is_asked_about(known: Incident) -> bool:
    """Whether it asks about a number that differs; one that is gone is asked about until it is back."""
    is_gone = known.details.get("class") == DriftClass.MAPPING.value
    return policy_of(known) is DriftPolicy.ASK and not is_gone


# --- what a settling pull proves of it -----------------------------------------------------------------------------


def proven(tx: Transaction, channel: ChannelRecord, settled: Iterable[PoolRecord]) -> None:
    """Every order from before these read-backs was told: what is missing still was taken off by hand.

    ``settled`` as they were before they were settled. Such an edit endangers nothing: corrected, it is told of and over.
    """
    based = {record.id: record.bound.base.at for record in settled if record.bound.base is not None}
    lower = reads.differing(tx, based, drift=DriftClass.MISSED_ORDER.value)
    if not lower:
        return
    late = orders.told_since(
        tx, {pool_id: based[pool_id] for pool_id in lower}, skew=channel.rules.clock_skew
    )
    records = pools.load(tx, lower)
    edited: dict[str, reads.Differing] = {}
    for pool_id, one in lower.items():
        seen = Evidence(expected=one.expected, number=one.number, told_late=late.get(pool_id, 0), proven=True)
        if classify(seen) is DriftClass.EDIT:
            edited[pool_id] = one
            _edited_down(tx, channel, records[pool_id], seen)
    reads.reclassify(tx, [one.id for one in edited.values()], drift=DriftClass.EDIT.value)
    zeroed = sum(one.number <= 0 for one in edited.values())
    braking.stop_if_too_much(tx, channel, changed=len(edited), zeroed=zeroed)


def corrected(tx: Transaction, pool_ids: Iterable[str]) -> None:
    """Numbers that we set are settled: what they were before is of no account any more."""
    subjects = {_subject(pool_id) for pool_id in pool_ids}
    for one in incidents.open_about(tx, {IncidentKind.DRIFT: subjects}) if subjects else ():
        if not is_kept(one):
            incidents.close_incident(tx, one.kind, one.subject)


def _edited_down(tx: Transaction, channel: ChannelRecord, record: PoolRecord, seen: Evidence) -> None:
    known = incidents.find_open(tx, IncidentKind.DRIFT, _subject(record.id))
    _tell(tx, channel, record, DriftClass.EDIT, seen, known)
    if known is None and channel.drift.policy(DriftClass.EDIT) is DriftPolicy.CORRECT:
        incidents.close_incident(tx, IncidentKind.DRIFT, _subject(record.id))


# --- a person's word -----------------------------------------------------------------------------------------------


def freed(tx: Transaction, one: Incident) -> None:
    """A person closed it: the numbers that it kept are looked at again."""
    if one.kind is IncidentKind.DRIFT:
        pools.mark_dirty(tx, [one.subject.removeprefix("pool/")])
    else:
        name = one.subject.removeprefix("channel/")
        pools.mark_dirty(tx, [record.id for record in pools.of_channel(tx, name)])


def _subject(pool_id: str) -> str:
    return f"pool/{pool_id}"


def count_classes(found: Mapping[str, DriftClass]) -> dict[str, int]:
    """How many there are of each class, by its name."""
    counts = {one.value: 0 for one in DriftClass}
    for one in found.values():
        counts[one.value] += 1
    return {name: count for name, count in counts.items() if count}
