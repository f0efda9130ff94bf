"""What was sold where nobody tells us: over the counter, by message, at a partner's? ``sale add|import|replay|settle``."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import OK, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.values import Amount, Moment, Units
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.connector.contract import Money
    from syncworker.core.availability import StockLevel
    from syncworker.ledger.ledger import Snapshot
    from syncworker.ledger.products import Product


@click.group(cls=Group, help=N_("What was sold over the counter, by message or at a partner's place."))
def sale() -> None:
    """The noun."""


@sale.command(
    "add",
    example="sale add BIN-BAMBU 2 --reference bon-118",
    help=N_(
        "A sale over the counter, or by message at a channel that takes no orders (--channel instagram). The shops are"
        " told, and if somebody goes short an incident says who. More than is on hand is asked about first, for it is"
        " mostly a typing mistake; with --yes it is taken as it is: it has happened.\n\n"
        "With a reference of your own (a receipt's number) the same sale typed in twice counts once."
    ),
)
@click.argument("sku")
@click.argument("units", type=Units(least=1), default=1)
@click.option(
    "--channel", metavar="NAME", help=N_("Where it was sold; not needed if there is only one counter.")
)
@click.option("--reference", help=N_("Your own number of the sale; the same one is taken once."))
@click.option("--price", type=Amount(), help=N_("Price of one, if it differs from the catalogue's."))
@click.option("--currency", help=N_("Currency of the price; the catalogue's unless given."))
@click.option("--sold-at", type=Moment(), help=N_("When, for instance '2026-11-24 17:30'; now unless given."))
@click.option("--yes", is_flag=True, help=N_("Do not ask, even if more was sold than is on hand."))
@pass_desk
def add(
    desk: Desk,
    sku: str,
    units: int,
    channel: str | None,
    reference: str | None,
    price: Decimal | None,
    currency: str | None,
    sold_at: datetime | None,
    yes: bool,
) -> int:
    """A sale that has happened."""
    from syncworker.ledger.stock import levels
    from syncworker.sync.sale import add_sale, more_than_on_hand

    with desk.app() as app:
        number = reference or app.context.new_id()
        with app.ledger.snapshot() as tx:
            name = channel or only_counter(tx)
            one = _product(tx, sku)
            there = more_than_on_hand(tx, name, sku=sku, units=units, reference=number)
        money = _money(one, price, currency)
        if there:
            desk.confirm(_question(sku, units, there), yes=yes)
        taken = app.ledger.run(
            lambda tx: add_sale(
                tx,
                name,
                sku=sku,
                units=units,
                reference=number,
                sold_at=sold_at or datetime.now(UTC),
                actor=app.settings.actor,
                price=money,
            )
        )
        with app.ledger.snapshot() as tx:
            left = {place[0]: level for place, level in levels(tx, one.recipe).items()}
    is_new = taken.orders > 0
    document = {"channel": name, "sku": sku, "units": units, "reference": number, "taken": is_new}
    document["available"] = {part: level.available for part, level in left.items()}
    desk.answer(document, lambda: _show(desk, sku, units, name, is_new, left))
    return OK


def _question(sku: str, units: int, there: dict[str, int]) -> str:
    from syncworker.interfaces.figures import number

    named = ", ".join(f"{number(on_hand)} × {part}" for part, on_hand in there.items())
    return _("Only {there} on hand, and {units} × {sku} sold: is that so?").format(
        there=named, units=number(units), sku=sku
    )


def _show(desk: Desk, sku: str, units: int, name: str, taken: bool, left: dict[str, StockLevel]) -> None:
    from syncworker.interfaces.figures import number

    if taken:
        desk.say(_("Sold at {channel}: {units} × {sku}.").format(channel=name, units=number(units), sku=sku))
    else:
        desk.say(_("This sale is in the books already; nothing was changed."))
    for part, level in left.items():
        desk.say(_("{sku}: {n} available.").format(sku=part, n=number(level.available)))
    if any(level.available < 0 for level in left.values()):
        desk.say(_("More is promised than there is. See `syncworker incident list`."))


def only_counter(tx: Snapshot) -> str:
    """The one counter there is; InputError if there is none, or more than one."""
    from syncworker.ledger.channels import all_channels

    counters = [one.name for one in all_channels(tx) if one.rules.own_number]
    if len(counters) == 1:
        return counters[0]
    if not counters:
        raise InputError(
            _("There is no counter yet. Add one: `syncworker channel add counter --connector counter`.")
        )
    raise InputError(_("Which counter? Say it with --channel: {names}.").format(names=", ".join(counters)))


def _product(tx: Snapshot, sku: str) -> Product:
    from syncworker.errors import UnknownSkuError
    from syncworker.ledger.products import list_products

    found = list_products(tx, [sku])
    if not found:
        raise UnknownSkuError(sku)
    return found[0]


def _money(one: Product, price: Decimal | None, currency: str | None) -> Money | None:
    from syncworker.connector.contract import Money

    if currency is not None and one.currency is not None and currency != one.currency:
        raise InputError(
            _(
                "{sku} is sold in {ours}, not in {theirs}. Give the price in {ours}, or correct the catalogue."
            ).format(sku=one.sku, ours=one.currency, theirs=currency)
        )
    amount, unit = price if price is not None else one.price, currency or one.currency
    if amount is None or unit is None:
        return None
    return Money(amount, unit)
