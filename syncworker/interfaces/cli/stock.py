"""How many units are there, and where? ``stock list|show|history|set|adjust|receive|move|import|export``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncworker.interfaces.cli.command import OK, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.export import stock_export
from syncworker.interfaces.cli.product import take_in
from syncworker.interfaces.cli.stock_list import history, list_
from syncworker.interfaces.cli.values import Moment, Units
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.bootstrap import App
    from syncworker.core.availability import StockLevel
    from syncworker.ledger.stock import Place
    from syncworker.sync.resync import PlanRow

_location = click.option("--location", default="main", show_default=True, help=N_("Where the goods are."))


@click.group(cls=Group, help=N_("How many units are there: counts, goods in, corrections."))
def stock() -> None:
    """The noun."""


stock.add_command(list_, "list")
stock.add_command(history, "history")
stock.add_command(stock_export, "export")


@stock.command(
    "show",
    example="stock show BIN-BAMBU",
    help=N_(
        "On hand, reserved for orders, and available, of these SKUs or of all. `syncworker explain SKU` says why."
    ),
)
@click.argument("skus", nargs=-1)
@pass_desk
def show(desk: Desk, skus: tuple[str, ...]) -> int:
    """Levels."""
    from syncworker.errors import UnknownSkuError
    from syncworker.ledger.products import recipe_of
    from syncworker.ledger.stock import levels

    with desk.app() as app, app.ledger.snapshot() as tx:
        recipes = recipe_of(tx, skus)
        for sku in skus:
            if sku not in recipes:
                raise UnknownSkuError(sku)
        found = levels(tx, {part for recipe in recipes.values() for part in recipe} if skus else None)
    desk.answer(
        {"stock": [_level_document(place, level) for place, level in found.items()]},
        lambda: _show(desk, found),
    )
    return OK


def _show(desk: Desk, found: dict[Place, StockLevel]) -> None:
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import number

    if not found:
        desk.say(
            _(
                "Nothing was counted yet. Start with `syncworker product import` or `syncworker stock set SKU N`."
            )
        )
        return
    rows = [
        [sku, location, number(level.on_hand), number(level.reserved), number(level.available)]
        for (sku, location), level in found.items()
    ]
    table(desk, [_("SKU"), _("Location"), _("On hand"), _("Reserved"), _("Available")], rows, right=(2, 3, 4))


@stock.command(
    "set",
    example='stock set BIN-BAMBU 34 --note "counted on Sunday"',
    help=N_(
        "A stock-take: you counted, and this many are there. Shows before and after, and what follows at the channels.\n\n"
        "Count everything that is in the house, goods of orders that wait to be shipped included. The channels are"
        " pulled first, so that what was shipped by now is recorded. If you counted earlier, say when with --as-of:"
        " what was shipped since then is taken off."
    ),
)
@click.argument("sku")
@click.argument("units", type=Units())
@_location
@click.option("--as-of", type=Moment(), help=N_("When it was counted, for instance '2026-11-24 17:30'."))
@click.option("--note", default="", help=N_("A remark for the books."))
@click.option("--pull/--no-pull", default=True, help=N_("Pull the channels first (the default), or not."))
@pass_desk
def set_(
    desk: Desk, sku: str, units: int, location: str, as_of: datetime | None, note: str, pull: bool
) -> int:
    """A count."""
    from syncworker.ledger.stocktaking import Counted
    from syncworker.sync import goods
    from syncworker.sync.stocktake import pull_first

    with desk.app() as app:
        before = _level(app, sku, location)
        missed = pull_first(app.context) if pull else ()
        for name in missed:
            desk.note(
                _("{channel} could not be pulled now: check for orders shipped there lately.").format(
                    channel=name
                )
            )
        reference = app.context.new_id()
        counted = [Counted(sku=sku, location=location, units=units)]
        levels = app.ledger.run(
            lambda tx: goods.count(
                tx, counted, reference=reference, actor=app.settings.actor, as_of=as_of, note=note
            )
        )
        _tell_change(desk, app, sku, location, before, levels[sku, location])
    return OK


@stock.command(
    "receive",
    example="stock receive PENGKI-BAMBU 20 --note 'from Kelompok Bambu A'",
    help=N_("Goods in: so many more are there now."),
)
@click.argument("sku")
@click.argument("units", type=Units(least=1))
@_location
@click.option("--note", default="", help=N_("A remark for the books."))
@click.option("--reference", help=N_("Delivery note; the same one is taken once."))
@pass_desk
def receive(desk: Desk, sku: str, units: int, location: str, note: str, reference: str | None) -> int:
    """Goods in."""
    from syncworker.sync import goods

    with desk.app() as app:
        before = _level(app, sku, location)
        name = reference or app.context.new_id()
        after = app.ledger.run(
            lambda tx: goods.receive(
                tx, sku, location, units, reference=name, actor=app.settings.actor, note=note
            )
        )
        _tell_change(desk, app, sku, location, before, after)
    return OK


@stock.command(
    "adjust",
    example="stock adjust SAPU-GLAGAH -2 --reason 'broken in the rain'",
    help=N_("A correction: so many more (3) or less (-3) are there, and why."),
)
@click.argument("sku")
@click.argument("units", type=Units(least=-1_000_000_000))
@_location
@click.option("--reason", required=True, help=N_("Why; it stands in the books for ever."))
@pass_desk
def adjust(desk: Desk, sku: str, units: int, location: str, reason: str) -> int:
    """A correction."""
    from syncworker.sync import goods

    with desk.app() as app:
        before = _level(app, sku, location)
        reference = app.context.new_id()
        after = app.ledger.run(
            lambda tx: goods.adjust(
                tx, sku, location, units, reason=reason, reference=reference, actor=app.settings.actor
            )
        )
        _tell_change(desk, app, sku, location, before, after)
    return OK


@stock.command(
    "move",
    example="stock move BIN-BAMBU 6 --to galeri --note 'on consignment'",
    help=N_(
        "Goods carried from one location to another, for instance to a partner who sells them for you. What is promised"
        " to an order stays where it is."
    ),
)
@click.argument("sku")
@click.argument("units", type=Units(least=1))
@click.option("--from", "origin", default="main", show_default=True, help=N_("Where the goods were."))
@click.option("--to", "target", required=True, help=N_("Where the goods are now."))
@click.option("--note", default="", help=N_("A remark for the books."))
@click.option("--reference", help=N_("Delivery note; the same one is taken once."))
@pass_desk
def move(desk: Desk, sku: str, units: int, origin: str, target: str, note: str, reference: str | None) -> int:
    """Goods from here to there."""
    from syncworker.sync import goods

    with desk.app() as app:
        before = {place: _level(app, sku, place) for place in (origin, target)}
        name = reference or app.context.new_id()
        after = app.ledger.run(
            lambda tx: goods.move(
                tx,
                sku,
                units,
                origin=origin,
                target=target,
                reference=name,
                actor=app.settings.actor,
                note=note,
            )
        )
    document = {
        "sku": sku,
        "from": {"location": origin, "before": _counts(before[origin]), "after": _counts(after[sku, origin])},
        "to": {"location": target, "before": _counts(before[target]), "after": _counts(after[sku, target])},
    }
    desk.answer(document, lambda: _show_move(desk, sku, before, after))
    return OK


def _show_move(desk: Desk, sku: str, before: dict[str, StockLevel], after: dict[Place, StockLevel]) -> None:
    from syncworker.interfaces.figures import number

    for place, level in before.items():
        desk.say(
            _("{sku} at {location}: on hand {before} → {after}.").format(
                sku=sku,
                location=place,
                before=number(level.on_hand),
                after=number(after[sku, place].on_hand),
            )
        )


@stock.command(
    "import",
    example="stock import counted.csv --dry-run",
    help=N_(
        "A stock-take from a CSV file, or the first sheet of an .xlsx workbook, with the columns sku, on_hand and if you"
        " like location: all of it or nothing.\n\n"
        "An empty cell is a mistake, never 0. SKUs that the file does not name keep their count."
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_location
@click.option(
    "--dry-run", is_flag=True, help=N_("Only show what would change (exit code 3 if anything would).")
)
@click.option("--pull/--no-pull", default=True, help=N_("Pull the channels first (the default), or not."))
@click.option("--yes", is_flag=True, help=N_("Do not ask, however much changes."))
@pass_desk
def import_(desk: Desk, file: Path, location: str, dry_run: bool, pull: bool, yes: bool) -> int:
    """Counts from a file."""
    from syncworker.sync.catalogue import plan_counts
    from syncworker.sync.stocktake import pull_first

    data = file.read_bytes()
    with desk.app() as app:
        for name in pull_first(app.context) if pull and not dry_run else ():
            desk.note(
                _("{channel} could not be pulled now: check for orders shipped there lately.").format(
                    channel=name
                )
            )
        with app.ledger.snapshot() as tx:
            plan = plan_counts(tx, data, location=location)
        return take_in(desk, app, plan, file=file, dry_run=dry_run, yes=yes)


def _level(app: App, sku: str, location: str) -> StockLevel:
    from syncworker.core.availability import StockLevel
    from syncworker.ledger.stock import levels

    with app.ledger.snapshot() as tx:
        return levels(tx, [sku]).get((sku, location), StockLevel(0, 0))


def _tell_change(
    desk: Desk, app: App, sku: str, location: str, before: StockLevel, after: StockLevel
) -> None:
    """Before → after, and what every channel will be told."""
    from syncworker.ledger import channels
    from syncworker.ledger.pools import skus_using
    from syncworker.sync.resync import plan_rows

    with app.ledger.snapshot() as tx:
        concerned = set(skus_using(tx, [sku]))
        names = [channel.name for channel in channels.all_channels(tx)]
        rows = [row for row in plan_rows(tx, names) if row.sku in concerned]
    document = {
        "sku": sku,
        "location": location,
        "before": _counts(before),
        "after": _counts(after),
        "channels": [plan_document(row) for row in rows],
    }
    desk.answer(document, lambda: _show_change(desk, sku, before, after, rows))


def _show_change(
    desk: Desk, sku: str, before: StockLevel, after: StockLevel, rows: Sequence[PlanRow]
) -> None:
    from syncworker.interfaces.figures import number

    desk.say(
        _("{sku}: on hand {before} → {after}, reserved {reserved}, available {available}.").format(
            sku=sku,
            before=number(before.on_hand),
            after=number(after.on_hand),
            reserved=number(after.reserved),
            available=number(after.available),
        )
    )
    if after.available < 0:
        desk.say(_("More is promised than there is. See `syncworker incident list`."))
    show_plan(desk, rows)


def show_plan(desk: Desk, rows: Sequence[PlanRow]) -> None:
    """What every channel shows, should show, is sent next, and why."""
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import number, number_or_unknown

    if not rows:
        desk.say(_("No channel sells it."))
        return
    cells = [
        [
            row.channel,
            row.sku,
            number_or_unknown(row.shown),
            number_or_unknown(row.exposure),
            number(row.target),
            "–" if row.kind is None or row.value is None else words.push_value(row.kind.value, row.value),
            plan_sentence(row),
        ]
        for row in rows
    ]
    titles = [_("Channel"), _("SKU"), _("Shows"), _("May sell"), _("Should show"), _("Next push"), _("Why")]
    table(desk, titles, cells, right=(2, 3, 4))


def plan_sentence(row: PlanRow) -> str:
    """The reason in the language spoken; a parked pool's in the channel's own words."""
    from syncworker.core.allocator import Reason
    from syncworker.core.decision import SENTENCES
    from syncworker.interfaces.cli import words

    is_ours = row.sentence == SENTENCES[Reason(row.reason)]
    return words.reason(Reason(row.reason)) if is_ours else row.sentence


def plan_document(row: PlanRow) -> dict[str, object]:
    """One row of a plan for programs."""
    from dataclasses import asdict

    return {**asdict(row), "sentence": plan_sentence(row)}


def _level_document(place: Place, level: StockLevel) -> dict[str, object]:
    return {"sku": place[0], "location": place[1], **_counts(level)}


def _counts(level: StockLevel) -> dict[str, object]:
    return {"on_hand": level.on_hand, "reserved": level.reserved, "available": level.available}
