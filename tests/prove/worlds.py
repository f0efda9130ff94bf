"""The small worlds, each named after the clause that bites in it."""

from __future__ import annotations

from dataclasses import replace

from syncworker.core.model import BelowZero, ChannelRules, Known, QuantityKind, QuantityMode
from tests.prove.search import World
from tests.prove.values import Mark, Shop


def rules(
    *,
    mode: QuantityMode = QuantityMode.SET,
    kind: QuantityKind = QuantityKind.AVAILABLE,
    below_zero: BelowZero = BelowZero.REFUSES,
    floor: int = 0,
    readable: bool = False,
    sees: int = 0,
    applies: int = 0,
    reads: int = 0,
    horizon: int = 0,
    skew: int = 0,
) -> ChannelRules:
    """A channel whose lags are ticks."""
    return ChannelRules(
        mode=mode,
        kind=kind,
        below_zero=below_zero,
        floor=floor,
        zero_is_quantity=floor == 0,
        readable=readable,
        visibility_lag_s=sees,
        apply_lag_s=applies,
        read_lag_s=reads,
        horizon_s=horizon,
        clock_skew_s=skew,
    )


NOT_BACK = Mark(restocked=Known.NO, really_restocks=False)
PERHAPS = Mark(restocked=Known.UNKNOWN)
PERHAPS_NOT = Mark(restocked=Known.UNKNOWN, really_restocks=False)
TYPED = Mark(counts_down=Known.NO, really_counts=False)
STAYS_OUT = Mark(returned=Known.NO, really_returns=False)
UNSURE = Mark(counts_down=Known.UNKNOWN)
COMPARE = QuantityMode.COMPARE_AND_SET
ADJUST = QuantityMode.ADJUST


def may(*names: str) -> frozenset[str]:
    """What else may happen in a shop."""
    return frozenset(names)


def one(name: str, clause: str, on_hand: int, shop: Shop) -> World:
    """A world of one shop."""
    return World(name=name, clause=clause, shops=(shop,), on_hand=(on_hand,))


def two(name: str, clause: str, on_hand: int, shop: Shop, other: Shop | None = None) -> World:
    """A world of two shops that sell the same part."""
    return World(name=name, clause=clause, shops=(shop, other or shop), on_hand=(on_hand,))


SET = rules()
READ = rules(readable=True, reads=1)
ON_HAND = rules(kind=QuantityKind.ON_HAND)
COUNTED = rules(mode=COMPARE, kind=QuantityKind.ON_HAND)
GAPS = Shop(rules=rules(sees=1), pushes=2, may=may("faulty pulls"))
BUNDLE = Shop(rules=SET, recipe=(2, 1), pushes=1)
PART = Shop(rules=SET, recipe=(1, 0), most=2, pushes=1)

