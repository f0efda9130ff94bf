"""What does the allocator know, and what does it decide? Frozen values: parts and pools in, decisions out.

Holds no rule of its own; `allocator` and the modules it leans on do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from syncworker.core.model import ChannelRules, Limits, Policy, QuantityMode, Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One plain SKU at one location, as far as the allocator cares."""

    #: On hand − reserved; below 0 the part is oversold.
    available: int
    #: Units that no channel is shown. They still count as cover while a set waits to be settled.
    safety_stock: int = 0
    #: Units that holds lack and that are there (`hold.within_reach`): no pool is raised with them, and pools are lowered for them.
    wanted: int = 0

    @property
    def for_pools(self) -> int:
        """What is left to the pools once the holds have theirs."""
        return self.available - self.wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolView:
    """All that the allocator may know of one pool."""

    pool_id: str
    channel: str
    sku: str
    #: Units of each part that one sale consumes.
    recipe: Recipe
    rules: ChannelRules
    #: Upper bound for what the pool may still sell, unseen sales included; ``None`` is unknown and counts as infinite.
    exposure: int | None
    #: A base waits to be settled.
    pending: bool = False
    #: A quantity request is being sent, its outcome is unknown, or it is acknowledged and not settled.
    open_push: bool = False
    #: The outcome is unknown or the request is being sent: nothing but set 0 may follow.
    unknown_push: bool = False
    #: Best guess of the sellable number at the channel: the last one known (read, or acknowledged) minus the sales
    #: ingested since; ``None`` when nothing is known. What compare-and-set expects.
    shown: int | None = None
    #: Units by which ``exposure`` will fall once every open push is acknowledged and settled, as far as it is known.
    #: ``None`` lets the allocator guess it from ``shown``.
    coming: int | None = None
    #: A set 0 is open, and a second one would prove nothing more now (`outlook.zero_waits`).
    zero_waits: bool = False
    #: The channel's own reserved units as read; counts only where the channel's number is units on hand.
    reserved: int = 0
    #: Recent sales per hour.
    sales: float = 0.0
    limits: Limits = field(default_factory=Limits)
    policy: Policy = Policy.ESCROW
    #: The part is being adopted or the channel fails: its number may fall but never rise.
    lowering_only: bool = False
    #: The operator wants nothing shown here.
    withdraw: bool = False
    #: Its number is kept as it is, and why: lowered for safety or by an operator's word, never raised, and lends nothing.
    frozen: Reason | None = None
    #: Nothing at all is sent; the exposure stays counted.
    paused: bool = False
    #: The channel's gate is closed or the pool waits for its time: nothing can be sent now, the exposure stays counted.
    hold_back: bool = False
    #: Enough time has passed since the last drain, and a drain leaves the pool dark for less than five minutes.
    drainable: bool = True
    #: ``False`` while the channel is observing: not counted, and nothing is sent.
    in_sum: bool = True


class Reason(StrEnum):
    """Why a pool gets the push it gets, or none. Each is one sentence to a person; see :data:`SENTENCES`."""

    IN_BAND = "in_band"
    RAISED = "raised"
    TOPPED_UP = "topped_up"
    LENT = "lent"
    DRAINED_FOR_DEMAND = "drained_for_demand"
    CLEARED = "cleared"
    LOWERED_FOR_DEFICIT = "lowered_for_deficit"
    DRAINED_FOR_DEFICIT = "drained_for_deficit"
    LOWERED_FOR_HOLD = "lowered_for_hold"
    DRAINED_FOR_HOLD = "drained_for_hold"
    WITHDRAWN = "withdrawn"
    HIDDEN = "hidden"
    PROVING_ZERO = "proving_zero"
    FOLLOWS_STOCK = "follows_stock"
    CATALOGUE_IN_STOCK = "catalogue_in_stock"
    CATALOGUE_OUT_OF_STOCK = "catalogue_out_of_stock"
    WAITS_FOR_SETTLE = "waits_for_settle"
    WAITS_FOR_OUTCOME = "waits_for_outcome"
    WAITS_FOR_FREE_UNITS = "waits_for_free_units"
    WAITS_FOR_DEFICIT = "waits_for_deficit"
    WAITS_FOR_HOLD = "waits_for_hold"
    WAITS_FOR_READ = "waits_for_read"
    WAITS_FOR_LEAVE = "waits_for_leave"
    WAITS_FOR_PERSON = "waits_for_person"
    WAITS_FOR_APPROVAL = "waits_for_approval"
    FROZEN = "frozen"
    BRAKED = "braked"
    SIBLING_UNKNOWN = "sibling_unknown"
    HELD_BACK = "held_back"
    PAUSED = "paused"
    OBSERVING = "observing"
    ADOPTING = "adopting"
    NOTHING_LEFT = "nothing_left"
    SOLD_ELSEWHERE = "sold_elsewhere"
    LIMIT_PAUSE = "limit_pause"
    LIMIT_AT_MOST = "limit_at_most"
    LIMIT_FIXED = "limit_fixed"
    LIMIT_SHARE = "limit_share"
    LIMIT_SAFETY_STOCK = "limit_safety_stock"
    ZERO_IS_NO_QUANTITY = "zero_is_no_quantity"
    BELOW_FLOOR = "below_floor"
    UNITS_LOCKED = "units_locked"
    AT_CEILING = "at_ceiling"


