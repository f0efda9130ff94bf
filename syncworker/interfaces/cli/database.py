"""Where are the books? ``db upgrade|backup|restore|key``."""

from __future__ import annotations

from pathlib import Path

import click

from syncworker.interfaces.cli.command import OK, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _


@click.group(cls=Group, help=N_("The ledger's database: its tables, and copies of it."))
def database() -> None:
    """The noun."""


@database.command(
    "upgrade",
    example="db upgrade",
    help=N_(
        "Bring the tables up to this version. Every command does so by itself; this one only says what it did."
    ),
)
@pass_desk
def upgrade(desk: Desk) -> int:
    """Tables up to date."""
    from syncworker.ledger.ledger import open_ledger
    from syncworker.ledger.upgrade import ensure_current

    ledger = open_ledger(desk.settings().database_url)
    try:
        done = ensure_current(ledger.engine)
    finally:
        ledger.close()

    def show() -> None:
        for one in done:
            desk.say(_("Done: {revision}").format(revision=one))
        desk.say(_("The tables are up to date."))

    desk.answer({"applied": done}, show)
    return OK


@database.command(
    "backup",
    example="db backup /media/usb/ledger.backup",
    help=N_(
        "Copy the whole ledger to a file while everything goes on; the copy is checked before it counts.\n\n"
        "Restore it by putting it in the ledger's place while nothing runs: the next start notices, and treats every"
        " number at the channels as unknown until it is read."
    ),
)
@click.argument("target", type=click.Path(path_type=Path), metavar="FILE")
@pass_desk
def backup(desk: Desk, target: Path) -> int:
    """A copy."""
    from syncworker.ledger.backup import backup as copy

    with desk.app() as app:
        done = copy(app.ledger, target)
    size = done.stat().st_size
    text = _("The ledger was copied to {file}.").format(file=done)
    desk.answer({"file": done, "bytes": size}, lambda: desk.say(text))
    return OK


@database.command(
    "restore",
    example="db restore --yes",
    help=N_(
        "Say that an older state of the ledger was put back, so that no number at the channels is believed until it is"
        " read.\n\n"
        "Needed after a PostgreSQL dump was restored, before anything else starts; a file that was put back is noticed by"
        " itself."
    ),
)
@click.option("--yes", is_flag=True, help=N_("Do not ask."))
@pass_desk
def restore(desk: Desk, yes: bool) -> int:
    """An older state was put back."""
    from syncworker.ledger.backup import mark_restored

    with desk.app() as app:
        desk.confirm(
            _(
                "Was the ledger put back to an older state? Every number at the channels then counts as unknown until it is read."
            ),
            yes=yes,
        )
        pools = app.ledger.run(mark_restored)
    text = _("{n} numbers count as unknown until they are read and proven.").format(n=pools)
    desk.answer({"unknown": pools}, lambda: desk.say(text))
    return OK


@database.command(
    "key",
    example="db key > token.key",
    help=N_(
        "A fresh key for the tokens of connected accounts.\n\nBeside an SQLite ledger one is made by itself. Every worker on"
        " PostgreSQL needs the same: give it as SYNCWORKER_TOKEN_KEY_FILE, and keep it apart from the backups."
    ),
)
@pass_desk
def key(desk: Desk) -> int:
    """A key; nothing is stored."""
    from syncworker.settings.keys import new_key

    fresh = new_key()
    desk.answer({"key": fresh}, lambda: desk.say(fresh))
    return OK
