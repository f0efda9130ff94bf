"""What do we know of one order? ``order show``: its lines, and every movement that they caused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.ledger.ledger import Snapshot
    from syncworker.ledger.orders import LineRecord, OrderRecord
    from syncworker.ledger.stock import Movement


@click.command(
    cls=Command,
    example="order show tiktok 57749",
    help=N_(
        "One order as the books have it: its lines, from which number each was sold, and every movement of stock that it"
        " caused. No buyer's name or address is ever kept."
    ),
)
@click.argument("channel")
@click.argument("order_id", metavar="ORDER")
@pass_desk
def show(desk: Desk, channel: str, order_id: str) -> int:
    """One order."""
    from syncworker.ledger.stock import movements_for

    with desk.app() as app, app.ledger.snapshot() as tx:
        record = _load(tx, channel, order_id)
        moved = movements_for(tx, channel, order_id)
    desk.answer(_document(record, moved), lambda: _show(desk, record, moved))
    return OK


def _load(tx: Snapshot, channel: str, order_id: str) -> OrderRecord:
    from syncworker.interfaces.cli.nearest import meant
    from syncworker.ledger import channels, lookup, orders

    channels.load(tx, channel)
    found = orders.load(tx, channel, [order_id]).get(order_id)
    if found is not None:
        return found
    near = lookup.near_orders(tx, channel, order_id)
    text = _("{channel} has told of no order {order}.").format(channel=channel, order=repr(order_id))
    advice = (
        meant(near) if near else _("See `syncworker order list --channel {channel}`.").format(channel=channel)
    )
    raise InputError(f"{text} {advice}")


def _document(record: OrderRecord, moved: Sequence[Movement]) -> dict[str, object]:
    document = asdict(record)
    document["lines"] = list(document["lines"].values())
    document["movements"] = [
        {
            "at": one.at,
            "sku": one.sku,
            "location": one.location,
            "kind": one.kind,
            "on_hand": {"before": one.before.on_hand, "after": one.after.on_hand},
            "reserved": {"before": one.before.reserved, "after": one.after.reserved},
            "line": one.line,
            "actor": one.actor,
            "note": one.note,
        }
        for one in moved
    ]
    return document


def _show(desk: Desk, record: OrderRecord, moved: Sequence[Movement]) -> None:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import harmless, table
    from syncworker.interfaces.figures import moment

    desk.say(
        _("Order {order} at {channel}: {state} (“{raw}”), placed {placed}, last changed {changed}.").format(
            order=harmless(record.external_id),
            channel=record.channel,
            state=words.order_state(record.status),
            raw=harmless(record.raw_status),
            placed=moment(record.placed_at),
            changed=moment(record.updated_at),
        )
    )
    if record.is_history:
        desk.say(_("It was placed before the channel was connected."))
    desk.say()
    titles = [
        _("Line"), _("SKU"), _("Ordered"), _("Cancelled"), _("Shipped"), _("Returned"), _("Price"), _("State"),
    ]  # fmt: skip
    table(desk, titles, [_line(line) for line in record.lines.values()], right=(2, 3, 4, 5, 6))
    desk.say()
    if not moved:
        desk.say(_("It has moved no stock."))
        return
    rows = [
        [
            moment(one.at),
            one.sku,
            one.location,
            words.movement(one.kind),
            words.step(one.before.on_hand, one.after.on_hand),
            words.step(one.before.reserved, one.after.reserved),
            one.actor,
        ]
        for one in moved
    ]
    table(
        desk,
        [_("When"), _("SKU"), _("Location"), _("What"), _("On hand"), _("Reserved"), _("Who")],
        rows,
        right=(4, 5),
    )


def _line(line: LineRecord) -> list[str]:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.figures import money, number

    levels = line.levels
    return [
        line.line_id,
        line.sku or line.remote_sku or line.listing_id or "–",
        number(levels.ordered),
        number(levels.cancelled),
        number(levels.shipped),
        number(levels.returned),
        money(line.unit_price, line.currency),
        words.state(line.state.value),
    ]
