"""What does each product cost at each channel? The operator's fixed price, else the catalogue's by the channel's rule.

Converts no currency: a price in another one than the channel's is a mistake that is named, never a number that is sent.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from babel.numbers import get_currency_precision

from syncworker.connector.contract import Money
from syncworker.core.pricing import price_by
from syncworker.errors import InputError, UnknownSkuError
from syncworker.ledger import channels, contents, prices, products
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.prices import FixedPrice
from syncworker.ledger.products import Product
from syncworker.sync import cells
from syncworker.sync.cells import CellError


class PriceSource(StrEnum):
    """Where a price at a channel comes from."""

    FIXED = "fixed"
    RULE = "rule"
    CATALOGUE = "catalogue"
    #: The product has no price: none is told.
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ChannelPrice:
    """A product's price at a channel; ``money`` is ``None`` where none is told."""

    money: Money | None
    source: PriceSource


def price_at(
    channel: ChannelRecord, one: Product, fixed: FixedPrice | None, *, told_in: Collection[str]
) -> ChannelPrice:
    """The price of ``one`` there. ``told_in``: the currencies in which the channel tells its own prices, if it does.

    InputError where it would be in another currency, or the rule's steps cannot be paid in it.
    """
    if fixed is not None:
        found = ChannelPrice(Money(fixed.amount, fixed.currency), PriceSource.FIXED)
    elif one.price is None or one.currency is None:
        return ChannelPrice(None, PriceSource.NONE)
    else:
        found = _by_rule(channel, one, one.price, one.currency)
    _refuse_other_currency(channel.name, one.sku, found, told_in)
    return found


def _by_rule(channel: ChannelRecord, one: Product, amount: Decimal, currency: str) -> ChannelPrice:
    if channel.price_rule is None:
        return ChannelPrice(Money(amount, currency), PriceSource.CATALOGUE)
    try:
        money = Money(price_by(channel.price_rule, amount, unit=unit_of(currency)), currency)
    except ValueError as error:
        raise InputError(
            f"The price rule of {channel.name} cannot be used for {one.sku}: {error}."
        ) from error
    return ChannelPrice(money, PriceSource.RULE)


def _refuse_other_currency(name: str, sku: str, found: ChannelPrice, told_in: Collection[str]) -> None:
    if found.money is None or not told_in or found.money.currency in told_in:
        return
    currency = " / ".join(sorted(told_in))
    raise InputError(
        f"{name} has its prices in {currency}, and that of {sku} is in {found.money.currency}."
        f" Fix one there: `syncworker price set {name} {sku} AMOUNT {currency}`."
    )


def unit_of(currency: str) -> Decimal:
    """The least amount that there is in a currency."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


def set_price(tx: Transaction, name: str, sku: str, *, amount: str, currency: str) -> FixedPrice:
    """From now on ``sku`` costs that at the channel, whatever the rule says; its listings there are told.

    InputError for an amount or a currency that cannot be meant.
    """
    channels.load(tx, name)
    one = _product(tx, sku)
    try:
        unit = cells.currency(currency)
        money = cells.money(amount, unit)
    except CellError as error:
        raise InputError(f"{amount} {currency} is no price: {error}.") from error
    if unit is None or money is None:
        raise InputError("Write an amount and its currency, for instance 85000 IDR.")
    told_in = prices.currencies_told(tx, name) or ([one.currency] if one.currency else [])
    if told_in and unit not in told_in:
        raise InputError(
            f"{name} has its prices in {' / '.join(told_in)}, not in {unit}. Write the price in that."
        )
    fixed = FixedPrice(channel=name, sku=sku, amount=money, currency=unit)
    prices.save(tx, fixed)
    contents.mark(tx, name, [sku])
    return fixed


def clear_price(tx: Transaction, name: str, sku: str) -> bool:
    """The rule gives the price again; False if none was fixed."""
    channels.load(tx, name)
    _product(tx, sku)
    had = prices.clear(tx, name, sku)
    contents.mark(tx, name, [sku])
    return had


def _product(tx: Snapshot, sku: str) -> Product:
    found = products.list_products(tx, [sku])
    if not found:
        raise UnknownSkuError(sku)
    return found[0]
