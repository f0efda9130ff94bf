"""What would my settings do? ``simulate``: the same buyers under each policy, in virtual time; nothing real is touched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.simulate_typed import PolicyTyped, Share, ShopTyped
from syncworker.interfaces.cli.values import Units
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.core.model import PolicyChoice
    from syncworker.forecast.building import ShopWish
    from syncworker.forecast.outcome import Forecast
    from syncworker.forecast.setting import Setting
    from syncworker.interfaces.cli.simulate_wishes import Typed

#: Runs unless told otherwise: of a model's buyers, and of a history, whose buyers are always the same.
USUAL_SEEDS, USUAL_SEEDS_OF_HISTORY = 20, 5
#: Visits in all runs together; a million take some minutes where all of them buy.
MOST_VISITS = 20_000_000


@click.command(
    cls=Command,
    example="simulate --rate 60 --stock 36 --policy escrow --policy shared --svg policies.svg",
    help=N_(
        "What would my settings do? The same buyers come to your shops once under each policy: how many units are sold"
        " twice, how many are sold, how many visits find nothing, how many requests it takes. Played in virtual time with"
        " the engine's own rules, many times over; no shop is asked, and nothing in your books changes.\n\n"
        "Who comes? Your own orders (--orders FILE: time, channel, sku, quantity; or --from-ledger), or so many visits an"
        " hour (--rate). What goes wrong? Nothing, unless you say: --cancel 5% --lost-answers 1% --late-listings 1%.\n\n"
        "Give --policy and --poll more than once to compare: --policy escrow --policy shared:10 --poll 10 --poll 300."
    ),
)
@click.option(
    "--orders",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help=N_("Orders as they came, from a .csv or .xlsx file: time, channel, sku, quantity."),
)
@click.option(
    "--from-ledger",
    is_flag=True,
    help=N_(
        "The orders, shops and goods that your books know; what lay there before these orders is put back."
    ),
)
@click.option(
    "--rate",
    type=click.FloatRange(0, 100_000, min_open=True),
    metavar="VISITS",
    help=N_("So many visits an hour, at random (60 unless orders are given)."),
)
@click.option(
    "--hours",
    type=click.FloatRange(0, 87_660, min_open=True),
    metavar="H",
    help=N_("For so long (12 with --rate; orders are played to their end)."),
)
@click.option(
    "--stock",
    type=Units(least=1),
    metavar="N",
    help=N_("Units of each SKU (36; with orders four fifths of what they ask for, so that each runs out)."),
)
@click.option(
    "--catalogue",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help=N_("The goods and their counts, as `syncworker product import` takes them; bundles too."),
)
@click.option(
    "--short",
    type=Share(),
    default="0%",
    metavar="%",
    help=N_(
        "So much less of everything: recorded orders found their units, so only with fewer of them policies differ."
    ),
)
@click.option(
    "--shops",
    type=ShopTyped(),
    multiple=True,
    metavar="NAME:HOW:SHARE",
    help=N_(
        "A shop, how its number is changed (set, compare, adjust; counter for a stall) and its share of the visits; once for"
        " each. Four shops that can only be set, unless told otherwise."
    ),
)
@click.option(
    "--policy",
    "policies",
    type=PolicyTyped(),
    multiple=True,
    metavar="escrow|shared|shared:N",
    help=N_("To be tried; shared:10 is escrow below 10 units. Both, unless told otherwise."),
)
@click.option(
    "--poll",
    "polls",
    type=click.FloatRange(1, 86_400),
    multiple=True,
    metavar="S",
    help=N_("Seconds between two looks for orders (60; your own with --from-ledger)."),
)
@click.option(
    "--visibility",
    type=click.FloatRange(0, 86_400),
    metavar="S",
    help=N_("Seconds within which a shop promises to list an order (120; your own with --from-ledger)."),
)
@click.option(
    "--cancel", type=Share(), default="0%", metavar="%", help=N_("Of the orders, cancelled within an hour.")
)
@click.option(
    "--restock",
    type=Share(),
    default="50%",
    show_default=True,
    metavar="%",
    help=N_("Of these, put on sale again by the shop itself; of the others we only hear."),
)
@click.option(
    "--lost-answers",
    type=Share(),
    default="0%",
    metavar="%",
    help=N_("Of the numbers sent, never answered: they land at once, late, or not at all."),
)
@click.option(
    "--late-listings", type=Share(), default="0%", metavar="%", help=N_("Of the orders, listed late.")
)
@click.option(
    "--late-by",
    type=click.FloatRange(0, 86_400),
    metavar="S",
    help=N_(
        "So late (as late as --visibility allows). More than that breaks the shop's promise, and then nobody can keep ours."
    ),
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 10_000),
    metavar="N",
    help=N_("Runs of each, with other buyers and other luck (20; 5 with orders)."),
)
@click.option(
    "--svg",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=N_("Draw it into this file."),
)
@click.option("--force", is_flag=True, help=N_("Replace the file if it is there already."))
@pass_desk
def simulate(
    desk: Desk,
    orders: Path | None,
    from_ledger: bool,
    rate: float | None,
    hours: float | None,
    stock: int | None,
    catalogue: Path | None,
    short: float,
    shops: tuple[ShopWish, ...],
    policies: tuple[PolicyChoice, ...],
    polls: tuple[float, ...],
    visibility: float | None,
    cancel: float,
    restock: float,
    lost_answers: float,
    late_listings: float,
    late_by: float | None,
    seeds: int | None,
    svg: Path | None,
    force: bool,
) -> int:
    """One comparison."""
    from syncworker.interfaces.cli.simulate_wishes import Typed

    _check_picture(svg, force=force)
    typed = Typed(
        orders=orders,
        from_ledger=from_ledger,
        rate=rate,
        hours=hours,
        stock=stock,
        catalogue=catalogue,
        short=short,
        shops=shops,
        policies=policies,
        polls=polls,
        visibility_s=visibility,
        cancelled=cancel,
        restocked=restock,
        lost_answers=lost_answers,
        late_listings=late_listings,
        late_by_s=late_by,
    )
    usual = USUAL_SEEDS_OF_HISTORY if typed.is_replay else USUAL_SEEDS
    return _run(desk, typed, seeds or usual, svg)


def _check_picture(svg: Path | None, *, force: bool) -> None:
    if svg is None:
        return
    if svg.suffix.lower() != ".svg":
        raise InputError(_("{file} does not end in .svg. Give it a name that does.").format(file=svg))
    if svg.exists() and not force:
        raise InputError(
            _("{file} is there already. Choose another name, or add --force to replace it.").format(file=svg)
        )


def _run(desk: Desk, typed: Typed, seeds: int, svg: Path | None) -> int:
    from syncworker.forecast.building import settings_of
    from syncworker.interfaces.cli.simulate_picture import draw
    from syncworker.interfaces.cli.simulate_show import document, show
    from syncworker.interfaces.cli.simulate_wishes import wishes_of

    wishes = wishes_of(desk, typed)
    settings = settings_of(wishes)
    _check_size(wishes.demand.visits * len(settings) * seeds)
    found = _played(settings, seeds)
    if svg is not None:
        _write(svg, draw(wishes, found))
    desk.answer(document(wishes, found, svg), lambda: show(desk, wishes, found, svg))
    return OK


def _check_size(visits: float) -> None:
    from syncworker.interfaces.figures import number

    if visits > MOST_VISITS:
        raise InputError(
            _(
                "That would be {n} visits in all, and more than {most} take hours. Choose fewer --seeds or --hours, or a"
                " smaller --rate."
            ).format(n=number(round(visits)), most=number(MOST_VISITS))
        )


def _played(settings: list[Setting], seeds: int) -> list[Forecast]:
    from syncworker.forecast.outcome import forecast
    from syncworker.interfaces.cli.progress import progress

    runs = 0
    with progress(_("Playing"), len(settings) * seeds) as done:

        def one_more() -> None:
            nonlocal runs
            runs += 1
            done(runs)

        return [forecast(setting, range(seeds), done=one_more) for setting in settings]


def _write(svg: Path, picture: str) -> None:
    try:
        svg.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise InputError(
            _("{file} could not be written: {error}.").format(file=svg, error=error.strerror)
        ) from error
