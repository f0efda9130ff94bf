"""How does a channel go for good? Only once nothing can be sold there any more; what it may sell is never forgotten."""

from __future__ import annotations

from syncworker.errors import InputError, LeaseLostError
from syncworker.ledger import channels, pools, removal, runs
from syncworker.ledger.channels import ChannelRecord, ChannelState
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.sync.context import Context
from syncworker.sync.stockroom import lock_connected

#: Names in a sentence.
_NAMED = 5


def check_removable(tx: Snapshot, name: str) -> int:
    """How many of its orders still wait to be shipped; InputError that says what to do while it may sell anything."""
    channel = channels.load(tx, name)
    left = removal.unproven(tx, name, most=_NAMED + 1)
    if left:
        raise InputError(_refusal(channel, left))
    return removal.orders_waiting(tx, name)


def remove(tx: Transaction, context: Context, name: str, *, actor: str) -> int:
    """Forget the connection to a channel from which nothing can be sold; its orders and movements stay. Audited.

    How many of its orders still wait to be shipped: their units stay reserved. LeaseLostError while somebody works there.
    """
    lock_connected(tx, {record.sku for record in pools.of_channel(tx, name)})
    waiting = check_removable(tx, name)
    if removal.is_worked_at(tx, name):
        raise LeaseLostError(f"Somebody works at {name} at this moment. Try again in a few seconds.")
    connector = channels.load(tx, name).connector
    numbers = len(pools.of_channel(tx, name))
    removal.delete_connection(tx, name)
    details = {"channel": name, "connector": connector, "numbers": numbers, "orders_waiting": waiting}
    runs.record(tx, context.new_id(), kind="remove", actor=actor, details=details)
    return waiting


def _refusal(channel: ChannelRecord, left: list[tuple[str, int | None]]) -> str:
    """Two lines: what may still be sold, and what to do about it."""
    name = channel.name
    named = ", ".join(f"{sku} ({'unknown' if units is None else units})" for sku, units in left[:_NAMED])
    more = " …" if len(left) > _NAMED else ""
    said = f"{name} may still sell something: {named}{more}. It stays counted until that is proven to be nothing."
    if all(units is not None and units < 0 for _, units in left):
        step = "Below 0 it sold more than we had allowed, so that its number is not believed"
        if channel.rules.readable:
            step += ": wait until it was read back and the next orders are in."
        else:
            step += f", and nobody but you can read it: look what {name} shows."
    elif channel.withdrawing or channel.state is ChannelState.OBSERVING:
        step = f"Wait until `syncworker channel show {name}` says that nothing can be sold."
    else:
        step = f"Withdraw it first: `syncworker channel withdraw {name}`."
    return f"{said}\n{step} If the shop is gone for good: `syncworker pool assume {name}/SKU 0` for each."
