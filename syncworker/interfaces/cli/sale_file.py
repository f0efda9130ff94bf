"""Which sales are told by a file, or by what is left? ``sale import|replay|settle``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncworker.interfaces.cli.command import DIFFERENCES, OK
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.sale import only_counter, sale
from syncworker.interfaces.cli.values import Moment, Units
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.bootstrap import App
    from syncworker.ledger.ledger import Snapshot, Transaction
    from syncworker.sync.sale_file import SalePlan

#: More new sales than this are only taken when somebody agrees, or with --yes.
LARGE_IMPORT = 100
#: Rows of a preview.
SHOWN = 50

_dry_run = click.option(
    "--dry-run", is_flag=True, help=N_("Only show what would change (exit code 3 if anything would).")
)


@sale.command(
    "import",
    example="sale import stall.csv --channel counter --dry-run",
    help=N_(
        "Sales from a CSV file or the first sheet of an .xlsx workbook: shown first, then all of them or none.\n\n"
        "Columns: sku, units, and if you like reference, sold_at, price, currency. Every mistake is named with its line."
        " Importing the same file again counts nothing twice. If you add rows to a file, give each row a reference or"
        " a sold_at with the time of day: then the rows of before are known again."
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--channel", metavar="NAME", help=N_("Where it was sold; not needed if there is only one counter.")
)
@_dry_run
@click.option("--yes", is_flag=True, help=N_("Do not ask, however much changes."))
@pass_desk
def import_(desk: Desk, file: Path, channel: str | None, dry_run: bool, yes: bool) -> int:
    """Sales from a table."""
    from syncworker.sync.sale_file import plan_table

    data = file.read_bytes()
    with desk.app() as app:
        with app.ledger.snapshot() as tx:
            plan = plan_table(tx, channel or only_counter(tx), data)
        return _take_in(desk, app, plan, file=file, dry_run=dry_run, yes=yes, large=LARGE_IMPORT)


@sale.command(
    "replay",
    example="sale replay offline.jsonl",
    help=N_(
        "Sales that were written down while nothing could be reached: one JSON object a line with id, sku, units and"
        " sold_at, and if you like channel, price, currency. All of them or none; each id is taken once, so the file can"
        " be sent again until it is known to have arrived."
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--channel", metavar="NAME", help=N_("For lines that do not say where it was sold."))
@_dry_run
@pass_desk
def replay(desk: Desk, file: Path, channel: str | None, dry_run: bool) -> int:
    """Sales written offline."""
    from syncworker.sync.sale_file import plan_offline

    data = file.read_bytes()
    with desk.app() as app:
        with app.ledger.snapshot() as tx:
            plan = plan_offline(tx, data, channel=channel or _counter_if_one(tx))
        return _take_in(desk, app, plan, file=file, dry_run=dry_run, yes=True, large=0)


def _counter_if_one(tx: Snapshot) -> str | None:
    from syncworker.errors import InputError

    try:
        return only_counter(tx)
    except InputError:
        return None


def _take_in(
    desk: Desk, app: App, plan: SalePlan, *, file: Path, dry_run: bool, yes: bool, large: int
) -> int:
    """Show the plan; record it unless it is a dry run."""
    from syncworker.interfaces.cli.progress import progress
    from syncworker.sync.sale_file import SaleState

    run_id: str | None = None
    new = len(plan.rows_that_are(SaleState.NEW))
    if not desk.as_json:
        _show_plan(desk, plan)
    if new and not dry_run:
        if large and new > large:
            desk.confirm(_("Record {n} sales?").format(n=new), yes=yes)
        run_id = app.context.new_id()
        with progress(_("Taking in")):
            app.ledger.run(lambda tx: _record(tx, plan, run_id, actor=app.settings.actor, file=file))
    _tell(desk, plan, run_id, applied=bool(new) and not dry_run)
    return DIFFERENCES if dry_run and new else OK


def _record(tx: Transaction, plan: SalePlan, run_id: str, *, actor: str, file: Path) -> None:
    """The new sales, and the run that says so."""
    from syncworker.ledger import runs
    from syncworker.ledger.runs import RunItem
    from syncworker.sync.sale_file import SaleState, record

    new = plan.rows_that_are(SaleState.NEW)
    facts = {"file": file.name, "rows": len(plan.rows), "new": len(new)}
    runs.record(tx, run_id, kind="sales", actor=actor, details=facts)
    items = [
        RunItem(
            subject=f"{row.channel}/{row.sale.reference}",
            state=row.state.value,
            details={"sku": row.sale.sku, "units": row.sale.units, "line": row.line},
        )
        for row in new
    ]
    runs.add_items(tx, run_id, items)
    record(tx, plan, actor=actor)


def _show_plan(desk: Desk, plan: SalePlan) -> None:
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import moment, number
    from syncworker.sync.sale_file import SaleState

    new = plan.rows_that_are(SaleState.NEW)
    rows = [
        [str(row.line), row.channel, row.sale.sku, number(row.sale.units), moment(row.sale.sold_at)]
        for row in new[:SHOWN]
    ]
    if rows:
        table(desk, [_("Line"), _("Channel"), _("SKU"), _("Units"), _("Sold at")], rows, right=(0, 3))
    if len(new) > SHOWN:
        desk.say(_("… and {n} more.").format(n=number(len(new) - SHOWN)))


def _tell(desk: Desk, plan: SalePlan, run_id: str | None, *, applied: bool) -> None:
    from syncworker.interfaces.figures import number
    from syncworker.sync.sale_file import SaleState

    new, known = plan.rows_that_are(SaleState.NEW), plan.rows_that_are(SaleState.KNOWN)
    rows = [
        {
            "line": row.line,
            "channel": row.channel,
            "sku": row.sale.sku,
            "units": row.sale.units,
            "reference": row.sale.reference,
            "sold_at": row.sale.sold_at,
            "state": row.state,
        }
        for row in plan.rows
    ]
    document = {"applied": applied, "run": run_id, "new": len(new), "known": len(known), "rows": rows}
    if not new:
        said = _("All {n} sales of this file are in the books already; nothing was changed.").format(
            n=number(len(known))
        )
    else:
        said = _("{new} sales are new, {known} are in the books already.").format(
            new=number(len(new)), known=number(len(known))
        )
        said += " " + (_("Taken in.") if applied else _("Nothing was changed: this was a dry run."))
    desk.answer(document, lambda: desk.say(said))


@sale.command(
    "settle",
    example="sale settle BIN-BAMBU 2 --channel galeri --reference visit-12",
    help=N_(
        "Goods on consignment were counted at a partner's place: so many are left, and what is missing was sold.\n\n"
        "The partner is a counter with a location of its own (`syncworker channel add galeri --connector counter"
        " --location galeri`); goods are brought there with `syncworker stock move`."
    ),
)
@click.argument("sku")
@click.argument("left", type=Units())
@click.option("--channel", metavar="NAME", required=True, help=N_("The partner's channel."))
@click.option("--reference", help=N_("Your own number of the visit; the same one is taken once."))
@click.option("--sold-at", type=Moment(), help=N_("When, for instance '2026-11-24 17:30'; now unless given."))
@pass_desk
def settle(
    desk: Desk, sku: str, left: int, channel: str, reference: str | None, sold_at: datetime | None
) -> int:
    """What is missing was sold."""
    from syncworker.interfaces.figures import number
    from syncworker.sync.sale import settle_count

    with desk.app() as app:
        name = f"{reference or app.context.new_id()}/{sku}"
        units, taken = app.ledger.run(
            lambda tx: settle_count(
                tx,
                channel,
                sku=sku,
                left=left,
                reference=name,
                sold_at=sold_at or datetime.now(UTC),
                actor=app.settings.actor,
            )
        )
    document = {
        "channel": channel,
        "sku": sku,
        "left": left,
        "sold": units,
        "reference": name,
        "taken": taken.orders > 0,
    }

    def show() -> None:
        if taken.orders == 0 and units:
            desk.say(_("This visit is in the books already; nothing was changed."))
        elif units == 0:
            desk.say(
                _("All {n} × {sku} are still at {channel}.").format(n=number(left), sku=sku, channel=channel)
            )
        else:
            desk.say(
                _("Sold at {channel}: {units} × {sku}; {left} are left there.").format(
                    channel=channel, units=number(units), sku=sku, left=number(left)
                )
            )

    desk.answer(document, show)
    return OK
