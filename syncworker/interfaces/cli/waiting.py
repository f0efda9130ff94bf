"""How does a command wait for something to become true? It does the channels' due work itself, and gives up after a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.bootstrap import App
    from syncworker.ledger.ledger import Snapshot


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
        return work_until(app.context, names, is_done, most=most, pause=time.sleep)
    with app.ledger.snapshot() as tx:
        total = _open(tx, names)
    with progress(_("Waiting"), total) as done:

        def look(tx: Snapshot) -> bool:
            # More may become open on the way: the bar never goes back for that.
            done(max(0, total - _open(tx, names)))
            return is_done(tx)

        return work_until(app.context, names, look, most=most, pause=time.sleep)


def _open(tx: Snapshot, names: Sequence[str]) -> int:
    """Things that are not settled yet at these channels."""
    from syncworker.sync.wait import open_work

    return sum(work.dirty + work.open_pushes + work.unsettled + work.unknown for work in open_work(tx, names))
