"""Who did what? ``audit list``: every command that changed something, with who, when and what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli import paging
from syncworker.interfaces.cli.command import OK, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.values import Moment
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.ledger.audits import AuditRecord


@click.group(cls=Group, help=N_("Who did what: a row for every command that changed something."))
def audit() -> None:
    """The noun."""


@audit.command(
    "list",
    example="audit list --who sari --since 2026-11-24",
    help=N_(
        "Every command that changed something, newest first: when, who (your login, or --as), what was typed, and how it"
        " ended. Secrets are never kept. The row is stored together with the first change, so no change is without one."
    ),
)
@click.option("--who", metavar="NAME", help=N_("Only what this person did."))
@click.option(
    "--command", "typed", metavar="WORDS", help=N_("Only this command, for instance stock or 'stock set'.")
)
@click.option("--since", type=Moment(), help=N_("Only from then on, for instance '2026-11-24 17:30'."))
@click.option("--until", type=Moment(), help=N_("Only before then."))
@paging.most
@paging.after
@pass_desk
def list_(
    desk: Desk,
    who: str | None,
    typed: str | None,
    since: datetime | None,
    until: datetime | None,
    most: int,
    after: str | None,
) -> int:
    """The latest ones."""
    from syncworker.ledger.audits import AuditFilters, latest

    if after is not None and not (after.isascii() and after.isdigit() and len(after) < 19):
        raise InputError(_("--after {key} is not a `next` of this list.").format(key=repr(after)))
    filters = AuditFilters(actor=who, command=typed, since=since, until=until)
    with desk.app() as app, app.ledger.snapshot() as tx:
        found = latest(tx, filters, before=None if after is None else int(after), most=most + 1)
    rest = None if len(found) <= most else str(found[most - 1].id)
    shown = found[:most]
    is_filtered = filters != AuditFilters() or after is not None
    document = {"audit": [asdict(one) for one in shown], "next": rest}
    desk.answer(document, lambda: _show(desk, shown, rest, is_filtered=is_filtered))
    return OK


def _show(desk: Desk, found: Sequence[AuditRecord], rest: str | None, *, is_filtered: bool) -> None:
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import moment

    if not found:
        desk.say(_("Nothing that fits.") if is_filtered else _("Nobody has changed anything yet."))
        return
    rows = [
        [
            str(one.id),
            moment(one.at),
            one.actor,
            one.command,
            _arguments(one.arguments),
            _outcome(one.outcome),
        ]
        for one in found
    ]
    titles = [_("Number"), _("When"), _("Who"), _("Command"), _("With"), _("Outcome")]
    table(desk, titles, rows, right=(0,))
    paging.tell_more(desk, rest)


def _arguments(given: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {_flat(value)}" for name, value in given.items())


def _flat(value: object) -> str:
    if isinstance(value, list):
        return " ".join(_flat(each) for each in value)
    return str(value)


def _outcome(outcome: str | None) -> str:
    if outcome is None:
        return _("not finished")
    return _("done") if outcome == "done" else _("stopped: {error}").format(error=outcome)
