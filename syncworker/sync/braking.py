"""Would a run change too much of a channel at once? Then it stops before it sends anything, until a person approves.

What was to be done before the run looked (sales, counts, a person's orders) is no part of it and never stopped by it. While a
channel is stopped its numbers fall whenever the rule asks for it; nothing is raised there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from syncworker.core.brake import Sweep, brakes
from syncworker.core.model import QuantityMode
from syncworker.ledger import channels, incidents, pools
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Snapshot, Transaction


class Change(Protocol):
    """One number of a plan, as far as the brake cares."""

    @property
    def channel(self) -> str: ...
    @property
    def pool_id(self) -> str: ...
    @property
    def shown(self) -> int | None: ...
    @property
    def kind(self) -> QuantityMode | None: ...
    @property
    def value(self) -> int | None: ...


def stopped(tx: Snapshot, plan: Sequence[Change], *, owed: Mapping[str, frozenset[str]]) -> dict[str, Sweep]:
    """Channels of the plan for which the run has to stop, with what it would do; pools in ``owed`` are left out."""
    found = {}
    for name, left_out in owed.items():
        channel = channels.load(tx, name)
        sweep = _sweep(tx, name, [row for row in plan if row.channel == name and row.pool_id not in left_out])
        rules = channel.drift
        if not channel.rules.own_number and brakes(sweep, share=rules.brake_share, least=rules.brake_least):
            found[name] = sweep
    return found


def _sweep(tx: Snapshot, name: str, rows: Sequence[Change]) -> Sweep:
    changed = [row for row in rows if row.kind is not None]
    return Sweep(changed=len(changed), zeroed=sum(map(_is_zeroed, changed)), listings=_listings(tx, name))


def _listings(tx: Snapshot, name: str) -> int:
    return sum(record.in_sum for record in pools.of_channel(tx, name))


def _is_zeroed(row: Change) -> bool:
    value = row.value or 0
    return value + (row.shown or 0) <= 0 if row.kind is QuantityMode.ADJUST else value == 0


def review(
    tx: Transaction, names: Iterable[str], found: Mapping[str, Sweep], *, began: datetime, whole: bool
) -> None:
    """Open *brake* for what was stopped; a run over the ``whole`` channel that was not ends one from before it ``began``."""
    for name in names:
        if name in found:
            _stop(tx, channels.load(tx, name), found[name])
        elif whole:
            approve(tx, [name], seen_at=began)


def stop_if_too_much(tx: Transaction, channel: ChannelRecord, *, changed: int, zeroed: int) -> None:
    """So many numbers were found to be taken off by hand at once: raising them all again waits if they are too many."""
    if changed:
        sweep = Sweep(changed=changed, zeroed=zeroed, listings=_listings(tx, channel.name))
        if brakes(sweep, share=channel.drift.brake_share, least=channel.drift.brake_least):
            _stop(tx, channel, sweep)


def _stop(tx: Transaction, channel: ChannelRecord, sweep: Sweep) -> None:
    facts = {
        "channel": channel.name,
        "changed": sweep.changed,
        "zeroed": sweep.zeroed,
        "listings": sweep.listings,
        "share": channel.drift.brake_share,
    }
    incidents.open_incident(tx, IncidentKind.BRAKE, f"channel/{channel.name}", facts)


def approve(tx: Transaction, names: Iterable[str], *, seen_at: datetime | None = None) -> None:
    """A person has approved what was stopped, or there is nothing to stop any more: every number is looked at again.

    ``seen_at`` is when what was approved was drawn up: it approves nothing that was stopped since.
    """
    opened = {one.subject: one.opened_at for one in incidents.open_incidents(tx, kind=IncidentKind.BRAKE)}
    for name in names:
        since = opened.get(f"channel/{name}")
        if seen_at is not None and since is not None and since >= seen_at:
            continue
        if incidents.close_incident(tx, IncidentKind.BRAKE, f"channel/{name}"):
            pools.mark_dirty(tx, [record.id for record in pools.of_channel(tx, name)])
