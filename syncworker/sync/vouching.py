"""What if nobody can read a number any more? A person vouches for it, and the books keep who and why."""

from __future__ import annotations

from syncworker.core.model import MAX_QUANTITY
from syncworker.errors import InputError, UnknownSkuError
from syncworker.ledger import channels, pools, products, runs
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.pools import PoolRecord
from syncworker.sync.channels import assume
from syncworker.sync.context import Context


def find_pool(tx: Snapshot, name: str) -> PoolRecord:
    """The pool called ``CHANNEL/SKU``, or by its id or the beginning of it; InputError if that is not one."""
    channel, slash, sku = name.partition("/")
    if slash:
        found = [record for record in pools.of_channel(tx, channel) if record.sku == sku]
    else:
        found = pools.starting_with(tx, name)
    if len(found) == 1:
        return found[0]
    if not found and slash:
        # Which of the two is not there, says more.
        channels.load(tx, channel)
        if not products.recipe_of(tx, [sku]):
            raise UnknownSkuError(sku)
    if not found:
        raise InputError(
            f"There is no pool {name!r}. Name it CHANNEL/SKU; `syncworker explain SKU` shows them."
        )
    ids = ", ".join(record.id for record in found)
    raise InputError(f"{name!r} names {len(found)} pools: {ids}. Give one of these ids.")


def vouch(
    tx: Transaction, context: Context, pool_id: str, units: int, *, reason: str, actor: str
) -> PoolRecord:
    """From now on the pool counts as able to sell ``units`` at most. Audited; the pool as it was before."""
    if not reason.strip():
        raise InputError("Say why, for instance --reason 'the shop was closed by its owner'.")
    if not 0 <= units <= MAX_QUANTITY:
        raise InputError(f"A pool sells between 0 and {MAX_QUANTITY} units, not {units}.")
    before = pools.load(tx, [pool_id])[pool_id]
    assume(tx, pool_id, units)
    details = {
        "pool": pool_id,
        "channel": before.channel,
        "sku": before.sku,
        "before": before.bound.exposure,
        "units": units,
        "reason": reason.strip(),
    }
    runs.record(tx, context.new_id(), kind="assume", actor=actor, details=details)
    return before
