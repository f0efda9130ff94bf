"""Who makes a product, and what do they get for each unit from now on? What was sold keeps what it was sold with."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from syncworker.errors import InputError, UnknownSkuError
from syncworker.ledger import products
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.products import Product

#: The longest name of a maker, as in the catalogue's file.
LONGEST_NAME = 500


def set_maker(
    tx: Transaction, sku: str, *, maker: str | None, premium: Decimal | None, remove: bool = False
) -> Product:
    """Set what is given and leave the rest; ``remove`` takes both away. The product afterwards. Raises InputError."""
    found = products.list_products(tx, [sku])
    if not found:
        raise UnknownSkuError(sku)
    before = found[0]
    if remove:
        after = replace(before, maker=None, maker_premium=None)
    else:
        after = replace(
            before,
            maker=before.maker if maker is None else _name(maker),
            maker_premium=before.maker_premium if premium is None else premium,
        )
        _check(after)
    products.save_products(tx, [after])
    return after


def _name(maker: str) -> str:
    name = maker.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InputError(f"A maker's name has 1 to {LONGEST_NAME} printable characters.")
    return name


def _check(after: Product) -> None:
    if after.parts:
        raise InputError(
            f"{after.sku} is a bundle: it pays the makers of its parts ({', '.join(sorted(after.parts))}). Set theirs."
        )
    if after.maker is None:
        raise InputError(f"{after.sku} has no maker yet. Say who gets the premium, with --maker.")
    if after.maker_premium is not None and after.currency is None:
        raise InputError(
            f"{after.sku} has no currency yet, so nobody knows what the premium is. Give it one in the catalogue's file."
        )
