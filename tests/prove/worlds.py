"""The small worlds, each named after the clause that bites in it."""

from __future__ import annotations

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
    sees: int = 1,
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


SET = rules()
NOT_BACK = Mark(restocked=Known.NO, really_restocks=False)
PERHAPS = Mark(restocked=Known.UNKNOWN)
PERHAPS_NOT = Mark(restocked=Known.UNKNOWN, really_restocks=False)
TYPED = Mark(counts_down=Known.NO, really_counts=False)
UNSURE = Mark(counts_down=Known.UNKNOWN)
READ = rules(readable=True, reads=1)
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


WORLDS = (
    one("one of a kind", "set, settle", 1, Shop(rules=SET, pushes=3, cancels=1)),
    one("two units", "set, settle", 2, Shop(rules=SET, most=2, pushes=3, cancels=1)),
    two("one of a kind, two shops", "free: one sum", 1, Shop(rules=SET)),
    two("one of a kind, two shops, a buyer cancels", "cancellation", 1, Shop(rules=SET, pushes=1, cancels=1)),
    two("two units, two shops", "free", 2, Shop(rules=SET, most=2, pushes=1)),
    World(name="one of a kind, three shops", clause="free", shops=(Shop(rules=rules(sees=0), pushes=1),) * 3),
    one("lost answer, late landing", "unknown outcome", 2, Shop(rules=rules(horizon=2), most=2, pushes=2)),
    one("half a horizon", "unknown outcome", 2, Shop(rules=rules(horizon=1), most=2, pushes=2, cancels=1)),
    two("lost answer, two shops", "set 0 over an unknown one", 1, Shop(rules=rules(sees=0, horizon=1), pushes=1)),
    one("acknowledged, applied later", "base = applied", 2, Shop(rules=rules(applies=1), most=2, cancels=1)),
    one("acknowledged and lost, applied later", "base = applied", 1, Shop(rules=rules(applies=1, horizon=2), pushes=2)),
    one("slow orders", "visibility", 2, Shop(rules=rules(sees=2), most=2, cancels=1, patience=2)),
    one("orders seen at once", "the pull's sequence", 2, Shop(rules=rules(sees=0), most=2, cancels=1)),
    one("pulls with gaps", "settling pull", 2, Shop(rules=SET, most=2, cancels=1, may=may("faulty pulls"))),
    one("cancelled, not restocked", "cancellation", 2, Shop(rules=SET, cancels=2, marks=(NOT_BACK,))),
    one("cancelled, perhaps restocked", "unknown = yes", 2, Shop(rules=SET, cancels=1, marks=(PERHAPS, PERHAPS_NOT))),
    one("cancelled during a read-back", "clause (c)", 1, Shop(rules=READ, pushes=1, cancels=1)),
    one("read-back, two units", "read", 2, Shop(rules=READ, most=2, pushes=2)),
    one("raised while a read-back is pending", "clause (b)", 2, Shop(rules=rules(mode=ADJUST, readable=True), pushes=2)),
    one("old answers", "read lag", 1, Shop(rules=rules(readable=True, reads=2), pushes=2)),
    one("lost answer, read back", "unknown resolved", 2, Shop(rules=rules(readable=True, horizon=2, reads=1), most=2, pushes=1)),
    one("applied later, read back", "base", 1, Shop(rules=rules(readable=True, applies=1), pushes=2)),
    one("all unknown", "unknown is not zero", 2, Shop(rules=READ, shows=1, exposure=None, pushes=1)),
    two("unknown beside known", "unknown counts as infinite", 2, Shop(rules=rules(readable=True), shows=1, exposure=None, pushes=1), Shop(rules=SET, pushes=1)),
    one("hand edit", "forced raise", 1, Shop(rules=READ, pushes=1, outside=1, may=may("edit"))),
    one("hand edit, adjusted", "forced raise", 2, Shop(rules=rules(mode=ADJUST, readable=True), pushes=1, outside=1, may=may("edit"))),
    one("echo above", "echo", 2, Shop(rules=SET, pushes=2, may=may("lifts", "echo"))),
    one("echo", "echo", 2, Shop(rules=SET, most=2, pushes=2, cancels=1, may=may("echo"))),
    one("floor of one", "floor", 2, Shop(rules=rules(floor=2), most=2, pushes=2)),
    one("compare and set", "compare-and-set", 2, Shop(rules=rules(mode=COMPARE, readable=True, reads=1), most=2, pushes=2)),
    two("compare and set, two shops", "compare-and-set", 1, Shop(rules=rules(mode=COMPARE, readable=True, sees=0), pushes=2), Shop(rules=rules(sees=0), pushes=1)),
    one("compare and set, hand edit", "number seen", 2, Shop(rules=rules(mode=COMPARE, readable=True), most=2, pushes=1, outside=1, may=may("edit"))),
    one("compare and set, applied later", "base", 2, Shop(rules=rules(mode=COMPARE, readable=True, applies=1), most=2, pushes=2)),
    one("adjust, refuses below zero", "adjust(−d)", 2, Shop(rules=rules(mode=ADJUST, horizon=1), most=2, pushes=3)),
    one("adjust, clamps", "adjust(−d)", 2, Shop(rules=rules(mode=ADJUST, below_zero=BelowZero.CLAMPS), most=2, pushes=3)),
    one("adjust, applied later", "base", 1, Shop(rules=rules(mode=ADJUST, applies=1), pushes=2)),
    two("adjust, two shops", "adjust", 1, Shop(rules=rules(mode=ADJUST, sees=0), pushes=2)),
    World(name="a bundle and its part", clause="one sum", shops=(Shop(rules=rules(sees=0), recipe=(2, 1), pushes=1), Shop(rules=rules(sees=0), recipe=(1, 0), most=2, pushes=1)), on_hand=(2, 1)),
    one("on-hand numbers", "on hand is not sellable", 3, Shop(rules=rules(kind=QuantityKind.ON_HAND), shows=1, pushes=2, may=may("ship"))),
    one("the channel restocks a return", "refund", 1, Shop(rules=SET, pushes=2, outside=1, may=may("refund"))),
    one("a return during a read-back", "clause (c)", 1, Shop(rules=READ, pushes=1, outside=1, may=may("refund"))),
    one("a cancellation taken back", "taken back", 2, Shop(rules=READ, pushes=1, cancels=1, outside=1, may=may("uncancel"))),
    one("taken back, never restocked", "taken back", 2, Shop(rules=rules(readable=True), shows=2, pushes=0, cancels=1, outside=1, marks=(NOT_BACK,), may=may("uncancel"))),
    one("taken back, perhaps restocked", "taken back", 2, Shop(rules=rules(readable=True), shows=2, pushes=0, cancels=1, outside=1, marks=(PERHAPS_NOT,), may=may("uncancel"))),
    one("orders edited", "edits", 2, Shop(rules=SET, shows=2, most=2, pushes=1, cancels=1, outside=1, may=may("edit order"))),
    one("orders typed by staff", "counts down: no", 2, Shop(rules=SET, shows=1, pushes=1, outside=1, marks=(Mark(), TYPED))),
    one("perhaps counted down", "counts down: unknown", 2, Shop(rules=SET, most=2, pushes=2, marks=(UNSURE,))),
    one("listed too late", "older than the settled base", 2, Shop(rules=rules(sees=0), shows=1, pushes=1, cancels=1, outside=1, may=may("late"))),
    one("listed too late, clocks differ", "clock skew", 2, Shop(rules=rules(sees=0, skew=1), shows=1, pushes=1, outside=1, stamps=(0, 1), may=may("late"))),
    one("clocks differ", "clock skew", 1, Shop(rules=rules(skew=1), pushes=3, cancels=1, stamps=(0, 1))),
    one("sold below zero", "clause (a)", 2, Shop(rules=SET, shows=1, pushes=1, cancels=1, outside=1, may=may("oversell"))),
)
