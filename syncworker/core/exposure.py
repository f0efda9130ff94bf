"""How does each event move the upper bound of what one pool may still sell? The table of `docs/no-oversell.md`.

One function a row; all of them pure: they take a :class:`Bound` and give the next one. They never read a clock, and they
never refuse a recorded sale: admission belongs to whoever raises.

Words: ``R`` is what the channel would still sell, ``U`` what it has sold and we have not ingested; both are out of sight.
``exposure`` is our bound for ``R + U``; ``pending`` what it is cut to once nothing that sold before ``base`` can be unseen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from syncworker.core.model import BelowZero, ChannelRules, Known, QuantityKind


class BaseKind(StrEnum):
    """What a bound counts from: a set that is in force, or a number that was read back."""

    SET = "set"
    READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The moment from which a pending bound counts."""

    kind: BaseKind
    #: Database time at which the answer was known: the number was in force or read no later than this plus its lag.
    at: datetime
    #: The latest pull of the channel that had begun by then; only a later one can settle.
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The bound of one pool. ``exposure`` of ``None`` is unknown, and counts as infinite."""

    exposure: int | None
    pending: int | None = None
    base: Base | None = None
    #: The base that was settled last: older sales are in the bound already.
    settled_at: datetime | None = None
    #: Units ever added by pushes of ours, and by restocks at the channel. They only grow: what came "since" is a difference.
    raised: int = 0
    restocked: int = 0
    #: When the number last rose, or may have: a read-back that is not clearly later cannot lower the bound.
    risen_at: datetime | None = None
    #: When the bound last fell: a read-back that is not clearly later may show the higher number of before.
    fallen_at: datetime | None = None


class PushState(StrEnum):
    """The life of one quantity request."""

    SENDING = "sending"
    UNKNOWN = "unknown"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    SETTLED = "settled"


OPEN_STATES = frozenset({PushState.SENDING, PushState.UNKNOWN, PushState.ACKNOWLEDGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPush:
    """One open push of a pool, as far as the bound depends on it."""

    state: PushState
    raised: int
    #: ``Bound.restocked`` when the push was stored.
    restocked_before: int
    stored_at: datetime
    acknowledged_at: datetime | None = None
    #: The number that the channel told when it accepted a set, in sellable units.
    echo: int | None = None
    #: It stands for whatever was sent after a restored backup was made: nobody knows what that may put on sale.
    stands_in: bool = False

    @property
    def shown(self) -> int:
        """The most that it may have put on sale."""
        return max(self.raised, self.echo or 0)

    def lands_by(self, rules: ChannelRules) -> datetime:
        """The last moment at which it can still take effect; accepted before a restore, it may yet wait to be applied."""
        if self.acknowledged_at is not None:
            return self.acknowledged_at + rules.apply_lag
        by = lands_by(self.stored_at, rules)
        return max(by, self.stored_at + rules.apply_lag) if self.stands_in else by


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadStart:
    """What was known when a read-back began: its answer is compared with this, never with the bound of later."""

    began_at: datetime
    exposure: int | None
    raised: int
    restocked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PullProof:
    """A finished walk over all feeds of a channel, as far as it can settle one pool."""

    sequence: int
    began_at: datetime
    #: Every feed walked to its end without a gap.
    whole: bool
    #: A line that could belong to the pool was left unapplied.
    blocked: bool = False


def send_by(stored_at: datetime, rules: ChannelRules) -> datetime:
    """The last moment at which a stored push may still be handed to the network: half a horizon."""
    return stored_at + rules.horizon / 2


def lands_by(stored_at: datetime, rules: ChannelRules) -> datetime:
    """The last moment at which an unanswered push can still take effect: sent at the last moment, plus the horizon."""
    return send_by(stored_at, rules) + rules.horizon


def _latest(before: datetime | None, at: datetime) -> datetime:
    return at if before is None else max(before, at)


def _grown(exposure: int | None, units: int) -> int | None:
    """Clause (a): every increase starts from at least 0."""
    return None if exposure is None else max(exposure, 0) + units


def _fallen(bound: Bound, units: int, *, at: datetime) -> Bound:
    if bound.exposure is None:
        return bound
    return replace(bound, exposure=bound.exposure - units, fallen_at=_latest(bound.fallen_at, at))


# --- what the feeds tell -------------------------------------------------------------------------------------------


def sold(
    bound: Bound, units: int, *, counts_down: Known, placed_at: datetime, at: datetime, rules: ChannelRules
) -> Bound:
    """A line of ``units`` was ingested. Only a sale that surely lowered the number since the settled base lowers the bound."""
    if counts_down is not Known.YES or is_before_settled_base(bound, placed_at, rules):
        return bound
    return _fallen(bound, units, at=at)


def is_before_settled_base(bound: Bound, placed_at: datetime, rules: ChannelRules) -> bool:
    """Whether a sale is older than the settled base by more than the clocks may differ."""
    return bound.settled_at is not None and placed_at < bound.settled_at - rules.clock_skew


def restocked(bound: Bound, units: int, *, at: datetime) -> Bound:
    """The channel put ``units`` back on sale by itself (cancellation, refund, return): no admission, clause (c)."""
    return replace(_restocked_behind(bound, units, at=at), exposure=_grown(bound.exposure, units))


def cancelled(bound: Bound, units: int, *, restocked_by_channel: Known, at: datetime) -> Bound:
    """``units`` of a recorded order were cancelled; unknown counts as put back on sale."""
    if restocked_by_channel is Known.NO:
        return bound
    return restocked(bound, units, at=at)


def first_seen_cancelled(
    bound: Bound,
    units: int,
    *,
    restocked_by_channel: Known,
    placed_at: datetime,
    at: datetime,
    rules: ChannelRules,
) -> Bound:
    """``units`` were sold and cancelled before we saw them: in sum nothing, but a base may lie between the two.

    Sold before the settled base, they are missing from the bound, so that the restock adds to it.
    """
    if restocked_by_channel is Known.NO:
        return bound
    if is_before_settled_base(bound, placed_at, rules):
        return restocked(bound, units, at=at)
    return _restocked_behind(bound, units, at=at)


def _restocked_behind(bound: Bound, units: int, *, at: datetime) -> Bound:
    """Clause (c): a restock is added to a pending bound, and to the one that each open push will leave."""
    pending = None if bound.pending is None else bound.pending + units
    risen_at = _latest(bound.risen_at, at)
    return replace(bound, pending=pending, restocked=bound.restocked + units, risen_at=risen_at)


# --- what we send --------------------------------------------------------------------------------------------------


def raised(bound: Bound, units: int, *, at: datetime) -> Bound:
    """A push that may raise the number by ``units`` is about to be sent. Clause (b): a pending bound rises with it."""
    pending = None if bound.pending is None else bound.pending + units
    risen_at = _latest(bound.risen_at, at) if units else bound.risen_at
    exposure = _grown(bound.exposure, units)
    return replace(bound, exposure=exposure, pending=pending, raised=bound.raised + units, risen_at=risen_at)


def refused(bound: Bound, push: OpenPush) -> Bound:
    """The channel surely did not apply it: the raise is taken back from both bounds."""
    exposure = None if bound.exposure is None else bound.exposure - push.raised
    pending = None if bound.pending is None else bound.pending - push.raised
    return replace(bound, exposure=exposure, pending=pending)


def set_acknowledged(
    bound: Bound,
    push: OpenPush,
    *,
    echo: int | None,
    others: Iterable[OpenPush],
    base: Base,
    rules: ChannelRules,
) -> Bound:
    """A set was accepted: once settled, at most this number, later restocks and late landings are left.

    ``echo`` is the channel's number in sellable units; above what was raised it wins at once. ``others`` are the pool's
    other open pushes: two answers do not tell in which order two sets landed. Beside a stand-in, nothing is proved.
    """
    shown = max(push.raised, echo if echo is not None else 0)
    landing = [other for other in others if may_land_after(other, push.stored_at, rules)]
    pending = shown + (bound.restocked - push.restocked_before) + sum(other.shown for other in landing)
    exposure = bound.exposure
    if exposure is not None and shown > push.raised:
        # What sold unseen before it landed comes on top: the excess is added, as if it had been raised.
        exposure = max(counted(exposure) + shown - push.raised, pending)
    in_force = base.at + rules.apply_lag
    told = replace(
        bound,
        exposure=exposure,
        risen_at=_latest(bound.risen_at, in_force),
        fallen_at=_latest(bound.fallen_at, in_force),
    )
    return told if any(other.stands_in for other in landing) else replace(told, pending=pending, base=base)


def raise_acknowledged(bound: Bound, *, at: datetime, rules: ChannelRules) -> Bound:
    """A raising adjustment or compare-and-set was accepted: the bound holds it already, only the moment is new."""
    return replace(bound, risen_at=_latest(bound.risen_at, at + rules.apply_lag))


def may_land_after(push: OpenPush, moment: datetime, rules: ChannelRules) -> bool:
    """Whether ``push`` can still take effect at or after ``moment``."""
    return push.state in OPEN_STATES and push.lands_by(rules) >= moment


def adjustment_lowered(bound: Bound, units: int, *, at: datetime, rules: ChannelRules) -> Bound:
    """An adjustment by −``units`` was accepted; it lowers the bound only where the channel refuses to go below zero.

    Not where it applies later, for buyers may still take them, nor on hand, which stays above zero by what was sold.
    """
    refuses = rules.below_zero is BelowZero.REFUSES and rules.kind is not QuantityKind.ON_HAND
    return _fallen(bound, units, at=at) if refuses and not rules.apply_lag else bound


def compared_and_lowered(bound: Bound, units: int, *, at: datetime, rules: ChannelRules) -> Bound:
    """A compare-and-set to ``units`` less was accepted: the number was the expected one, so the bound falls exactly.

    Not where it applies later, for buyers may still take them, nor on hand, which does not fall with a sale.
    """
    return bound if rules.apply_lag or rules.kind is QuantityKind.ON_HAND else _fallen(bound, units, at=at)


def number_seen(bound: Bound, number: int) -> Bound:
    """The channel told its number as a basis for a compare-and-set: neither bound can lie below it.

    What it adds counts as raised: a read-back under way may have missed it.
    """
    added = max(0, number - counted(bound.exposure or 0))
    exposure = None if bound.exposure is None else max(bound.exposure, number)
    pending = None if bound.pending is None else max(bound.pending, number)
    return replace(bound, exposure=exposure, pending=pending, raised=bound.raised + added)


# --- what proves a lower bound --------------------------------------------------------------------------------------


def settles(bound: Bound, pull: PullProof, rules: ChannelRules) -> bool:
    """Whether the pull proves that every sale before the base has been ingested."""
    if bound.base is None or not pull.whole or pull.blocked or pull.sequence <= bound.base.sequence:
        return False
    lag = rules.apply_lag if bound.base.kind is BaseKind.SET else rules.read_lag
    return pull.began_at >= bound.base.at + lag + rules.visibility_lag


def settled(bound: Bound, pull: PullProof, rules: ChannelRules) -> Bound:
    """A pull was ingested: if it settles, the bound is cut to the pending one; a broken one ends at 0 if that is proven."""
    if bound.pending is None or bound.base is None or not settles(bound, pull, rules):
        return bound
    low = bound.pending if bound.exposure is None else min(bound.exposure, bound.pending)
    in_force = bound.base.at + (rules.apply_lag if bound.base.kind is BaseKind.SET else timedelta(0))
    left = low if bound.fallen_at is not None and bound.fallen_at > in_force else counted(low)
    return replace(bound, exposure=left, pending=None, base=None, settled_at=bound.base.at)


def read_begun(bound: Bound, *, at: datetime) -> ReadStart:
    """A read-back is about to be asked for."""
    return ReadStart(began_at=at, exposure=bound.exposure, raised=bound.raised, restocked=bound.restocked)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOutcome:
    """What a read-back did to a bound."""

    bound: Bound
    #: Units by which the channel's number surely lies above anything we can explain; above 0 is a drift incident.
    unexplained: int = 0
    #: The answer may be older than the last change: it lowered nothing, and must be asked for again.
    read_again: bool = False


def read_answered(
    bound: Bound,
    start: ReadStart,
    number: int,
    *,
    base: Base,
    open_pushes: Iterable[OpenPush],
    rules: ChannelRules,
) -> ReadOutcome:
    """The channel's number was read back, in sellable units.

    Above everything we can explain it is a forced raise, without admission. It is a base unless it may be older than the
    last rise, or a push can still land: then it lowers nothing.
    """
    oldest = start.began_at - rules.read_lag
    since = (bound.raised - start.raised) + (bound.restocked - start.restocked)
    unexplained = 0 if start.exposure is None else max(0, number - counted(start.exposure) - since)
    if unexplained and bound.exposure is not None:
        bound = replace(bound, exposure=max(bound.exposure, number))
    landing = any(may_land_after(push, oldest, rules) for push in open_pushes)
    is_old = unexplained and _may_follow(bound.fallen_at, oldest)
    if landing or is_old or _may_follow(bound.risen_at, oldest):
        return ReadOutcome(bound=bound, read_again=True)
    if unexplained:
        bound = replace(bound, risen_at=_latest(bound.risen_at, base.at))
    return ReadOutcome(bound=replace(bound, pending=number + since, base=base), unexplained=unexplained)


def _may_follow(moment: datetime | None, oldest: datetime) -> bool:
    """Whether an answer as old as ``oldest`` may lack what happened at ``moment``; in one instant the order is open."""
    return moment is not None and moment >= oldest


def can_be_assumed(pushes: Iterable[OpenPush], *, at: datetime, rules: ChannelRules) -> bool:
    """Whether a person can vouch for a number now: they see what is there, never what may still arrive."""
    return not any((push.shown or push.stands_in) and may_land_after(push, at, rules) for push in pushes)


def assumed(bound: Bound, units: int, *, at: datetime) -> Bound:
    """An operator vouches for ``units``, unseen sales in it (audited). A read-back under way may be older: no proof."""
    return replace(bound, exposure=units, pending=None, base=None, risen_at=_latest(bound.risen_at, at))


def forgotten(bound: Bound) -> Bound:
    """Nothing is known any more (a restored backup, a channel going live): unknown until read back and settled."""
    return replace(bound, exposure=None, pending=None, base=None)


def is_broken(bound: Bound) -> bool:
    """Below 0, more was sold than the bound allowed: it was wrong, and must be read back at once."""
    return bound.exposure is not None and bound.exposure < 0


def counted(exposure: int) -> int:
    """Units that a known exposure takes from what is available."""
    return max(exposure, 0)


def is_closed_by_settle(
    push: OpenPush, others: Iterable[OpenPush], *, base: Base, rules: ChannelRules
) -> bool:
    """Whether settling ``base`` ends ``push``: it can take effect no later than the base.

    It stays open beside one of ``others`` that may still be answered: that one's acknowledgement must count it, since
    nobody knows which of the two landed last.
    """
    if any(other.acknowledged_at is None and may_land_after(other, base.at, rules) for other in others):
        return False
    if push.acknowledged_at is not None:
        return push.acknowledged_at <= base.at
    return not may_land_after(push, base.at, rules)


def horizon_passed(push: OpenPush, now: datetime, rules: ChannelRules) -> bool:
    """Whether an unanswered push can no longer land, so that a read-back or a set 0 resolves it."""
    return now > push.lands_by(rules)
