"""How does one stop selling? ``channel withdraw``: everything to 0, and a word when that is true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import ATTENTION, OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.waiting import timeout, wait_until
from syncworker.interfaces.language import N_, _


@click.command(
    cls=Command,
    example="channel withdraw --all",
    help=N_(
        "Stop selling at these channels, or everywhere with --all: the panic button. Every number is set to 0.\n\n"
        "Then it waits, and tells when it is true: when no buyer can take anything any more and every order from before"
        " is in the books. Exit code 4: it is not true yet when the time is over; it goes on all the same."
        " `syncworker channel resume` takes it back. A channel that is only observed is not ours to stop."
    ),
)
@click.argument("names", metavar="[CHANNEL]...", nargs=-1)
@click.option("--all", "everywhere", is_flag=True, help=N_("At every channel."))
@click.option("--yes", is_flag=True, help=N_("Do not ask."))
@click.option("--wait/--no-wait", default=True, help=N_("Wait until it is true (the default), or not."))
@timeout
@pass_desk
def withdraw(
    desk: Desk, names: tuple[str, ...], everywhere: bool, yes: bool, wait: bool, timeout_s: int
) -> int:
    """Everything to 0."""
    from syncworker.ledger import channels
    from syncworker.sync import channels as use

    if bool(names) == everywhere:
        raise InputError(_("Say which channels, or --all for every one. See `syncworker channel list`."))
    with desk.app() as app:
        with app.ledger.snapshot() as tx:
            chosen = [one.name for one in channels.all_channels(tx)] if everywhere else list(names)
            for name in chosen:
                channels.load(tx, name)
        if everywhere:
            desk.confirm(_("Stop selling everywhere?"), yes=yes)
        stopped = app.ledger.run(lambda tx: use.withdraw(tx, chosen))
        if wait and stopped:
            desk.note(_("Setting everything to 0 at {channels} …").format(channels=", ".join(stopped)))
            wait_until(app, stopped, lambda tx: not use.still_selling(tx, stopped), timeout_s=timeout_s)
        with app.ledger.snapshot() as tx:
            left, at = use.still_selling(tx, stopped), tx.now
    document = {
        "withdrawn": stopped,
        "observing": [name for name in chosen if name not in stopped],
        "true_at": None if left else at,
        "may_still_sell": left,
    }
    desk.answer(document, lambda: _tell(desk, chosen, stopped, left, at))
    return ATTENTION if left and wait else OK


def _tell(
    desk: Desk, chosen: Sequence[str], stopped: Sequence[str], left: Mapping[str, int | None], at: datetime
) -> None:
    from syncworker.interfaces.figures import moment, number

    for name in chosen:
        if name not in stopped:
            desk.say(
                _("{channel} is only observed: we send nothing there. Stop it in its own pages.").format(
                    channel=name
                )
            )
    done = [name for name in stopped if name not in left]
    if done:
        desk.say(
            _("True at {at}: nothing of ours can be bought any more at {channels}.").format(
                at=moment(at), channels=", ".join(done)
            )
        )
    for name, units in left.items():
        if units is None:
            text = _("{channel} may still sell something: its number is not known yet.")
            desk.say(text.format(channel=name))
        else:
            text = _("{channel} may still sell {n} units: sales from before may be on their way.")
            desk.say(text.format(channel=name, n=number(units)))
    if left:
        desk.say(_("It goes on while `syncworker up` runs; ask again with `syncworker channel list`."))
