"""What was ordered, and which lines wait for us? ``order list|show|map|ignore|cancel``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import OK, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.order_show import show
from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.ledger.orders import OrderRecord
    from syncworker.sync.ingest import Ingested


@click.group(cls=Group, help=N_("What was ordered; lines that nobody can place wait here for you."))
def order() -> None:
    """The noun."""


order.add_command(show, "show")


@order.command(
    "list",
    example="order list --waiting",
    help=N_(
        "The orders recorded last, newest first; or only those with a line that waits for its listing to be linked."
    ),
)
@click.option("--channel", metavar="NAME", help=N_("Of this channel only."))
@click.option("--waiting", is_flag=True, help=N_("Only lines that wait for a link."))
@click.option(
    "--most", type=click.IntRange(1, 10_000), default=50, show_default=True, help=N_("How many orders.")
)
@pass_desk
def list_(desk: Desk, channel: str | None, waiting: bool, most: int) -> int:
    """Orders with their lines."""
    from syncworker.ledger import channels, orders

    with desk.app() as app, app.ledger.snapshot() as tx:
        if channel is not None:
            channels.load(tx, channel)
        if waiting:
            lines = orders.quarantined(tx, channel=channel)
            keys = {(each.order.channel, each.order.external_id): each.order for each in lines}
            found = list(keys.values())
        else:
            found = orders.latest(tx, channel=channel, most=most)
    desk.answer({"orders": [_document(one) for one in found]}, lambda: _show(desk, found))
    return OK


def _show(desk: Desk, found: list[OrderRecord]) -> None:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import moment, number

    if not found:
        desk.say(_("No order."))
        return
    rows = [
        [
            one.channel,
            one.external_id,
            moment(one.placed_at),
            one.raw_status,
            line.line_id,
            line.sku or line.remote_sku or line.listing_id or "–",
            number(line.levels.ordered),
            number(line.levels.cancelled),
            number(line.levels.shipped),
            words.state(line.state.value),
        ]
        for one in found
        for line in one.lines.values()
    ]
    titles = [
        _("Channel"), _("Order"), _("Placed"), _("Status"), _("Line"), _("SKU"),
        _("Ordered"), _("Cancelled"), _("Shipped"), _("State"),
    ]  # fmt: skip
    table(desk, titles, rows, right=(6, 7, 8))


def _document(one: OrderRecord) -> dict[str, object]:
    document = asdict(one)
    document["lines"] = list(document["lines"].values())
    return document


@order.command(
    "map",
    example="order map tiktok 57749 BIN-BAMBU",
    help=N_("Say what a waiting line sold. Its units leave the stock, and the shops are told."),
)
@click.argument("channel")
@click.argument("order_id", metavar="ORDER")
@click.argument("sku")
@click.option("--line", "line_id", metavar="LINE", help=N_("Which line; not needed if only one waits."))
@pass_desk
def map_(desk: Desk, channel: str, order_id: str, sku: str, line_id: str | None) -> int:
    """A line gets its SKU."""
    from syncworker.sync.quarantine import map_order_line

    with desk.app() as app:
        done = app.ledger.run(
            lambda tx: map_order_line(
                tx, channel, order_id, line_id=line_id, sku=sku, actor=app.settings.actor
            )
        )
    text = _("Order {order} is a sale of {sku}.").format(order=order_id, sku=sku)
    return _told(desk, channel, order_id, done, text, sku=sku)


@order.command(
    "ignore",
    example="order ignore tiktok 57749",
    help=N_("Say that a waiting line is none of our goods. Whatever was held for it is given back."),
)
@click.argument("channel")
@click.argument("order_id", metavar="ORDER")
@click.option("--line", "line_id", metavar="LINE", help=N_("Which line; not needed if only one waits."))
@pass_desk
def ignore(desk: Desk, channel: str, order_id: str, line_id: str | None) -> int:
    """A line is none of ours."""
    from syncworker.sync.quarantine import ignore_order_line

    with desk.app() as app:
        done = app.ledger.run(
            lambda tx: ignore_order_line(tx, channel, order_id, line_id=line_id, actor=app.settings.actor)
        )
    text = _("Order {order}: the line is left out of the books.").format(order=order_id)
    return _told(desk, channel, order_id, done, text, sku=None)


def _told(desk: Desk, channel: str, order_id: str, done: Ingested, text: str, *, sku: str | None) -> int:
    document = {"channel": channel, "order": order_id, "sku": sku, "channels": list(done.channels)}
    count = len(done.channels)
    if count:
        text += " " + ngettext("{n} channel is told.", "{n} channels are told.", count).format(n=count)
    desk.answer(document, lambda: desk.say(text))
    return OK


@order.command(
    "cancel",
    example='order cancel tiktok 57749 --reason "broken in the workshop"',
    help=N_(
        "Ask the channel to cancel an order. Its units come back once the channel's orders tell that it is cancelled,"
        " which is looked at right away."
    ),
)
@click.argument("channel")
@click.argument("order_id", metavar="ORDER")
@click.option("--reason", required=True, help=N_("Why; the channel may show it to the buyer."))
@pass_desk
def cancel(desk: Desk, channel: str, order_id: str, reason: str) -> int:
    """A cancellation is asked for."""
    from syncworker.interfaces.sentences import at_channel
    from syncworker.sync.cancelling import cancel_order

    if not reason.strip():
        raise InputError(_("Say why, with --reason."))
    with desk.app() as app, at_channel(channel):
        cancel_order(app.context, channel, order_id, reason=reason.strip())
    text = _(
        "{channel} was asked to cancel order {order}. Its units come back once its orders say so."
    ).format(channel=channel, order=order_id)
    desk.answer({"channel": channel, "order": order_id, "asked": True}, lambda: desk.say(text))
    return OK
