"""How is each moment of the demo said? Whole sentences in plain words: what happened, and why it matters.

Decides nothing about when something is worth telling (``story.py``) and knows no log.
"""

from __future__ import annotations

from collections.abc import Mapping

from syncworker.interfaces.demo.words import counted, last, listed, many, one, shop_name
from syncworker.interfaces.figures import number
from syncworker.interfaces.language import _


def opening() -> str:
    """Said at once, while the processes come up."""
    return _("Opening pretend shops, each a program of its own …")


def who_is_there(shops: list[str], windows: list[str]) -> str:
    """Those that sell, and those that only show."""
    return _(
        "{shops} are open. None of them knows what the others sell. {windows} only shows what there is: nobody buys there."
    ).format(
        shops=listed([shop_name(name) for name in shops]),
        windows=listed([shop_name(name) for name in windows]),
    )


def on_the_shelf(supply: Mapping[str, int]) -> str:
    goods = listed([counted(sku, units) for sku, units in supply.items()])
    return _("On the shelf: {goods}. A cleaning set is a bin, a dustpan and a broom.").format(goods=goods)


def house_rule(*, is_shared: bool) -> str:
    if is_shared:
        return _("Each shop shows the whole shelf, as other tools do, and we hope to be quick enough.")
    return _("The rule: all shops together never show more than lies on the shelf.")


def shared_out(sku: str, shown: Mapping[str, int], there: int) -> str:
    """The numbers that the pages begin with."""
    total = sum(shown.values())
    sentence = (
        _("{goods}: {places}. Together {total}, and {there} are there.")
        if total > there
        else _("{goods}: {places}. Together {total} of {there}.")
    )
    goods = many(sku)
    return sentence.format(
        goods=goods[:1].upper() + goods[1:],
        places=_places(shown),
        total=number(total),
        there=number(there),
    )


def buyers_come(per_minute: int) -> str:
    """With how many of them come at first."""
    return _("The doors open: {buyers} buyers a minute at first, then fewer.").format(
        buyers=number(per_minute)
    )


# --- sales ---------------------------------------------------------------------------------------------------------


def first_sale(shop: str, sku: str, before: int, after: int) -> str:
    return _(
        "{shop} sells {thing}. Its page goes from {before} to {after} by itself;"
        " we hear of it when we ask next, every two seconds."
    ).format(shop=shop_name(shop), thing=one(sku), before=number(before), after=number(after))


def first_sale_at_stall(shop: str, sku: str) -> str:
    return _("{shop} sells {thing}. The keeper types it in, so we know of it at once.").format(
        shop=shop_name(shop), thing=one(sku)
    )


def first_set(shop: str) -> str:
    return _(
        "{shop} sells a cleaning set: one bin, one dustpan and one broom fewer, and every shop has to know."
    ).format(shop=shop_name(shop))


def scarce(part: str, left: int, shown: Mapping[str, int]) -> str:
    """Few are left, and what the pages show of them."""
    text = (
        _("Only {left} left, and on show are {places}: more than there is. Now it takes luck.")
        if sum(shown.values()) > left
        else _("Only {left} left. On show: {places}, never more than there is.")
    )
    return text.format(left=counted(part, left), places=_places(shown))


def last_one(shop: str, sku: str, part: str, *, made: int) -> str:
    """The very last unit goes, perhaps inside a set."""
    if sku == part:
        return _("{shop} sells {thing}: {all} made, {all} sold.").format(
            shop=shop_name(shop), thing=last(part), all=number(made)
        )
    return _("{shop} sells {thing} inside a cleaning set: {all} made, {all} sold.").format(
        shop=shop_name(shop), thing=last(part), all=number(made)
    )


def others_had_stopped(part: str, others: list[str], seconds: float) -> str:
    shops = listed([shop_name(name) for name in others])
    return _(
        "{shops} had stopped showing {goods} {seconds} s before, so nobody could buy one that is not there."
    ).format(shops=shops, goods=many(part), seconds=decimal(seconds))


def others_still_show(part: str, shown: Mapping[str, int]) -> str:
    return _("But there is more on show: {places}. Nobody has told them yet.").format(
        places=_places(shown), goods=many(part)
    )


def sold_twice(shop: str, sku: str, part: str, sold: int, made: int) -> str:
    return _(
        "OVERSOLD: {shop} sells {thing} that nobody has. {sold} sold, {made} made: somebody gets an apology."
    ).format(
        shop=shop_name(shop), thing=one(sku if sku == part else part), sold=number(sold), made=number(made)
    )


def race_won(winner: str, loser: str) -> str:
    return _(
        "Two buyers want the only carving in the same second. {winner} sells it; {loser} does not show it,"
        " so it promises nothing that is gone."
    ).format(winner=shop_name(winner), loser=shop_name(loser))


def race_too_late(winner: str, loser: str) -> str:
    """A shop that did show it, but was emptied by the other visit or told in time."""
    return _(
        "Two buyers want the only carving in the same second. {winner} sells it; {loser} has none any more."
    ).format(winner=shop_name(winner), loser=shop_name(loser))


