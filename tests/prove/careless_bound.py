"""How would a careless build move the bound? One function each, in the place of a function of `core.exposure`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from syncworker.core import exposure
from syncworker.core.exposure import Base, Bound, OpenPush, PullProof, ReadOutcome, ReadStart
from syncworker.core.exposure import (
    is_closed_by_settle as real_is_closed_by_settle,
)
from syncworker.core.exposure import (
    may_land_after as real_may_land_after,
)
from syncworker.core.exposure import (
    number_seen as real_number_seen,
)
from syncworker.core.exposure import (
    raised as real_raised,
)
from syncworker.core.exposure import (
    read_answered as real_read_answered,
)
from syncworker.core.exposure import (
    refused as real_refused,
)
from syncworker.core.exposure import (
    set_acknowledged as real_set_acknowledged,
)
from syncworker.core.exposure import (
    settled as real_settled,
)
from syncworker.core.exposure import (
    settles as real_settles,
)
from syncworker.core.model import ChannelRules, Known


def plain(bound: Bound, *_args: object, **_more: Any) -> Bound:
    """The event is ignored."""
    return bound


def sold_whatever_it_counts(bound: Bound, units: int, *, at: datetime, **_more: Any) -> Bound:
    return exposure._fallen(bound, units, at=at)


def never(*_args: object, **_more: Any) -> bool:
    return False


def always(*_args: object, **_more: Any) -> bool:
    return True


def grown_from_below(number: int | None, units: int) -> int | None:
    return None if number is None else number + units


def restocked_only_now(bound: Bound, units: int, *, at: datetime) -> Bound:
    """The pending bound is forgotten."""
    return replace(bound, restocked=bound.restocked + units, risen_at=at)


def restocked_without_trace(bound: Bound, units: int, *, at: datetime) -> Bound:
    """The bounds that open pushes will leave are forgotten."""
    pending = None if bound.pending is None else bound.pending + units
    return replace(bound, pending=pending, risen_at=at)


def restocked_unseen_by_reads(bound: Bound, units: int, *, at: datetime) -> Bound:
    pending = None if bound.pending is None else bound.pending + units
    return replace(bound, pending=pending, restocked=bound.restocked + units)


def cancelled_only_if_sure(bound: Bound, units: int, *, restocked_by_channel: Known, at: datetime) -> Bound:
    return exposure.restocked(bound, units, at=at) if restocked_by_channel is Known.YES else bound


def first_seen_only_behind(bound: Bound, units: int, *, at: datetime, **_more: Any) -> Bound:
    """Without a look at the settled base."""
    return exposure._restocked_behind(bound, units, at=at)


def first_seen_as_sale(bound: Bound, units: int, *, at: datetime, **_more: Any) -> Bound:
    return exposure._fallen(bound, units, at=at)


def raised_without_pending(bound: Bound, units: int, *, at: datetime) -> Bound:
    return replace(real_raised(bound, units, at=at), pending=bound.pending)


def raised_with_the_last_date(bound: Bound, units: int, *, at: datetime) -> Bound:
    return replace(real_raised(bound, units, at=at), risen_at=at)


def raised_when_acknowledged(bound: Bound, units: int, *, at: datetime) -> Bound:
    """Nothing is counted before the answer."""
    return replace(bound, risen_at=at)


def raised_to_the_difference(bound: Bound, units: int, *, at: datetime) -> Bound:
    """A set to 2 of a pool that counts 1 adds 1."""
    return real_raised(bound, max(0, units - (bound.exposure or 0)), at=at)


def refused_means_empty(bound: Bound, _push: OpenPush) -> Bound:
    return replace(bound, exposure=0)


def refused_twice(bound: Bound, push: OpenPush) -> Bound:
    return real_refused(real_refused(bound, push), push)


def acknowledged(bound: Bound, push: OpenPush, **more: Any) -> Bound:
    return real_set_acknowledged(bound, push, **more)


def acknowledged_is_settled(bound: Bound, push: OpenPush, **more: Any) -> Bound:
    after = acknowledged(bound, push, **more)
    return replace(after, exposure=after.pending, pending=None, base=None)


def acknowledged_without_echo(bound: Bound, push: OpenPush, **more: Any) -> Bound:
    return acknowledged(bound, push, **(more | {"echo": None}))


def echo_beats_the_raise(bound: Bound, push: OpenPush, *, echo: int | None, **more: Any) -> Bound:
    """The bound is lifted to the echo, without what had sold unseen before."""
    after = acknowledged(bound, push, echo=echo, **more)
    if echo is None or echo <= push.raised or bound.exposure is None:
        return after
    return replace(after, exposure=max(bound.exposure, after.pending or 0))


def acknowledged_alone(bound: Bound, push: OpenPush, **more: Any) -> Bound:
    return acknowledged(bound, push, **(more | {"others": ()}))


def acknowledged_with_raises_only(
    bound: Bound, push: OpenPush, *, others: Iterable[OpenPush], **more: Any
) -> Bound:
    """What another push put on sale beyond its raise is forgotten."""
    return acknowledged(bound, push, others=[replace(other, echo=None) for other in others], **more)


def acknowledged_without_restocks(bound: Bound, push: OpenPush, **more: Any) -> Bound:
    return acknowledged(bound, replace(push, restocked_before=bound.restocked), **more)


def acknowledged_unseen_by_reads(bound: Bound, push: OpenPush, **more: Any) -> Bound:
    return replace(acknowledged(bound, push, **more), risen_at=bound.risen_at)


def lands_only_unanswered(push: OpenPush, moment: datetime, rules: ChannelRules) -> bool:
    """Acknowledged counts as applied."""
    return push.acknowledged_at is None and real_may_land_after(push, moment, rules)


def lands_before(push: OpenPush, moment: datetime, rules: ChannelRules) -> bool:
    """The last instant does not count."""
    return push.state in exposure.OPEN_STATES and push.lands_by(rules) > moment


def lands_within_one_horizon(stored_at: datetime, rules: ChannelRules) -> datetime:
    """As if it had been sent the moment it was stored."""
    return stored_at + rules.horizon


def lowered_anyway(bound: Bound, units: int, *, at: datetime, rules: ChannelRules) -> Bound:
    return exposure._fallen(bound, units, at=at)


def lowered_unless_applied_later(bound: Bound, units: int, *, at: datetime, rules: ChannelRules) -> Bound:
    """Where it clamps too."""
    return bound if rules.apply_lag else exposure._fallen(bound, units, at=at)


def lowered_by_one_more(bound: Bound, units: int, *, at: datetime, rules: ChannelRules) -> Bound:
    return exposure._fallen(bound, units + 1, at=at)


def seen_only_now(bound: Bound, number: int) -> Bound:
    """The pending bound is forgotten."""
    return replace(real_number_seen(bound, number), pending=bound.pending)


def seen_behind_a_read(bound: Bound, number: int) -> Bound:
    """A read-back under way does not learn of it."""
    return replace(real_number_seen(bound, number), raised=bound.raised)


def settles_if(**changes: Any) -> Callable[[Bound, PullProof, ChannelRules], bool]:
    def version(bound: Bound, pull: PullProof, rules: ChannelRules) -> bool:
        return real_settles(bound, replace(pull, **changes), rules)

    return version


def settles_without(*lags: str) -> Callable[[Bound, PullProof, ChannelRules], bool]:
    none: dict[str, Any] = dict.fromkeys(lags, 0.0)

    def version(bound: Bound, pull: PullProof, rules: ChannelRules) -> bool:
        return real_settles(bound, pull, replace(rules, **none))

    return version


def settled_by_what_is_pending(bound: Bound, pull: PullProof, rules: ChannelRules) -> Bound:
    """Not the smaller of the two."""
    after = real_settled(bound, pull, rules)
    return after if after is bound else replace(after, exposure=bound.pending)


def settled_without_date(bound: Bound, pull: PullProof, rules: ChannelRules) -> Bound:
    after = real_settled(bound, pull, rules)
    return after if after is bound else replace(after, settled_at=None)


def answered(bound: Bound, start: ReadStart, number: int, **more: Any) -> ReadOutcome:
    return real_read_answered(bound, start, number, **more)


def answered_without_pushes(bound: Bound, start: ReadStart, number: int, **more: Any) -> ReadOutcome:
    return answered(bound, start, number, **(more | {"open_pushes": ()}))


def answered_and_believed(bound: Bound, start: ReadStart, number: int, **more: Any) -> ReadOutcome:
    """An answer from before the last rise is a base as well."""
    return answered(replace(bound, risen_at=None), start, number, **more)


def answered_is_settled(bound: Bound, start: ReadStart, number: int, **more: Any) -> ReadOutcome:
    """What sold unseen before the answer is forgotten, or counted twice."""
    outcome = answered(bound, start, number, **more)
    if outcome.read_again:
        return outcome
    return replace(outcome, bound=replace(outcome.bound, exposure=number, pending=None, base=None))


def answered_without_drift(bound: Bound, start: ReadStart, number: int, **more: Any) -> ReadOutcome:
    outcome = answered(bound, start, number, **more)
    return replace(outcome, bound=replace(outcome.bound, exposure=bound.exposure))


def answered_without_since(bound: Bound, start: ReadStart, number: int, **more: Any) -> ReadOutcome:
    """What rose since the read-back began is forgotten."""
    same = replace(start, raised=bound.raised, restocked=bound.restocked)
    return answered(bound, same, number, **more)


def answered_by_the_read_lag_of_0(
    bound: Bound, start: ReadStart, number: int, *, rules: ChannelRules, **more: Any
) -> ReadOutcome:
    return answered(bound, start, number, rules=replace(rules, read_lag_s=0.0), **more)


def instants_are_ordered(moment: datetime | None, oldest: datetime) -> bool:
    return moment is not None and moment > oldest


def closed_when_acknowledged(push: OpenPush, others: object, *, base: Base, rules: ChannelRules) -> bool:
    """Without a look at the other open pushes."""
    return real_is_closed_by_settle(push, (), base=base, rules=rules)


def sent_as_it_was_stored(stored_at: datetime, rules: ChannelRules) -> datetime:
    """Nothing keeps a stored push from leaving later, and nobody counts on it."""
    return stored_at


def begun_without_a_bound(bound: Bound, *, at: datetime) -> ReadStart:
    """Nothing is kept that an answer could be compared with."""
    return ReadStart(began_at=at, exposure=None, raised=bound.raised, restocked=bound.restocked)


def settles_without_read_lag(bound: Bound, pull: PullProof, rules: ChannelRules) -> bool:
    """Harmless. Let a number r be taken at t and answered at ``base.at``; so t ≤ ``base.at``, however old answers may be.

    A pull that began ≥ ``base.at`` + visibility lists every sale from before ``base.at``, so every one from before t. What
    is still unseen was sold after t, from the r: R + U ≤ r + what rose since, which clauses (b) and (c) add. The read lag
    lies before the answer, and is waited for there (``_may_follow``); waited for once more, it is a mere margin.
    """
    return real_settles(bound, pull, replace(rules, read_lag_s=0.0))


def raised_without_a_moment(bound: Bound, units: int, *, at: datetime) -> Bound:
    """Harmless. ``risen_at`` is there to hold off a read-back whose number may be older than the landing of a raise.

    While the row of the raise is open it is itself looked at, up to the last moment at which it can land. A row is closed
    by nothing but: a refusal (it never lands), the acknowledgement of a difference (which dates the rise), the settle of an
    acknowledged set (dated when it was accepted), a read-back (its number is later than the last landing, and only one is
    under way at a time), and an operator (``assumed`` dates it). Each is no earlier than the landing.
    """
    return replace(real_raised(bound, units, at=at), risen_at=bound.risen_at)


def assumed_without_a_moment(bound: Bound, units: int, *, at: datetime) -> Bound:
    """A read-back under way may lack what has landed since."""
    return replace(bound, exposure=units, pending=None, base=None)


def forgotten_but_pending(bound: Bound) -> Bound:
    """What was pending when the backup was made is settled by a pull of today."""
    return replace(bound, exposure=None)


def forgotten_to_nothing(bound: Bound) -> Bound:
    """What is not known counts as nothing."""
    return replace(bound, exposure=0, pending=None, base=None)


def acknowledged_beside_a_stand_in(
    bound: Bound, push: OpenPush, *, others: Iterable[OpenPush], **more: Any
) -> Bound:
    """A row that raises nothing puts nothing on sale, also when it stands for what nobody knows."""
    return acknowledged(bound, push, others=[replace(other, stands_in=False) for other in others], **more)


def stand_in_lands_by(push: OpenPush, moment: datetime, rules: ChannelRules) -> bool:
    """What was accepted before the restore is applied by now."""
    return real_may_land_after(replace(push, stands_in=False), moment, rules)
