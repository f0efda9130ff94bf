"""What if a number can never be read again? ``pool assume``."""

from __future__ import annotations

import click

from syncworker.interfaces.cli.command import OK, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.values import Units
from syncworker.interfaces.language import N_, _


@click.group(cls=Group, help=N_("One number at a channel that buyers take from, and our bound for it."))
def pool() -> None:
    """The noun."""


@pool.command(
    "assume",
    example="pool assume oldshop/BIN-BAMBU 0 --reason 'the shop was closed on Friday'",
    help=N_(
        "Vouch for a number that nobody can read any more: this pool can sell at most N units from now on. N"
        " includes what was sold there and stands in no order that we have read yet.\n\n"
        "Dangerous: if it is not true, units are sold twice. For a channel that is gone for good, or whose number you"
        " saw with your own eyes. Who said it, when and why stays in the books."
    ),
)
@click.argument("pool_name", metavar="CHANNEL/SKU")
@click.argument("units", type=Units())
@click.option("--reason", required=True, help=N_("Why you are sure; it stands in the books for ever."))
@click.option("--yes", is_flag=True, help=N_("Do not ask."))
@pass_desk
def assume(desk: Desk, pool_name: str, units: int, reason: str, yes: bool) -> int:
    """A person vouches."""
    from syncworker.interfaces.figures import number, number_or_unknown
    from syncworker.sync.vouching import find_pool, vouch

    with desk.app() as app:
        with app.ledger.snapshot() as tx:
            record = find_pool(tx, pool_name)
        question = _(
            "Are you sure that {channel} can sell at most {n} of {sku}? So far it counts as {before}."
        ).format(
            channel=record.channel,
            n=number(units),
            sku=record.sku,
            before=number_or_unknown(record.bound.exposure),
        )
        desk.confirm(question, yes=yes)
        before = app.ledger.run(
            lambda tx: vouch(tx, app.context, record.id, units, reason=reason, actor=app.settings.actor)
        )
    document = {
        "pool": before.id,
        "channel": before.channel,
        "sku": before.sku,
        "before": before.bound.exposure,
        "units": units,
        "reason": reason,
    }
    text = _("{channel}: {sku} counts as able to sell {n} from now on.").format(
        channel=before.channel, sku=before.sku, n=number(units)
    )
    desk.answer(document, lambda: desk.say(text))
    return OK
