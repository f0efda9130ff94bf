"""What needs a person? ``incident list|show|resolve``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from syncworker.interfaces.cli.command import OK, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.incident_show import resolve, show
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.ledger.incidents import Incident


@click.group(cls=Group, help=N_("What needs a person: oversold, drift, refused listings, failing channels."))
def incident() -> None:
    """The noun."""


incident.add_command(show, "show")
incident.add_command(resolve, "resolve")


@incident.command(
    "list",
    example="incident list --all",
    help=N_(
        "Open incidents, oldest first, each with its next step. They close by themselves once it is mended."
    ),
)
@click.option("--all", "everything", is_flag=True, help=N_("The last fifty, closed ones too."))
@pass_desk
def list_(desk: Desk, everything: bool) -> int:
    """Open ones, or the latest."""
    from syncworker.interfaces.cli.status import incident_document, show_incidents
    from syncworker.ledger.incidents import latest_incidents, open_incidents

    with desk.app() as app, app.ledger.snapshot() as tx:
        found = tuple(latest_incidents(tx) if everything else open_incidents(tx))
    document = {"incidents": [incident_document(one) for one in found]}
    if everything:
        desk.answer(document, lambda: _show_all(desk, found))
    else:
        desk.answer(document, lambda: show_incidents(desk, found))
    return OK


def _show_all(desk: Desk, found: tuple[Incident, ...]) -> None:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import moment

    rows = [[str(one.id), moment(one.opened_at), moment(one.closed_at), words.incident(one)] for one in found]
    table(desk, [_("Number"), _("Opened"), _("Closed"), _("Incident")], rows, right=(0,))
