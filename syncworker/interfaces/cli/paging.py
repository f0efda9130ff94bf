"""How much does a list show at once? The options that every long list has, and the word that there is more."""

from __future__ import annotations

import click

from syncworker.interfaces.cli.desk import Desk
from syncworker.interfaces.language import N_, _

#: The most rows of one answer.
LIMIT = 10_000

most = click.option(
    "--most",
    type=click.IntRange(1, LIMIT),
    default=100,
    show_default=True,
    metavar="N",
    help=N_("How many at once."),
)
after = click.option(
    "--after", metavar="KEY", help=N_("Go on behind this one: the `next` of the answer before.")
)


def tell_more(desk: Desk, key: str | None) -> None:
    """There is more, and how to see it; nothing if that was all."""
    if key is not None:
        desk.say(_("There is more: go on with --after {key}").format(key=key))
