"""What do we sell? ``product import|export|list|set|publish``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncworker.interfaces.cli.command import DIFFERENCES, OK, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.export import product_export
from syncworker.interfaces.cli.listing import publish_at
from syncworker.interfaces.cli.product_set import product_set
from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.bootstrap import App
    from syncworker.ledger.ledger import Transaction
    from syncworker.ledger.products import Product
    from syncworker.ledger.runs import RunItem
    from syncworker.sync.catalogue import ImportPlan, ImportRow

#: An import that changes more rows than this is asked about.
LARGE_IMPORT = 500


@click.group(cls=Group, help=N_("What we sell: products, and bundles that are made of them."))
def product() -> None:
    """The noun."""


product.add_command(product_export, "export")
product.add_command(product_set, "set")


@product.command(
    "import",
    example="product import config/catalogue.csv --dry-run",
    help=N_(
        "Take in a catalogue from a CSV file or the first sheet of an .xlsx workbook: all of it or nothing.\n\n"
        "Columns: sku, title, on_hand, and if you like price, currency, parts, maker, maker_premium, description,"
        " images (https addresses with spaces between them). A bundle names its parts (BIN-BAMBU:1;SAPU-GLAGAH:1) and"
        " leaves on_hand empty, since it follows them; every other row must have a number. Each mistake is named with its line. Importing the same file again changes nothing."
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--location", default="main", show_default=True, help=N_("Where the goods are."))
@click.option(
    "--dry-run", is_flag=True, help=N_("Only show what would change (exit code 3 if anything would).")
)
@click.option("--yes", is_flag=True, help=N_("Do not ask, however much changes."))
@pass_desk
def import_(desk: Desk, file: Path, location: str, dry_run: bool, yes: bool) -> int:
    """Products and their counts."""
    from syncworker.sync.catalogue import plan_products

    data = file.read_bytes()
    with desk.app() as app:
        with app.ledger.snapshot() as tx:
            plan = plan_products(tx, data, location=location)
        return take_in(desk, app, plan, file=file, dry_run=dry_run, yes=yes)


def take_in(desk: Desk, app: App, plan: ImportPlan, *, file: Path, dry_run: bool, yes: bool) -> int:
    """Show the plan; apply it unless it is a dry run."""
    from syncworker.bootstrap import register_channels
    from syncworker.interfaces.cli.progress import progress
    from syncworker.sync.catalogue import RowState

    run_id: str | None = None
    changing = len(plan.rows) - len(plan.rows_that_are(RowState.UNCHANGED))
    if not desk.as_json:
        _show_plan(desk, plan)
    if not dry_run and not plan.is_empty:
        _ask(desk, app, plan, changing, yes=yes)
        run_id = app.context.new_id()
        with progress(_("Taking in")):
            app.ledger.run(lambda tx: _apply(tx, plan, run_id, actor=app.settings.actor, file=file))
            # A counter offers every product.
            register_channels(app)
    _tell_outcome(desk, plan, dry_run=dry_run, run_id=run_id)
    return DIFFERENCES if dry_run and not plan.is_empty else OK


def _ask(desk: Desk, app: App, plan: ImportPlan, changing: int, *, yes: bool) -> None:
    """Large imports are asked about, and those that would empty a large share of the shelves: a wrong file looks like that."""
    from syncworker.core.brake import brakes
    from syncworker.core.drift import DriftRules
    from syncworker.sync.catalogue import emptied

    usual = DriftRules()
    with app.ledger.snapshot() as tx:
        sweep = emptied(tx, plan)
    if brakes(sweep, share=usual.brake_share, least=usual.brake_least):
        question = _("{zeroed} of {all} counts would fall to 0. Take that in?")
        desk.confirm(question.format(zeroed=sweep.zeroed, all=sweep.listings), yes=yes)
    elif changing > LARGE_IMPORT:
        desk.confirm(_("Change {n} rows?").format(n=changing), yes=yes)


def _apply(tx: Transaction, plan: ImportPlan, run_id: str, *, actor: str, file: Path) -> None:
    """All of it, and the run that says so: its movements have the run's id as their reference."""
    from syncworker.ledger import runs
    from syncworker.sync.catalogue import RowState, apply_plan

    changing = [row for row in plan.rows if row.state is not RowState.UNCHANGED]
    facts = {"file": file.name, "rows": len(plan.rows), "changed": len(changing), "location": plan.location}
    runs.record(tx, run_id, kind="import", actor=actor, details=facts)
    runs.add_items(tx, run_id, [_item(row) for row in changing])
    apply_plan(tx, plan, reference=run_id, actor=actor)


