"""Does `simulate` answer as a person and a program expect, in both languages, and refuse what cannot be?"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.interfaces.conftest import Shop

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A hurried hour that is over soon.
QUICK = ("--rate", "600", "--hours", "0.1", "--stock", "12", "--seeds", "2")
ORDERS = (
    "time,channel,sku,quantity\n2026-11-01 10:00:00,pasar,BIN-BAMBU,1\n2026-11-01 10:00:20,toko,BIN-BAMBU,1\n"
)


def _results(document: Mapping[str, object]) -> list[dict[str, object]]:
    found = document["results"]
    assert isinstance(found, list)
    return found


def test_it_compares_escrow_with_shared_and_needs_no_configuration(shop: Shop) -> None:
    said = shop.ok("simulate", *QUICK)

    assert "12 units of 1 SKU, 4 shops, 600 visits an hour; means of 2 runs." in said
    assert "escrow: nothing was sold twice." in said
    assert "█" in said
    assert not list(shop.folder.iterdir())


def test_the_document_has_stable_keys(shop: Shop) -> None:
    document = shop.json(
        "simulate", *QUICK, "--policy", "shared:5", "--cancel", "50%", "--lost-answers", "20"
    )

    assert set(document) == {
        "skus",
        "units",
        "shops",
        "orders",
        "rate",
        "cancelled_share",
        "restocked_share",
        "lost_answers_share",
        "late_listings_share",
        "late_by_s",
        "results",
        "svg",
    }
    (result,) = _results(document)
    assert (result["policy"], result["escrow_below"], result["runs"]) == ("shared", 5, 2)
    assert (document["cancelled_share"], document["lost_answers_share"]) == (0.5, 0.2)
    assert set(result) >= {
        "oversold",
        "sold",
        "one_stock",
        "turned_away",
        "turned_away_in_stock",
        "calls",
        "course",
    }
    assert result["cancelled"]


def test_each_policy_is_named_with_its_interval_where_there_are_several(shop: Shop) -> None:
    said = shop.ok("simulate", *QUICK, "--policy", "escrow", "--poll", "5", "--poll", "60")

    assert "escrow, every 5 s" in said
    assert "escrow, every 60 s" in said


def test_the_picture_is_a_whole_svg_with_a_line_and_a_name_for_each_policy(
    shop: Shop, tmp_path: Path
) -> None:
    picture = tmp_path / "policies.svg"

    said = shop.ok("simulate", *QUICK, "--svg", str(picture))

    root = ET.fromstring(picture.read_text("utf-8"))  # noqa: S314 - our own file
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    lines = [element for element in root.iter() if element.tag.endswith("polyline")]
    # Each policy is named in the legend and in four panels of bars.
    assert texts.count("escrow") == texts.count("shared") == 5
    assert len(lines) == 4
    assert str(picture) in said
    assert "is there already" in shop.refused("simulate", *QUICK, "--svg", str(picture))
    assert shop.ok("simulate", *QUICK, "--svg", str(picture), "--force")


def test_a_name_in_the_picture_cannot_break_it(shop: Shop, tmp_path: Path) -> None:
    picture = tmp_path / "policies.svg"
    orders = shop.write("orders.csv", ORDERS.replace("pasar", "<b>&pasar"))

    shop.ok("simulate", "--orders", str(orders), "--svg", str(picture))

    ET.fromstring(picture.read_text("utf-8"))  # noqa: S314 - our own file


def test_it_speaks_bahasa_indonesia(shop: Shop, tmp_path: Path) -> None:
    picture = tmp_path / "aturan.svg"

    said = shop.ok("simulate", *QUICK, "--lang", "id", "--svg", str(picture))

    assert "tidak ada yang terjual ganda" in said
    assert "Apa hasil tiap aturan?" in picture.read_text("utf-8")


def test_orders_of_ones_own_are_played(shop: Shop) -> None:
    orders = shop.write("orders.csv", ORDERS)

    document = shop.json("simulate", "--orders", str(orders), "--stock", "1", "--seeds", "3")

    assert (document["orders"], document["units"], document["rate"]) == (2, 1, None)
    escrow, shared = _results(document)
    assert (escrow["visits"], escrow["sold"], escrow["oversold"]) == (2, 1, 0)
    # Twenty seconds apart, and shops are asked once a minute: both are sold in some run.
    assert shared["runs_oversold"] in (1, 2, 3)


def test_orders_are_sold_from_a_catalogue(shop: Shop) -> None:
    orders = shop.write("orders.csv", ORDERS)
    catalogue = shop.write("catalogue.csv", "sku,title,on_hand\nBIN-BAMBU,Bin,5\nOTHER,Other,9\n")

    document = shop.json("simulate", "--orders", str(orders), "--catalogue", str(catalogue))

    assert (document["skus"], document["units"]) == (1, 5)


def test_mistakes_of_the_file_are_named_with_their_lines_in_the_persons_language(shop: Shop) -> None:
    orders = shop.write("orders.csv", ORDERS + "2026-11-01,toko,BIN-BAMBU,1\n")

    said = shop.refused("simulate", "--orders", str(orders), "--lang", "id")

    assert "baris 4" in said
    assert "tulis jamnya juga" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--rate", "5", "--from-ledger"), "--from-ledger, --rate"),
        (("--stock", "5", "--catalogue", "{orders}"), "--stock and --catalogue"),
        (("--from-ledger", "--stock", "5"), "brings shops and goods"),
        (("--shops", "a:fax"), "is no shop"),
        (("--shops", "a:set:120%"), "is no share"),
        (("--shops", "a:set:90", "--shops", "b:set:20"), "110 %"),
        (("--policy", "escrow:3"), "is no policy"),
        (("--policy", "sharing"), "is no policy"),
        (("--cancel", "half"), "is no share"),
        (("--svg", "picture.png"), "does not end in .svg"),
        (("--from-ledger",), "no order yet"),
        (("--rate", "100000", "--hours", "80000"), "visits in all"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    stocked: Shop, options: tuple[str, ...], said: str
) -> None:
    orders = stocked.write("orders.csv", ORDERS)

    assert said in stocked.refused("simulate", *(one.format(orders=orders) for one in options))


def test_whoever_shares_is_told_the_numbers_that_stand_on_the_page(stocked: Shop) -> None:
    page = (Path(__file__).parents[2] / "docs" / "simulate.md").read_text("utf-8")
    calm = page.split("| world |")[1]
    rows = [line.split(" | ") for line in calm.splitlines() if "| shared, all set |" in line]
    twice = {cells[0].lstrip("| "): float(cells[4].strip("*")) for cells in rows}

    warned = stocked.refused("policy", "set", "shared", "--default")

    assert f"one piece of a kind {twice['one of a kind, 60 an hour']:g} were" in warned
    assert f"a visitor a minute {twice['36 units, 60 an hour']:g};" in warned
    assert f"a visitor a second {twice['live sale: 200 units, 3,600 an hour']:.0f}." in warned


def test_the_books_tell_who_bought_what_where_and_what_lay_there_before(stocked: Shop) -> None:
    for number in range(3):
        stocked.ok("sale", "add", "BIN-BAMBU", "2", "--reference", f"visit-{number}")

    document = stocked.json("simulate", "--from-ledger", "--seeds", "1")

    assert (document["orders"], document["skus"], document["units"]) == (3, 1, 36)
    assert document["shops"] == [{"name": "counter", "mode": "counter", "visibility_s": 0.0}]
    assert [one["sold"] for one in _results(document)] == [6, 6]
    assert stocked.json("simulate", "--from-ledger", "--seeds", "1", "--short", "50%")["units"] == 18
