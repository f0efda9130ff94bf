"""How does a channel come, go live, pause and go? Its states, and the one plan that takes over what it already shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from syncworker.connector.contract import Capabilities
from syncworker.core.availability import free_of
from syncworker.core.drift import DriftRules
from syncworker.core.exposure import assumed, can_be_assumed, counted, forgotten, lands_by
from syncworker.core.model import ChannelRules, Policy
from syncworker.core.pricing import PriceRule
from syncworker.errors import InputError
from syncworker.ledger import channels, contents, jobs, listings, pools, pushes
from syncworker.ledger.channels import ChannelRecord, ChannelState
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.listings import FoundListing
from syncworker.ledger.pools import PoolRecord
from syncworker.sync import withdrawing
from syncworker.sync.context import Context
from syncworker.sync.incidents import review_parts, review_protection
from syncworker.sync.numbers import forget, review_moves
from syncworker.sync.stockroom import Part, Stockroom, lock_connected, stockroom_of


def register(
    tx: Transaction,
    name: str,
    *,
    connector: str,
    capabilities: Capabilities,
    location: str = "main",
    policy: Policy = Policy.ESCROW,
    escrow_below: int | None = None,
    counts_open_orders: bool = True,
    price_rule: PriceRule | None = None,
    drift: DriftRules | None = None,
    updates_listings: bool = False,
) -> bool:
    """Record a configured channel, or take over its changed facts; True when it is new. Harmless to repeat.

    InputError if it is to draw from another location than the one from which its orders have been reserved.
    """
    rules = capabilities.rules()
    listing_fields = capabilities.listing_fields if updates_listings else ()
    before = {record.name: record for record in channels.all_channels(tx)}.get(name)
    if before is not None and before.location != location and pools.of_channel(tx, name):
        raise InputError(
            f"Channel {name} draws from {before.location}, and its orders are reserved there: it cannot move to {location}."
            f" Set its location back to {before.location}, or connect it under another name."
        )
    is_new = channels.register(
        tx,
        name,
        connector=connector,
        rules=rules,
        assumed=capabilities.assumed(),
        feeds=capabilities.feeds if rules.takes_orders and not rules.own_number else (),
        location=location,
        policy=policy,
        escrow_below=escrow_below,
        counts_open_orders=counts_open_orders,
        price_rule=price_rule,
        listing_fields=listing_fields,
        drift=drift,
    )
    if before is not None:
        _follow_changes(tx, before, channels.load(tx, name))
    return is_new


def _follow_changes(tx: Transaction, before: ChannelRecord, now: ChannelRecord) -> None:
    """What the channel's changed facts mean for what it lists and shows."""
    if (before.price_rule, before.listing_fields) != (now.price_rule, now.listing_fields):
        contents.mark(tx, now.name)
    if now.rules.takes_orders and not before.rules.takes_orders:
        _count_from_now_on(tx, now, before.rules)
    facts = (now.policy, now.escrow_below, now.rules)
    if (before.policy, before.escrow_below, before.rules) != facts:
        _look_at_all(tx, now.name)


def _count_from_now_on(tx: Transaction, channel: ChannelRecord, before: ChannelRules) -> None:
    """A catalogue takes orders now: what it shows was never counted, so nothing is known of it.

    Nor was what was sent to it: until that can land no more, no reading is believed and no 0 would prove anything.
    """
    lock_connected(tx, {record.sku for record in pools.of_channel(tx, channel.name)})
    landed = max(lands_by(tx.now, rules) + rules.apply_lag for rules in (before, channel.rules))
    for record in pools.of_channel(tx, channel.name):
        forget(tx, channel, record, changed_by=landed)
        pools.update(tx, record.id, not_before=landed)


def stock_counter(tx: Transaction, context: Context, name: str) -> int:
    """Give a channel whose number is ours (the stall) a pool for every product; how many were new."""
    missing = listings.unlisted_skus(tx, name)
    for sku in missing:
        found = FoundListing(
            external_id=sku, pool_key=sku, remote_sku=sku, title="", price=None, currency=None
        )
        listings.record_found(tx, name, [found])
        pool_id = context.new_id()
        pools.create(tx, pool_id, channel=name, pool_key=sku, sku=sku, in_sum=True, exposure=0)
        listings.link(tx, name, sku, sku=sku, pool_id=pool_id)
    return len(missing)


