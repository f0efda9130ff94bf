"""What has to happen before goods are counted? Every channel is pulled, so that what was shipped by now is recorded."""

from __future__ import annotations

from syncworker.ledger import channels
from syncworker.sync.context import Context
from syncworker.sync.pull import pull_orders


def pull_first(context: Context) -> tuple[str, ...]:
    """Pull every channel that has orders; names of those that could not be pulled to the end now."""
    with context.ledger.snapshot() as tx:
        names = [channel.name for channel in channels.all_channels(tx) if channel.feeds]
    reports = {name: pull_orders(context, name) for name in names}
    return tuple(name for name, report in reports.items() if report is None or not report.whole)
