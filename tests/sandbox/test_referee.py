"""The referee catches what it must: bad histories are found bad, good ones good."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncworker.sandbox.catalogue import parse_catalogue
from syncworker.sandbox.referee import common_stock_sold, judge, main
from tests.sandbox.shops import at

CATALOGUE_TEXT = """sku,title,on_hand,price,currency,parts,maker
BIN,Bin,2,85000,IDR,,A
PAN,Pan,3,35000,IDR,,A
SET,"Bin and two pans",,140000,IDR,BIN:1;PAN:2,
"""
CATALOGUE = parse_catalogue(CATALOGUE_TEXT)
Log = list[dict[str, Any]]


def event(
    seconds: float, kind: str, sku: str = "BIN", quantity: int = 1, shop: str = "x", **more: Any
) -> dict[str, Any]:
    """One hand-written log line."""
    return {
        "time": at(seconds).isoformat(),
        "kind": kind,
        "shop": shop,
        "sku": sku,
        "quantity": quantity,
        **more,
    }


def test_a_clean_history_is_found_clean() -> None:
    logs: list[Log] = [
        [event(1, "buy", order_id="x1"), event(4, "turned_away")],
        [event(2, "buy", shop="y", order_id="y1"), event(3, "set", shop="y")],
    ]

    verdict = judge(CATALOGUE, logs)

    assert (verdict.sold, verdict.oversold, verdict.orders, verdict.visits) == (2, 0, 2, 3)
    assert (verdict.turned_away, verdict.turned_away_in_stock) == (1, 0)
    assert verdict.sold_by_sku == {"BIN": 2}


def test_a_unit_sold_twice_is_caught_across_shops() -> None:
    logs: list[Log] = [
        [event(1, "buy", quantity=2, order_id="x1")],
        [event(2, "buy", shop="y", order_id="y1")],
    ]

    verdict = judge(CATALOGUE, logs)

    assert verdict.oversold == 1
    assert [(part.sku, part.oversold) for part in verdict.parts] == [("BIN", 1), ("PAN", 0)]


def test_an_oversell_that_was_cancelled_later_still_counts() -> None:
    log = [event(1, "buy", quantity=3, order_id="x1"), event(2, "cancel", quantity=3, order_id="x1")]

    verdict = judge(CATALOGUE, [log])

    assert (verdict.sold, verdict.oversold) == (0, 1)


def test_a_cancelled_order_frees_its_units_for_others() -> None:
    log = [
        event(1, "buy", quantity=2, order_id="x1"),
        event(2, "cancel", quantity=2, order_id="x1"),
        event(3, "buy", quantity=2, order_id="x2"),
    ]

    assert judge(CATALOGUE, [log]).oversold == 0
    assert judge(CATALOGUE, [[log[0], log[2], log[1] | {"time": at(4).isoformat()}]]).oversold == 2


def test_bundles_are_taken_apart() -> None:
    log = [event(1, "buy", "SET", order_id="x1"), event(2, "buy", "PAN", 2, order_id="x2")]

    verdict = judge(CATALOGUE, [log])

    assert {part.sku: (part.sold, part.oversold) for part in verdict.parts} == {"BIN": (1, 0), "PAN": (4, 1)}
    assert verdict.sold_by_sku == {"SET": 1, "PAN": 2}


def test_a_bundle_is_turned_away_in_stock_only_if_every_part_is_there() -> None:
    log = [event(1, "turned_away", "SET"), event(2, "buy", "PAN", 2), event(3, "turned_away", "SET")]

    verdict = judge(CATALOGUE, [log])

    assert (verdict.turned_away, verdict.turned_away_in_stock) == (2, 1)


def test_goods_that_came_in_and_sales_outside_the_shops_count() -> None:
    extra = [event(1, "buy", quantity=2, shop="counter"), event(3, "receive", shop="main", quantity=1)]

    assert judge(CATALOGUE, [[event(2, "buy", order_id="x1")], extra]).oversold == 1
    assert judge(CATALOGUE, [[event(4, "buy", order_id="x1")], extra]).oversold == 0


def test_edits_move_units_like_orders_do() -> None:
    log = [event(1, "buy", order_id="x1"), event(2, "edit", quantity=-2, order_id="x1")]

    assert judge(CATALOGUE, [log]).oversold == 1
    assert judge(CATALOGUE, [[*log, event(3, "edit", quantity=3, order_id="x1")]]).sold == 0


def test_returned_goods_are_not_there_until_they_are_received() -> None:
    log = [
        event(1, "buy", quantity=2, order_id="x1"),
        event(2, "return", quantity=2, order_id="x1", restocked=True),
        event(3, "buy", order_id="x2"),
    ]

    verdict = judge(CATALOGUE, [log])

    assert verdict.oversold == 1
    assert verdict.parts[0].allowance == {"return_restocked": 2}


def test_what_the_outside_did_is_listed_apart_and_not_subtracted() -> None:
    log: Log = [
        {"time": at(0).isoformat(), "kind": "publish", "shop": "x", "sku": "SET", "listing_id": "L1"},
        {
            "time": at(1).isoformat(),
            "kind": "hand_edit",
            "shop": "x",
            "listing_ids": ["L1"],
            "before": 0,
            "after": 2,
        },
        event(2, "buy", quantity=3, order_id="x1", counted=False),
        event(3, "buy", quantity=1, order_id="x2", beyond=1),
    ]

    verdict = judge(CATALOGUE, [log])

    assert verdict.oversold == 2
    assert [dict(part.allowance) for part in verdict.parts] == [
        {"hand_edit": 2, "not_counted": 3, "beyond_own_number": 1},
        {"hand_edit": 4},
    ]
    assert verdict.allowance == 10


def test_lines_of_one_visit_are_one_visit() -> None:
    log = [
        event(1, "buy", order_id="x1", visit=1),
        event(1, "buy", "PAN", order_id="x1", visit=1),
        event(2, "turned_away", visit=2),
        event(2, "turned_away", "PAN", 3, visit=2),
    ]

    verdict = judge(CATALOGUE, [log])

    assert (verdict.visits, verdict.orders, verdict.turned_away, verdict.turned_away_in_stock) == (2, 1, 1, 0)


def test_a_sku_outside_the_catalogue_is_named_not_judged() -> None:
    verdict = judge(CATALOGUE, [[event(1, "buy", "GHOST", 9)]])

    assert (verdict.unknown_skus, verdict.oversold) == (("GHOST",), 0)


def test_a_common_stock_serves_the_same_visits_in_time_order() -> None:
    logs = [
        [event(1, "turned_away"), event(3, "buy", quantity=2, order_id="x1")],
        [event(2, "buy", shop="y", order_id="y1"), event(4, "cancel", shop="y", order_id="y1")],
        [event(5, "turned_away", shop="z")],
    ]

    # 1: sold (1 left), 2: sold (0 left), 3: wants 2, none; 4: y1 cancelled; 5: sold.
    assert common_stock_sold(CATALOGUE, logs) == 2
    assert judge(CATALOGUE, logs).sold == 2


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["buy", "turned_away"]), st.sampled_from(["BIN", "PAN", "SET"]), st.integers(1, 3)
        ),
        max_size=30,
    )
)
def test_a_common_stock_never_oversells_and_turns_nobody_away_from_units_it_has(
    visits: list[tuple[str, str, int]],
) -> None:
    log = [event(n, kind, sku, units, order_id=f"x{n}") for n, (kind, sku, units) in enumerate(visits)]
    left = {"BIN": 2, "PAN": 3}
    sold = 0
    for _, sku, units in visits:
        needs = {part: each * units for part, each in (CATALOGUE.recipe(sku) or {}).items()}
        if all(left[part] >= wanted for part, wanted in needs.items()):
            for part, wanted in needs.items():
                left[part] -= wanted
                sold += wanted

    assert common_stock_sold(CATALOGUE, [log]) == sold
    assert sum(left.values()) == 5 - sold


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("sku,title\nA,B\n", "lacks the columns on_hand"),
        ("sku,title,on_hand,price,currency,parts\nA,x,,1,IDR,\n", "either units on hand or parts"),
        ("sku,title,on_hand,price,currency,parts\nA,x,1,1,IDR,B:1\n", "either units on hand or parts"),
        ("sku,title,on_hand,price,currency,parts\nA,x,1.5,1,IDR,\n", "no number of units"),
        ("sku,title,on_hand,price,currency,parts\nA,x,-1,1,IDR,\n", "no number of units"),
        ("sku,title,on_hand,price,currency,parts\nA,x,1,1,IDR,\nA,x,1,1,IDR,\n", "twice"),
        ("sku,title,on_hand,price,currency,parts\nA,x,,1,IDR,B:1\n", "no part with units on hand"),
        ("sku,title,on_hand,price,currency,parts\nA,x,,1,IDR,B\n", "no number of units"),
    ],
)
def test_a_bad_catalogue_is_refused_with_its_mistake(text: str, mistake: str) -> None:
    with pytest.raises(ValueError, match=mistake):
        parse_catalogue(text)


def test_the_command_prints_the_verdict_and_fails_on_oversold_units(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue, log = tmp_path / "catalogue.csv", tmp_path / "x.jsonl"
    catalogue.write_text(CATALOGUE_TEXT)
    log.write_text(json.dumps(event(1, "buy", quantity=3)) + "\n")

    assert main([str(catalogue), str(log)]) == 1

    shown = json.loads(capsys.readouterr().out)
    assert (shown["oversold"], shown["common_stock_sold"]) == (1, 0)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"kind": "buy", "sku": "BIN", "quantity": 1}',
        '{"kind": "buy", "time": "2026-01-01T00:00:00+00:00", "quantity": true}',
    ],
)
def test_the_command_refuses_a_log_it_cannot_understand(
    tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue, log = tmp_path / "catalogue.csv", tmp_path / "x.jsonl"
    catalogue.write_text(CATALOGUE_TEXT)
    log.write_text(line + "\n")

    assert main([str(catalogue), str(log)]) == 2
    assert capsys.readouterr().err.startswith("referee: ")
