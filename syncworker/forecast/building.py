"""Which worlds are to be played? Shops, goods and buyers put together from what a seller said, one world for each policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from syncworker.core.model import BelowZero, ChannelRules, Limits, PolicyChoice, QuantityMode
from syncworker.errors import ImportFileError, InputError
from syncworker.forecast.history import DOORS_OPEN_S, History
from syncworker.forecast.setting import Article, Setting, Shop, Upsets
from syncworker.sync.catalogue_file import read_products
from syncworker.sync.table import Problem

#: Of most channels the engine knows nothing better than this (seconds).
USUAL_POLL_S, USUAL_VISIBILITY_S = 60.0, 120.0
#: Seconds after which orders are mostly listed, wherever that is within what is declared.
USUALLY_LISTED_S = (1.0, 10.0)
#: Where a demand model's buyers go unless shops are named, and what it sells.
USUAL_SHARES = {"shop-1": 62.0, "shop-2": 22.0, "shop-3": 10.0, "shop-4": 6.0}
USUAL_SKU, USUAL_STOCK = "SKU", 36
HOUR_S = 3600.0
USUAL_HOURS = 12.0


@dataclass(frozen=True, slots=True)
class ShopWish:
    """One shop as it was named; ``mode`` of ``None`` is a counter, whose number is ours. ``share``: of the visits."""

    name: str
    mode: QuantityMode | None = QuantityMode.SET
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Goods:
    """What is sold: units of each part, and the recipe of each SKU."""

    parts: Mapping[str, int]
    recipes: Mapping[str, Mapping[str, int]]

    def articles(self) -> list[Article]:
        """Each SKU is wanted as much as there is of it."""
        return [
            Article(sku=sku, recipe=recipe, wanted=max(1, self._sellable(recipe)))
            for sku, recipe in self.recipes.items()
        ]

    def _sellable(self, recipe: Mapping[str, int]) -> int:
        return min(self.parts[part] // units for part, units in recipe.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Who comes: the buyers of a history, or so many an hour."""

    history: History | None = None
    rate: float = 0.0
    hours: float | None = None

    @property
    def visits(self) -> float:
        """How many come in one run, about."""
        if self.history is not None:
            return len(self.history.rows)
        return self.rate * (USUAL_HOURS if self.hours is None else self.hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """All that is to be tried. ``polls`` and ``visibility_s`` of nothing leave each shop's own."""

    goods: Goods
    shops: Sequence[Shop]
    demand: Demand
    policies: Sequence[PolicyChoice]
    polls: Sequence[float] = ()
    visibility_s: float | None = None
    upsets: Upsets = field(default_factory=Upsets)
    limits: Mapping[tuple[str, str], Limits] = field(default_factory=dict)


def settings_of(wishes: Wishes) -> list[Setting]:
    """A world for each policy, and within it for each time between two looks; the same buyers come to all of them."""
    shops = [_declared(shop, wishes.visibility_s) for shop in wishes.shops]
    base = _with_demand(wishes, shops)
    found = []
    for policy in wishes.policies:
        for poll_s in wishes.polls or (None,):
            asked = shops if poll_s is None else [_asked(shop, poll_s) for shop in shops]
            found.append(replace(base, policy=policy, shops=asked))
    return found


def _with_demand(wishes: Wishes, shops: Sequence[Shop]) -> Setting:
    demand, parts, articles = wishes.demand, wishes.goods.parts, wishes.goods.articles()
    seconds = None if demand.hours is None else demand.hours * HOUR_S
    if demand.history is None:
        return Setting(
            parts=parts,
            articles=articles,
            shops=shops,
            visitors_per_h=demand.rate,
            seconds=seconds or USUAL_HOURS * HOUR_S,
            upsets=wishes.upsets,
            limits=wishes.limits,
            to_the_end=True,
        )
    visits = demand.history.visits(seconds=seconds)
    return Setting(
        parts=parts,
        articles=articles,
        shops=shops,
        buyers=lambda seed: visits,  # noqa: ARG005 - the same ones whatever the seed
        seconds=seconds + DOORS_OPEN_S if seconds is not None else visits[-1].at_s + HOUR_S,
        upsets=wishes.upsets,
        limits=wishes.limits,
        to_the_end=True,
    )


def _declared(shop: Shop, visibility_s: float | None) -> Shop:
    """With its orders really listed within what it declares."""
    lag_s = shop.rules.visibility_lag_s if visibility_s is None else visibility_s
    soon, late = (min(usual, lag_s) for usual in USUALLY_LISTED_S)
    rules = replace(shop.rules, visibility_lag_s=lag_s)
    return replace(shop, rules=rules, visibility_s=(soon, late))


def _asked(shop: Shop, poll_s: float) -> Shop:
    return shop if shop.rules.own_number else replace(shop, rules=replace(shop.rules, poll_s=poll_s))


# --- shops


def shops_of(wishes: Sequence[ShopWish]) -> list[Shop]:
    """The shops; of visits without a share all get the same of what is left. InputError for shares of more than all."""
    twice = sorted({one.name for one in wishes if sum(one.name == other.name for other in wishes) > 1})
    if twice:
        raise InputError(f"Name each shop once; {twice[0]!r} stands there twice.")
    given = sum(one.share or 0.0 for one in wishes)
    open_ones = sum(one.share is None for one in wishes)
    if given > 100 + 1e-9 or (given >= 100 and open_ones):
        raise InputError(
            f"The shops have {given:g} % of the visits together; leave at most 100 % for all of them."
        )
    if not open_ones and given <= 0:
        raise InputError("The shops have no visits at all; give at least one of them a share.")
    rest = (100 - given) / open_ones if open_ones else 0.0
    return [_shop(one, rest if one.share is None else one.share) for one in wishes]


def _shop(wish: ShopWish, share: float) -> Shop:
    if wish.mode is None:
        return Shop(
            name=wish.name, popularity=share, rules=ChannelRules(own_number=True), history=share / 100
        )
    rules = ChannelRules(
        mode=wish.mode,
        below_zero=BelowZero.REFUSES,
        readable=True,
        poll_s=USUAL_POLL_S,
        visibility_lag_s=USUAL_VISIBILITY_S,
    )
    return Shop(name=wish.name, popularity=share, rules=rules, history=share / 100)


def usual_shops() -> list[ShopWish]:
    """Four shops whose number can only be set, most buyers at one of them."""
    return [ShopWish(name, share=share) for name, share in USUAL_SHARES.items()]


def shops_for(history: History, wishes: Sequence[ShopWish]) -> list[Shop]:
    """The shops of a history: those named, or all of its channels with a number that can only be set.

    InputError naming the channels that were left out. The engine begins without any memory of what sold where.
    """
    missing = sorted(set(history.channels) - {one.name for one in wishes}) if wishes else []
    if missing:
        raise InputError(
            f"The orders come from {', '.join(missing)} too: name every channel of the file with --shops."
        )
    named = wishes or [ShopWish(name) for name in history.channels]
    return [replace(shop, history=0.0) for shop in shops_of([replace(one, share=None) for one in named])]


# --- goods


def plain_goods(units: Mapping[str, int]) -> Goods:
    """Nothing but plain SKUs."""
    return Goods(dict(units), {sku: {sku: 1} for sku in units})


def catalogue_goods(data: bytes) -> Goods:
    """The goods of a catalogue, as `syncworker product import` takes it. ImportFileError naming every mistake."""
    reading = read_products(data)
    problems = reading.problems
    parts = {line.product.sku: line.on_hand for line in reading.lines if line.on_hand is not None}
    recipes = {line.product.sku: dict(line.product.parts) or {line.product.sku: 1} for line in reading.lines}
    for line in reading.lines:
        problems += [
            Problem(line.line, "parts", part, "name parts that stand in this file with a count of their own")
            for part in recipes[line.product.sku]
            if part not in parts
        ]
    if not problems and not recipes:
        problems.append(Problem(None, None, None, "add products: the file has no row below its header"))
    if problems:
        raise ImportFileError([str(problem) for problem in problems])
    return Goods(parts, recipes)


def goods_for(history: History, *, stock: int | None) -> Goods:
    """Of each SKU of the history so many, or four fifths of what it sold, so that it runs out as in the best of times."""
    return plain_goods(
        {sku: max(1, 4 * sold // 5) if stock is None else stock for sku, sold in history.units.items()}
    )


def shortened(goods: Goods, share: float) -> Goods:
    """With so much less of everything, a share of 1; at least one unit stays of what there is."""
    parts = {part: max(min(units, 1), round(units * (1 - share))) for part, units in goods.parts.items()}
    return Goods(parts, goods.recipes)


def only_sold(goods: Goods, skus: Iterable[str]) -> Goods:
    """Without what nobody asks for."""
    recipes = {sku: goods.recipes[sku] for sku in dict.fromkeys(skus)}
    parts = {part: goods.parts[part] for recipe in recipes.values() for part in recipe}
    return Goods(parts, recipes)