# --- going live ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What becomes of one number that the channel already shows."""

    pool_id: str
    sku: str
    #: The number as last read; ``None`` if it was never read.
    shown: int | None
    #: It goes on selling what it shows; otherwise it is set to 0, settled, and gets its share with all the others.
    keeps: bool
    #: Nobody can read it and no 0 can be set blindly: a person has to say what it shows (`pool assume`).
    needs_person: bool = False


def plan_go_live(tx: Snapshot, name: str) -> list[Adoption]:
    """Which numbers of an observed channel can stay, since the units for them are there; scarce ones are withdrawn."""
    channel = channels.load(tx, name)
    if channel.state is not ChannelState.OBSERVING:
        raise InputError(
            f"Channel {name} is {channel.state} already: only a channel that is observing can go live."
        )
    records = _sold_from(tx, name)
    if not channel.rules.takes_orders:
        # Nobody can order there: what it shows takes no units from anybody.
        return [Adoption(pool_id=r.id, sku=r.sku, shown=r.shown, keeps=True) for r in _by_sku(records)]
    room = stockroom_of(tx, {record.sku for record in records})
    return sorted(_adoptions(channel, room, records), key=lambda each: each.sku)


def _adoptions(channel: ChannelRecord, room: Stockroom, records: Sequence[PoolRecord]) -> Iterator[Adoption]:
    """The largest numbers are kept first, as long as their units are free."""
    free = {part: free_of(room.available(part), room.exposures(part)) for part in room.parts()}
    for record in sorted(records, key=lambda each: (-(each.shown or 0), each.sku)):
        keeps = record.shown is not None and (record.shown == 0 or _fits(room, record, free, record.shown))
        for part, units in room.recipe(record).items():
            left = free[part]
            if keeps and left is not None:
                free[part] = left - units * (record.shown or 0)
        blind = record.shown is None and not channel.rules.readable and not channel.rules.proves_by_zero
        yield Adoption(pool_id=record.id, sku=record.sku, shown=record.shown, keeps=keeps, needs_person=blind)


def _sold_from(tx: Snapshot, name: str) -> list[PoolRecord]:
    """The channel's numbers from which a listing of ours sells, and those that one has left and that are to be withdrawn.

    One whose listings were all unlinked is none of ours.
    """
    records = pools.of_channel(tx, name)
    sold = {listing.pool_id for listing in contents.selling_from(tx, [record.id for record in records])}
    return [record for record in records if record.id in sold or record.withdraw]


def _by_sku(records: Sequence[PoolRecord]) -> list[PoolRecord]:
    return sorted(records, key=lambda each: each.sku)


def _fits(room: Stockroom, record: PoolRecord, free: Mapping[Part, int | None], number: int) -> bool:
    lefts = [(free[part], units) for part, units in room.recipe(record).items()]
    return all(left is not None and left >= units * number for left, units in lefts)


def go_live(tx: Transaction, name: str, plan: Sequence[Adoption]) -> None:
    """Apply an approved plan: from now on the channel's pools count, and are sold from by the rule.

    Until a number has been read back and settled it counts as unknown, and nothing that shares its units is raised.
    """
    keeps = {adoption.pool_id: adoption.keeps for adoption in plan}
    records = _sold_from(tx, name)
    missed = [record.sku for record in records if record.id not in keeps]
    if missed:
        raise InputError(
            f"The plan is out of date: {', '.join(missed)} was linked since. Make the plan again."
        )
    room = stockroom_of(tx, {record.sku for record in records})
    for record in records:
        _take_over(tx, record, keeps=keeps[record.id])
    pools.want_read(tx, [record.id for record in records if record.bound.exposure is None], at=tx.now)
    channels.set_state(tx, name, ChannelState.LIVE)
    jobs.call_for(tx, [name], JobKind.PULL)
    pools.mark_parts_dirty(tx, {part.sku for record in records for part in room.recipe(record)})
    review_parts(tx, {part for record in records for part in room.recipe(record)})
    review_protection(tx, name)


