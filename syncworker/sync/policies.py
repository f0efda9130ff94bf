"""How does a SKU get a policy of its own, and what does sharing risk? Stored, every pool concerned is looked at again."""

from __future__ import annotations

from dataclasses import dataclass

from syncworker.core.model import MAX_QUANTITY, Policy, PolicyChoice
from syncworker.errors import InputError, UnknownSkuError
from syncworker.ledger import channels, limits, pools, products, shelves
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.sync.incidents import review_parts
from syncworker.sync.stockroom import stockroom_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """What holds for one SKU at one channel."""

    channel: str
    choice: PolicyChoice
    #: The SKU's own, its channel's; a channel's may be the default of ``syncworker.toml``.
    from_sku: bool
    sellable: int
    in_force: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What sharing puts at stake here, in numbers of this shop."""

    #: SKUs that more than one of the channels sells.
    skus: int
    #: Of these, how many have no more units than channels that would all show them.
    scarce: int
    #: The channels that would show the same units.
    channels: int
    #: Seconds until the slowest of them has told of a sale, at most.
    slowest_s: float


def set_policy(tx: Transaction, sku: str, choice: PolicyChoice | None) -> None:
    """From now on this policy holds for the SKU at every channel; ``None``: what its channels follow."""
    recipe = products.recipe_of(tx, [sku]).get(sku)
    if recipe is None:
        raise UnknownSkuError(sku)
    if choice is not None:
        check_choice(choice)
    limits.save_policy(tx, sku, choice)
    pools.mark_parts_dirty(tx, recipe)
    review_parts(tx, stockroom_of(tx, [sku]).parts())


def check_choice(choice: PolicyChoice) -> None:
    """InputError for a policy that means nothing."""
    if choice.escrow_below is None:
        return
    if choice.policy is not Policy.SHARED:
        raise InputError("--escrow-below belongs to the policy shared. Escrow never shares anything.")
    if not 1 <= choice.escrow_below <= MAX_QUANTITY:
        raise InputError(f"--escrow-below is a number of units from 1 to {MAX_QUANTITY}.")


def effective(tx: Snapshot, sku: str) -> list[Effective]:
    """What holds for the SKU at each channel that sells it, by channel."""
    room = stockroom_of(tx, [sku])
    found = []
    for record in sorted(room.pools.values(), key=lambda each: (each.channel, each.id)):
        channel = room.channels[record.channel]
        if record.sku == sku and channel.rules.takes_orders:
            own = room.policies.get(sku)
            one = Effective(
                channel=record.channel,
                choice=own or channel.choice,
                from_sku=own is not None,
                sellable=room.sellable(record),
                in_force=room.policy(record),
            )
            found.append(one)
    return found


def risk_of(tx: Snapshot, *, sku: str | None = None, channel: str | None = None) -> Risk:
    """What would be at stake if this SKU, this channel, or everything were shared."""
    selling = {one.name: one for one in channels.all_channels(tx) if one.rules.takes_orders}
    sold = shelves.sold_at_several(tx, sku=sku, channel=channel)
    concerned = {name for one in sold for name in one.channels if name in selling}
    return Risk(
        skus=len(sold),
        scarce=sum(one.available <= len(one.channels) for one in sold),
        channels=len(concerned),
        slowest_s=max((_seconds(selling[name]) for name in concerned), default=0.0),
    )


def _seconds(channel: ChannelRecord) -> float:
    """Until a sale there is known here: the counter's at once."""
    return 0.0 if channel.rules.own_number else channel.rules.visibility_lag_s + channel.rules.poll_s