def race_lost(first: str, second: str) -> str:
    return _(
        "OVERSOLD: two buyers want the only carving in the same second, and {first} and {second} both sell it."
        " One of the two gets an apology."
    ).format(first=shop_name(first), second=shop_name(second))


def turned_away(shop: str, sku: str, shown: Mapping[str, int]) -> str:
    """While units are there; ``shown``: what the pages show of it just then."""
    places = {name: units for name, units in shown.items() if units > 0}
    text = (
        _(
            "A buyer at {shop} finds no {goods}, though there are some: {places}. That is the price: rather one visit"
            " in vain than one unit sold twice."
        )
        if places
        else _(
            "A buyer at {shop} finds no {goods}, though some are left: just then no shop shows them. That is the price:"
            " rather one visit in vain than one unit sold twice."
        )
    )
    return text.format(shop=shop_name(shop), goods=many(sku), places=_places(places))


def cancelled(shop: str, sku: str, *, restocked: bool) -> str:
    if restocked:
        return _(
            "A buyer at {shop} cancels {thing}, and the shop puts it back on sale by itself. We count that too."
        ).format(shop=shop_name(shop), thing=one(sku))
    return _(
        "A buyer at {shop} cancels {thing}, and the shop leaves it off sale. It lies on the shelf again,"
        " for whichever shop needs it."
    ).format(shop=shop_name(shop), thing=one(sku))


# --- numbers told to the shops -------------------------------------------------------------------------------------


def filled_by_number(shop: str, sku: str, before: int, after: int) -> str:
    return _(
        "{shop} only takes plain numbers: {goods} go from {before} to {after}. Until its latest orders are in, what it may"
        " have sold meanwhile stays set aside, so nothing is sold twice."
    ).format(shop=shop_name(shop), goods=many(sku), before=number(before), after=number(after))


def filled_by_comparing(shop: str, sku: str, before: int, after: int) -> str:
    return _(
        "{shop} is told: {goods} from {before} to {after}, but only if you still show {before}. No guess, no wait."
    ).format(shop=shop_name(shop), goods=many(sku), before=number(before), after=number(after))


def filled_by_adding(shop: str, sku: str, before: int, after: int) -> str:
    return _("{shop} is told to add {units}: now it shows {after}. A sale in between does no harm.").format(
        shop=shop_name(shop), units=counted(sku, after - before), after=number(after)
    )


def gave_back(shop: str, sku: str, before: int, after: int) -> str:
    return _("{shop} gives back {units}, {before} to {after}: another shop sells them faster.").format(
        shop=shop_name(shop), units=counted(sku, before - after), before=number(before), after=number(after)
    )


def emptied(shop: str, sku: str, before: int) -> str:
    return _("{shop} takes {units} off its page: another shop needs what is left.").format(
        shop=shop_name(shop), units=counted(sku, before)
    )


def stall_number(shop: str, sku: str, before: int, after: int) -> str:
    text = (
        _("{shop} may sell {units} more, {before} to {after}. That number is ours: nothing has to be sent.")
        if after > before
        else _(
            "{shop} leaves {units} to the others, {before} to {after}. That number is ours: nothing has to be sent."
        )
    )
    return text.format(
        shop=shop_name(shop),
        units=counted(sku, abs(after - before)),
        before=number(before),
        after=number(after),
    )


def out_of_stock(shop: str, sku: str) -> str:
    return _("{shop} shows {goods} as out of stock: the last one is promised.").format(
        shop=shop_name(shop), goods=many(sku)
    )


def in_stock_again(shop: str, sku: str) -> str:
    return _("{shop} shows {goods} as in stock again.").format(shop=shop_name(shop), goods=many(sku))


def follows_shelf(shop: str, sku: str, before: int, after: int) -> str:
    return _("{shop} is told what we know by now: {goods} from {before} to {after}.").format(
        shop=shop_name(shop), goods=many(sku), before=number(before), after=number(after)
    )


# --- in between and at the end -------------------------------------------------------------------------------------


def score(sold: int, made: int, oversold: int) -> str:
    text = (
        _("{sold} of {made} units sold, {oversold} of them twice.")
        if oversold
        else _("{sold} of {made} units sold, none twice.")
    )
    return text.format(sold=number(sold), made=number(made), oversold=number(oversold))


def all_gone() -> str:
    return _("Everything is sold. Waiting until the books know the last order …")


def time_is_up() -> str:
    return _("Time is up: the doors close. Waiting until the books know the last order …")


def interrupted() -> str:
    return _("Stopped by you. This is how it stood.")


def decimal(seconds: float) -> str:
    """``0.4``, written as the language does."""
    from babel.numbers import format_decimal

    from syncworker.interfaces.language import spoken

    return format_decimal(round(seconds, 1), format="0.0", locale="id_ID" if spoken() == "id" else "en_GB")


def _places(shown: Mapping[str, int]) -> str:
    return ", ".join(f"{shop_name(name)} {number(units)}" for name, units in shown.items())
