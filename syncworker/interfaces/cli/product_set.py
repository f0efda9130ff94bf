"""What do we know of a product beside its count? ``product set``: its maker, and what the maker gets for each unit."""

from __future__ import annotations

from decimal import Decimal

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.values import Amount
from syncworker.interfaces.language import N_, _


@click.command(
    cls=Command,
    example="product set BIN-BAMBU --maker 'Pak Slamet' --premium 5000",
    help=N_(
        "Say who makes a product and what the maker gets for each unit that is sold from now on, in the product's currency."
        " Units that were sold before keep the maker and premium that they were sold with. See `syncworker report premium`."
    ),
)
@click.argument("sku")
@click.option("--maker", metavar="NAME", help=N_("Who makes it."))
@click.option("--no-maker", is_flag=True, help=N_("Nobody gets anything for it any more."))
@click.option("--premium", type=Amount(), help=N_("What the maker gets for each unit sold."))
@pass_desk
def product_set(desk: Desk, sku: str, maker: str | None, no_maker: bool, premium: Decimal | None) -> int:
    """Maker and premium."""
    from syncworker.sync.makers import set_maker

    if no_maker and (maker is not None or premium is not None):
        raise InputError(_("--no-maker takes maker and premium away: give it alone."))
    if not no_maker and maker is None and premium is None:
        raise InputError(_("Say what to set: --maker, --premium or --no-maker."))
    with desk.app() as app:
        after = app.ledger.run(lambda tx: set_maker(tx, sku, maker=maker, premium=premium, remove=no_maker))
    document = {
        "sku": sku,
        "maker": after.maker,
        "maker_premium": after.maker_premium,
        "currency": after.currency,
    }

    def show() -> None:
        from syncworker.interfaces.figures import money

        if after.maker is None:
            desk.say(_("{sku}: no maker.").format(sku=sku))
            return
        desk.say(
            _("{sku}: made by {maker}, who gets {premium} for each unit sold from now on.").format(
                sku=sku,
                maker=after.maker,
                premium=money(after.maker_premium or Decimal(0), after.currency) or after.maker_premium or 0,
            )
        )

    desk.answer(document, show)
    return OK
