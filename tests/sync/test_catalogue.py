"""An import shows what it would do, does exactly that, and does all of it or nothing."""

from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from syncworker.core.availability import StockLevel
from syncworker.errors import ImportFileError, InputError
from syncworker.ledger import Ledger, pools
from syncworker.ledger.books import check_books
from syncworker.ledger.incidents import IncidentKind, open_incidents
from syncworker.ledger.products import list_products, recipe_of
from syncworker.ledger.schema import movement, product
from syncworker.ledger.stock import MovementKind, apply_effects, history, levels
from syncworker.sync import goods
from syncworker.sync.catalogue import Change, ImportPlan, RowState, apply_plan, plan_counts, plan_products
from tests.ledger.catalogue import MAIN, effect, stocked
from tests.ledger.conftest import rows_of
from tests.ledger.shop import POOL, open_shop

CRAFTS = """\
sku,title,on_hand,price,currency,parts,maker,maker_premium
SET,"One bin, two pans",,140000,IDR,BIN:1;PAN:2,,
BIN,Bamboo bin,36,85000,IDR,,Group A,15000
PAN,Dustpan,60,35000,IDR,,Group A,7000
"""


def products_planned(ledger: Ledger, text: str) -> ImportPlan:
    with ledger.snapshot() as tx:
        return plan_products(tx, text.encode())


def counts_planned(ledger: Ledger, text: str) -> ImportPlan:
    with ledger.snapshot() as tx:
        return plan_counts(tx, text.encode())


def applied(
    ledger: Ledger, plan: ImportPlan, reference: str = "import-1"
) -> dict[tuple[str, str], StockLevel]:
    return ledger.run(lambda tx: apply_plan(tx, plan, reference=reference, actor="Sari"))


def test_a_catalogue_comes_in_with_its_counts_and_bundles(ledger: Ledger) -> None:
    plan = products_planned(ledger, CRAFTS)
    assert rows_of(ledger, product) == []

    applied(ledger, plan)

    assert [row.state for row in plan.rows] == [RowState.NEW] * 3
    assert plan.rows[1].changes[-1] == Change("on_hand", None, 36)
    with ledger.snapshot() as tx:
        assert levels(tx) == {("BIN", MAIN): StockLevel(36, 0), ("PAN", MAIN): StockLevel(60, 0)}
        assert recipe_of(tx, ["SET", "BIN", "GHOST"]) == {"SET": {"BIN": 1, "PAN": 2}, "BIN": {"BIN": 1}}
        assert check_books(tx) == []
        (told,) = history(tx, "BIN")
        (bin_,) = list_products(tx, ["BIN"])
    assert (told.kind, told.source, told.actor) == (MovementKind.COUNT, "import", "Sari")
    assert (bin_.price, bin_.maker_premium, bin_.currency) == (Decimal(85000), Decimal(15000), "IDR")


def test_the_same_file_again_changes_nothing(ledger: Ledger) -> None:
    applied(ledger, products_planned(ledger, CRAFTS))
    before = rows_of(ledger, product), rows_of(ledger, movement)

    again = products_planned(ledger, CRAFTS)
    applied(ledger, again, "import-2")

    assert again.is_empty
    assert [row.state for row in again.rows] == [RowState.UNCHANGED] * 3
    assert (rows_of(ledger, product), rows_of(ledger, movement)) == before


def test_the_preview_shows_each_value_before_and_after(ledger: Ledger) -> None:
    applied(ledger, products_planned(ledger, CRAFTS))

    plan = products_planned(ledger, CRAFTS.replace("36,85000", "30,0").replace("BIN:1;PAN:2", "BIN:2;PAN:2"))

    assert [row.state for row in plan.rows] == [RowState.CHANGED, RowState.CHANGED, RowState.UNCHANGED]
    assert plan.rows[0].changes == (Change("parts", {"BIN": 1, "PAN": 2}, {"BIN": 2, "PAN": 2}),)
    assert plan.rows[1].changes == (Change("price", Decimal(85000), Decimal(0)), Change("on_hand", 36, 30))


def test_a_column_that_is_not_there_changes_nothing(ledger: Ledger) -> None:
    applied(ledger, products_planned(ledger, CRAFTS))

    plan = products_planned(
        ledger, "sku,title,on_hand\nBIN,Bamboo bin,36\nSET,New title,\n".replace("SET,New title,\n", "")
    )

    assert plan.is_empty


def test_a_count_for_a_bundle_is_refused_though_the_file_does_not_say_it_is_one(ledger: Ledger) -> None:
    applied(ledger, products_planned(ledger, CRAFTS))

    with pytest.raises(ImportFileError, match="line 2, on_hand: found '3': leave this empty"):
        products_planned(ledger, "sku,title,on_hand\nSET,Set,3\n")


