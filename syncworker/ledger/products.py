"""What is sold? Products and bundles, and the recipe that says which parts one sale consumes.

Counts nothing: stock is counted per part in ``stock.py``, and a bundle has no count of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import sqlalchemy as sa

from syncworker.core.exposure import OPEN_STATES
from syncworker.core.model import MAX_QUANTITY
from syncworker.errors import InputError
from syncworker.ledger.keys import is_among, keys_table
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.schema import pool, product, product_part, push, stock
from syncworker.ledger.stock import lock_skus
from syncworker.ledger.upsert import insert_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One SKU. A bundle has parts (SKU → units per sale) and no count of its own; money is in ``currency``."""

    sku: str
    title: str
    price: Decimal | None = None
    currency: str | None = None
    maker: str | None = None
    maker_premium: Decimal | None = None
    #: Units that no channel is shown; ``None`` leaves what is set.
    safety_stock: int | None = None
    parts: Mapping[str, int] = field(default_factory=dict)
    description: str | None = None
    #: Addresses of pictures, the first one shown first; none holds a space.
    images: tuple[str, ...] = ()

    @property
    def recipe(self) -> Mapping[str, int]:
        """Units of each part that one sale consumes; a plain SKU consumes 1 of itself."""
        return self.parts or {self.sku: 1}


_RECIPES = (
    sa.select(product.c.sku, product_part.c.part, product_part.c.units)
    .outerjoin(product_part, product_part.c.sku == product.c.sku)
    .where(is_among(product.c.sku, "skus"))
)


class _Catalogue:
    """Every SKU with its parts, as it would be once the products are saved."""

    def __init__(self, skus: set[str], parts: Mapping[str, Mapping[str, int]]) -> None:
        self.skus = skus
        self.parts = parts
        #: For each part, one bundle that uses it.
        self.used_by = {part: sku for sku, recipe in parts.items() for part in recipe if part != sku}

    def problems_of(self, one: Product) -> list[str]:
        """What is wrong with its parts."""
        found = [text for part in one.parts for text in self._part_problems(one, part)]
        if one.parts and one.sku in self.used_by:
            found.append(f"{one.sku} is a part of {self.used_by[one.sku]} and cannot be a bundle itself.")
        return found

    def _part_problems(self, one: Product, part: str) -> list[str]:
        found = []
        if part == one.sku:
            found.append(f"The bundle {one.sku} cannot contain itself. Name its parts.")
        elif part not in self.skus:
            found.append(f"The part {part} of {one.sku} is not in the catalogue. Add it, or correct its SKU.")
        elif self.parts.get(part):
            found.append(
                f"The part {part} of {one.sku} is itself a bundle. Name the parts of {part} instead."
            )
        if not 1 <= one.parts[part] <= MAX_QUANTITY:
            found.append(f"{one.sku} contains {one.parts[part]} of {part}. Write how many, at least 1.")
        return found


def save_products(tx: Transaction, products: Sequence[Product]) -> None:
    """Add these, or give those of the same SKU these values, all or none; a bundle's parts may be among them.

    Raises one InputError that names everything that is wrong (see :func:`problems_of`).
    """
    if not products:
        return
    # Whoever plans a part holds its stock rows: what is exposed cannot change while we look.
    lock_skus(tx, _parts_concerned(tx, products))
    problems = problems_of(tx, products)
    if problems:
        raise InputError("\n".join(text for _, text in problems))
    _write_products(tx, products)
    _write_parts(tx, products)


def problems_of(tx: Snapshot, products: Sequence[Product]) -> list[tuple[str, str]]:
    """Why these cannot be saved as they are: (SKU, sentence with the next step), in the order given."""
    parts_now = _parts(tx, None)
    known = set(tx.execute(sa.select(product.c.sku)).scalars())
    new = {one.sku: one for one in products}
    catalogue = _Catalogue(known | new.keys(), {**parts_now, **{sku: one.parts for sku, one in new.items()}})
    changed = [sku for sku in new if sku in known and new[sku].recipe != (parts_now.get(sku) or {sku: 1})]
    blocked = _recipe_blocked(tx, changed) | _counted_bundles(tx, products)
    found: list[tuple[str, str]] = []
    for one in products:
        if new[one.sku] is not one:
            found.append((one.sku, f"{one.sku} stands there more than once. Keep one of them."))
        found += [(one.sku, text) for text in catalogue.problems_of(one)]
        if one.sku in blocked:
            found.append((one.sku, blocked[one.sku]))
    return found


def list_products(tx: Snapshot, skus: Iterable[str] | None = None) -> list[Product]:
    """Products by SKU in order, all of them or those named; a SKU that is not in the catalogue is left out."""
    query = sa.select(product).order_by(product.c.sku)
    if skus is not None:
        keys, same = keys_table(tx.dialect, product, ["sku"], [(sku,) for sku in sorted(set(skus))])
        query = query.join(keys, same)
    rows = tx.execute(query).all()
    parts = _parts(tx, None if skus is None else [row.sku for row in rows])
    return [
        Product(
            sku=row.sku,
            title=row.title,
            price=row.price,
            currency=row.currency,
            maker=row.maker,
            maker_premium=row.maker_premium,
            safety_stock=row.safety_stock,
            parts=parts.get(row.sku, {}),
            description=row.description,
            images=tuple(row.images.split()),
        )
        for row in rows
    ]


