"""Which careless versions stand for which row of the event table, and for which numbered point?

A row is named by its functions in `core.exposure`. A row without a version that is caught needs a reason; a version of which
it is proved that it can do no harm says why in its own words, and is searched where it would have to bite.
"""

from __future__ import annotations

from dataclasses import dataclass

from syncworker.core import exposure
from tests.prove import careless_bound as bound
from tests.prove import careless_ours as ours
from tests.prove import engine
from tests.prove.version import Careless

#: Function: its careless versions by name, or one string with the reason why none can oversell.
ROWS: dict[str, tuple[str, ...] | str] = {
    "sold": ("a line that did not count down lowers",),
    "is_before_settled_base": ("no sale is older than the base",),
    "restocked": ("a restock adds nothing",),
    "cancelled": ("a cancellation adds nothing", "unknown counts as not restocked"),
    "first_seen_cancelled": (
        "first seen cancelled: nothing",
        "first seen cancelled: a sale",
        "first seen cancelled: base ignored",
    ),
    "raised": (
        "a raise leaves the pending bound",
        "raised when acknowledged",
        "raised by the difference",
        "the last date beats the latest",
    ),
    "refused": ("refused: nothing is on sale", "refused: taken back twice"),
    "set_acknowledged": (
        "acknowledged is settled",
        "the echo is ignored",
        "the echo alone",
        "two answers tell the order",
        "a late landing is what was raised",
        "restocks since it was sent are ignored",
        "a set is unknown to reads",
        "restored: what was lost shows nothing",
    ),
    "raise_acknowledged": ("an adjustment has landed",),
    "may_land_after": (
        "acknowledged has landed",
        "the last instant is over",
        "restored: accepted is applied",
    ),
    "lands_by": ("sent as it was stored",),
    "send_by": ("sent at any time",),
    "adjustment_lowered": (
        "clamping lowers",
        "accepted is applied: adjust",
        "on hand is what is left: adjust",
    ),
    "compared_and_lowered": (
        "accepted is applied: compare",
        "on hand is what is left: compare",
        "compared and lowered too far",
    ),
    "number_seen": (
        "the number seen is ignored",
        "the number seen: pending stays",
        "the number seen: reads stay",
    ),
    "settles": (
        "a gap in the pull settles",
        "an unapplied line settles",
        "an older pull settles",
        "visible at once",
        "in force at once",
    ),
    "settled": ("settled to what is pending", "settled without a date"),
    "is_closed_by_settle": ("settle closes beside an unanswered push", "settle closes everything"),
    "read_begun": ("a read-back knows no bound",),
    "read_answered": (
        "a read proves beside a push",
        "an old answer is believed",
        "an answer is settled",
        "a forced raise is ignored",
        "an answer is fresh",
        "what rose since is ignored",
    ),
    "can_be_assumed": ("vouched for while a push may land",),
    "assumed": ("a vouch leaves a read-back under way", "vouched for by the page alone"),
    "forgotten": (
        "restored: as it was",
        "restored: unknown is 0",
        "restored: still pending",
        "restored: nothing was sent since",
    ),
    "counted": ("below zero frees units",),
    "is_broken": (
        "it moves no bound: it only asks for a read-back, which the search may begin at any moment; careless, a wrong bound is"
        " noticed later, never made"
    ),
    "horizon_passed": (
        "it moves no bound: it only says when a read-back or a set 0 is worth while; the search tries both at every moment, and"
        " whether one proves anything is decided by may_land_after"
    ),
}

#: What a careless build gets wrong, by its number in the rule.
POINTS: dict[int, tuple[str, ...]] = {
    1: ("the same set again",),
    2: ("lowering by set is no raise", "raised by the difference"),
    3: (
        "acknowledged is settled",
        "a gap in the pull settles",
        "an unapplied line settles",
        "an older pull settles",
        "visible at once",
        "an answer is settled",
    ),
    4: ("a time-out did not happen", "settle closes everything", "restored: nothing was sent since"),
    5: (
        "first seen cancelled: nothing",
        "a restock leaves the pending bound",
        "a restock leaves the open pushes",
        "restocks since it was sent are ignored",
    ),
    6: ("a raise leaves the pending bound",),
    7: ("increases start below zero", "below zero frees units"),
    8: ("two answers tell the order", "settle closes beside an unanswered push"),
    9: (
        "acknowledged has landed",
        "in force at once",
        "an adjustment has landed",
        "accepted is applied: adjust",
        "accepted is applied: compare",
        "the echo is ignored",
        "on hand is sellable",
        "a floor is not raised",
    ),
    10: (
        "unknown is 0",
        "restored: unknown is 0",
        "every shop shows the same units",
        "a bundle takes one unit",
    ),
}


@dataclass(frozen=True, slots=True)
class Harmless:
    """A careless version that its docstring proves to be safe, and the worlds where it would have to bite."""

    version: Careless
    worlds: tuple[str, ...]

    @property
    def reason(self) -> str:
        """The proof in words."""
        return f"{self.version.name}: {self.version.version.__doc__}"


HARMLESS = (
    Harmless(
        Careless(
            "a read-back is settled without its lag",
            "settle",
            "",
            exposure,
            "settles",
            bound.settles_without_read_lag,
        ),
        ("slow read-back",),
    ),
    Harmless(
        Careless("a raise has no moment", "read", "", exposure, "raised", bound.raised_without_a_moment),
        ("vouched for beside a read-back",),
    ),
    Harmless(
        Careless("a set over any push", "set(q) is sent", "", engine, "may_set", ours.set_over_anything),
        ("lost answer, late landing",),
    ),
)
