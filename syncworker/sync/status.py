"""How are we doing? Channels, stock and incidents in one look; asks no channel and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from syncworker.ledger import (
    channels,
    holds,
    incidents,
    listings,
    pulls,
    pushes,
    shelves,
    tallies,
)
from syncworker.ledger.channels import ChannelRecord, ChannelState
from syncworker.ledger.incidents import Incident
from syncworker.ledger.ledger import Snapshot
from syncworker.sync.vault import consent_ends


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStatus:
    """One channel as it stands."""

    name: str
    connector: str
    state: ChannelState
    #: Everything there is being set to 0.
    withdrawing: bool
    #: Nothing is asked or sent before this; ``None`` while the gate is open.
    gate_until: datetime | None
    failures: int
    last_error: str | None
    #: When the last pull that walked every feed ended; ``None`` if there was none, or the channel has no feeds.
    pulled_at: datetime | None
    has_feeds: bool
    #: Facts that nobody declared and that count at their pessimistic value.
    assumed: tuple[str, ...]
    pools: int
    #: Units that it may still sell; ``None`` while that is not known for one of its numbers.
    may_sell: int | None
    #: Not in the sum: it is observing, or sells listings of ours that are not linked.
    not_protected: bool
    unlinked: int
    #: When a person has to consent again; ``None`` if never, or if the account was not connected by consent.
    consent_until: datetime | None = None
    #: Not at a catalogue: nobody can order there, and nothing is held for it.
    takes_orders: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StockSummary:
    """All parts together."""

    products: int
    parts: int
    on_hand: int
    reserved: int
    #: SKUs of parts with less than nothing to promise.
    oversold: tuple[str, ...]

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldSummary:
    """All open holds together, in units of parts."""

    open: int
    wanted: int
    gathered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The whole look."""

    at: datetime
    channels: tuple[ChannelStatus, ...]
    stock: StockSummary
    holds: HoldSummary
    incidents: tuple[Incident, ...]
    orders_waiting: int
    #: Quantities that were sent and of which no answer is known.
    unanswered: int
    #: Pools that the allocator has yet to look at.
    dirty: int


def status(tx: Snapshot) -> Status:
    """Everything a shopkeeper wants to see at once, from one snapshot."""
    known = channels.all_channels(tx)
    return Status(
        at=tx.now,
        channels=tuple(channel_status(tx, channel) for channel in known),
        stock=_stock(tx),
        holds=_holds(tx),
        incidents=tuple(incidents.open_incidents(tx)),
        orders_waiting=tallies.orders_waiting(tx),
        unanswered=len(pushes.unanswered(tx)),
        dirty=sum(shelves.numbers(tx, channel.name).dirty for channel in known),
    )


def channel_status(tx: Snapshot, channel: ChannelRecord) -> ChannelStatus:
    """One channel as it stands."""
    numbers = shelves.numbers(tx, channel.name)
    whole = pulls.latest(tx, channel.name, whole=True) if channel.feeds else None
    unlinked = len(listings.suggestions(tx, channel=channel.name))
    closed = channel.not_before is not None and channel.not_before > tx.now
    return ChannelStatus(
        name=channel.name,
        connector=channel.connector,
        state=channel.state,
        withdrawing=channel.withdrawing,
        gate_until=channel.not_before if closed else None,
        failures=channel.failures,
        last_error=channel.last_error,
        pulled_at=None if whole is None else whole.finished_at,
        has_feeds=bool(channel.feeds),
        assumed=() if channel.rules.own_number else channel.assumed,
        pools=numbers.pools,
        may_sell=numbers.may_sell,
        not_protected=channel.state is ChannelState.OBSERVING or unlinked > 0,
        unlinked=unlinked,
        consent_until=consent_ends(tx, channel.name),
        takes_orders=channel.rules.takes_orders,
    )


def _holds(tx: Snapshot) -> HoldSummary:
    opened = holds.list_holds(tx)
    return HoldSummary(
        open=len(opened),
        wanted=sum(part.wanted for one in opened for part in one.parts),
        gathered=sum(part.gathered for one in opened for part in one.parts),
    )


def _stock(tx: Snapshot) -> StockSummary:
    totals = shelves.totals(tx)
    return StockSummary(
        products=shelves.products(tx),
        parts=totals.parts,
        on_hand=totals.on_hand,
        reserved=totals.reserved,
        oversold=totals.oversold,
    )