WORLDS = (
    # set, settle, set 0 over
    one("one of a kind", "set, settle", 1, Shop(rules=rules(sees=1), cancels=1)),
    one("two units", "set, settle", 2, Shop(rules=rules(sees=1), most=2)),
    two("one of a kind, two shops", "one sum", 1, Shop(rules=rules(sees=1))),
    two("a buyer cancels, two shops", "cancellation", 1, Shop(rules=SET, cancels=1)),
    two("two units, two shops", "one sum", 2, Shop(rules=SET, most=2, pushes=1)),
    World(name="one of a kind, three shops", clause="one sum", shops=(Shop(rules=SET, pushes=1),) * 3),
    World(name="a bundle and its part", clause="one sum", shops=(BUNDLE, PART), on_hand=(2, 1)),
    # outcomes
    one("lost answer, late landing", "unknown outcome", 2, Shop(rules=rules(horizon=2), most=2, pushes=1)),
    one("half a horizon", "unknown outcome", 1, Shop(rules=rules(sees=1, horizon=1), cancels=1)),
    two("lost answer, two shops", "set 0 over", 1, Shop(rules=rules(horizon=1), pushes=1)),
    one("applied later", "base = applied", 2, Shop(rules=rules(applies=1), cancels=1)),
    one("lost, applied later", "set 0 over", 1, Shop(rules=rules(applies=1, horizon=2))),
    one("echo", "echo", 2, Shop(rules=SET, most=2, may=may("echo"))),
    one("echo above", "echo", 3, Shop(rules=SET, may=may("lifts", "echo"))),
    one("floor of two", "floor", 2, Shop(rules=rules(floor=2), most=2)),
    one("on-hand numbers", "on hand is not sellable", 3, Shop(rules=ON_HAND, shows=1, may=may("ship"))),
    # settling pulls
    one("slow orders", "visibility lag", 1, Shop(rules=rules(sees=2), patience=1)),
    one("orders seen at once", "the pull's sequence", 2, Shop(rules=SET, most=2)),
    one("pulls with gaps", "settling pull", 2, GAPS),
    # whatever changes an order after it was placed
    one("cancelled, not restocked", "cancellation", 2, Shop(rules=SET, cancels=2, marks=(NOT_BACK,))),
    one("perhaps restocked", "unknown = yes", 1, Shop(rules=SET, cancels=1, marks=(PERHAPS, PERHAPS_NOT))),
    one(
        "put back after all",
        "clause (c)",
        1,
        Shop(rules=SET, cancels=1, outside=1, marks=(NOT_BACK,), may=may("put back")),
    ),
    one(
        "put back during a read-back",
        "clause (c)",
        1,
        Shop(rules=READ, shows=1, pushes=0, cancels=1, outside=1, marks=(NOT_BACK,), may=may("put back")),
    ),
    one("cancelled during a read-back", "clause (c)", 1, Shop(rules=READ, shows=1, pushes=0, cancels=1)),
    one("the channel restocks a return", "refund", 1, Shop(rules=SET, outside=1, may=may("refund"))),
    one(
        "a return that stays out",
        "refund",
        1,
        Shop(rules=SET, outside=1, marks=(STAYS_OUT,), may=may("refund")),
    ),
    one(
        "a return during a read-back",
        "clause (c)",
        1,
        Shop(rules=READ, shows=1, pushes=0, outside=1, may=may("refund")),
    ),
    one("taken back", "taken back", 1, Shop(rules=SET, cancels=1, outside=1, may=may("uncancel"))),
    one(
        "taken back, not restocked",
        "taken back",
        2,
        Shop(rules=SET, shows=2, pushes=0, cancels=1, outside=1, marks=(NOT_BACK,), may=may("uncancel")),
    ),
    one(
        "taken back, perhaps restocked",
        "taken back",
        2,
        Shop(
            rules=rules(readable=True),
            shows=2,
            pushes=0,
            cancels=1,
            outside=1,
            marks=(PERHAPS_NOT,),
            may=may("uncancel"),
        ),
    ),
    one(
        "orders edited",
        "edits",
        2,
        Shop(rules=SET, shows=2, pushes=0, cancels=1, outside=1, may=may("edit order")),
    ),
    one(
        "typed by staff",
        "counts down: no",
        2,
        Shop(rules=SET, shows=1, pushes=1, outside=1, marks=(Mark(), TYPED)),
    ),
    one("perhaps counted down", "counts down: unknown", 2, Shop(rules=SET, most=2, marks=(UNSURE,))),
    one(
        "listed too late",
        "older than the base",
        2,
        Shop(rules=SET, shows=1, pushes=1, cancels=1, outside=1, may=may("late")),
    ),
    one(
        "listed too late, then cancelled",
        "first seen cancelled",
        1,
        Shop(rules=SET, shows=1, pushes=0, cancels=1, outside=1, may=may("late")),
    ),
    one(
        "listed too late, clocks differ",
        "clock skew",
        1,
        Shop(rules=rules(skew=1), shows=1, pushes=0, outside=1, stamps=(0, 1), may=may("late")),
    ),
    one(
        "clocks differ", "clock skew", 1, Shop(rules=rules(sees=1, skew=1), shows=1, pushes=1, stamps=(0, 1))
    ),
    one(
        "sold below zero",
        "clause (a)",
        2,
        Shop(rules=SET, shows=1, pushes=1, cancels=1, outside=1, may=may("oversell")),
    ),
    # read-backs
    one("read-back", "read", 1, Shop(rules=READ, pushes=1)),
    one("slow read-back", "read", 1, Shop(rules=READ, shows=1, pushes=0, patience=1)),
    one(
        "raised while a read-back is pending", "clause (b)", 2, Shop(rules=rules(mode=ADJUST, readable=True))
    ),
    one("old answers", "read lag", 1, Shop(rules=rules(readable=True, reads=2), pushes=1)),
    one(
        "lost answer, read back", "unknown resolved", 1, Shop(rules=rules(readable=True, horizon=2), pushes=1)
    ),
    one("applied later, read back", "base", 1, Shop(rules=rules(readable=True, applies=1), pushes=1)),
    # people
    one("vouched for", "pool assume", 1, Shop(rules=rules(horizon=1), pushes=1, outside=1, may=may("vouch"))),
    one(
        "vouched for beside a read-back",
        "pool assume",
        1,
        Shop(
            rules=rules(mode=ADJUST, readable=True, horizon=1),
            pushes=1,
            outside=1,
            patience=1,
            may=may("vouch"),
        ),
    ),
    one("restored", "restored backup", 1, Shop(rules=rules(horizon=1), outside=1, may=may("restore"))),
    one("restored, read back", "restored backup", 1, Shop(rules=READ, outside=1, may=may("restore"))),
    one(
        "restored, applied later",
        "restored backup",
        1,
        Shop(rules=rules(readable=True, applies=2), pushes=1, outside=1, may=may("restore")),
    ),
    one(
        "restored, orders listed later",
        "restored backup",
        1,
        Shop(rules=rules(sees=1), pushes=1, cancels=1, outside=1, may=may("restore")),
    ),
    one("all unknown", "unknown is not zero", 2, Shop(rules=READ, shows=1, exposure=None, pushes=1)),
    two(
        "unknown beside known",
        "unknown is infinite",
        1,
        Shop(rules=rules(readable=True), shows=1, exposure=None, pushes=1),
        Shop(rules=SET, pushes=1),
    ),
    one("hand edit", "forced raise", 1, Shop(rules=READ, pushes=1, outside=1, may=may("edit"))),
    one(
        "hand edit, adjusted",
        "forced raise",
        2,
        Shop(rules=rules(mode=ADJUST, readable=True), pushes=1, outside=1, may=may("edit")),
    ),
    # compare-and-set, adjust
    one("compare and set", "compare-and-set", 2, Shop(rules=rules(mode=COMPARE, readable=True), most=2)),
    two(
        "compare and set, two shops",
        "compare-and-set",
        1,
        Shop(rules=rules(mode=COMPARE, readable=True)),
        Shop(rules=SET, pushes=1),
    ),
    one(
        "compare and set, on hand",
        "an on-hand number stays when a unit is sold",
        2,
        Shop(rules=COUNTED, most=2, cancels=1, may=may("ship")),
    ),
    one(
        "adjust, on hand",
        "an on-hand number stays when a unit is sold",
        2,
        Shop(rules=rules(mode=ADJUST, kind=QuantityKind.ON_HAND), most=2, cancels=1, may=may("ship")),
    ),
    two(
        "compare and set on hand, two shops",
        "an on-hand number stays when a unit is sold",
        1,
        Shop(rules=COUNTED, may=may("ship")),
        Shop(rules=SET, pushes=1),
    ),
    one(
        "compare and set, hand edit",
        "number seen",
        2,
        Shop(rules=rules(mode=COMPARE, readable=True), pushes=1, outside=1, may=may("edit")),
    ),
    one(
        "compare and set, applied later", "base", 1, Shop(rules=rules(mode=COMPARE, readable=True, applies=1))
    ),
    one(
        "adjust, refuses below zero",
        "adjust(−d)",
        2,
        Shop(rules=rules(mode=ADJUST, horizon=1), most=2, pushes=3, cancels=1),
    ),
    one(
        "adjust, clamps",
        "adjust(−d)",
        2,
        Shop(rules=rules(mode=ADJUST, below_zero=BelowZero.CLAMPS), most=2, pushes=3),
    ),
    one(
        "adjust, applied later", "base", 1, Shop(rules=rules(mode=ADJUST, applies=1, readable=True), pushes=3)
    ),
    two("adjust, two shops", "adjust", 1, Shop(rules=rules(mode=ADJUST), pushes=3)),
    # holds
    World(
        name="a hold beside a shop",
        clause="guards belong to raises and holds",
        shops=(Shop(rules=rules(sees=1), most=2, cancels=1),),
        on_hand=(2,),
        holds=(1,),
    ),
    World(
        name="a hold beside two shops",
        clause="guards belong to raises and holds",
        shops=(Shop(rules=SET, pushes=1), Shop(rules=rules(mode=COMPARE, readable=True), pushes=1)),
        on_hand=(2,),
        holds=(2,),
    ),
    World(
        name="a hold beside a bundle",
        clause="one sum",
        shops=(BUNDLE, PART),
        on_hand=(2, 1),
        holds=(1, 0),
    ),
    World(
        name="a hold beside an unknown number",
        clause="unknown is infinite",
        shops=(Shop(rules=rules(readable=True), shows=1, exposure=None, pushes=1),),
        holds=(1,),
    ),
    World(
        name="a hold, typed by staff",
        clause="an order wins",
        shops=(Shop(rules=SET, shows=1, pushes=1, outside=1, marks=(Mark(), TYPED)),),
        on_hand=(2,),
        holds=(1,),
    ),
)


def _larger(world: World) -> World:
    """The same clause with one more push, slower orders, and pulls and read-backs that take their time."""
    shops = tuple(
        replace(
            shop,
            pushes=shop.pushes + 1,
            patience=shop.patience + 1,
            rules=replace(shop.rules, visibility_lag_s=shop.rules.visibility_lag_s + 1),
        )
        for shop in world.shops
    )
    return replace(world, name=f"{world.name}, larger", shops=shops)


#: For `make prove`.
LARGER = tuple(_larger(world) for world in WORLDS)
