"""How is an order cancelled from here? The channel is asked; it counts once its feed tells it, never before."""

from __future__ import annotations

from syncworker.connector.abilities import CancelsOrders
from syncworker.errors import InputError
from syncworker.ledger import channels, jobs, orders
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.orders import OrderRecord
from syncworker.sync.context import Context


def cancel_order(context: Context, name: str, order_id: str, *, reason: str) -> OrderRecord:
    """Ask the channel to cancel an order that we hold; the order as recorded, still unchanged. Harmless to repeat.

    InputError where there is nothing to cancel or the channel cannot; otherwise raises what the channel raises.
    """
    with context.ledger.snapshot() as tx:
        channels.load(tx, name)
        found = orders.load(tx, name, [order_id]).get(order_id)
    if found is None:
        raise InputError(
            f"No order {order_id} of {name} is recorded. See `syncworker order list --channel {name}`."
        )
    if not any(line.levels.reserved for line in found.lines.values()):
        raise InputError(
            f"Nothing is left to cancel of order {order_id} at {name}: all is cancelled or shipped."
        )
    port = context.open_channel(name)
    if not isinstance(port, CancelsOrders):
        raise InputError(f"{name} takes no cancellation from here: cancel order {order_id} on its own pages.")
    try:
        port.cancel_order(order_id, reason=reason)
    finally:
        # Also where nobody knows whether it was: the feed tells.
        context.ledger.run(lambda tx: jobs.call_for(tx, [name], JobKind.PULL))
        context.hint(name, JobKind.PULL)
    return found
