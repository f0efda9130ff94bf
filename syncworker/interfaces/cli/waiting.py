"""How does a command wait for something to become true? It does the channels' due work itself, and gives up after a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.bootstrap import App
    from syncworker.ledger.ledger import Snapshot


#: Seconds between two lines where no bar can be drawn.
TELL_EVERY_S = 60.0

#: The option that says how long a command waits at most, as ``timeout_s``.
timeout = click.option(
    "--timeout",
    "timeout_s",
    type=click.IntRange(1),
    default=900,
    show_default=True,
    metavar="SECONDS",
    help=N_("Wait no longer than this."),
)


def wait_until(
    app: App, names: Sequence[str], is_done: Callable[[Snapshot], bool], *, timeout_s: int
) -> bool:
    """Work at these channels until ``is_done`` says so; False when the seconds are over before that."""
    from syncworker.interfaces.cli.progress import is_watched, progress
    from syncworker.sync.wait import work_until

    most = timedelta(seconds=timeout_s)
    if not is_watched():
        look = _telling_now_and_then(names, is_done)
        return work_until(app.context, names, look, most=most, pause=time.sleep)
    with app.ledger.snapshot() as tx:
        total = _open(tx, names)
    with progress(_("Waiting"), total) as done:

        def draw(tx: Snapshot) -> bool:
            # More may become open on the way: the bar never goes back for that.
            done(max(0, total - _open(tx, names)))
            return is_done(tx)

        return work_until(app.context, names, draw, most=most, pause=time.sleep)


def _telling_now_and_then(
    names: Sequence[str], is_done: Callable[[Snapshot], bool]
) -> Callable[[Snapshot], bool]:
    """Where no bar can be drawn: a line a minute on standard error, so that a log shows that the command lives."""
    told_at = time.monotonic()

    def look(tx: Snapshot) -> bool:
        nonlocal told_at
        if time.monotonic() - told_at >= TELL_EVERY_S:
            told_at = time.monotonic()
            n = _open(tx, names)
            text = ngettext(
                "Still waiting: {n} number is not settled.", "Still waiting: {n} numbers are not settled.", n
            )
            click.echo(text.format(n=n), err=True)
        return is_done(tx)

    return look


def _open(tx: Snapshot, names: Sequence[str]) -> int:
    """Things that are not settled yet at these channels."""
    from syncworker.sync.wait import open_work

    return sum(work.dirty + work.open_pushes + work.unsettled + work.unknown for work in open_work(tx, names))
