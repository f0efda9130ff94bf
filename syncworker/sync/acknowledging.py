"""Which orders does the channel wait for us to take note of? Told right after they are in the books, never before.

A failure stops no pull: the channel tells these orders again, and people see that it fails.
"""

from __future__ import annotations

from collections.abc import Sequence

from syncworker.connector.abilities import AcknowledgesOrders
from syncworker.connector.contract import Channel, ChannelOrder, OrderStatus
from syncworker.ledger import incidents
from syncworker.ledger.incidents import IncidentKind
from syncworker.sync.context import Context, log


def acknowledge(context: Context, port: Channel, name: str, orders: Sequence[ChannelOrder]) -> bool:
    """Say that these orders are recorded, as far as the channel waits for that; whatever it raises is only told.

    Called after the commit of their page. Repeated as often as the channel tells an order that it still waits for. Whether
    it waited for any.
    """
    waiting = tuple(
        order.external_id for order in orders if order.unacknowledged and order.status is OrderStatus.LIVE
    )
    if not waiting or not isinstance(port, AcknowledgesOrders):
        return False
    try:
        port.acknowledge_orders(waiting)
    except Exception as error:  # noqa: BLE001 - a stranger's code; the orders are safe in the books
        log.warning("orders_not_acknowledged", channel=name, orders=len(waiting), reason=str(error))
        _tell(context, name, waiting, str(error) or repr(error))
    else:
        nothing_waits(context, name)
    return True


def _tell(context: Context, name: str, waiting: Sequence[str], error: str) -> None:
    facts = {"channel": name, "orders": list(waiting[:20]), "failures": len(waiting), "error": error}
    context.ledger.run(lambda tx: incidents.open_incident(tx, IncidentKind.FAILING, _subject(name), facts))


def nothing_waits(context: Context, name: str) -> None:
    """The channel waits for no order any more, whoever took note of them: what failed before is over."""
    with context.ledger.snapshot() as tx:
        is_told = bool(incidents.open_incidents(tx, kind=IncidentKind.FAILING, subject=_subject(name)))
    if is_told:
        context.ledger.run(lambda tx: incidents.close_incident(tx, IncidentKind.FAILING, _subject(name)))


def _subject(name: str) -> str:
    return f"channel/{name}/acknowledge"
