"""When has everything asked for become true? Does the channels' due work, under the usual leases, until nothing is open.

Works beside a running ``up``: whoever holds a lease does the job, the other one finds it done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from syncworker.ledger import channels, pools, pushes
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Snapshot
from syncworker.sync.context import Context
from syncworker.sync.pull import pull_orders
from syncworker.sync.push import push_channel
from syncworker.sync.read import read_back
from syncworker.sync.tick import tick
from syncworker.sync.updating import update_contents
from syncworker.sync.watching import watch_listings

#: Between two looks, in seconds.
LOOK_EVERY_S = 0.25

_WORK: Mapping[JobKind, Callable[[Context, str], object]] = {
    JobKind.PULL: pull_orders,
    JobKind.READ: read_back,
    JobKind.PUSH: push_channel,
    JobKind.CONTENTS: update_contents,
    JobKind.LISTINGS: watch_listings,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWork:
    """What is still open at one channel."""

    channel: str
    #: Pools that the allocator has yet to look at.
    dirty: int
    #: Quantities on their way, or without a known outcome.
    open_pushes: int
    #: Numbers that were accepted or read and are not settled.
    unsettled: int
    #: Numbers that are not known yet.
    unknown: int
    #: Nothing can be asked there before this moment.
    gate_until: datetime | None

    @property
    def is_any(self) -> bool:
        """Whether anything is open; a closed gate alone is not."""
        return bool(self.dirty or self.open_pushes or self.unsettled or self.unknown)


def open_work(tx: Snapshot, names: Sequence[str]) -> list[OpenWork]:
    """Channels of these at which something is still open."""
    return [work for work in (_open_at(tx, name) for name in names) if work.is_any]


def _open_at(tx: Snapshot, name: str) -> OpenWork:
    records = [record for record in pools.of_channel(tx, name) if record.in_sum]
    # What is parked waits for a person, not for work.
    movable = [record for record in records if record.parked is None]
    return OpenWork(
        channel=name,
        dirty=sum(record.is_dirty for record in movable),
        open_pushes=sum(map(len, pushes.open_of(tx, [record.id for record in records]).values())),
        unsettled=sum(record.bound.pending is not None for record in records),
        unknown=sum(record.bound.exposure is None for record in movable),
        gate_until=_gate(tx, name),
    )


def _gate(tx: Snapshot, name: str) -> datetime | None:
    until = channels.load(tx, name).not_before
    return until if until is not None and until > tx.now else None


def work_until(
    context: Context,
    names: Sequence[str],
    is_done: Callable[[Snapshot], bool],
    *,
    most: timedelta,
    pause: Callable[[float], None],
    tell: Callable[[], None] = lambda: None,
) -> bool:
    """Do what is due at these channels until ``is_done`` says so; False when ``most`` is over before that.

    ``pause`` waits the seconds it is given; ``tell`` is called after each round in which something was done.
    """
    with context.ledger.snapshot() as tx:
        until = tx.now + most
    while True:
        did = work_once(context, names)
        with context.ledger.snapshot() as tx:
            if is_done(tx):
                return True
            if tx.now >= until:
                return False
        if did:
            tell()
        else:
            pause(LOOK_EVERY_S)


def work_once(context: Context, names: Sequence[str]) -> bool:
    """Do every job that is due at these channels; whether there was any."""
    done = False
    for name, kind in tick(context):
        if name in names:
            done = _WORK[kind](context, name) is not None or done
    return done
