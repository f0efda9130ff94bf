"""How are we doing? ``status``: channels, stock and incidents in one look, or as long as somebody looks."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from syncworker.interfaces.cli.command import OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.bootstrap import App
    from syncworker.ledger.incidents import Incident
    from syncworker.sync.status import ChannelStatus, Status


@click.command(
    cls=Command,
    example="status",
    help=N_(
        "How are we doing? Every channel, the stock, and whatever needs you, with the next step.\n\n"
        "Asks no channel, so it answers at once; `syncworker doctor` looks deeper. --watch draws it again and again until"
        " Ctrl-C; where no terminal is, each look is printed, and with --json each is a document of its own."
    ),
)
@click.option("--watch", "watched", is_flag=True, help=N_("Go on looking until Ctrl-C."))
@click.option(
    "--every",
    "every_s",
    type=click.FloatRange(0.2, 3600),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help=N_("Look so often, with --watch."),
)
@pass_desk
def status(desk: Desk, watched: bool, every_s: float) -> int:
    """Channels, stock, incidents."""
    from syncworker.interfaces.cli.watching import watch

    with desk.app() as app:
        if watched:
            watch(desk, lambda: _look(desk, app, is_timed=True), every_s=every_s)
        _look(desk, app)
    return OK


def _look(desk: Desk, app: App, *, is_timed: bool = False) -> None:
    from syncworker.interfaces.figures import moment
    from syncworker.sync.status import status as look

    with app.ledger.snapshot() as tx:
        found = look(tx)
    if is_timed and not desk.as_json:
        desk.say(moment(found.at))
    desk.answer(_document(found), lambda: _show(desk, found))


def _show(desk: Desk, found: Status) -> None:
    from syncworker.interfaces.figures import number

    stock = found.stock
    desk.say(
        _("Stock: {parts} parts, {on_hand} on hand, {reserved} reserved, {available} available.").format(
            parts=number(stock.parts),
            on_hand=number(stock.on_hand),
            reserved=number(stock.reserved),
            available=number(stock.available),
        )
    )
    if found.holds.open:
        text = ngettext(
            "{n} hold is open: {gathered} of {wanted} units gathered. See `syncworker hold list`.",
            "{n} holds are open: {gathered} of {wanted} units gathered. See `syncworker hold list`.",
            found.holds.open,
        )
        desk.say(
            text.format(
                n=number(found.holds.open),
                gathered=number(found.holds.gathered),
                wanted=number(found.holds.wanted),
            )
        )
    if not stock.products:
        desk.say(_("The catalogue is empty. Start with `syncworker product import config/catalogue.csv`."))
    desk.say()
    show_channels(desk, found.channels)
    desk.say()
    show_incidents(desk, found.incidents)


def show_channels(desk: Desk, channels: tuple[ChannelStatus, ...]) -> None:
    """One line a channel, and what is assumed of it."""
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import number, number_or_unknown

    if not channels:
        desk.say(_("No channel yet. Add one: `syncworker channel add counter --connector counter`."))
        return
    rows = [
        [
            one.name,
            one.connector,
            channel_state(one),
            number(one.pools),
            number_or_unknown(one.may_sell) if one.takes_orders or one.may_sell != 0 else "–",
            _orders_of(one),
            channel_remark(one),
        ]
        for one in channels
    ]
    titles = [
        _("Channel"),
        _("Connector"),
        _("State"),
        _("Numbers"),
        _("May sell"),
        _("Last pull"),
        _("Remark"),
    ]
    table(desk, titles, rows, right=(3, 4))
    for one in channels:
        if one.consent_until is not None:
            text = _("{channel}: connected until {moment:%Y-%m-%d}.")
            desk.say(text.format(channel=one.name, moment=one.consent_until))
    careful = [one.name for one in channels if one.assumed]
    if careful:
        text = _(
            "Facts that nobody declared count at their careful value: {channels}. What that costs: {command}"
        )
        desk.say(text.format(channels=", ".join(careful), command="syncworker channel check NAME"))


def _orders_of(one: ChannelStatus) -> str:
    """How its sales come into the books."""
    from syncworker.interfaces.cli import words

    if not one.takes_orders:
        return _("takes no orders")
    return words.since(one.pulled_at) if one.has_feeds else _("sales are typed in")


def channel_state(one: ChannelStatus) -> str:
    """Its state, and whether everything is being withdrawn."""
    from syncworker.interfaces.cli import words

    said = words.state(one.state.value)
    return said + ", " + _("withdrawing") if one.withdrawing else said


def channel_remark(one: ChannelStatus) -> str:
    """What a person should know of it."""
    from syncworker.interfaces.figures import moment

    remarks = []
    if one.not_protected:
        remarks.append(_("not protected yet"))
    if one.unlinked:
        remarks.append(
            ngettext("{n} listing not linked", "{n} listings not linked", one.unlinked).format(n=one.unlinked)
        )
    if one.gate_until is not None:
        remarks.append(_("left alone until {until}").format(until=moment(one.gate_until)))
    if one.last_error:
        remarks.append(one.last_error)
    return "; ".join(remarks)


def show_incidents(desk: Desk, incidents: tuple[Incident, ...]) -> None:
    """One paragraph an incident, with its next step."""
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import harmless
    from syncworker.interfaces.figures import moment

    if not incidents:
        desk.say(_("No open incident."))
        return
    desk.say(ngettext("{n} open incident:", "{n} open incidents:", len(incidents)).format(n=len(incidents)))
    for one in incidents:
        desk.say(f"  {one.id}. {harmless(words.incident(one))} ({moment(one.opened_at)})")
        desk.say(f"    {harmless(words.next_step(one))}")


def incident_document(one: Incident) -> dict[str, object]:
    """An incident for programs, its sentences included."""
    from syncworker.interfaces.cli import words

    return {**asdict(one), "sentence": words.incident(one), "next_step": words.next_step(one)}


def _document(found: Status) -> dict[str, object]:
    document = asdict(found)
    document["stock"]["available"] = found.stock.available
    document["incidents"] = [incident_document(one) for one in found.incidents]
    return document
