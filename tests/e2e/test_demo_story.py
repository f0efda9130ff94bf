"""The demo's parts without a process: the same buyers under every policy, and lines that say what the logs say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncworker.bootstrap import App, build, register_channels
from syncworker.interfaces.demo.cast import MODES, NUMBER, sellers
from syncworker.interfaces.demo.happenings import Happening, Shelf
from syncworker.interfaces.demo.stage import SAMPLE
from syncworker.interfaces.demo.stall import Stall
from syncworker.interfaces.demo.story import Story, Tone
from syncworker.interfaces.demo.visits import (
    CARVING,
    FIRST_SHOP,
    USUAL_S,
    Act,
    ChangeOfMind,
    Visit,
    draw_acts,
)
from syncworker.interfaces.language import speak
from syncworker.ledger.stock import levels
from syncworker.sandbox.catalogue import parse_catalogue
from syncworker.sandbox.history import read_log
from syncworker.sandbox.referee import judge
from syncworker.settings import load_settings
from syncworker.sync.catalogue import apply_plan, plan_products
from syncworker.sync.publishing import publish
from syncworker.sync.push import push_channel

BEGAN = datetime(2026, 3, 2, 8, tzinfo=UTC)
SELLERS = sellers(list(MODES), MODES)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    speak("en")
    yield
    speak("en")


class Stand:
    """A shelf and its story, fed by hand."""

    def __init__(self, *, is_shared: bool = False) -> None:
        self.shelf = Shelf(parse_catalogue(SAMPLE.read_text(encoding="utf-8")))
        self.story = Story(self.shelf, list(MODES), MODES, is_shared=is_shared, began=BEGAN)

    def happens(
        self, at_s: float, shop: str, kind: str, sku: str, before: int, after: int, buyer: str = "buyer-1"
    ) -> list[tuple[str, Tone]]:
        happening = Happening(
            at=BEGAN + timedelta(seconds=at_s), shop=shop, kind=kind, sku=sku, before=before, after=after,
            units=1 if kind in ("buy", "turned_away", "cancel") else 0, order_id=f"{shop}-{at_s}", refused=False,
            restocked=False, buyer=buyer,
        )  # fmt: skip
        self.shelf.take(happening)
        return [(line.text, line.tone) for line in self.story.tell(happening)]


@pytest.mark.parametrize("seconds", [20.0, 90.0, 900.0])
@pytest.mark.parametrize("seed", range(30))
def test_two_buyers_want_the_carving_in_the_same_second_at_two_shops(seed: int, seconds: float) -> None:
    wanted = [act for act in draw_acts(seed, seconds) if isinstance(act, Visit) and act.sku == CARVING]

    first, second = wanted[:2]

    assert second.at_s - first.at_s < 1.0
    assert first.shop != second.shop
    assert FIRST_SHOP in {first.shop, second.shop}


@pytest.mark.parametrize("seed", range(5))
def test_the_same_seed_brings_the_same_buyers_in_the_same_order_however_long_the_demo(seed: int) -> None:
    usual, short, long = (draw_acts(seed, seconds) for seconds in (90.0, 30.0, 900.0))

    def who(acts: list[Act]) -> list[str]:
        return [act.buyer for act in acts if isinstance(act, Visit) and act.sku != CARVING]

    assert draw_acts(seed, 90.0) == usual
    assert who(long) == who(usual)
    assert who(short) == who(usual)[: len(who(short))]
    assert 0.4 * len(usual) < len(short) < 0.8 * len(usual)


def test_the_usual_demo_has_a_rush_a_race_and_three_changes_of_mind_and_wants_all_there_is() -> None:
    """Its shape, over many seeds: what `make demo` is to show without luck."""
    rush, end = 0, 0
    for seed in range(30):
        acts = draw_acts(seed, USUAL_S)
        visits = [act for act in acts if isinstance(act, Visit)]
        rush += sum(visit.at_s < 20.0 for visit in visits)
        end += sum(visit.at_s >= USUAL_S - 20.0 for visit in visits)
        shelf = {part: units for part, units in Stand().shelf.supply.items() if part != CARVING}
        wanted = Counter(part for visit in visits for part in Stand().shelf.recipe(visit.sku))

        assert [act.shop for act in acts if isinstance(act, ChangeOfMind)] == ["pasar", "tiktok", "toko"]
        assert {act.shop for act in visits} == set(SELLERS)
        assert max(visit.at_s for visit in visits if visit.buyer == "rival-2") < 17.0
        assert all(wanted[part] >= 0.9 * units for part, units in shelf.items())
    assert rush > 1.15 * end


def test_the_last_unit_names_how_long_ago_the_others_had_stopped_showing_it() -> None:
    stand = Stand()
    stand.shelf.sold["SAPU-GLAGAH"] = 23
    for at_s, shop in ((1.0, "pasar"), (2.0, "toko"), (3.0, "counter")):
        stand.happens(at_s, shop, "set", "SAPU-GLAGAH", 1, 0)

    lines = stand.happens(5.5, "tiktok", "buy", "SAPU-GLAGAH", 1, 0)

    text, tone = lines[-1]
    assert "TikTok Shop sells the last broom: 24 made, 24 sold." in text
    assert "Pasar, Toko and the stall had stopped showing brooms 2.5 s before" in text
    assert tone is Tone.GOOD


def test_a_unit_that_nobody_has_is_called_oversold() -> None:
    stand = Stand(is_shared=True)
    stand.shelf.sold["SAPU-GLAGAH"] = 24

    lines = stand.happens(5.0, "toko", "buy", "SAPU-GLAGAH", 2, 1)

    text, tone = lines[-1]
    assert text == "OVERSOLD: Toko sells a broom that nobody has. 25 sold, 24 made: somebody gets an apology."
    assert tone is Tone.BAD
    assert stand.shelf.oversold == 1


@pytest.mark.parametrize(
    ("second", "is_shared", "said"),
    [("turned_away", False, "Toko does not show it"), ("buy", True, "Pasar and Toko both sell it")],
)
def test_the_race_for_the_carving_is_told_once_both_were_there(
    second: str, is_shared: bool, said: str
) -> None:
    stand = Stand(is_shared=is_shared)

    before = stand.happens(8.0, "pasar", "buy", CARVING, 1, 0, buyer="rival-1")
    lines = stand.happens(8.4, "toko", second, CARVING, int(is_shared), 0, buyer="rival-2")

    assert before == []
    assert len(lines) == 1
    assert said in lines[0][0]


def test_a_cancelled_set_gives_all_its_parts_back() -> None:
    stand = Stand()
    stand.happens(1.0, "toko", "buy", "SET-BERSIH", 3, 2)

    stand.happens(2.0, "toko", "cancel", "SET-BERSIH", 2, 3)

    assert stand.shelf.units_sold == 0


def test_the_stall_begins_a_sentence_with_a_large_letter_and_calls_nobody() -> None:
    stand = Stand()

    sold = stand.happens(1.0, "counter", "buy", "SAPU-GLAGAH", 3, 2)
    given = stand.happens(4.0, "counter", NUMBER, "SAPU-GLAGAH", 2, 4)

    assert sold == [
        ("The stall sells a broom. The keeper types it in, so we know of it at once.", Tone.PLAIN)
    ]
    assert given[0][0].startswith("The stall may sell 2 brooms more, 2 to 4.")
    assert stand.shelf.pushes == 0


def test_a_catalogue_goes_out_of_stock_and_back_and_its_number_counts_nowhere() -> None:
    stand = Stand()
    stand.happens(1.0, "instagram", "set", "SAPU-GLAGAH", 0, 1)
    stand.shelf.sold["SAPU-GLAGAH"] = 23
    for shop in SELLERS:
        stand.happens(2.0, shop, "set", "SAPU-GLAGAH", 1, 0)

    last = stand.happens(5.0, "tiktok", "buy", "SAPU-GLAGAH", 1, 0)
    emptied = stand.happens(6.0, "instagram", "set", "SAPU-GLAGAH", 1, 0)
    stand.happens(7.0, "tiktok", "cancel", "SAPU-GLAGAH", 0, 0)
    back = stand.happens(9.0, "instagram", "set", "SAPU-GLAGAH", 0, 1)

    # Instagram shows a broom, and still nobody could buy one that is not there.
    assert "had stopped showing brooms" in last[-1][0]
    assert emptied == [("Instagram shows brooms as out of stock: the last one is promised.", Tone.PLAIN)]
    assert back == [("Instagram shows brooms as in stock again.", Tone.PLAIN)]


def test_what_sells_over_the_counter_is_handed_over_once_and_no_more_than_its_number(tmp_path: Path) -> None:
    app = a_stall_with(tmp_path, bins=2)
    with app:
        stall = Stall(app.ledger, tmp_path, actor="test")
        stall.look()
        outcomes = [stall.buy("BIN-BAMBU", buyer=f"buyer-{number}")["outcome"] for number in range(3)]
        stall.look()
        stall.close()
        with app.ledger.snapshot() as tx:
            left = levels(tx, ["BIN-BAMBU"])["BIN-BAMBU", "main"].on_hand

    log = read_log(tmp_path / "counter.jsonl")
    assert outcomes == ["sold", "sold", "turned_away"]
    assert left == 0
    assert [(event["kind"], event["before"], event["after"]) for event in log] == [
        (NUMBER, 0, 2), ("buy", 2, 1), ("buy", 1, 0), ("turned_away", 0, 0),
    ]  # fmt: skip
    verdict = judge(
        parse_catalogue("sku,title,on_hand,price,currency,parts\nBIN-BAMBU,Bin,2,1,IDR,\n"), [log]
    )
    assert (verdict.sold, verdict.oversold, verdict.turned_away_in_stock) == (2, 0, 0)


def a_stall_with(folder: Path, *, bins: int) -> App:
    """An engine with one counter, which was given all there is."""
    (folder / "channels.toml").write_text('[channels.counter]\nconnector = "counter"\n')
    (folder / "syncworker.toml").write_text('database_url = "sqlite:///stall.db"\n')
    app = build(load_settings(folder))
    rows = f"sku,title,on_hand,price,currency,parts\nBIN-BAMBU,Bin,{bins},1,IDR,\n".encode()
    app.ledger.run(lambda tx: apply_plan(tx, plan_products(tx, rows), reference="test", actor="test"))
    register_channels(app)
    publish(app.context, "counter")
    push_channel(app.context, "counter")
    return app
