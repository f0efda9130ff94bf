"""May a push that was planned a while ago still leave as it was planned? What moved since, and what the rule says now.

Decides about one push at a time; it never plans another number instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from syncworker.core.decision import Part, PlannedPush, PoolView
from syncworker.core.model import Policy, QuantityMode

#: What a plan depends on of a pool; sales that grow old and moments that come do not count as moved.
FACTS = (
    "recipe",
    "rules",
    "exposure",
    "pending",
    "open_push",
    "unknown_push",
    "shown",
    "reserved",
    "limits",
    "policy",
    "lowering_only",
    "frozen",
    "withdraw",
    "paused",
    "in_sum",
)


class Refusal(StrEnum):
    """Why the rule does not let it leave."""

    NOT_SENT_THERE = "not_sent_there"
    LEFT_ALONE = "left_alone"
    NOTHING_BUT_ZERO = "nothing_but_zero"
    NO_ZERO = "no_zero"
    UNKNOWN_SIBLING = "unknown_sibling"
    NOT_FREE = "not_free"


@dataclass(frozen=True, slots=True)
class Ground:
    """What the parts of a push have at this moment, raises that were admitted before it taken off."""

    parts: Mapping[str, Part]
    #: Available less every exposure, by part.
    free: Mapping[str, int]
    #: Parts of which some pool's exposure is unknown.
    unknown: frozenset[str]


def moved(then: PoolView, now: PoolView) -> tuple[str, ...]:
    """Names of the facts that are not what they were when the push was planned."""
    return tuple(name for name in FACTS if getattr(then, name) != getattr(now, name))


def raise_of(view: PoolView, push: PlannedPush) -> int:
    """Units by which the push may raise the number, worked out again from what it sends."""
    if push.kind is QuantityMode.ADJUST:
        return max(0, push.value)
    if push.kind is QuantityMode.COMPARE_AND_SET:
        return max(0, push.value - (push.expected or 0))
    return 0 if push.value <= 0 or not view.rules.takes_orders else max(push.value, view.rules.floor)


def refusal(view: PoolView, push: PlannedPush, ground: Ground) -> Refusal | None:
    """What forbids the push now; ``None`` if it may leave."""
    if not view.in_sum or view.paused:
        return Refusal.NOT_SENT_THERE
    if view.hold_back:
        return Refusal.LEFT_ALONE
    is_zero = push.kind is QuantityMode.SET and push.value == 0
    if is_zero:
        takes_zero = view.rules.zero_is_quantity and view.rules.floor <= 0
        return None if takes_zero else Refusal.NO_ZERO
    if view.open_push or view.unknown_push:
        return Refusal.NOTHING_BUT_ZERO
    return _raises(view, raise_of(view, push), ground)


def _raises(view: PoolView, units: int, ground: Ground) -> Refusal | None:
    if units == 0:
        return None
    if view.lowering_only or view.withdraw or view.frozen is not None:
        return Refusal.NOTHING_BUT_ZERO
    if view.policy is Policy.SHARED:
        shown = {name: one.available - one.safety_stock for name, one in ground.parts.items()}
        return None if _fits(view, units, shown) else Refusal.NOT_FREE
    if view.exposure is None or ground.unknown.intersection(view.recipe):
        return Refusal.UNKNOWN_SIBLING
    return None if _fits(view, units, ground.free) else Refusal.NOT_FREE


def _fits(view: PoolView, units: int, left: Mapping[str, int]) -> bool:
    return all(left.get(part, 0) >= units * per_sale for part, per_sale in view.recipe.items())
