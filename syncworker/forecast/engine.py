"""What does the engine do in this world? It plans with the real allocator, keeps the real bounds, sends and reads back.

It knows only what shops tell: never what their numbers truly are, and nothing of who will come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from random import Random

from syncworker.core import exposure
from syncworker.core.allocator import Part, PlannedPush, PoolView, plan
from syncworker.core.exposure import Base, BaseKind, OpenPush, PullProof, PushState, ReadStart, horizon_passed
from syncworker.core.model import Known, Limits, QuantityMode
from syncworker.core.outlook import left_later, zero_waits
from syncworker.forecast.groups import Group, grouped
from syncworker.forecast.setting import Setting, Tally
from syncworker.forecast.state import Open, Order, Pool, Timeline, consume, moment, seconds_of

#: The longest time in seconds that a drain may leave a pool dark without an operator's leave.
DARK_AT_MOST_S = 300.0
#: Between two drains of a pool: ten times as long as it stays dark, and ten minutes at most.
DRAIN_PAUSE_S = 600.0
#: A bound above what is shown is read back after so long, or ten times as long as the shop takes to settle.
RECONCILE_S = 900.0
#: A number is asked for this long after the moment from which an answer can be believed.
MARGIN_S = 0.001
#: The longest pause of a pool after refusals, one by one twice as long.
LONGEST_PAUSE_S = 300.0


class Engine:
    """Numbers out, answers in. ``wake`` is told of each pool whose shop has to be asked for orders again."""

    def __init__(
        self,
        setting: Setting,
        seed: int,
        pools: Sequence[Pool],
        timeline: Timeline,
        tally: Tally,
        wake: Callable[[Pool], None],
    ) -> None:
        self.setting = setting
        self.timeline = timeline
        self.tally = tally
        self.available = dict(setting.parts)
        #: The latest pull that has begun.
        self.sequence = 0
        self._wake = wake
        self._groups = grouped(pools)
        self._lost = Random(f"{seed}:answers")  # noqa: S311 - repeatable faults, not cryptography
        #: The views of a group's last plan that asked for nothing: the same views would ask for nothing again.
        self._quiet: dict[Group, list[PoolView]] = {}

    def open(self) -> None:
        """Show the first numbers."""
        self.plan(pool for group in dict.fromkeys(self._groups.values()) for pool in group.pools[:1])

    # --- plans

    def plan(self, pools: Iterable[Pool]) -> None:
        """Plan again for these pools and all that hang together with them."""
        for group in dict.fromkeys(self._groups[pool.article.sku] for pool in pools):
            self._plan_group(group)

    def _plan_group(self, group: Group) -> None:
        for pool in group.pools:
            _close_settled(pool)
        views = [self._view(pool) for pool in group.pools]
        if views == self._quiet.get(group):
            return
        decisions = plan({part: Part(available=self.available[part]) for part in group.parts}, views)
        pushes = [decision.push for decision in decisions]
        if any(pushes):
            self._quiet.pop(group, None)
        else:
            self._quiet[group] = views
        for pool, push in zip(group.pools, pushes, strict=True):
            if push is not None:
                self._send(pool, push)
        self._check_bound(group)

    def _view(self, pool: Pool) -> PoolView:
        rules, now = pool.shop.rules, self.timeline.clock
        sets = [one.stored for one in pool.pushes if one.is_set]
        return PoolView(
            pool_id=pool.pool_id,
            channel=pool.shop.name,
            sku=pool.article.sku,
            recipe=pool.article.recipe,
            rules=rules,
            exposure=pool.bound.exposure,
            pending=pool.bound.pending is not None,
            open_push=bool(pool.pushes),
            unknown_push=any(one.stored.state is not PushState.ACKNOWLEDGED for one in pool.pushes),
            shown=max(pool.shown, 0),
            coming=self._coming(pool, sets) if pool.pushes else None,
            zero_waits=zero_waits(pool.bound, sets, now=now, rules=rules),
            sales=pool.sales(self.timeline.now) + pool.shop.history,
            policy=self.setting.policy.in_force(self._sellable(pool)),
            limits=self.setting.limits.get((pool.shop.name, pool.article.sku), Limits()),
            withdraw=pool.withdraw,
            hold_back=pool.held_back,
            drainable=self.timeline.now >= self._rested_at(pool)
            and (pool.withdraw or rules.dark_time_s <= DARK_AT_MOST_S),
        )

    def _sellable(self, pool: Pool) -> int:
        return min(self.available[part] // units for part, units in pool.article.recipe.items())

    def _rested_at(self, pool: Pool) -> float:
        return pool.drained_at + min(DRAIN_PAUSE_S, 10 * pool.shop.rules.dark_time_s)

    def _coming(self, pool: Pool, sets: Sequence[OpenPush]) -> int:
        """Units by which the bound will fall; a push that can no longer land frees nothing before it is proven."""
        rules, held = pool.shop.rules, max(pool.bound.exposure or 0, 0)
        alive = [
            one
            for one in pool.pushes
            if one.stored.state is PushState.ACKNOWLEDGED
            or not horizon_passed(one.stored, self.timeline.clock, rules)
        ]
        live_sets = [one for one in sets if any(one is other.stored for other in alive)]
        if live_sets:
            return max(0, held - left_later(pool.bound, live_sets, rules))
        if pool.bound.pending is not None:
            return max(0, held - pool.bound.pending)
        return min(held, sum(one.planned.lowered for one in alive))

    # --- what the shops tell

    def told(self, order: Order, *, is_cancelled: bool) -> bool:
        """An order as its shop lists it, repeats included; whether anything was new."""
        pool, rules, now = order.pool, order.pool.shop.rules, self.timeline.clock
        if order.is_closed or (order.is_recorded and not is_cancelled):
            return False
        placed, restocked = moment(order.placed), Known.YES if order.restocks else Known.NO
        if not order.is_recorded and is_cancelled:
            pool.bound = exposure.first_seen_cancelled(
                pool.bound, order.units, restocked_by_channel=restocked, placed_at=placed, at=now, rules=rules
            )
        elif is_cancelled:
            self._book(order, -order.units, since=order.cancelled or 0.0)
            pool.bound = exposure.cancelled(pool.bound, order.units, restocked_by_channel=restocked, at=now)
        else:
            self._book(order, order.units, since=order.placed)
            pool.bound = exposure.sold(
                pool.bound, order.units, counts_down=Known.YES, placed_at=placed, at=now, rules=rules
            )
        order.is_recorded, order.is_closed = True, is_cancelled
        if rules.readable and exposure.is_broken(pool.bound):
            self._want_read(pool, self.timeline.now)
        elif rules.readable and is_cancelled and order.restocks:
            self._want_read(pool, self.timeline.now + rules.read_lag_s)
        return True

    def _book(self, order: Order, units: int, *, since: float) -> None:
        pool = order.pool
        consume(self.available, pool.article, units)
        pool.recent.append((order.placed, units))
        if since > pool.shown_since:
            pool.shown -= units

    # --- numbers out

    def _send(self, pool: Pool, push: PlannedPush) -> None:
        now = self.timeline.clock
        if pool.shop.rules.own_number:
            exposed = exposure.raised(pool.bound, push.raised, at=now).exposure or 0
            pool.bound = replace(pool.bound, exposure=exposed - push.lowered)
            pool.number = pool.shown = push.value
            self.timeline.at(self.timeline.now, lambda: self.plan([pool]))
            return
        self.tally.pushes += 1
        stored = OpenPush(
            state=PushState.SENDING,
            raised=push.raised,
            restocked_before=pool.bound.restocked,
            stored_at=now,
        )
        pool.bound = exposure.raised(pool.bound, push.raised, at=now)
        one = Open(push, stored)
        pool.pushes.append(one)
        if one.is_set and push.value == 0:
            pool.drained_at = self.timeline.now
            self.timeline.at(self._rested_at(pool), lambda: self.plan([pool]))
        self._travel(pool, one)

    def _travel(self, pool: Pool, one: Open) -> None:
        """Usually it is applied half way and answered; where the answer is lost it lands at once, late, or never."""
        now, half = self.timeline.now, pool.shop.latency_s / 2
        lost = self.setting.upsets.lost_answers
        if not lost or self._lost.random() >= lost:
            self.timeline.at(now + half, lambda: self._apply(pool, one, answered=True))
            return
        self.tally.lost_answers += 1
        ends = seconds_of(one.stored.lands_by(pool.shop.rules))
        fate, late = self._lost.randrange(3), self._lost.uniform(now + half, now + pool.shop.rules.horizon_s)
        if fate < 2:
            self.timeline.at((now + half, late)[fate], lambda: self._apply(pool, one, answered=False))
        self.timeline.at(ends + MARGIN_S, lambda: self._resolve(pool, one))

    def _apply(self, pool: Pool, one: Open, *, answered: bool) -> None:
        """The shop takes the request or refuses it."""
        push, before = one.planned, pool.number
        if push.kind is QuantityMode.ADJUST:
            refused, after = before + push.value < 0, before + push.value
        else:
            refused = push.kind is QuantityMode.COMPARE_AND_SET and before != push.expected
            after = push.value
        pool.number = before if refused else after
        if not answered:
            return
        applied, answer = self.timeline.now, self._refused if refused else self._acknowledged
        self.timeline.at(applied + pool.shop.latency_s / 2, lambda: answer(pool, one, before, applied))

    def _refused(self, pool: Pool, one: Open, number: int, applied: float) -> None:
        self.tally.refused += 1
        pool.bound = exposure.refused(pool.bound, one.stored)
        pool.pushes.remove(one)
        if one.planned.kind is QuantityMode.COMPARE_AND_SET:
            pool.bound = exposure.number_seen(pool.bound, number)
            pool.shown, pool.shown_since = number, applied
        else:
            pool.held_back = True
            pause_s = min(LONGEST_PAUSE_S, 2.0 ** (pool.refusals - 1)) if pool.refusals else 0.0
            pool.not_before, pool.refusals = self.timeline.now + pause_s, pool.refusals + 1
            self._wake(pool)
        self.plan([pool])

    def _acknowledged(self, pool: Pool, one: Open, before: int, applied: float) -> None:  # noqa: ARG002 - as _refused
        now, rules, push = self.timeline.clock, pool.shop.rules, one.planned
        pool.refusals = 0
        if not one.is_set:
            self._difference_acknowledged(pool, one, applied)
            self.plan([pool])
            return
        one.stored = replace(one.stored, state=PushState.ACKNOWLEDGED, acknowledged_at=now)
        others = [other.stored for other in pool.pushes if other is not one]
        base = Base(kind=BaseKind.SET, at=now, sequence=self.sequence)
        pool.bound = exposure.set_acknowledged(
            pool.bound, one.stored, echo=None, others=others, base=base, rules=rules
        )
        pool.shown, pool.shown_since = push.value, applied
        self._wake(pool)
        self.plan([pool])

    def _difference_acknowledged(self, pool: Pool, one: Open, applied: float) -> None:
        now, rules, push = self.timeline.clock, pool.shop.rules, one.planned
        pool.pushes.remove(one)
        if push.raised:
            pool.bound = exposure.raise_acknowledged(pool.bound, at=now, rules=rules)
        elif push.kind is QuantityMode.ADJUST:
            pool.bound = exposure.adjustment_lowered(pool.bound, -push.value, at=now, rules=rules)
        else:
            pool.bound = exposure.compared_and_lowered(pool.bound, push.lowered, at=now, rules=rules)
        if push.kind is QuantityMode.COMPARE_AND_SET:
            pool.shown, pool.shown_since = push.value, applied
        else:
            pool.shown += push.value

    # --- what came of a lost answer, and what is left

    def _resolve(self, pool: Pool, one: Open) -> None:
        """It can no longer land: the number is read, or brought to 0, or what it may have put on sale stays counted."""
        rules = pool.shop.rules
        if one not in pool.pushes:
            return
        if pool.bound.exposure == 0 or not (rules.readable or rules.proves_by_zero):
            pool.pushes.remove(one)
        elif rules.readable:
            self._want_read(pool, self.timeline.now)
        else:
            pool.withdraw = True
        self.plan([pool])

    def _want_read(self, pool: Pool, at: float) -> None:
        """The sooner of two wishes stands."""
        if pool.read_at is None or at < pool.read_at:
            pool.read_at = at
            self.timeline.at(at, lambda: self._read(pool, at))

    def _read(self, pool: Pool, at: float) -> None:
        if pool.read_at != at:
            return
        pool.read_at = None
        self.tally.reads += 1
        start, half = exposure.read_begun(pool.bound, at=self.timeline.clock), pool.shop.latency_s / 2

        def look() -> None:
            number, seen = pool.number, self.timeline.now
            self.timeline.at(seen + half, lambda: self._answered(pool, start, number, seen))

        self.timeline.at(self.timeline.now + half, look)

    def _answered(self, pool: Pool, start: ReadStart, number: int, seen: float) -> None:
        rules, opens = pool.shop.rules, [one.stored for one in pool.pushes]
        base = Base(kind=BaseKind.READ, at=self.timeline.clock, sequence=self.sequence)
        told = exposure.read_answered(pool.bound, start, number, base=base, open_pushes=opens, rules=rules)
        pool.bound, pool.shown, pool.shown_since = told.bound, number, seen
        if told.read_again:
            moments = [base.at, *(push.lands_by(rules) for push in opens)]
            moments += [one for one in (told.bound.risen_at, told.bound.fallen_at) if one is not None]
            self._want_read(pool, seconds_of(max(moments) + rules.read_lag) + MARGIN_S)
        else:
            pool.pushes = [one for one in pool.pushes if one.stored.state is PushState.ACKNOWLEDGED]
        self._wake(pool)
        self.plan([pool])

    def settle(self, pool: Pool, proof: PullProof) -> bool:
        """A finished pull may prove a lower bound; whether anything changed."""
        rules, base = pool.shop.rules, pool.bound.base
        was_held_back = pool.held_back
        pool.held_back = was_held_back and self.timeline.now < pool.not_before
        if base is None or not exposure.settles(pool.bound, proof, rules):
            return was_held_back and not pool.held_back
        pool.bound = exposure.settled(pool.bound, proof, rules)
        opens = list(pool.pushes)
        pool.pushes = [
            one
            for one in opens
            if not exposure.is_closed_by_settle(
                one.stored, [other.stored for other in opens if other is not one], base=base, rules=rules
            )
        ]
        if pool.withdraw and (pool.bound.exposure or 0) <= 0:
            pool.withdraw = False
        self._look_for_slack(pool)
        return True

    def _look_for_slack(self, pool: Pool) -> None:
        """What is held above what is shown could be sold elsewhere: it is read back, if that can be."""
        rules = pool.shop.rules
        if rules.readable and not rules.own_number and (pool.bound.exposure or 0) > max(pool.shown, 0):
            soon = max(min(RECONCILE_S, 10 * rules.dark_time_s), 2 * rules.read_settles_s)
            self._want_read(pool, self.timeline.now + soon)

    def _check_bound(self, group: Group) -> None:
        for name in group.parts:
            held = sum(
                pool.article.recipe.get(name, 0) * max(pool.bound.exposure or 0, 0) for pool in group.pools
            )
            self.tally.over_bound = max(self.tally.over_bound, held - self.available[name])


def _close_settled(pool: Pool) -> None:
    """A set that stayed open beside an unanswered one is over once that is."""
    if pool.bound.base is None and all(one.stored.state is PushState.ACKNOWLEDGED for one in pool.pushes):
        pool.pushes.clear()
