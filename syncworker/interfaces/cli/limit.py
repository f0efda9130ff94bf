"""How much may a channel show? ``limit list|set|clear``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import OK, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.explain import limits_text
from syncworker.interfaces.cli.values import Units
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.core.model import Limits


@click.group(
    cls=Group,
    help=N_(
        "How much a channel may show of a SKU. The stronger one wins: pause, at most, fixed, at least, share."
        " A safety stock is shown nowhere."
    ),
)
def limit() -> None:
    """The noun."""


@limit.command("list", example="limit list", help=N_("All limits, and every safety stock."))
@pass_desk
def list_(desk: Desk) -> int:
    """All of them."""
    from syncworker.ledger import limits, products

    with desk.app() as app, app.ledger.snapshot() as tx:
        found = limits.load(tx)
        safety = {one.sku: one.safety_stock for one in products.list_products(tx) if one.safety_stock}
    document = {
        "limits": [{"channel": channel, "sku": sku, **asdict(one)} for (channel, sku), one in found.items()],
        "safety_stock": [{"sku": sku, "units": units} for sku, units in safety.items()],
    }
    desk.answer(document, lambda: _show(desk, found, safety))
    return OK


def _show(desk: Desk, found: dict[tuple[str, str], Limits], safety: Mapping[str, int | None]) -> None:
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import number

    rows = [[channel, sku, limits_text(asdict(one))] for (channel, sku), one in found.items()]
    rows += [
        [_("everywhere"), sku, _("safety stock {n}").format(n=number(units or 0))]
        for sku, units in safety.items()
    ]
    if not rows:
        desk.say(_("No limit is set: each channel gets its share by what sells there."))
        return
    table(desk, [_("Channel"), _("SKU"), _("Limit")], rows)


@limit.command(
    "set",
    example="limit set UKIRAN-01 --channel tiktok --pause",
    help=N_(
        "Limit what a channel shows of a SKU, or keep a safety stock of it that no channel shows. Adds to the limits"
        " that are set already."
    ),
)
@click.argument("sku")
@click.option("--channel", metavar="NAME", help=N_("At which channel."))
@click.option("--pause/--no-pause", default=None, help=N_("Show nothing of it there."))
@click.option("--at-most", type=Units(), help=N_("Never show more."))
@click.option("--fixed", type=Units(), help=N_("Show this many while there are so many."))
@click.option("--at-least", type=Units(), help=N_("Keep this many there before others get some."))
@click.option(
    "--share", type=Units(), metavar="PERCENT", help=N_("Its part of what is handed out, in per cent.")
)
@click.option("--safety-stock", type=Units(), help=N_("Units that no channel shows (without --channel)."))
@pass_desk
def set_(
    desk: Desk,
    sku: str,
    channel: str | None,
    pause: bool | None,
    at_most: int | None,
    fixed: int | None,
    at_least: int | None,
    share: int | None,
    safety_stock: int | None,
) -> int:
    """Limits of one SKU."""
    given = {"at_most": at_most, "fixed": fixed, "at_least": at_least, "share": share}
    limited = pause is not None or any(value is not None for value in given.values())
    if safety_stock is None and not limited:
        raise InputError(
            _("Say which limit: --pause, --at-most, --fixed, --at-least, --share or --safety-stock.")
        )
    if limited and channel is None:
        raise InputError(_("Say at which channel, with --channel. See `syncworker channel list`."))
    from syncworker.ledger.ledger import Transaction
    from syncworker.sync.limits import set_limits, set_safety_stock

    def work(tx: Transaction) -> Limits | None:
        if safety_stock is not None:
            set_safety_stock(tx, sku, safety_stock)
        return set_limits(tx, channel, sku, pause=pause, **given) if limited and channel is not None else None

    with desk.app() as app:
        after = app.ledger.run(work)
    document = {
        "sku": sku,
        "channel": channel,
        "limits": None if after is None else asdict(after),
        "safety_stock": safety_stock,
    }
    desk.answer(document, lambda: _tell(desk, sku, channel, after, safety_stock))
    return OK


def _tell(desk: Desk, sku: str, channel: str | None, after: Limits | None, safety_stock: int | None) -> None:
    from syncworker.interfaces.figures import number

    if after is not None:
        text = limits_text(asdict(after)) or _("no limit")
        desk.say(_("{sku} at {channel}: {limits}.").format(sku=sku, channel=channel, limits=text))
    if safety_stock is not None:
        desk.say(_("{sku}: {n} units are shown nowhere.").format(sku=sku, n=number(safety_stock)))


@limit.command(
    "clear", example="limit clear UKIRAN-01 --channel tiktok", help=N_("Take the limits of a SKU away.")
)
@click.argument("sku")
@click.option("--channel", metavar="NAME", help=N_("At this channel; without it, the safety stock."))
@pass_desk
def clear(desk: Desk, sku: str, channel: str | None) -> int:
    """No limit any more."""
    from syncworker.ledger.ledger import Transaction
    from syncworker.sync.limits import clear_limits, set_safety_stock

    def work(tx: Transaction) -> bool:
        if channel is not None:
            return clear_limits(tx, channel, sku)
        set_safety_stock(tx, sku, 0)
        return True

    with desk.app() as app:
        had = app.ledger.run(work)
    text = _("{sku}: the limit is gone.") if had else _("{sku}: there was no limit.")
    desk.answer({"sku": sku, "channel": channel, "cleared": had}, lambda: desk.say(text.format(sku=sku)))
    return OK
