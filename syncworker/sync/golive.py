"""What has to be known before a channel goes live? Its missed orders and its numbers, asked for right before the plan."""

from __future__ import annotations

from syncworker.ledger import channels, pools
from syncworker.sync.context import Context
from syncworker.sync.pull import pull_orders
from syncworker.sync.read import POOLS_PER_TASK, read_back


def look_first(context: Context, name: str) -> tuple[str, ...]:
    """Pull the channel's orders, read its numbers; ``orders`` or ``numbers``, whichever could not be had now.

    Never raises for a fault of the channel: a number that was not read counts as unknown in the plan.
    """
    with context.ledger.snapshot() as tx:
        channel = channels.load(tx, name)
        wanted = [record.id for record in pools.of_channel(tx, name)]
    missed = []
    if channel.feeds:
        report = pull_orders(context, name)
        if report is None or not report.whole:
            missed.append("orders")
    if channel.rules.readable and wanted:
        starts = range(0, len(wanted), POOLS_PER_TASK)
        found = [
            read_back(context, name, pool_ids=wanted[start : start + POOLS_PER_TASK]) for start in starts
        ]
        if any(one is None or one.answered < one.asked for one in found):
            missed.append("numbers")
    return tuple(missed)