def _item(row: ImportRow) -> RunItem:
    from syncworker.interfaces.cli.plain import plain
    from syncworker.ledger.runs import RunItem

    changes = {each.field: [each.before, each.after] for each in row.changes}
    subject = row.sku if row.location == "main" else f"{row.sku}@{row.location}"
    return RunItem(
        subject=subject, state=row.state.value, details=json.loads(json.dumps(changes, default=plain))
    )


def _tell_outcome(desk: Desk, plan: ImportPlan, *, dry_run: bool, run_id: str | None) -> None:
    from syncworker.sync.catalogue import RowState

    counts = {state.value: len(plan.rows_that_are(state)) for state in RowState}
    rows = [
        {
            "line": row.line,
            "sku": row.sku,
            "location": row.location,
            "state": row.state,
            "changes": [
                {"field": each.field, "before": each.before, "after": each.after} for each in row.changes
            ],
        }
        for row in plan.rows
    ]
    applied = not dry_run and not plan.is_empty
    document = {"applied": applied, "run": run_id, **counts, "rows": rows}
    said = _("{new} new, {changed} changed, {unchanged} unchanged.").format(**counts)
    if dry_run and not plan.is_empty:
        said += " " + _("Nothing was changed: this was a dry run.")
    elif applied:
        said += " " + _("Taken in.")
    desk.answer(document, lambda: desk.say(said))


def _show_plan(desk: Desk, plan: ImportPlan) -> None:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import table
    from syncworker.sync.catalogue import RowState

    rows = [
        [
            str(row.line),
            row.sku,
            words.state(row.state.value),
            ", ".join(f"{each.field}: {_shown(each.before)} → {_shown(each.after)}" for each in row.changes),
        ]
        for row in plan.rows
        if row.state is not RowState.UNCHANGED
    ]
    if rows:
        table(desk, [_("Line"), _("SKU"), _("State"), _("Change")], rows, right=(0,))


def _shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, dict):
        return ";".join(f"{part}:{units}" for part, units in value.items())
    return " ".join(value) if isinstance(value, tuple) else str(value).replace("\n", " / ")


@product.command("list", example="product list", help=N_("The catalogue: prices, parts of bundles, makers."))
@click.argument("skus", nargs=-1)
@pass_desk
def list_(desk: Desk, skus: tuple[str, ...]) -> int:
    """All products, or these."""
    from syncworker.errors import UnknownSkuError
    from syncworker.ledger.products import list_products

    with desk.app() as app, app.ledger.snapshot() as tx:
        found = list_products(tx, skus or None)
    known = {one.sku for one in found}
    for sku in skus:
        if sku not in known:
            raise UnknownSkuError(sku)
    desk.answer({"products": [_document(one) for one in found]}, lambda: _show(desk, found))
    return OK


def _show(desk: Desk, found: list[Product]) -> None:
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import money, number

    if not found:
        desk.say(_("The catalogue is empty. Start with `syncworker product import config/catalogue.csv`."))
        return
    rows = [
        [
            one.sku,
            one.title,
            money(one.price, one.currency),
            " + ".join(f"{number(units)} × {part}" for part, units in one.parts.items()),
            one.maker or "",
            money(one.maker_premium, one.currency),
            number(one.safety_stock) if one.safety_stock else "",
        ]
        for one in found
    ]
    titles = [_("SKU"), _("Title"), _("Price"), _("Parts"), _("Maker"), _("Maker's share"), _("Safety stock")]
    table(desk, titles, rows, right=(2, 5, 6))
    desk.say(ngettext("{n} product.", "{n} products.", len(found)).format(n=number(len(found))))


def _document(one: Product) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(one)


@product.command(
    "publish",
    example="product publish tiktok BIN-BAMBU",
    help=N_(
        "List products at a channel, with quantity 0; their numbers follow by the rule. Without SKUs: all that are not"
        " listed there yet. The same as `syncworker listing publish`."
    ),
)
@click.argument("channel")
@click.argument("skus", nargs=-1)
@pass_desk
def publish(desk: Desk, channel: str, skus: tuple[str, ...]) -> int:
    """List products at a channel."""
    return publish_at(desk, channel, skus)
