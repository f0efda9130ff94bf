"""Does the allocator sell? A small world in virtual time: buyers, shops that count down by themselves, late orders, pushes.

It drives the real `plan` and the real bound arithmetic, and knows the truth that neither of them can see. Nothing fails
here, nothing is cancelled: that is the work of the fault tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from random import Random

from syncworker.core import exposure
from syncworker.core.allocator import Decision, Part, PlannedPush, PoolView, plan
from syncworker.core.exposure import Base, BaseKind, Bound, OpenPush, PullProof, PushState
from syncworker.core.model import ChannelRules, Known, Limits, Policy, QuantityMode

_START = datetime(2026, 1, 1, tzinfo=UTC)
#: The longest time in seconds that a drain may leave a pool dark without an operator's leave.
DARK_AT_MOST_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One pretend marketplace."""

    name: str
    #: Its share of the visits.
    popularity: float
    rules: ChannelRules
    #: Seconds after which an order is really listed; never above what is declared.
    visibility_s: tuple[float, float] = (1.0, 10.0)
    #: Seconds from sending a request to its answer; the number changes half way.
    latency_s: float = 0.2
    #: Sales per hour that the engine remembers from before, for every SKU.
    history: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One SKU, what a sale consumes, and its share of the visits."""

    sku: str
    recipe: Mapping[str, int]
    wanted: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is played: stock, articles, shops, buyers."""

    parts: Mapping[str, int]
    articles: Sequence[Article]
    shops: Sequence[Shop]
    visitors_per_h: float
    seconds: float
    #: Who comes when, where and for what, by seed: (second, shop, article). Instead of ``visitors_per_h`` and shares.
    buyers: Callable[[int], Sequence[tuple[float, str, str]]] | None = None
    policy: Policy = Policy.ESCROW
    limits: Mapping[tuple[str, str], Limits] = field(default_factory=dict)
    #: Between two drains of a pool: this many times as long as it stays dark, and ten minutes at most.
    drain_pause: float = 10.0


@dataclass(slots=True)
class Tally:
    """What came of it. ``visits`` and ``turned_away`` count only visits while the article was there, by shop."""

    sold: int = 0
    common_sold: int = 0
    oversold: int = 0
    calls: int = 0
    #: Every visit, also those that came when all was gone.
    came: int = 0
    refused: int = 0
    visits: dict[str, int] = field(default_factory=dict)
    turned_away: dict[str, int] = field(default_factory=dict)
    #: The same, of visits while a unit of each part was there for every shop: with fewer, some shop has to show 0.
    enough: Counter[str] = field(default_factory=Counter)
    turned_away_with_enough: Counter[str] = field(default_factory=Counter)
    #: Largest Σ units × exposure − available that was ever seen after a change; above 0 the rule was broken.
    over_bound: int = -(10**9)


@dataclass(slots=True)
class _Open:
    planned: PlannedPush
    stored: OpenPush
    expected_fall: int


@dataclass(slots=True)
class _Pool:
    shop: Shop
    article: Article
    number: int = 0
    bound: Bound = field(default_factory=lambda: Bound(exposure=0))
    shown: int = 0
    shown_since: float = 0.0
    pushes: list[_Open] = field(default_factory=list)
    sold: int = 0
    drained_at: float = -1e9
    held_back: bool = False

    @property
    def pool_id(self) -> str:
        return f"{self.shop.name}/{self.article.sku}"


@dataclass(slots=True)
class _Order:
    pool: _Pool
    placed: float
    listed: float


