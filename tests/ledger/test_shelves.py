"""Pages and sums over many rows say what the rows say, one page in memory at a time."""

from __future__ import annotations

from syncworker.ledger import Ledger, Transaction, lookup, pools, products, shelves, stock
from syncworker.ledger.products import Product
from syncworker.ledger.shelves import Filters
from syncworker.ledger.stock import MovementKind, apply_effects
from tests.ledger.catalogue import effect, stocked
from tests.ledger.shop import open_shop


def _counted(ledger: Ledger) -> None:
    """Three parts at two locations; of one too many were promised."""
    stocked(ledger)

    def work(tx: Transaction) -> None:
        for sku, location, on_hand, reserved in (
            ("BIN", "main", 5, 7),
            ("BIN", "stall", 3, 0),
            ("PAN", "main", 60, 1),
        ):
            moved = effect(
                sku, location=location, on_hand=on_hand, reserved=reserved, kind=MovementKind.COUNT
            )
            apply_effects(tx, [moved])

    ledger.run(work)


def test_the_totals_are_what_the_levels_add_up_to(ledger: Ledger) -> None:
    with ledger.snapshot() as tx:
        nothing = shelves.totals(tx)
    assert (nothing.parts, nothing.on_hand, nothing.reserved, nothing.oversold) == (0, 0, 0, ())

    _counted(ledger)

    with ledger.snapshot() as tx:
        totals, levels = shelves.totals(tx), stock.levels(tx)
        assert shelves.products(tx) == len(products.list_products(tx))
        assert shelves.count(tx) == len(levels)
    assert totals.on_hand == sum(level.on_hand for level in levels.values())
    assert totals.reserved == sum(level.reserved for level in levels.values())
    assert (totals.parts, totals.oversold) == (2, ("BIN",))


def test_the_numbers_of_a_channel_are_summed_and_one_unknown_makes_the_sum_unknown(ledger: Ledger) -> None:
    stocked(ledger)
    ledger.run(lambda tx: apply_effects(tx, [effect(on_hand=5, kind=MovementKind.COUNT)]))
    open_shop(ledger, exposure=5)

    def more(tx: Transaction) -> None:
        pools.create(tx, "p-2", channel="shop", pool_key="p2", sku="PAN", in_sum=True, exposure=-3)
        (record,) = pools.load(tx, ["pool-1"]).values()
        pools.record_plan(tx, [(record, 5, "in_band")])

    ledger.run(more)
    with ledger.snapshot() as tx:
        known = shelves.numbers(tx, "shop")
        none = shelves.numbers(tx, "nowhere")
    ledger.run(lambda tx: pools.update(tx, "p-2", exposure=None))
    with ledger.snapshot() as tx:
        unknown = shelves.numbers(tx, "shop")

    assert (known.pools, known.may_sell, known.dirty) == (2, 5, 1)
    assert (none.pools, none.may_sell, none.dirty) == (0, 0, 0)
    assert unknown.may_sell is None


def test_every_shelf_is_walked_once_whatever_the_page(ledger: Ledger) -> None:
    _counted(ledger)
    with ledger.snapshot() as tx:
        whole = [one.place for one in shelves.walk(tx, Filters())]
        paged = []
        after = None
        while found := shelves.page(tx, Filters(), after=after, most=1):
            after = found[0].place
            paged.append(after)

    assert whole == paged == [("BIN", "main"), ("BIN", "stall"), ("PAN", "main")]


def test_filters_are_taken_literally_and_in_any_case(ledger: Ledger) -> None:
    _counted(ledger)
    with ledger.snapshot() as tx:

        def places(filters: Filters) -> list[tuple[str, str]]:
            return [one.place for one in shelves.page(tx, filters)]

        assert places(Filters(text="bamboo BIN")) == [("BIN", "main"), ("BIN", "stall")]
        assert places(Filters(text="%")) == []
        assert places(Filters(low=3)) == [("BIN", "main"), ("BIN", "stall")]
        assert places(Filters(location="stall", low=2)) == []


def test_names_that_begin_so_and_names_that_look_like_it(ledger: Ledger) -> None:
    names = ["BIN-BAMBU", "BIN-ROTAN", "bin-kecil", "PAN_1", "PANX1", "100%"]
    ledger.run(lambda tx: products.save_products(tx, [Product(sku=sku, title=sku) for sku in names]))
    with ledger.snapshot() as tx:
        assert sorted(lookup.skus_from(tx, "BIN-")) == ["BIN-BAMBU", "BIN-ROTAN"]
        assert lookup.skus_from(tx, "PAN_") == ["PAN_1"]
        assert lookup.skus_from(tx, "%") == []
        assert len(lookup.skus_from(tx, "", most=2)) == 2
        assert lookup.near_skus(tx, "bin-bambo")[0] == "BIN-BAMBU"
        assert lookup.near_skus(tx, "BIN-KECIL")[0] == "bin-kecil"
        assert lookup.near_skus(tx, "zzz") == []
