"""How is a mistaken import or entry taken back? ``undo RUN``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from syncworker.interfaces.cli.command import DIFFERENCES, OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.sync.undo import UndoPlan, UndoRow


@click.command(
    cls=Command,
    example="undo 0193a1 --dry-run",
    help=N_(
        "Take back an import, a count, goods in, a correction or a move between locations: by opposite movements, once."
        " Nothing is deleted, and what was sold since stays sold.\n\n"
        "RUN is the run's id as `syncworker run list` shows it, or the reference that `syncworker stock history SKU` shows;"
        " the beginning is enough. What was counted anew since is refused: the later count says what is there. Titles,"
        " prices and parts that an import changed stay as they are."
    ),
)
@click.argument("run")
@click.option(
    "--dry-run", is_flag=True, help=N_("Only show what would change (exit code 3 if anything would).")
)
@click.option("--yes", is_flag=True, help=N_("Do not ask, even if more is promised than there is."))
@pass_desk
def undo(desk: Desk, run: str, dry_run: bool, yes: bool) -> int:
    """Plan, warn, move back."""
    from syncworker.sync.undo import plan_undo
    from syncworker.sync.undo import undo as take_back

    with desk.app() as app:
        with app.ledger.snapshot() as tx:
            plan = plan_undo(tx, run)
        if not desk.as_json:
            _show(desk, plan)
        if not dry_run:
            if plan.short:
                desk.confirm(_warning(plan), yes=yes)
            plan = app.ledger.run(lambda tx: take_back(tx, app.context, plan, actor=app.settings.actor))
    document = {
        "undone": not dry_run,
        "reference": plan.entry.reference,
        "source": plan.entry.source,
        "kind": plan.entry.kind,
        "made_at": plan.entry.at,
        "made_by": plan.entry.actor,
        "counts": [_document(row) for row in plan.rows],
        "short": [row.sku for row in plan.short],
    }
    said = _("Nothing was changed: this was a dry run.") if dry_run else _("Undone.")
    desk.answer(document, lambda: desk.say(said))
    return DIFFERENCES if dry_run else OK


def _warning(plan: UndoPlan) -> str:
    from syncworker.interfaces.cli import words

    text = ngettext(
        "{skus} would be short: more is promised than there is then, and an incident opens. Undo it all the same?",
        "{skus} would be short: more is promised than there is then, and incidents open. Undo it all the same?",
        len(plan.short),
    )
    return text.format(skus=words.names([row.sku for row in plan.short]))


def _show(desk: Desk, plan: UndoPlan) -> None:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import moment, number

    entry = plan.entry
    desk.say(
        _("{what}, {at}, by {who}: {reference}").format(
            what=words.movement(entry.kind), at=moment(entry.at), who=entry.actor, reference=entry.reference
        )
    )
    rows = [
        [row.sku, row.location, f"{row.units:+d}", _step(row), number(row.after.available)]
        for row in plan.rows
    ]
    titles = [_("SKU"), _("Location"), _("Moves"), _("On hand"), _("Available then")]
    table(desk, titles, rows, right=(2, 3, 4))


def _step(row: UndoRow) -> str:
    from syncworker.interfaces.figures import number

    return f"{number(row.before.on_hand)} → {number(row.after.on_hand)}"


def _document(row: UndoRow) -> dict[str, object]:
    return {
        "sku": row.sku,
        "location": row.location,
        "units": row.units,
        "on_hand": {"before": row.before.on_hand, "after": row.after.on_hand},
        "available": {"before": row.before.available, "after": row.after.available},
    }
