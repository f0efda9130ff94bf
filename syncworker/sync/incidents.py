"""Which promises are in danger, and since when? Incidents that open and close by rule, in the transaction that sees them."""

from __future__ import annotations

from collections.abc import Iterable

from syncworker.core.availability import free_of
from syncworker.ledger import incidents, orders, pools
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Transaction
from syncworker.sync.stockroom import Part, stockroom_of

#: Failures in a row after which a channel counts as failing; fewer are hiccups.
FAILING_AFTER = 3


def review_parts(tx: Transaction, parts: Iterable[Part]) -> None:
    """Open or close *oversold* and *deficit* for each of these parts, from the rows as they stand now."""
    wanted = sorted(set(parts))
    if not wanted:
        return
    room = stockroom_of(tx, pools.skus_using(tx, {part.sku for part in wanted}))
    for part in wanted:
        available = room.available(part)
        free = free_of(available, room.exposures(part))
        subject = str(part)
        if available < 0:
            conflict = orders.in_conflict(tx, part.sku)
            details = {
                "sku": part.sku,
                "location": part.location,
                "units_short": -available,
                "orders": [{"channel": c, "order": o, "units": units} for c, o, units in conflict],
            }
            incidents.open_incident(tx, IncidentKind.OVERSOLD, subject, details)
        else:
            incidents.close_incident(tx, IncidentKind.OVERSOLD, subject)
        if free is not None and free < 0:
            details = {
                "sku": part.sku,
                "location": part.location,
                "units_short": -free,
                "available": available,
            }
            incidents.open_incident(tx, IncidentKind.DEFICIT, subject, details)
        else:
            incidents.close_incident(tx, IncidentKind.DEFICIT, subject)


def channel_failed(tx: Transaction, channel: ChannelRecord, failures: int, error: str) -> None:
    """Open *failing* once it is more than a hiccup."""
    if failures >= FAILING_AFTER:
        incidents.open_incident(
            tx,
            IncidentKind.FAILING,
            f"channel/{channel.name}",
            {"channel": channel.name, "failures": failures, "error": error},
        )


def channel_answered(tx: Transaction, name: str) -> None:
    """The channel is back."""
    incidents.close_incident(tx, IncidentKind.FAILING, f"channel/{name}")
