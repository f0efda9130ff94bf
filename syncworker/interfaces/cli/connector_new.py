"""How does a new connector begin? ``connector new`` writes a folder whose tests pass."""

from __future__ import annotations

from pathlib import Path

import click

from syncworker.interfaces.cli.command import OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _


@click.command(
    cls=Command,
    example="connector new toko-kita --kind python --auth bearer",
    help=N_(
        "Begin a connector: a folder with code (or a manifest), a pretend channel and tests that pass as they are. Change"
        " the pretend channel to what the real one's documentation says, then the connector until the tests pass again."
    ),
)
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(["declarative", "python"]),
    default="declarative",
    help=N_(
        "declarative: a manifest and no code (the default); python: code, for what a manifest cannot say."
    ),
)
@click.option(
    "--auth",
    type=click.Choice(["none", "api_key", "basic", "bearer", "hmac", "oauth2"]),
    default="bearer",
    help=N_("How a request proves who sends it (bearer unless given)."),
)
@click.option(
    "--into",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    metavar="DIR",
    help=N_("The folder to write into (this one unless given)."),
)
@pass_desk
def new(desk: Desk, name: str, kind: str, auth: str, into: Path) -> int:
    """Write it."""
    from syncworker.connector.scaffold import write_connector

    folder = write_connector(name, kind=kind, auth=auth, into=into)
    files = sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())

    def show() -> None:
        desk.say(_("Written: {folder}").format(folder=folder))
        for one in files:
            desk.say(f"  {one}")
        desk.say(
            _(
                "Next: `syncworker connector test {folder}`, then bring tests/far_side.py into the real channel's shape."
            ).format(folder=folder)
        )

    desk.answer({"folder": str(folder), "files": files}, show)
    return OK