class World:
    """Play one setting with one seed: ``World(setting, seed).play()``."""

    def __init__(self, setting: Setting, seed: int) -> None:
        self.setting = setting
        self.random = Random(seed)
        self.now = 0.0
        self.tally = Tally()
        self.available = dict(setting.parts)
        self.there = dict(setting.parts)
        self.common = dict(setting.parts)
        self.pools = {
            (shop.name, article.sku): _Pool(shop, article)
            for shop in setting.shops
            for article in setting.articles
        }
        self.orders: dict[str, list[_Order]] = {shop.name: [] for shop in setting.shops}
        self.sequence = 0
        self._coming_buyers = self._drawn() if setting.buyers is None else iter(setting.buyers(seed))
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._ticket = 0
        #: The views of the last plan that asked for nothing: the same views would ask for nothing again.
        self._quiet: list[PoolView] | None = None

    def play(self) -> Tally:
        """Run until the time is over or all that can be sold is sold."""
        self._at(0.0, self._plan)
        for shop in self.setting.shops:
            self._at(self.random.uniform(0, shop.rules.poll_s), lambda shop=shop: self._pull(shop))  # type: ignore[misc]
        self._await_next_buyer()
        while self._queue and self._queue[0][0] <= self.setting.seconds and not self._is_sold_out():
            self.now, _, happen = heappop(self._queue)
            happen()
        return self.tally

    def _is_sold_out(self) -> bool:
        """Whether no visit and no pull can change anything any more."""
        articles = self.setting.articles
        if any(_covers(self.there, one) or _covers(self.common, one) for one in articles) or any(
            self.orders.values()
        ):
            return False
        return all(pool.number < 1 and not pool.pushes for pool in self.pools.values())

    def _at(self, when: float, happen: Callable[[], None]) -> None:
        self._ticket += 1
        heappush(self._queue, (when, self._ticket, happen))

    def _clock(self, seconds: float | None = None) -> datetime:
        return _START + timedelta(seconds=self.now if seconds is None else seconds)

    # --- buyers

    def _drawn(self) -> Iterator[tuple[float, str, str]]:
        """A Poisson stream, by the shares of the shops and articles."""
        shops, articles, at = self.setting.shops, self.setting.articles, 0.0
        while True:
            at += self.random.expovariate(self.setting.visitors_per_h / 3600)
            shop = self.random.choices(shops, [shop.popularity for shop in shops])[0]
            article = self.random.choices(articles, [one.wanted for one in articles])[0]
            yield at, shop.name, article.sku

    def _await_next_buyer(self) -> None:
        buyer = next(self._coming_buyers, None)
        if buyer is not None:
            self._at(buyer[0], lambda: self._visit(buyer[1], buyer[2]))

    def _visit(self, shop_name: str, sku: str) -> None:
        self._await_next_buyer()
        pool = self.pools[shop_name, sku]
        shop, article = pool.shop, pool.article
        listed_after = self.random.uniform(*shop.visibility_s)
        if _covers(self.common, article):
            self.tally.common_sold += 1
            _consume(self.common, article)
        self.tally.came += 1
        there = _covers(self.there, article)
        enough = all(self.there[part] >= len(self.setting.shops) for part in article.recipe)
        self.tally.enough[shop.name] += enough
        if there:
            self.tally.visits[shop.name] = self.tally.visits.get(shop.name, 0) + 1
        if pool.number >= 1:
            self._sell(pool, listed_after)
        elif there:
            self.tally.turned_away[shop.name] = self.tally.turned_away.get(shop.name, 0) + 1
            self.tally.turned_away_with_enough[shop.name] += enough

    def _sell(self, pool: _Pool, listed_after: float) -> None:
        pool.number -= 1
        self.tally.sold += 1
        _consume(self.there, pool.article)
        self.tally.oversold = max(self.tally.oversold, *(-units for units in self.there.values()))
        if pool.shop.rules.own_number:
            self._record(_Order(pool, self.now, self.now))
            self._plan()
        else:
            self.orders[pool.shop.name].append(_Order(pool, self.now, self.now + listed_after))

    # --- pulls

    def _pull(self, shop: Shop) -> None:
        self.sequence += 1
        proof = PullProof(sequence=self.sequence, began_at=self._clock(), whole=True)
        listed = [order for order in self.orders[shop.name] if order.listed <= self.now]
        self.orders[shop.name] = [order for order in self.orders[shop.name] if order.listed > self.now]
        self._at(self.now + shop.latency_s, lambda: self._ingest(shop, listed, proof))
        self._at(self.now + shop.rules.poll_s, lambda: self._pull(shop))

    def _ingest(self, shop: Shop, listed: Sequence[_Order], proof: PullProof) -> None:
        for order in listed:
            self._record(order)
        for pool in self._pools_of(shop):
            pool.held_back = False
            if exposure.settles(pool.bound, proof, shop.rules):
                pool.pushes = [one for one in pool.pushes if one.stored.state is not PushState.ACKNOWLEDGED]
            pool.bound = exposure.settled(pool.bound, proof, shop.rules)
        self._plan()

    def _record(self, order: _Order) -> None:
        pool, placed_at = order.pool, self._clock(order.placed)
        _consume(self.available, pool.article)
        pool.bound = exposure.sold(
            pool.bound, 1, counts_down=Known.YES, placed_at=placed_at, at=self._clock(), rules=pool.shop.rules
        )
        pool.sold += 1
        if order.placed > pool.shown_since:
            pool.shown -= 1

    def _pools_of(self, shop: Shop) -> list[_Pool]:
        return [pool for pool in self.pools.values() if pool.shop is shop]

    # --- plans and pushes

    def _plan(self) -> None:
        views = [self._view(pool) for pool in self.pools.values()]
        if views == self._quiet:
            return
        decisions = self.decisions(
            {name: Part(available=units) for name, units in self.available.items()}, views
        )
        for decision, pool in zip(decisions, self.pools.values(), strict=True):
            if decision.push is not None:
                self._send(pool, decision.push)
        self._quiet = None if any(decision.push for decision in decisions) else views
        self._check_bound()

    def decisions(self, parts: Mapping[str, Part], views: Sequence[PoolView]) -> tuple[Decision, ...]:
        return plan(parts, views)

    def _view(self, pool: _Pool) -> PoolView:
        rules = pool.shop.rules
        unknown = any(one.stored.state is PushState.SENDING for one in pool.pushes)
        return PoolView(
            pool_id=pool.pool_id,
            channel=pool.shop.name,
            sku=pool.article.sku,
            recipe=pool.article.recipe,
            rules=rules,
            exposure=pool.bound.exposure,
            pending=pool.bound.pending is not None,
            open_push=bool(pool.pushes),
            unknown_push=unknown,
            shown=max(pool.shown, 0),
            coming=self._coming(pool) if pool.pushes else None,
            sales=pool.sold + pool.shop.history,
            policy=self.setting.policy,
            limits=self.setting.limits.get((pool.shop.name, pool.article.sku), Limits()),
            hold_back=pool.held_back,
            drainable=self.now - pool.drained_at >= min(600.0, self.setting.drain_pause * rules.dark_time_s)
            and rules.dark_time_s <= DARK_AT_MOST_S,
        )

    def _coming(self, pool: _Pool) -> int:
        """A set leaves what it named; a lowering gives back what it lowers."""
        held = max(pool.bound.exposure or 0, 0)
        sets = [one.planned.raised for one in pool.pushes if one.planned.kind is QuantityMode.SET]
        falls = sum(one.planned.lowered for one in pool.pushes)
        return min(held, max(0, held - sum(sets)) if sets else falls)

    def _send(self, pool: _Pool, push: PlannedPush) -> None:
        if pool.shop.rules.own_number:
            exposed = exposure.raised(pool.bound, push.raised, at=self._clock()).exposure or 0
            pool.bound = replace(pool.bound, exposure=exposed - push.lowered)
            pool.number = pool.shown = push.value
            self._at(self.now, self._plan)
            return
        self.tally.calls += 1
        stored = OpenPush(
            state=PushState.SENDING,
            raised=push.raised,
            restocked_before=pool.bound.restocked,
            stored_at=self._clock(),
        )
        pool.bound = exposure.raised(pool.bound, push.raised, at=self._clock())
        one = _Open(push, stored, push.lowered)
        pool.pushes.append(one)
        if push.kind is QuantityMode.SET and push.value == 0:
            pool.drained_at = self.now
        self._at(self.now + pool.shop.latency_s / 2, lambda: self._apply(pool, one))

    def _apply(self, pool: _Pool, one: _Open) -> None:
        push, refusal, before = one.planned, False, pool.number
        if push.kind is QuantityMode.SET:
            pool.number = push.value
        elif push.kind is QuantityMode.ADJUST:
            refusal = pool.number + push.value < 0
            pool.number += 0 if refusal else push.value
        else:
            refusal = pool.number != push.expected
            pool.number = pool.number if refusal else push.value
        applied = self.now
        answer = self._refused if refusal else self._acknowledged
        self._at(self.now + pool.shop.latency_s / 2, lambda: answer(pool, one, before, applied))

    def _refused(self, pool: _Pool, one: _Open, number: int, applied: float) -> None:
        self.tally.refused += 1
        pool.bound = exposure.refused(pool.bound, one.stored)
        pool.pushes.remove(one)
        if one.planned.kind is QuantityMode.COMPARE_AND_SET:
            pool.bound = exposure.number_seen(pool.bound, number)
            pool.shown, pool.shown_since = number, applied
        else:
            pool.held_back = True
        self._plan()

    def _acknowledged(self, pool: _Pool, one: _Open, before: int, applied: float) -> None:
        rules, push = pool.shop.rules, one.planned
        if push.kind is QuantityMode.SET:
            one.stored = replace(one.stored, state=PushState.ACKNOWLEDGED, acknowledged_at=self._clock())
            others = [other.stored for other in pool.pushes if other is not one]
            base = Base(kind=BaseKind.SET, at=self._clock(), sequence=self.sequence)
            pool.bound = exposure.set_acknowledged(
                pool.bound, one.stored, echo=None, others=others, base=base, rules=rules
            )
            pool.shown, pool.shown_since = push.value, applied
        else:
            self._difference_acknowledged(pool, one)
            if push.kind is QuantityMode.COMPARE_AND_SET:
                pool.shown, pool.shown_since = push.value, applied
            else:
                pool.shown += push.value
        self._plan()

    def _difference_acknowledged(self, pool: _Pool, one: _Open) -> None:
        rules, push = pool.shop.rules, one.planned
        pool.pushes.remove(one)
        if push.raised:
            pool.bound = exposure.raise_acknowledged(pool.bound, at=self._clock(), rules=rules)
        elif push.kind is QuantityMode.ADJUST:
            pool.bound = exposure.adjustment_lowered(pool.bound, -push.value, at=self._clock(), rules=rules)
        else:
            pool.bound = exposure.compared_and_lowered(
                pool.bound, push.lowered, at=self._clock(), rules=rules
            )

    def _check_bound(self) -> None:
        for name, available in self.available.items():
            held = sum(
                pool.article.recipe.get(name, 0) * max(pool.bound.exposure or 0, 0)
                for pool in self.pools.values()
            )
            self.tally.over_bound = max(self.tally.over_bound, held - available)


def _covers(units: Mapping[str, int], article: Article) -> bool:
    return all(units[part] >= per_sale for part, per_sale in article.recipe.items())


def _consume(units: dict[str, int], article: Article) -> None:
    for part, per_sale in article.recipe.items():
        units[part] -= per_sale
