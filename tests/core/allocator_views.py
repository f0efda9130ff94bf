"""Random pools to plan for, and the one careful reader of a plan: what it adds to each part, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from hypothesis import strategies as st

from syncworker.core.allocator import Decision, Part, PoolView
from syncworker.core.hold import within_reach
from syncworker.core.model import BelowZero, ChannelRules, Limits, Policy, QuantityKind, QuantityMode

PARTS = ("BIN", "BROOM", "PAN")
RECIPES: dict[str, dict[str, int]] = {
    "BIN": {"BIN": 1},
    "BROOM": {"BROOM": 1},
    "PAN": {"PAN": 1},
    "SET": {"BIN": 1, "BROOM": 1, "PAN": 1},
    "PAIR": {"BROOM": 2},
}
SET = ChannelRules()
CAS = ChannelRules(mode=QuantityMode.COMPARE_AND_SET)
ADJUST = ChannelRules(mode=QuantityMode.ADJUST, below_zero=BelowZero.REFUSES)
CLAMPS = ChannelRules(mode=QuantityMode.ADJUST, below_zero=BelowZero.CLAMPS, readable=True)
COUNTER = ChannelRules(own_number=True)
_ORDINARY: dict[type, object] = {
    ChannelRules: SET,
    Limits: Limits(),
    PoolView: PoolView(pool_id="", channel="", sku="", recipe={}, rules=SET, exposure=0),
}


@dataclass(frozen=True, slots=True, repr=False)
class Scene:
    """What one plan is asked about; it prints only what is not ordinary."""

    parts: Mapping[str, Part]
    pools: tuple[PoolView, ...]

    def __repr__(self) -> str:
        return "\n".join([str(self.parts), *(_brief(view) for view in self.pools)])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))


def _brief(view: PoolView | ChannelRules | Limits) -> str:
    plain = {"channel", "sku", "recipe"}
    odd = {one.name: getattr(view, one.name) for one in fields(view) if one.name not in plain}
    told = {
        name: value for name, value in odd.items() if value != getattr(_ORDINARY.get(type(view)), name, None)
    }
    return ", ".join(
        f"{name}=({_brief(value)})" if isinstance(value, ChannelRules | Limits) else f"{name}={value!s}"
        for name, value in told.items()
    )


def pool(
    channel: str, rules: ChannelRules, exposure: int | None, *, sku: str = "BIN", **more: Any
) -> PoolView:
    """A calm pool that shows what it holds, unless told otherwise."""
    view = PoolView(
        pool_id=f"{channel}/{sku}",
        channel=channel,
        sku=sku,
        recipe=RECIPES.get(sku, {sku: 1}),
        rules=rules,
        exposure=exposure,
        shown=exposure,
    )
    return replace(view, **more)


_units = st.integers(0, 12)
_limits = st.one_of(
    st.just(Limits()),
    st.builds(
        Limits,
        pause=st.booleans(),
        at_most=st.none() | _units,
        fixed=st.none() | _units,
        at_least=st.none() | st.integers(0, 4),
        share=st.none() | st.integers(0, 100),
    ),
)


@st.composite
def rules(draw: st.DrawFn) -> ChannelRules:
    """Any channel, most of them ordinary."""
    ordinary = st.sampled_from((SET, SET, CAS, ADJUST, CLAMPS, COUNTER))
    odd = st.builds(
        ChannelRules,
        mode=st.sampled_from(QuantityMode),
        kind=st.sampled_from(QuantityKind),
        below_zero=st.sampled_from(BelowZero),
        floor=st.sampled_from((0, 0, 1, 3)),
        ceiling=st.none() | st.integers(1, 10),
        zero_is_quantity=st.booleans(),
        readable=st.booleans(),
    )
    return draw(st.one_of(ordinary, ordinary, odd))


@st.composite
def scenes(draw: st.DrawFn, *, calm: bool = False) -> Scene:
    """A few parts, bundles and channels. ``calm``: nothing is unknown, on its way, switched off or odd."""
    skus = draw(st.lists(st.sampled_from(sorted(RECIPES)), min_size=1, max_size=3, unique=True))
    channels = draw(st.lists(rules(), min_size=1, max_size=4))
    if calm:
        channels = [draw(st.sampled_from((SET, CAS, ADJUST, COUNTER))) for _ in channels]
    pools = [
        draw(_view(f"c{number}", one, sku, calm=calm)) for number, one in enumerate(channels) for sku in skus
    ]
    parts = {name: draw(_part(calm=calm)) for name in PARTS}
    return Scene(parts=parts, pools=tuple(draw(st.permutations(pools))))


@st.composite
def _part(draw: st.DrawFn, *, calm: bool) -> Part:
    available = draw(st.integers(-5, 40))
    lack = draw(st.sampled_from((0, 0, 0, 1, 4, 15, 60)))
    safety = 0 if calm else draw(st.sampled_from((0, 0, 3)))
    return Part(available=available, safety_stock=safety, wanted=within_reach(lack, available))


@st.composite
def _view(draw: st.DrawFn, channel: str, one: ChannelRules, sku: str, *, calm: bool) -> PoolView:
    exposure = draw(_units)
    view = pool(channel, one, exposure, sku=sku, sales=draw(st.sampled_from((0.0, 0.0, 1.0, 2.5, 9.0))))
    if calm:
        return view
    rare = st.sampled_from((False, False, False, False, True))
    opened = draw(rare)
    return replace(
        view,
        exposure=None if draw(rare) else draw(st.sampled_from((exposure, exposure, -1))),
        shown=draw(st.sampled_from((exposure, exposure, max(0, exposure - 2), None))),
        reserved=draw(st.sampled_from((0, 0, 2))),
        pending=opened or draw(rare),
        open_push=opened,
        unknown_push=opened and draw(st.booleans()),
        limits=draw(_limits),
        policy=draw(st.sampled_from((Policy.ESCROW, Policy.ESCROW, Policy.ESCROW, Policy.SHARED))),
        lowering_only=draw(rare),
        withdraw=draw(rare),
        paused=draw(rare),
        hold_back=draw(rare),
        drainable=draw(st.booleans()),
        in_sum=not draw(rare),
    )


def held(scene: Scene, part: str) -> int:
    """Units of the part that the pools in the sum are counted with."""
    return sum(view.recipe.get(part, 0) * max(view.exposure or 0, 0) for view in scene.pools if view.in_sum)


def raised(scene: Scene, decisions: Sequence[Decision], part: str) -> int:
    """Units of the part that the plan adds before anything is sent."""
    return sum(
        view.recipe.get(part, 0) * one.push.raised
        for view, one in zip(scene.pools, decisions, strict=True)
        if one.push is not None
    )


def after_settling(scene: Scene, decisions: Sequence[Decision]) -> Scene:
    """The next scene once every push was applied and settled and nothing was sold."""
    pools = tuple(_settled(view, one) for view, one in zip(scene.pools, decisions, strict=True))
    return replace(scene, pools=pools)


def _settled(view: PoolView, decision: Decision) -> PoolView:
    push = decision.push
    if push is None:
        return view
    if push.kind is QuantityMode.SET:
        hidden = view.reserved if view.rules.kind is QuantityKind.ON_HAND else 0
        return replace(
            view, exposure=push.raised, shown=max(0, push.value - hidden), drainable=push.value > 0
        )
    exposure = max(view.exposure or 0, 0) + push.raised - push.lowered
    change = push.value if push.kind is QuantityMode.ADJUST else push.value - max(push.expected or 0, 0)
    shown = max(0, (view.shown or 0) + change)
    if not view.rules.lowers_exactly and not view.rules.own_number:
        exposure = min(exposure, shown)
    return replace(view, exposure=exposure, shown=exposure if view.rules.own_number else shown)
