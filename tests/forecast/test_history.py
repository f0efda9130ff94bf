"""Which buyers does a seller's own history bring, and is every mistake in it named where it stands?"""

from __future__ import annotations

import pytest

from syncworker.core.model import Policy, PolicyChoice
from syncworker.errors import ImportFileError, InputError
from syncworker.forecast.building import (
    Demand,
    ShopWish,
    Wishes,
    catalogue_goods,
    goods_for,
    plain_goods,
    settings_of,
    shops_for,
    shops_of,
    shortened,
    usual_shops,
)
from syncworker.forecast.history import DOORS_OPEN_S, read_history
from syncworker.forecast.outcome import forecast

HEADER = "time,channel,sku,quantity\n"
ORDERS = (
    HEADER
    + """2026-11-01 10:00:30,toko,BROOM,2
2026-11-01 10:00:00,pasar,BROOM,1
2026-11-01 12:00:00,pasar,PAN,4
"""
).encode()


def _problems(text: str, *, skus: list[str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ImportFileError) as raised:
        read_history((HEADER + text).encode(), skus=skus)
    return raised.value.problems


def test_rows_become_buyers_in_the_order_of_time() -> None:
    visits = read_history(ORDERS).visits()

    assert [(one.at_s - DOORS_OPEN_S, one.shop, one.sku, one.units) for one in visits] == [
        (0.0, "pasar", "BROOM", 1),
        (30.0, "toko", "BROOM", 2),
        (7200.0, "pasar", "PAN", 4),
    ]


def test_only_the_first_hours_come_if_that_is_wanted() -> None:
    assert len(read_history(ORDERS).visits(seconds=3600)) == 2


def test_times_with_a_zone_are_compared_as_moments() -> None:
    rows = "2026-11-01T10:00:00+07:00,a,X,1\n2026-11-01T03:00:10+00:00,a,X,1\n"

    visits = read_history((HEADER + rows).encode()).visits()

    assert visits[1].at_s - visits[0].at_s == 10.0


def test_every_mistake_is_named_with_its_line() -> None:
    found = _problems("gestern,toko,BROOM,1\n2026-11-01 10:00,,BROOM,1\n2026-11-01 10:00,toko,BROOM,1.5\n")

    assert [problem.split(":")[0] for problem in found] == [
        "line 2, time",
        "line 3, channel",
        "line 4, quantity",
    ]


def test_a_day_without_a_time_is_refused_since_all_its_buyers_would_come_at_once() -> None:
    assert "time of the day" in _problems("2026-11-01,toko,BROOM,1\n")[0]


def test_a_sku_that_the_catalogue_lacks_is_named() -> None:
    found = _problems("2026-11-01 10:00,toko,BROM,1\n", skus=["BROOM"])

    assert found[0].startswith("line 2, sku: found 'BROM'")


def test_a_file_without_orders_is_refused() -> None:
    assert "no row" in _problems("")[0]


def test_a_mistyped_year_is_noticed() -> None:
    rows = "2026-11-01 10:00,toko,BROOM,1\n9999-11-01 10:00,toko,BROOM,1\n"

    assert "check the years" in _problems(rows)[0]


def test_goods_unless_told_are_four_fifths_of_what_is_asked_for_and_never_nothing() -> None:
    history = read_history(ORDERS)

    assert goods_for(history, stock=None).parts == {"BROOM": 2, "PAN": 3}
    assert goods_for(history, stock=7).parts == {"BROOM": 7, "PAN": 7}


def test_less_of_everything_leaves_one_of_what_there_is() -> None:
    assert shortened(plain_goods({"ONE": 1, "TEN": 10, "NONE": 0}), 0.75).parts == {
        "ONE": 1,
        "TEN": 2,
        "NONE": 0,
    }


def test_shops_of_a_history_are_its_channels_and_none_of_them_may_be_left_out() -> None:
    history = read_history(ORDERS)

    assert [shop.name for shop in shops_for(history, ())] == ["pasar", "toko"]
    with pytest.raises(InputError, match="toko"):
        shops_for(history, [ShopWish("pasar")])


def test_a_catalogue_with_bundles_is_sold_by_its_parts() -> None:
    data = b"sku,title,on_hand,parts\nBROOM,Broom,3,\nPAN,Pan,9,\nSET,Set,,BROOM:1;PAN:2\n"

    goods = catalogue_goods(data)

    assert goods.recipes["SET"] == {"BROOM": 1, "PAN": 2}
    assert {one.sku: one.wanted for one in goods.articles()} == {"BROOM": 3, "PAN": 9, "SET": 3}


def test_a_bundle_of_parts_that_nobody_counted_is_named_with_its_line() -> None:
    with pytest.raises(ImportFileError, match="line 2, parts: found 'PAN'"):
        catalogue_goods(b"sku,title,on_hand,parts\nSET,Set,,PAN:2\n")


def test_visits_are_shared_out_and_the_rest_is_split() -> None:
    shops = shops_of([ShopWish("a", share=50.0), ShopWish("b"), ShopWish("c")])

    assert [shop.popularity for shop in shops] == [50.0, 25.0, 25.0]


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ([ShopWish("a", share=80.0), ShopWish("b", share=30.0)], "110 %"),
        ([ShopWish("a", share=100.0), ShopWish("b")], "100 %"),
        ([ShopWish("a", share=0.0)], "no visits"),
        ([ShopWish("a"), ShopWish("a")], "twice"),
    ],
)
def test_shares_that_cannot_be_are_refused(wishes: list[ShopWish], said: str) -> None:
    with pytest.raises(InputError, match=said):
        shops_of(wishes)


def test_each_policy_is_played_with_each_interval() -> None:
    wishes = Wishes(
        goods=plain_goods({"A": 3}),
        shops=shops_of(usual_shops()),
        demand=Demand(rate=30, hours=1),
        policies=[PolicyChoice(Policy.ESCROW), PolicyChoice(Policy.SHARED, 2)],
        polls=[10.0, 60.0],
    )

    found = [forecast(setting, range(1)) for setting in settings_of(wishes)]

    assert [(one.policy.policy.value, one.poll_s) for one in found] == [
        ("escrow", 10.0),
        ("escrow", 60.0),
        ("shared", 10.0),
        ("shared", 60.0),
    ]
    assert [one.pulls for one in found] == [1440, 240, 1440, 240]
    assert len({(one.visits, one.one_stock) for one in found}) == 1


def test_orders_are_really_listed_within_what_is_declared() -> None:
    wishes = Wishes(
        goods=plain_goods({"A": 3}),
        shops=shops_of(usual_shops()),
        demand=Demand(rate=30),
        policies=[PolicyChoice(Policy.ESCROW)],
        visibility_s=4.0,
    )

    assert {shop.visibility_s for shop in settings_of(wishes)[0].shops} == {(1.0, 4.0)}
