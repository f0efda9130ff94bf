"""What is on the shelves, and how did it come about? ``stock list|history``: page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli import paging
from syncworker.interfaces.cli.command import OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.values import Units
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.ledger.ledger import Snapshot
    from syncworker.ledger.shelves import Shelf
    from syncworker.ledger.stock import Movement, Place

#: Between the SKU and the location in the key of a page.
_AT = "@"


@click.command(
    cls=Command,
    example="stock list --low 3",
    help=N_(
        "What is on the shelves: every part that was ever counted, with what is reserved and available.\n\n"
        "--low 3 shows what is about to run out. Bundles have no count of their own: see their parts."
    ),
)
@click.option("--search", metavar="TEXT", help=N_("Only where this stands in the SKU or in the title."))
@click.option(
    "--low", type=Units(least=-1_000_000_000), metavar="N", help=N_("Only where N or fewer are available.")
)
@click.option("--location", metavar="NAME", help=N_("Only at this location."))
@click.option("--maker", metavar="NAME", help=N_("Only what this maker made."))
@paging.most
@paging.after
@pass_desk
def list_(
    desk: Desk,
    search: str | None,
    low: int | None,
    location: str | None,
    maker: str | None,
    most: int,
    after: str | None,
) -> int:
    """One page of the shelves."""
    from syncworker.ledger.shelves import Filters, page

    filters = Filters(text=search, low=low, location=location, maker=maker)
    with desk.app() as app, app.ledger.snapshot() as tx:
        found = page(tx, filters, after=_place(after), most=most + 1)
    rest = None if len(found) <= most else _AT.join(found[most - 1].place)
    shown = found[:most]
    document = {"stock": [_document(one) for one in shown], "next": rest}
    is_filtered = filters != Filters() or after is not None
    desk.answer(document, lambda: _show(desk, shown, rest, is_filtered=is_filtered))
    return OK


def _place(after: str | None) -> Place | None:
    if after is None:
        return None
    sku, _at, location = after.rpartition(_AT)
    return (sku, location) if sku else (after, "")


def _document(one: Shelf) -> dict[str, object]:
    return {
        "sku": one.sku,
        "title": one.title,
        "maker": one.maker,
        "location": one.location,
        "on_hand": one.level.on_hand,
        "reserved": one.level.reserved,
        "available": one.level.available,
        "safety_stock": one.safety_stock,
    }


def _show(desk: Desk, found: Sequence[Shelf], rest: str | None, *, is_filtered: bool) -> None:
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import number

    if not found:
        desk.say(
            _("Nothing on the shelves fits.")
            if is_filtered
            else _(
                "Nothing was counted yet. Start with `syncworker product import` or `syncworker stock set SKU N`."
            )
        )
        return
    rows = [
        [
            one.sku,
            one.title,
            one.location,
            number(one.level.on_hand),
            number(one.level.reserved),
            number(one.level.available),
        ]
        for one in found
    ]
    titles = [_("SKU"), _("Title"), _("Location"), _("On hand"), _("Reserved"), _("Available")]
    table(desk, titles, rows, right=(3, 4, 5))
    paging.tell_more(desk, rest)


@click.command(
    cls=Command,
    example="stock history BIN-BAMBU --most 20",
    help=N_(
        "How a count came about: every movement with its time, who did it, why, for which order or delivery note, and"
        " the count before and after. Newest first; nothing in it is ever changed or removed."
    ),
)
@click.argument("sku")
@click.option("--location", metavar="NAME", help=N_("Only at this location."))
@paging.most
@paging.after
@pass_desk
def history(desk: Desk, sku: str, location: str | None, most: int, after: str | None) -> int:
    """Movements of one part."""
    from syncworker.interfaces.cli.nearest import check_sku
    from syncworker.ledger import stock

    before = _number(after)
    with desk.app() as app, app.ledger.snapshot() as tx:
        check_sku(tx, sku)
        _refuse_bundle(tx, sku)
        found = stock.history(tx, sku, location=location, before=before, most=most + 1)
    rest = None if len(found) <= most else str(found[most - 1].id)
    shown = found[:most]
    document = {"sku": sku, "movements": [_movement(one) for one in shown], "next": rest}
    desk.answer(document, lambda: _show_history(desk, sku, shown, rest))
    return OK


def _number(after: str | None) -> int | None:
    if after is not None and not (after.isascii() and after.isdigit() and len(after) < 19):
        raise InputError(_("--after {key} is not the number of a movement.").format(key=repr(after)))
    return None if after is None else int(after)


def _refuse_bundle(tx: Snapshot, sku: str) -> None:
    from syncworker.ledger.products import recipe_of

    recipe = recipe_of(tx, [sku])[sku]
    if set(recipe) != {sku}:
        raise InputError(
            _("{sku} is a bundle and has no count of its own. See the history of its parts: {parts}.").format(
                sku=sku, parts=", ".join(sorted(recipe))
            )
        )


def _movement(one: Movement) -> dict[str, object]:
    return {
        "id": one.id,
        "at": one.at,
        "location": one.location,
        "kind": one.kind,
        "on_hand": {"before": one.before.on_hand, "after": one.after.on_hand},
        "reserved": {"before": one.before.reserved, "after": one.after.reserved},
        "source": one.source,
        "reference": one.reference,
        "line": one.line,
        "step": one.step,
        "actor": one.actor,
        "note": one.note,
    }


def _show_history(desk: Desk, sku: str, found: Sequence[Movement], rest: str | None) -> None:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import moment

    if not found:
        desk.say(_("{sku} has never moved.").format(sku=sku))
        return
    rows = [
        [
            moment(one.at),
            one.location,
            words.movement(one.kind),
            words.step(one.before.on_hand, one.after.on_hand),
            words.step(one.before.reserved, one.after.reserved),
            one.actor,
            f"{one.source} {one.reference}".strip(),
            one.note,
        ]
        for one in found
    ]
    titles = [_("When"), _("Location"), _("What"), _("On hand"), _("Reserved"), _("Who"), _("For"), _("Why")]
    table(desk, titles, rows, right=(3, 4))
    paging.tell_more(desk, rest)
