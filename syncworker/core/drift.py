"""The channel's number is not what we expected: why, and what is to be done about it?

Pure functions. No class and no policy ever touches a bound: what `docs/no-oversell.md` says of a reading holds whatever
is decided here, and no policy keeps a number from being lowered for safety.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class DriftClass(StrEnum):
    """Why a number differs."""

    #: What we sent is not in force yet: it may still land, or was accepted and came later than the channel declares.
    LATE_PUSH = "late_push"
    #: Somebody, or the shop's own software, changed it there.
    EDIT = "edit"
    #: Orders that we have been told of late, or have yet to be told of.
    MISSED_ORDER = "missed_order"
    #: A campaign keeps units on sale, whatever is sent.
    LOCKED = "locked"
    #: The channel does not have the number any more.
    MAPPING = "mapping"


class DriftPolicy(StrEnum):
    """What the engine does about one class of drift."""

    #: Puts it right by the rule, as soon as the rule lets it.
    CORRECT = "correct"
    #: Leaves the number as it is until a person approves, or it is as expected again; lowers it for safety alone.
    ASK = "ask"
    #: Leaves the number as it is until a person says so, whatever is read meanwhile; lowers it for safety alone.
    FREEZE = "freeze"


#: Nobody can answer for a number that is gone; all else heals by the rule. See the decision in docs/adr.
DEFAULTS: Mapping[DriftClass, DriftPolicy] = {
    DriftClass.LATE_PUSH: DriftPolicy.CORRECT,
    DriftClass.EDIT: DriftPolicy.CORRECT,
    DriftClass.MISSED_ORDER: DriftPolicy.CORRECT,
    DriftClass.LOCKED: DriftPolicy.CORRECT,
    DriftClass.MAPPING: DriftPolicy.ASK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRules:
    """What an operator wants for one channel."""

    policies: Mapping[DriftClass, DriftPolicy] = field(default_factory=lambda: dict(DEFAULTS))
    #: A run that would change more than this share of the channel's listings, in per cent, stops before it sends.
    brake_share: int = 30
    #: It never stops for fewer listings than this.
    brake_least: int = 10

    def policy(self, one: DriftClass) -> DriftPolicy:
        """What to do about that class."""
        return self.policies.get(one, DEFAULTS[one])


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known when a number has been read back."""

    #: Our best guess of the number, orders that were told by now taken off; ``None`` when nothing was known.
    expected: int | None
    #: What the channel answered, in sellable units; ``None``: in two answers a read lag apart it had no such number.
    number: int | None
    #: Units above everything that the bound can explain.
    unexplained: int = 0
    #: A push is being sent, unanswered, or accepted and not in force yet.
    open_push: bool = False
    #: The answer may be older than the last change: it proves nothing yet.
    too_fresh: bool = False
    #: The number from before the latest accepted push; ``None`` when nobody knows.
    earlier: int | None = None
    #: Units that the channel does not let us take back.
    locked: int = 0
    #: Units of orders that were told later than they should have been: by the pull that went first, or since the reading.
    told_late: int = 0
    #: Every order from before the reading has been told by now.
    proven: bool = False


def classify(seen: Evidence) -> DriftClass | None:
    """The class of the difference; ``None`` where there is none, or none that can be named.

    A number above our guess that the bound explains is none: its units are counted already. One below it is taken for
    orders that are still to be told, until a settling pull has proven that none are.
    """
    if seen.number is None:
        return DriftClass.MAPPING
    if seen.expected is None:
        return DriftClass.EDIT if seen.unexplained and not seen.too_fresh else None
    if seen.number == seen.expected and not seen.unexplained:
        return DriftClass.MISSED_ORDER if seen.told_late > 0 else None
    if seen.too_fresh:
        return DriftClass.LATE_PUSH if seen.open_push else None
    if seen.number == seen.earlier:
        return DriftClass.LATE_PUSH
    if seen.expected < seen.number <= seen.locked:
        return DriftClass.LOCKED
    if seen.unexplained:
        return DriftClass.EDIT
    missing = seen.expected - seen.number
    if missing < 0:
        return None
    return DriftClass.EDIT if seen.proven and seen.told_late < missing else DriftClass.MISSED_ORDER