#: The reasons in plain words, for `explain` and `resync --dry-run`.
SENTENCES: dict[Reason, str] = {
    Reason.IN_BAND: "shows enough: above half of its target, no push needed",
    Reason.RAISED: "showed nothing and has demand: raised in one step",
    Reason.TOPPED_UP: "fell to half of its target or below: raised in one step",
    Reason.LENT: "gives units that another pool needs more",
    Reason.DRAINED_FOR_DEMAND: "holds more than its target while another pool with demand stands at 0: set to 0, then shared out",
    Reason.CLEARED: "shows nothing, yet units are bound here: set to 0 to free them",
    Reason.LOWERED_FOR_DEFICIT: "the channels together could sell more than there is: lowered",
    Reason.DRAINED_FOR_DEFICIT: "the channels together could sell more than there is: set to 0",
    Reason.LOWERED_FOR_HOLD: "a hold gathers units: lowered by what it lacks",
    Reason.DRAINED_FOR_HOLD: "a hold gathers units: set to 0, then the rest is shown again",
    Reason.WITHDRAWN: "withdrawn: shows nothing until that is settled or taken back",
    Reason.HIDDEN: "hidden by a person's word: shows nothing until `listing show`",
    Reason.PROVING_ZERO: "set to 0 until it is proven that nothing from before is left",
    Reason.FOLLOWS_STOCK: "policy shared: shows all that is available",
    Reason.CATALOGUE_IN_STOCK: "nobody can order here: shown as in stock while a unit is there",
    Reason.CATALOGUE_OUT_OF_STOCK: "nobody can order here: shown as out of stock, for no unit is left to show",
    Reason.WAITS_FOR_SETTLE: "a number was accepted; sales from before it may still be unseen",
    Reason.WAITS_FOR_OUTCOME: "a push is on its way or its answer was lost: nothing but 0 may follow",
    Reason.WAITS_FOR_FREE_UNITS: "should show more, but no unit is free yet",
    Reason.WAITS_FOR_DEFICIT: "the channels together could sell more than there is: nothing is raised until that ends",
    Reason.WAITS_FOR_HOLD: "a hold gathers these units: nothing is raised until it has them",
    Reason.WAITS_FOR_READ: "the channel's number is not known: it must be read back first",
    Reason.WAITS_FOR_LEAVE: "only setting it to 0 would help, and that needs more time or the operator's leave",
    Reason.WAITS_FOR_PERSON: "nobody knows this number, and it cannot be read back: say what the channel shows with `pool assume`",
    Reason.WAITS_FOR_APPROVAL: "its number was not as expected: kept as it is until a person approves, or it is as expected again",
    Reason.FROZEN: "its number was not as expected: frozen until a person says so",
    Reason.BRAKED: "a run would have changed too much of this channel at once: nothing is raised before a person approves",
    Reason.SIBLING_UNKNOWN: "another pool of the same units has an unknown number: nothing is raised until it is known",
    Reason.HELD_BACK: "the channel or the pool waits for its time",
    Reason.PAUSED: "paused: nothing is sent",
    Reason.OBSERVING: "the channel is being observed and not protected yet: nothing is sent",
    Reason.ADOPTING: "may only be lowered for now",
    Reason.NOTHING_LEFT: "no unit is left to show",
    Reason.SOLD_ELSEWHERE: "fewer units than pools: they are shown where they sell",
    Reason.LIMIT_PAUSE: "limit: pause",
    Reason.LIMIT_AT_MOST: "limit: at most",
    Reason.LIMIT_FIXED: "limit: fixed",
    Reason.LIMIT_SHARE: "limit: share",
    Reason.LIMIT_SAFETY_STOCK: "the safety stock is not shown",
    Reason.ZERO_IS_NO_QUANTITY: "the channel takes no 0: unlist or deactivate it to withdraw",
    Reason.BELOW_FLOOR: "the channel cannot show so little",
    Reason.UNITS_LOCKED: "the channel has locked units here, as in a campaign: they come back once it lets them go",
    Reason.AT_CEILING: "the channel cannot show more",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPush:
    """One quantity to be sent. For a pool with ``rules.own_number`` nothing is sent: the engine stores it at once."""

    kind: QuantityMode
    #: The number (set, compare-and-set) or the difference (adjust) as the channel takes it.
    value: int
    #: The channel's number that a compare-and-set expects; ``None`` for the other kinds.
    expected: int | None = None
    #: Units by which the exposure goes up before the request leaves.
    raised: int = 0
    #: Units by which the exposure falls once the request is acknowledged (0 where only a settle or a read proves it).
    lowered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one pool."""

    pool_id: str
    #: What the pool should show in the long run, in sellable units.
    target: int
    push: PlannedPush | None
    reason: Reason
