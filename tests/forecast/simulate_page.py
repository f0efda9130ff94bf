"""Which numbers stand in docs/simulate.md? Its tables and its picture, played again: ``python -m tests.forecast.simulate_page`` writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from syncworker.core.model import Policy, PolicyChoice, QuantityMode
from syncworker.forecast import building
from syncworker.forecast.building import Demand, ShopWish, Wishes
from syncworker.forecast.outcome import Forecast, forecast
from syncworker.forecast.setting import Upsets
from syncworker.interfaces.cli.simulate_picture import draw
from syncworker.interfaces.language import speak

PAGE = Path(__file__).parents[2] / "docs" / "simulate.md"
#: ``syncworker simulate --rate 3600 --stock 200 --hours 1 --visibility 10 --policy escrow --policy shared --policy shared:50``.
PICTURE = PAGE.with_suffix(".svg")
SEEDS = 20
#: What goes wrong in the second table: --cancel 5% --lost-answers 2% --late-listings 2%.
UPSETS = Upsets(cancelled=0.05, lost_answers=0.02, late_listings=0.02)
_HEAD = "| world | policy | sold | one stock | sold twice | turned away though in stock | of such visits | numbers sent, read |"
_TABLE = re.compile(r"\| world \|.*?\n\n", re.DOTALL)


@dataclass(frozen=True)
class World:
    """One line of the tables, named as the command would be typed."""

    name: str
    stock: int
    rate: float
    hours: float
    visibility_s: float


WORLDS = (
    World("36 units, 5.5 visits an hour", 36, 5.5, 24, 120),
    World("36 units, 60 an hour", 36, 60, 2, 120),
    World("live sale: 200 units, 3,600 an hour", 200, 3600, 1, 10),
    World("one of a kind, 60 an hour", 1, 60, 1, 120),
)
#: Played again by every run of the tests: a second.
CHEAP = WORLDS[-1:]
KINDS = (
    ("shared, all set", Policy.SHARED, QuantityMode.SET),
    ("escrow, all set", Policy.ESCROW, QuantityMode.SET),
    ("escrow, all compare", Policy.ESCROW, QuantityMode.COMPARE_AND_SET),
)


@cache
def played(world: World, kind: int, *, upset: bool) -> Forecast:
    """One row."""
    _name, policy, mode = KINDS[kind]
    shops = [ShopWish(name, mode, share) for name, share in building.USUAL_SHARES.items()]
    wishes = Wishes(
        goods=building.plain_goods({building.USUAL_SKU: world.stock}),
        shops=building.shops_of(shops),
        demand=Demand(rate=world.rate, hours=world.hours),
        policies=(PolicyChoice(policy),),
        visibility_s=world.visibility_s,
        upsets=_upsets(world) if upset else Upsets(),
    )
    return forecast(building.settings_of(wishes)[0], range(SEEDS))


def _upsets(world: World) -> Upsets:
    return Upsets(
        cancelled=UPSETS.cancelled,
        lost_answers=UPSETS.lost_answers,
        late_listings=UPSETS.late_listings,
        late_by_s=world.visibility_s,
    )


def picture() -> str:
    """The live sale under three policies, as the command draws it."""
    live = WORLDS[2]
    wishes = Wishes(
        goods=building.plain_goods({building.USUAL_SKU: live.stock}),
        shops=building.shops_of(building.usual_shops()),
        demand=Demand(rate=live.rate, hours=live.hours),
        policies=(PolicyChoice(Policy.ESCROW), PolicyChoice(Policy.SHARED), PolicyChoice(Policy.SHARED, 50)),
        visibility_s=live.visibility_s,
    )
    return draw(wishes, [forecast(setting, range(SEEDS)) for setting in building.settings_of(wishes)])


def rows(worlds: Sequence[World], *, upset: bool) -> list[str]:
    """The lines of a table."""
    return [_row(world, kind, upset=upset) for world in worlds for kind in range(len(KINDS))]


def _row(world: World, kind: int, *, upset: bool) -> str:
    one = played(world, kind, upset=upset)
    share = 100 * one.turned_away_in_stock / one.visits_in_stock
    numbers = (one.sold, one.one_stock, one.oversold, one.turned_away_in_stock)
    cells = [f"{number:.2f}".rstrip("0").rstrip(".") for number in numbers]
    bold = f"**{cells[2]}**"
    cells = [cells[0], cells[1], bold, cells[3], f"{share:.1f} %", f"{one.pushes + one.reads:.1f}"]
    return f"| {world.name} | {KINDS[kind][0]} | {' | '.join(cells)} |"


def tables(page: str) -> list[str]:
    """Those that stand on the page, as lines."""
    return _TABLE.findall(page)


def main() -> None:
    """Write the tables and the picture anew."""
    speak("en")
    PICTURE.write_text(picture(), "utf-8")
    page = PAGE.read_text("utf-8")
    calm, upset = (
        "\n".join([_HEAD, "| --- | --- " + "| ---: " * 6 + "|", *rows(WORLDS, upset=upset), "", ""])
        for upset in (False, True)
    )
    text = _TABLE.split(page)
    PAGE.write_text(text[0] + calm + text[1] + upset + text[2], "utf-8")


if __name__ == "__main__":
    main()