def recipe_of(tx: Snapshot, skus: Iterable[str]) -> dict[str, dict[str, int]]:
    """Units of each part that one sale of each SKU consumes, in one query; an unknown SKU is left out."""
    recipes: dict[str, dict[str, int]] = defaultdict(dict)
    for sku, part, units in tx.execute(_RECIPES, {"skus": skus}):
        recipes[sku][sku if part is None else part] = 1 if part is None else units
    return dict(recipes)


def _write_products(tx: Transaction, products: Sequence[Product]) -> None:
    rows = [
        {
            "sku": one.sku,
            "title": one.title,
            "price": one.price,
            "currency": one.currency,
            "maker": one.maker,
            "maker_premium": one.maker_premium,
            "safety_stock": one.safety_stock or 0,
            "description": one.description,
            "images": "\n".join(one.images),
            "created_at": tx.now,
        }
        for one in products
    ]
    insert = insert_for(tx.dialect, product)
    names = ("title", "price", "currency", "maker", "maker_premium", "description", "images")
    tx.execute(
        insert.on_conflict_do_update(
            index_elements=[product.c.sku], set_={name: insert.excluded[name] for name in names}
        ),
        rows,
    )
    safety = [
        {"at_sku": one.sku, "units": one.safety_stock} for one in products if one.safety_stock is not None
    ]
    if safety:
        at_sku = product.c.sku == sa.bindparam("at_sku")
        tx.execute(sa.update(product).where(at_sku).values(safety_stock=sa.bindparam("units")), safety)


def _write_parts(tx: Transaction, products: Sequence[Product]) -> None:
    keys, _ = keys_table(tx.dialect, product_part, ["sku"], [(one.sku,) for one in products])
    tx.execute(sa.delete(product_part).where(product_part.c.sku.in_(sa.select(keys.c.sku))))
    rows = [
        {"sku": one.sku, "part": part, "units": units}
        for one in products
        for part, units in one.parts.items()
    ]
    if rows:
        tx.execute(sa.insert(product_part), rows)


def _parts_concerned(tx: Snapshot, products: Sequence[Product]) -> set[str]:
    """Parts of these products, before and after."""
    before = recipe_of(tx, [one.sku for one in products])
    recipes = [*before.values(), *(one.recipe for one in products if one.sku in before)]
    return {part for recipe in recipes for part in recipe}


def _parts(tx: Snapshot, skus: Iterable[str] | None) -> dict[str, dict[str, int]]:
    query = sa.select(product_part).order_by(product_part.c.sku, product_part.c.part)
    if skus is not None:
        keys, same = keys_table(tx.dialect, product_part, ["sku"], [(sku,) for sku in skus])
        query = query.join(keys, same)
    parts: dict[str, dict[str, int]] = defaultdict(dict)
    for row in tx.execute(query):
        parts[row.sku][row.part] = row.units
    return dict(parts)


def _recipe_blocked(tx: Snapshot, skus: Sequence[str]) -> dict[str, str]:
    """Of these SKUs, whose recipe changes, those that a channel may still sell by the old one."""
    if not skus:
        return {}
    keys, same = keys_table(tx.dialect, pool, ["sku"], [(sku,) for sku in skus])
    open_push = sa.exists().where(
        push.c.pool_id == pool.c.id, push.c.state.in_([state.value for state in OPEN_STATES])
    )
    exposed = sa.or_(pool.c.exposure.is_(None), pool.c.exposure != 0, pool.c.pending.is_not(None), open_push)
    query = sa.select(pool.c.sku, pool.c.channel).join(keys, same).where(exposed).order_by(pool.c.channel)
    channels: dict[str, list[str]] = defaultdict(list)
    for row in tx.execute(query):
        channels[row.sku].append(row.channel)
    return {
        sku: f"The parts of {sku} cannot change while {', '.join(sorted(set(names)))} may still sell it."
        " Withdraw it there first (`syncworker limit set`, pause), wait until it shows 0, then change the parts."
        for sku, names in channels.items()
    }


def _counted_bundles(tx: Snapshot, products: Sequence[Product]) -> dict[str, str]:
    """Of the bundles among these, those that still have units counted under their own SKU."""
    bundles = [(one.sku,) for one in products if one.parts]
    keys, same = keys_table(tx.dialect, stock, ["sku"], bundles)
    has_units = sa.or_(stock.c.on_hand != 0, stock.c.reserved != 0)
    counted = tx.execute(sa.select(stock.c.sku).join(keys, same).where(has_units).distinct()).scalars()
    return {
        sku: f"{sku} has units of its own on hand or reserved and cannot become a bundle. Bring its count to 0 first."
        for sku in counted
    }
