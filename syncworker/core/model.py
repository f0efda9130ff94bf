"""Which words does the trade use? Frozen, validated values; no behaviour beyond their own arithmetic.

Never reads a clock, a database or a channel. Quantities are whole units, times are aware and UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

#: The largest quantity that is taken for real; more is a typing mistake or nonsense from a channel.
MAX_QUANTITY = 1_000_000_000


class QuantityMode(StrEnum):
    """How a channel lets its number be changed."""

    SET = "set"
    ADJUST = "adjust"
    COMPARE_AND_SET = "compare_and_set"


class QuantityKind(StrEnum):
    """What the channel's number means: units that can be sold, or units there including sold ones."""

    AVAILABLE = "available"
    ON_HAND = "on_hand"


class BelowZero(StrEnum):
    """What a channel does with an adjustment that would take its number below zero."""

    REFUSES = "refuses"
    CLAMPS = "clamps"
    NEGATIVE = "negative"


class Known(StrEnum):
    """A fact the channel states, denies or leaves open."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Policy(StrEnum):
    """``escrow`` never lets the channels together sell more than there is; ``shared`` shows all of it everywhere."""

    ESCROW = "escrow"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class PolicyChoice:
    """What an operator picked; ``escrow_below`` narrows the risk of ``shared`` and means nothing beside ``escrow``."""

    policy: Policy
    #: Below so many sellable units nothing is shared; ``None``: it always is.
    escrow_below: int | None = None

    def in_force(self, sellable: int) -> Policy:
        """The policy that holds while so many can be sold."""
        is_scarce = self.escrow_below is not None and sellable < self.escrow_below
        return Policy.ESCROW if is_scarce else self.policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRules:
    """What the engine counts on at one channel: declared facts, and the pessimistic value for each undeclared one.

    Source of every default: `no_oversell`, "Undeclared values".
    """

    mode: QuantityMode = QuantityMode.SET
    kind: QuantityKind = QuantityKind.AVAILABLE
    #: Only ``REFUSES`` lets an acknowledged lowering adjustment lower the bound.
    below_zero: BelowZero = BelowZero.CLAMPS
    #: The smallest number the channel shows; a set below it is refused or lifted.
    floor: int = 0
    #: The largest number the channel accepts; ``None`` when it has none.
    ceiling: int | None = None
    #: Whether 0 can be sent as a quantity; elsewhere withdrawing is a deactivation.
    zero_is_quantity: bool = True
    #: Whether the channel's number can be read back.
    readable: bool = False
    #: Whether buyers can order at the channel; a catalogue without orders has no pools.
    takes_orders: bool = True
    #: The counter: its number is ours alone, no lag and nothing to push or settle.
    own_number: bool = False
    #: Seconds until an order that lowered the number is listed by the feeds.
    visibility_lag_s: float = 120.0
    #: Seconds from an acknowledgement until the number is in force.
    apply_lag_s: float = 0.0
    #: Seconds by which a read-back may be old.
    read_lag_s: float = 60.0
    #: Seconds after which a request that left can no longer take effect.
    horizon_s: float = 120.0
    #: Seconds by which the channel's clock and the database's may differ.
    clock_skew_s: float = 120.0
    #: Seconds for which a repeated idempotency key is honoured; 0 when it is not.
    idempotency_s: float = 0.0
    #: Seconds between two pulls.
    poll_s: float = 60.0
    #: The most quantities in one call.
    batch_max: int = 1

    @property
    def visibility_lag(self) -> timedelta:
        """As a span of time."""
        return timedelta(seconds=self.visibility_lag_s)

    @property
    def apply_lag(self) -> timedelta:
        """As a span of time."""
        return timedelta(seconds=self.apply_lag_s)

    @property
    def read_lag(self) -> timedelta:
        """As a span of time."""
        return timedelta(seconds=self.read_lag_s)

    @property
    def horizon(self) -> timedelta:
        """As a span of time."""
        return timedelta(seconds=self.horizon_s)

    @property
    def clock_skew(self) -> timedelta:
        """As a span of time."""
        return timedelta(seconds=self.clock_skew_s)

    @property
    def proves_by_zero(self) -> bool:
        """Whether a set 0 can be sent, which settles what nobody can read back."""
        return self.mode is QuantityMode.SET and self.floor <= 0 and self.zero_is_quantity

    @property
    def lowers_exactly(self) -> bool:
        """Whether a lowering frees units once it is acknowledged, without a settle or a read."""
        if self.own_number:
            return True
        if self.kind is QuantityKind.ON_HAND:
            # It counts sold units until they are shipped: that it could be lowered says nothing of them.
            return False
        if self.mode is QuantityMode.COMPARE_AND_SET:
            return True
        return self.mode is QuantityMode.ADJUST and self.below_zero is BelowZero.REFUSES

    @property
    def dark_time_s(self) -> float:
        """Seconds a drained set-only pool stays at 0 before its units can go elsewhere: apply + visibility + one poll."""
        return self.apply_lag_s + self.visibility_lag_s + self.poll_s

    @property
    def read_settles_s(self) -> float:
        """Seconds until a read-back is settled, at most: its own age, what was unseen then, and one poll that sees it."""
        return self.dark_time_s + self.read_lag_s + 2 * self.clock_skew_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """An operator's limits for one SKU at one channel; strength: pause > at most > fixed > at least > share."""

    #: Show nothing here.
    pause: bool = False
    at_most: int | None = None
    fixed: int | None = None
    at_least: int | None = None
    #: Per cent of the units handed out; never rounds a craft seller's stock to nothing.
    share: int | None = None


#: Units of each part that one sale consumes; a plain SKU consumes 1 of itself.
Recipe = Mapping[str, int]
