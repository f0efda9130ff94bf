"""Where do we sell? ``channel add|connect|list|show|check|pause|resume|go-live|withdraw|remove``."""

from __future__ import annotations

import click

from syncworker.interfaces.cli.channel_add import add
from syncworker.interfaces.cli.channel_check import check
from syncworker.interfaces.cli.channel_connect import connect
from syncworker.interfaces.cli.channel_live import go_live
from syncworker.interfaces.cli.channel_show import remove, show
from syncworker.interfaces.cli.channel_withdraw import withdraw
from syncworker.interfaces.cli.command import OK, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _


@click.group(
    cls=Group,
    help=N_(
        "Where we sell. A new channel is observed first: it is read and pulled, nothing is sent there until go-live."
    ),
)
def channel() -> None:
    """The noun."""


channel.add_command(add, "add")
channel.add_command(connect, "connect")


@channel.command(
    "list", example="channel list", help=N_("Every channel: state, what it may sell, what is assumed of it.")
)
@pass_desk
def list_(desk: Desk) -> int:
    """All of them."""
    from dataclasses import asdict

    from syncworker.interfaces.cli.status import show_channels
    from syncworker.sync.status import status

    with desk.app() as app, app.ledger.snapshot() as tx:
        found = status(tx).channels
    desk.answer({"channels": [asdict(one) for one in found]}, lambda: show_channels(desk, found))
    return OK


channel.add_command(show, "show")
channel.add_command(check, "check")
channel.add_command(go_live, "go-live")


@channel.command(
    "pause",
    example="channel pause tiktok --withdraw",
    help=N_(
        "Send nothing to a channel any more. Orders are still pulled, and what it may sell stays counted.\n\n"
        "It goes on selling what it shows! With --withdraw everything there is set to 0 first."
    ),
)
@click.argument("name")
@click.option("--withdraw", "withdraw_", is_flag=True, help=N_("Set everything there to 0 first."))
@pass_desk
def pause(desk: Desk, name: str, withdraw_: bool) -> int:
    """No more pushes."""
    from syncworker.sync import channels

    with desk.app() as app:
        app.ledger.run(lambda tx: channels.pause(tx, name, withdraw=withdraw_))
        with app.ledger.snapshot() as tx:
            left = channels.still_selling(tx, [name])
    text = _("{channel} is paused; it can still sell what it shows.").format(channel=name)
    if withdraw_:
        text = _("{channel} is paused and being set to 0.").format(channel=name)
    document = {"channel": name, "state": "paused", "withdrawing": withdraw_, "may_sell": left.get(name, 0)}
    desk.answer(document, lambda: desk.say(text))
    return OK


@channel.command(
    "resume",
    example="channel resume tiktok",
    help=N_("Go on selling at a channel that was paused or withdrawn: it gets its share of the stock again."),
)
@click.argument("name")
@pass_desk
def resume(desk: Desk, name: str) -> int:
    """Pushes go on."""
    from syncworker.sync import channels

    with desk.app() as app:
        app.ledger.run(lambda tx: channels.resume(tx, name))
    text = _("{channel} is live again and gets its share.").format(channel=name)
    desk.answer({"channel": name, "state": "live", "withdrawing": False}, lambda: desk.say(text))
    return OK


channel.add_command(withdraw, "withdraw")
channel.add_command(remove, "remove")