def _take_over(tx: Transaction, record: PoolRecord, *, keeps: bool) -> None:
    """What we created with 0 ourselves is known; everything else is unknown until proven."""
    bound = record.bound if record.bound.exposure is not None else forgotten(record.bound)
    pools.save_bounds(tx, {record.id: bound})
    pools.update(tx, record.id, in_sum=True)
    withdraws = bound.exposure is None and not keeps
    (withdrawing.begin if withdraws else withdrawing.end)(tx, record)


# --- pausing and withdrawing ---------------------------------------------------------------------------------------


def pause(tx: Transaction, name: str, *, withdraw: bool) -> None:
    """No more pushes; pulls go on and what it may sell stays counted. ``withdraw`` sets everything to 0 first."""
    _must_be_live(channels.load(tx, name))
    _lock(tx, [name])
    channels.set_state(tx, name, ChannelState.PAUSED, withdrawing=withdraw)
    _look_at_all(tx, name)


def resume(tx: Transaction, name: str) -> None:
    """Pushes go on; what was withdrawn gets its share again."""
    channel = channels.load(tx, name)
    _must_be_live(channel)
    _lock(tx, [name])
    channels.set_state(tx, name, ChannelState.LIVE, withdrawing=False)
    _look_at_all(tx, name)


def withdraw(tx: Transaction, names: Sequence[str]) -> list[str]:
    """Stop selling at these channels: every number is set to 0. The channels that are observing are left out.

    It is true once :func:`still_selling` names none of them.
    """
    done = []
    _lock(tx, names)
    for name in names:
        channel = channels.load(tx, name)
        if channel.state is not ChannelState.OBSERVING:
            channels.set_state(tx, name, channel.state, withdrawing=True)
            done.append(name)
    return done


def still_selling(tx: Snapshot, names: Sequence[str]) -> dict[str, int | None]:
    """Units that each of these channels may still sell, by name, only those above 0; ``None`` is not known yet."""
    left: dict[str, int | None] = {}
    for name in names:
        exposures = [record.bound.exposure for record in pools.of_channel(tx, name) if record.in_sum]
        if any(units is None for units in exposures):
            left[name] = None
        elif total := sum(counted(units or 0) for units in exposures):
            left[name] = total
    return left


def _lock(tx: Transaction, names: Sequence[str]) -> None:
    """Counts before pools, as everywhere: who changed the pools of a channel first would meet a plan in a deadlock."""
    lock_connected(tx, {record.sku for name in names for record in pools.of_channel(tx, name)})


def _must_be_live(channel: ChannelRecord) -> None:
    if channel.state is ChannelState.OBSERVING:
        raise InputError(
            f"Channel {channel.name} is only observing: nothing is sent there. See `syncworker channel go-live {channel.name}`."
        )


def _look_at_all(tx: Transaction, name: str) -> None:
    records = pools.of_channel(tx, name)
    room = stockroom_of(tx, {record.sku for record in records})
    parts = {part for record in records for part in room.recipe(record)}
    pools.mark_parts_dirty(tx, {part.sku for part in parts})
    review_parts(tx, parts)


def assume(tx: Transaction, pool_id: str, units: int) -> None:
    """An operator vouches that the pool can sell no more than ``units``; the caller records who and why.

    :class:`InputError` while something that was sent may still arrive there: nobody can have seen that.
    """
    sku = pools.load(tx, [pool_id])[pool_id].sku
    room = stockroom_of(tx, [sku])
    record = room.pools[pool_id]
    opens = pushes.open_of(tx, [pool_id]).get(pool_id, [])
    rules = channels.load(tx, record.channel).rules
    if not can_be_assumed([push.open for push in opens], at=tx.now, rules=rules):
        raise InputError(
            f"A change that was sent to {record.channel} may still arrive there until"
            f" {max(push.open.lands_by(rules) for push in opens):%H:%M:%S} UTC, so nobody can know the number yet."
            " Look again after that, and say what you see then."
        )
    # Sales from before that moment are in the number vouched for.
    vouched = replace(assumed(record.bound, units, at=tx.now), settled_at=tx.now)
    pools.save_bounds(tx, {pool_id: vouched}, shown={pool_id: units})
    pushes.close(tx, [push.id for push in opens])
    parts = set(room.recipe(record))
    pools.mark_parts_dirty(tx, {part.sku for part in parts})
    review_parts(tx, parts)
    review_moves(tx, record.channel)
