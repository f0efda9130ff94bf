"""A bundle is made of parts that exist and can be counted, and its recipe stands still while it may be sold."""

from dataclasses import replace
from decimal import Decimal

import pytest

from syncworker.errors import InputError
from syncworker.ledger import Ledger
from syncworker.ledger.products import Product, list_products, recipe_of, save_products
from syncworker.ledger.schema import product
from syncworker.ledger.stock import MovementKind, apply_effects
from tests.ledger.catalogue import BIN, PAN, SET, effect, stocked
from tests.ledger.conftest import rows_of
from tests.ledger.shop import open_shop


def save(ledger: Ledger, *products: Product) -> None:
    ledger.run(lambda tx: save_products(tx, products))


def test_products_come_back_as_they_were_saved(ledger: Ledger) -> None:
    carving = Product(
        sku="UKIRAN",
        title="Ukiran bambu",
        price=Decimal("450000.0001"),
        currency="IDR",
        maker="Group B",
        maker_premium=Decimal(120000),
        safety_stock=2,
    )
    save(ledger, carving, BIN, PAN, SET)

    with ledger.snapshot() as tx:
        told = {one.sku: one for one in list_products(tx)}
        assert list_products(tx, ["PAN", "GHOST"]) == [told["PAN"]]
    assert told["UKIRAN"] == carving
    assert told["SET"].parts == {"BIN": 1, "PAN": 2}


def test_saving_again_changes_values_but_not_the_safety_stock(ledger: Ledger) -> None:
    save(ledger, replace(BIN, safety_stock=3))

    save(ledger, replace(BIN, title="New"))

    with ledger.snapshot() as tx:
        (told,) = list_products(tx)
    assert (told.title, told.safety_stock) == ("New", 3)


def test_a_recipe_is_the_parts_or_the_sku_itself(ledger: Ledger) -> None:
    stocked(ledger)

    with ledger.snapshot() as tx:
        assert recipe_of(tx, ["SET", "BIN", "GHOST"]) == {"SET": {"BIN": 1, "PAN": 2}, "BIN": {"BIN": 1}}
        assert recipe_of(tx, []) == {}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (Product(sku="X", title="X", parts={"GHOST": 1}), "GHOST of X is not in the catalogue"),
        (Product(sku="X", title="X", parts={"SET": 1}), "SET of X is itself a bundle"),
        (Product(sku="X", title="X", parts={"X": 1}), "cannot contain itself"),
        (Product(sku="X", title="X", parts={"BIN": 0}), "contains 0 of BIN"),
        (Product(sku="BIN", title="X", parts={"PAN": 1}), "BIN is a part of SET"),
    ],
)
def test_an_impossible_bundle_is_refused_and_nothing_is_saved(
    ledger: Ledger, wrong: Product, words: str
) -> None:
    stocked(ledger)
    before = rows_of(ledger, product)

    with pytest.raises(InputError, match=words):
        save(ledger, Product(sku="FINE", title="Fine"), wrong)

    assert rows_of(ledger, product) == before


def test_one_sku_twice_is_refused(ledger: Ledger) -> None:
    with pytest.raises(InputError, match="BIN stands there more than once"):
        save(ledger, BIN, replace(BIN, title="Other"))


@pytest.mark.parametrize("exposure", [None, 1, -1])
def test_a_recipe_stands_still_while_a_shop_may_sell_it(ledger: Ledger, exposure: int | None) -> None:
    stocked(ledger)
    stock = [
        effect("BIN", on_hand=9, kind=MovementKind.COUNT),
        effect("PAN", on_hand=9, kind=MovementKind.COUNT),
    ]
    ledger.run(lambda tx: apply_effects(tx, stock))
    open_shop(ledger, sku="SET", exposure=exposure)

    with pytest.raises(InputError, match="cannot change while shop may still sell it"):
        save(ledger, replace(SET, parts={"BIN": 1}))
    save(ledger, replace(SET, title="Only the title"))


def test_a_recipe_changes_once_no_shop_can_sell_it(ledger: Ledger) -> None:
    stocked(ledger)
    open_shop(ledger, sku="SET", exposure=0)

    save(ledger, replace(SET, parts={"BIN": 3}))

    with ledger.snapshot() as tx:
        assert recipe_of(tx, ["SET"]) == {"SET": {"BIN": 3}}


def test_what_has_units_of_its_own_cannot_become_a_bundle(ledger: Ledger) -> None:
    stocked(ledger)
    ledger.run(lambda tx: apply_effects(tx, [effect("BROOM", on_hand=1, kind=MovementKind.RECEIVE)]))

    with pytest.raises(InputError, match="BROOM has units of its own"):
        save(ledger, Product(sku="BROOM", title="Broom", parts={"BIN": 1}))
