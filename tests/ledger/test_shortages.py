"""A part could be short when its own numbers, and those of bundles with it, may sell more together than is available."""

from __future__ import annotations

import pytest

from syncworker.core.model import ChannelRules
from syncworker.ledger import Ledger, Transaction, channels, pools, products
from syncworker.ledger.products import Product
from syncworker.ledger.shortages import possibly_short
from syncworker.ledger.stock import MovementKind, apply_effects
from tests.ledger.catalogue import MAIN, effect, stocked

BIN_MAIN, BROOM_MAIN = ("BIN", MAIN), ("BROOM", MAIN)


@pytest.mark.parametrize("any_database", ["memory", "postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("bins", "alone", "in_sets", "counts", "short"),
    [
        (5, 1, 2, True, set()),
        (5, 2, 2, True, {BIN_MAIN}),
        (5, 2, 2, False, set()),
        (5, None, 3, True, {BIN_MAIN}),
        (-1, 0, 0, True, {BIN_MAIN}),
    ],
)
def test_numbers_alone_and_in_bundles_are_added_up(
    ledger: Ledger, bins: int, alone: int | None, in_sets: int, counts: bool, short: set[tuple[str, str]]
) -> None:
    stocked(ledger)
    # Never committed: in these books more is promised than there is.
    with ledger.engine.connect() as connection:
        tx = Transaction(connection, ledger.clock)
        products.save_products(
            tx, [Product(sku="TWO", title="Two bins and a broom", parts={"BIN": 2, "BROOM": 1})]
        )
        apply_effects(
            tx,
            [
                effect("BIN", on_hand=bins, kind=MovementKind.RECEIVE, reference="bins"),
                effect("BROOM", on_hand=9, kind=MovementKind.RECEIVE, reference="brooms"),
            ],
        )
        channels.register(tx, "shop", connector="fake", rules=ChannelRules(), assumed=(), feeds=())
        for sku, exposure in (("BIN", alone), ("TWO", in_sets)):
            pools.create(tx, sku, channel="shop", pool_key=sku, sku=sku, in_sum=counts, exposure=exposure)

        assert possibly_short(tx, [BIN_MAIN, BROOM_MAIN]) == short
