"""What does a product cost at a channel? ``price list|set|clear``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import OK, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from decimal import Decimal

    from syncworker.core.pricing import PriceRule
    from syncworker.ledger.ledger import Snapshot


@click.group(
    cls=Group,
    help=N_(
        "What a product costs at each channel: a price fixed here, else the catalogue's by the channel's rule"
        " ([channels.NAME.price] in channels.toml), else the catalogue's."
    ),
)
def price() -> None:
    """The noun."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One product at one channel."""

    channel: str
    sku: str
    amount: Decimal | None
    currency: str | None
    source: str
    #: Why it cannot be used there, in words.
    problem: str | None = None


@price.command(
    "list",
    example="price list tiktok",
    help=N_(
        "Every product's price at a channel and where it comes from; without one, rules and fixed prices alone."
    ),
)
@click.argument("channel", required=False)
@pass_desk
def list_(desk: Desk, channel: str | None) -> int:
    """Rules and prices."""
    from syncworker.ledger import channels

    with desk.app() as app, app.ledger.snapshot() as tx:
        known = channels.all_channels(tx) if channel is None else [channels.load(tx, channel)]
        rules = {one.name: one.price_rule for one in known if one.price_rule is not None}
        rows = _fixed(tx) if channel is None else _all_at(tx, channel)
    document = {
        "rules": [{"channel": name, **_rule_document(rule)} for name, rule in rules.items()],
        "prices": [
            {
                "channel": row.channel,
                "sku": row.sku,
                "amount": None if row.amount is None else format(row.amount, "f"),
                "currency": row.currency,
                "source": row.source,
                "problem": row.problem,
            }
            for row in rows
        ],
    }
    desk.answer(document, lambda: _show(desk, rules, rows))
    return OK


def _fixed(tx: Snapshot) -> list[_Row]:
    from syncworker.ledger import prices

    return [
        _Row(one.channel, one.sku, one.amount, one.currency, "fixed") for one in prices.fixed(tx).values()
    ]


def _all_at(tx: Snapshot, name: str) -> list[_Row]:
    from syncworker.ledger import channels, prices, products
    from syncworker.sync.prices import price_at

    channel, fixed = channels.load(tx, name), prices.fixed(tx, channel=name)
    told_in, rows = prices.currencies_told(tx, name), []
    for one in products.list_products(tx):
        try:
            found = price_at(channel, one, fixed.get((name, one.sku)), told_in=told_in)
        except InputError as error:
            rows.append(_Row(name, one.sku, None, None, "none", str(error)))
            continue
        money = found.money
        amount, currency = (None, None) if money is None else (money.amount, money.currency)
        rows.append(_Row(name, one.sku, amount, currency, found.source.value))
    return rows


def _rule_document(rule: PriceRule) -> dict[str, str | None]:
    return {
        "factor": format(rule.factor, "f"),
        "plus": format(rule.plus, "f"),
        "round_to": None if rule.round_to is None else format(rule.round_to, "f"),
        "rounding": rule.rounding.value,
    }


def _show(desk: Desk, rules: dict[str, PriceRule], rows: list[_Row]) -> None:
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import money
    from syncworker.interfaces.sentences import sentence

    for name, rule in rules.items():
        desk.say(_("{channel}: {rule}").format(channel=name, rule=_rule_text(rule)))
    if not rows and not rules:
        desk.say(_("No price is fixed and no channel has a rule: the catalogue's prices stand everywhere."))
    if not rows:
        return
    sources = {
        "fixed": _("fixed"),
        "rule": _("by the channel's rule"),
        "catalogue": _("as in the catalogue"),
        "none": _("none is told"),
    }
    cells = [
        [
            row.channel,
            row.sku,
            money(row.amount, row.currency),
            sources[row.source] if row.problem is None else sentence(row.problem),
        ]
        for row in rows
    ]
    table(desk, [_("Channel"), _("SKU"), _("Price"), _("Why")], cells, right=(2,))


def _rule_text(rule: PriceRule) -> str:
    text = f"× {rule.factor:f}"
    if rule.plus:
        text += f" {rule.plus:+f}"
    if rule.round_to is None:
        return text
    ways = {
        "up": _("rounded up to {step}"),
        "down": _("rounded down to {step}"),
        "nearest": _("rounded to {step}"),
    }
    return f"{text}, {ways[rule.rounding.value].format(step=format(rule.round_to, 'f'))}"


@price.command(
    "set",
    example="price set tiktok BIN-BAMBU 89000 IDR",
    help=N_(
        "Fix what a product costs at a channel, whatever its rule says. Listings that are managed there are told."
    ),
)
@click.argument("channel")
@click.argument("sku")
@click.argument("amount")
@click.argument("currency")
@pass_desk
def set_(desk: Desk, channel: str, sku: str, amount: str, currency: str) -> int:
    """One fixed price."""
    from syncworker.interfaces.figures import money
    from syncworker.sync.prices import set_price

    with desk.app() as app:
        fixed = app.ledger.run(lambda tx: set_price(tx, channel, sku, amount=amount, currency=currency))
    document = {
        "channel": channel,
        "sku": sku,
        "amount": format(fixed.amount, "f"),
        "currency": fixed.currency,
    }
    text = _("{sku} costs {price} at {channel}.").format(
        sku=sku, channel=channel, price=money(fixed.amount, fixed.currency)
    )
    desk.answer(document, lambda: desk.say(text))
    return OK


@price.command(
    "clear",
    example="price clear tiktok BIN-BAMBU",
    help=N_("Take a fixed price away: the channel's rule or the catalogue gives it again."),
)
@click.argument("channel")
@click.argument("sku")
@pass_desk
def clear(desk: Desk, channel: str, sku: str) -> int:
    """No fixed price any more."""
    from syncworker.sync.prices import clear_price

    with desk.app() as app:
        had = app.ledger.run(lambda tx: clear_price(tx, channel, sku))
    text = _("{sku}: the fixed price is gone.") if had else _("{sku}: no price was fixed.")
    desk.answer({"channel": channel, "sku": sku, "cleared": had}, lambda: desk.say(text.format(sku=sku)))
    return OK
