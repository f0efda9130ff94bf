"""Which numbers does the engine itself want at 0 until that is settled? The wish is begun and ended here alone.

Sends nothing: the allocator shows 0 while the wish stands. What an operator withdraws is a whole channel (`channels.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from syncworker.core.decision import Reason
from syncworker.core.exposure import Bound
from syncworker.ledger import contents, listings, pools
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.listings import ListingRecord
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.pushes import PushRecord
from syncworker.sync.incidents import numbers_gone, review_protection


def wish_of(channel: ChannelRecord, record: PoolRecord) -> Reason | None:
    """Who wants the pool at 0, as the reason that people are given: the strongest of three wishes; ``None``: nobody.

    The channel's is an operator's, and so is that of a number that only hidden listings sell from; the third is begun and
    ended here.
    """
    if channel.withdrawing:
        return Reason.WITHDRAWN
    if record.hidden:
        return Reason.HIDDEN
    return Reason.PROVING_ZERO if record.withdraw else None


def begin(tx: Transaction, record: PoolRecord) -> None:
    """From now on the pool shall show 0, and it is looked at again; harmless to repeat."""
    pools.update(tx, record.id, withdraw=True, wanted_version=record.wanted_version + 1)


def end(tx: Transaction, record: PoolRecord) -> None:
    """Nothing is left to withdraw, or it has become needless: the next plan gives the pool its share again.

    Not so where no listing sells from the number any more, or listings of another SKU do: that stays at 0.
    """
    if record.withdraw and _is_ours_alone(tx, record) and not listings.to_be_unlinked(tx, record.id):
        pools.update(tx, record.id, withdraw=False, wanted_version=record.wanted_version + 1)


def end_settled(tx: Transaction, record: PoolRecord, settled: Bound) -> None:
    """The pool's bound was just settled to this: at 0 the withdrawal has done its work."""
    if _is_out(settled):
        unlink_waiting(tx, record)
        end(tx, record)


def end_needless(
    tx: Transaction, looked: Iterable[PoolRecord], open_pushes: Mapping[str, Sequence[PushRecord]]
) -> None:
    """Where nothing is left to withdraw (sold out, or lowered exactly) no settle would end it: it ends at the next look."""
    for record in looked:
        if record.withdraw and _is_out(record.bound) and not open_pushes.get(record.id):
            unlink_waiting(tx, record)
            end(tx, record)


def unlink_waiting(tx: Transaction, record: PoolRecord) -> None:
    """Nothing can be sold from the pool: the listings that waited for that are linked to nothing now.

    A number from which no listing of ours sells any more is none of ours: it counts nothing, and nothing is sent to it.
    """
    waiting = listings.to_be_unlinked(tx, record.id)
    for one in waiting:
        listings.unlink(tx, one)
    if not waiting:
        return
    review_hidden(tx, [record.id])
    if not contents.selling_from(tx, [record.id]):
        pools.update(tx, record.id, in_sum=False, withdraw=False, hidden=False, read_due_at=None, parked=None)
        numbers_gone(tx, record)
    review_protection(tx, record.channel)


def review_hidden(tx: Transaction, pool_ids: Iterable[str]) -> None:
    """Numbers that only hidden listings sell from are wanted at 0; with one that buyers see they get their share."""
    sellers: dict[str, list[ListingRecord]] = {}
    for seller in contents.selling_from(tx, pool_ids):
        sellers.setdefault(str(seller.pool_id), []).append(seller)
    for record in pools.load(tx, sellers).values():
        is_hidden = all(seller.wanted_active is False for seller in sellers[record.id])
        if is_hidden or any(_is_seen(seller) for seller in sellers[record.id]):
            pools.update(tx, record.id, hidden=is_hidden, wanted_version=record.wanted_version + 1)


def _is_seen(record: ListingRecord) -> bool:
    """Whether nobody wants it hidden, and the channel has accepted that where it was asked to show it."""
    if record.wanted_active is None:
        return True
    return record.wanted_active and (record.sent or {}).get("active") is True


def _is_ours_alone(tx: Transaction, record: PoolRecord) -> bool:
    sellers = listings.sellers(tx, record.channel, record.pool_key)
    return bool(sellers) and all(link.pool_id == record.id for link in sellers)


def _is_out(bound: Bound) -> bool:
    return bound.pending is None and bound.exposure is not None and bound.exposure <= 0
