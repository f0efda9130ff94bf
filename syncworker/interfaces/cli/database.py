"""Where are the books? ``db upgrade|check|backup|restore|prune|key``."""

from __future__ import annotations

from pathlib import Path

import click

from syncworker.interfaces.cli.command import OK, Group
from syncworker.interfaces.cli.database_state import check, restore
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


database.add_command(check, "check")


@database.command(
    "prune",
    example="db prune",
    help=N_(
        "Delete now what is old and over: finished runs, closed incidents, who did what, and how numbers travelled. It"
        " happens by itself once a day; `keep_runs_days` and the like say how long each stays. Orders, movements and"
        " premiums are never deleted. A run that is gone cannot be undone any more."
    ),
)
@pass_desk
def prune(desk: Desk) -> int:
    """Forget what is over."""
    from syncworker.bootstrap import keep_of
    from syncworker.interfaces.figures import number
    from syncworker.ledger.pruning import prune as run

    with desk.app() as app:
        gone, _whole = run(app.ledger, keep_of(app.settings))

    def show() -> None:
        for name, rows in gone.items():
            if rows:
                desk.say(_("{table}: {n} rows deleted").format(table=name, n=number(rows)))
        if not any(gone.values()):
            desk.say(_("Nothing is old enough to be deleted."))

    desk.answer({"deleted": dict(gone)}, show)
    return OK


@database.command(
    "backup",
    example="db backup /media/usb/ledger.backup",
    help=N_(
        "Copy the whole ledger to a file while everything goes on; the copy is checked before it counts.\n\n"
        "It comes back with `syncworker db restore FILE`, which treats every number at the channels as unknown until it is"
        " read."
    ),
)
@click.argument("target", type=click.Path(path_type=Path), metavar="FILE")
@pass_desk
def backup(desk: Desk, target: Path) -> int:
    """A copy."""
    from syncworker.interfaces.cli.progress import progress
    from syncworker.ledger.backup import backup as copy

    with desk.app() as app, progress(_("Copying")):
        done = copy(app.ledger, target)
    size = done.stat().st_size
    text = _("The ledger was copied to {file}.").format(file=done)
    desk.answer({"file": done, "bytes": size}, lambda: desk.say(text))
    return OK


database.add_command(restore, "restore")


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