def test_a_stock_file_is_a_count_whatever_stood_before(ledger: Ledger) -> None:
    applied(ledger, products_planned(ledger, CRAFTS))
    ledger.run(lambda tx: apply_effects(tx, [effect(reserved=5)]))

    plan = counts_planned(ledger, "sku;on_hand;location\nBIN;40;\nPAN;60;\nPAN;7;stall\n")
    after = applied(ledger, plan, "import-2")

    assert [row.state for row in plan.rows] == [RowState.CHANGED, RowState.UNCHANGED, RowState.NEW]
    assert after == {("BIN", MAIN): StockLevel(40, 5), ("PAN", "stall"): StockLevel(7, 0)}


def test_one_mistake_keeps_the_whole_file_out_and_every_one_is_named(ledger: Ledger) -> None:
    applied(ledger, products_planned(ledger, CRAFTS))
    before = rows_of(ledger, movement)

    with pytest.raises(ImportFileError) as refused:
        counts_planned(ledger, "sku,on_hand\nBIN,1\nGHOST,1\nSET,1\nPAN,\n")

    assert [text.split(":")[0] for text in refused.value.problems] == [
        "line 3, sku",
        "line 4, sku",
        "line 5, on_hand",
    ]
    assert rows_of(ledger, movement) == before


def test_impossible_bundles_are_named_with_their_lines(ledger: Ledger) -> None:
    with pytest.raises(ImportFileError) as refused:
        products_planned(
            ledger,
            "sku,title,on_hand,parts\nA,A,,GHOST:1\nB,B,,B:1\nC,C,,A:1\nD,D,1,\n",
        )

    assert [text.split(":")[0] for text in refused.value.problems] == [
        "line 2, parts",
        "line 2, parts",
        "line 3, parts",
        "line 4, parts",
    ]


def test_a_plan_that_no_longer_fits_is_refused(ledger: Ledger) -> None:
    applied(ledger, products_planned(ledger, CRAFTS))
    plan = counts_planned(ledger, "sku,on_hand\nBIN,40\n")
    ledger.run(lambda tx: goods.receive(tx, "BIN", MAIN, 3, reference="r", actor="Sari"))

    with pytest.raises(InputError, match="has changed since the preview"):
        applied(ledger, plan, "import-2")


def test_a_kill_in_the_middle_of_an_import_leaves_nothing(ledger: Ledger) -> None:
    """At every statement, until one run gets through."""
    plan = products_planned(ledger, CRAFTS)
    fuse = [0]

    class KilledError(Exception):
        pass

    @sa.event.listens_for(ledger.engine, "before_cursor_execute")
    def _burn(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            fuse[0] -= 1
            if fuse[0] == 0:
                raise KilledError

    kills = 0
    while True:
        fuse[0] = kills + 1
        try:
            applied(ledger, plan)
            break
        except KilledError:
            kills += 1
            fuse[0] = 0
            assert rows_of(ledger, product) == []
            assert rows_of(ledger, movement) == []

    assert kills > 10
    fuse[0] = 0
    with ledger.snapshot() as tx:
        assert levels(tx)["BIN", MAIN] == StockLevel(36, 0)
        assert check_books(tx) == []


def test_the_parts_of_a_bundle_cannot_change_while_a_shop_may_sell_it(ledger: Ledger) -> None:
    applied(ledger, products_planned(ledger, CRAFTS))
    open_shop(ledger, sku="SET", exposure=3)

    with pytest.raises(
        ImportFileError, match="line 2, parts: The parts of SET cannot change while shop may still sell it"
    ):
        products_planned(ledger, CRAFTS.replace("BIN:1;PAN:2", "BIN:2;PAN:2"))


def test_a_count_below_what_is_exposed_opens_a_deficit_and_wakes_the_pools(ledger: Ledger) -> None:
    stocked(ledger)
    ledger.run(lambda tx: goods.receive(tx, "BIN", MAIN, 10, reference="r1", actor="Sari"))
    open_shop(ledger, exposure=5)
    with ledger.snapshot() as tx:
        before = pools.load(tx, [POOL])[POOL].wanted_version

    applied(ledger, counts_planned(ledger, "sku,on_hand\nBIN,3\n"))

    with ledger.snapshot() as tx:
        assert pools.load(tx, [POOL])[POOL].wanted_version > before
        assert [(one.kind, one.subject) for one in open_incidents(tx)] == [(IncidentKind.DEFICIT, "BIN")]


def test_the_project_s_own_sample_is_a_file_like_any_other(ledger: Ledger) -> None:
    sample = Path(__file__).parents[2] / "syncworker" / "interfaces" / "samples" / "catalogue.csv"

    with ledger.snapshot() as tx:
        assert not plan_products(tx, sample.read_bytes()).is_empty


def test_what_was_never_counted_is_new_to_a_stock_file(ledger: Ledger) -> None:
    stocked(ledger)
    plan = counts_planned(ledger, "sku,on_hand\nBIN,0\nPAN,4\n")

    after = applied(ledger, plan)

    assert [row.state for row in plan.rows] == [RowState.NEW, RowState.NEW]
    assert after == {("BIN", MAIN): StockLevel(0, 0), ("PAN", MAIN): StockLevel(4, 0)}
