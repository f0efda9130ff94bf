"""What happens in a small world of buyers, shops that count down by themselves, and late news? In virtual time, by seed.

It drives the real allocator and the real arithmetic of bounds, and knows the truth that neither of them can see.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from random import Random

from syncworker.core.exposure import PullProof
from syncworker.forecast.engine import Engine
from syncworker.forecast.setting import SAMPLES, Moment, Setting, Shop, Tally, Visit
from syncworker.forecast.state import Order, Pool, Timeline, consume, covers


class World:
    """Play one setting with one seed: ``World(setting, seed).play()``. The same seed brings the same buyers to every policy."""

    def __init__(self, setting: Setting, seed: int) -> None:
        self.setting = setting
        self.random = Random(seed)  # noqa: S311 - repeatable buyers, not cryptography
        self._upsets = Random(f"{seed}:upsets")  # noqa: S311
        self.tally = Tally()
        self.timeline = Timeline()
        self.there = dict(setting.parts)
        self.common = dict(setting.parts)
        self.pools = {
            (shop.name, article.sku): Pool(shop, article)
            for shop in setting.shops
            for article in setting.articles
        }
        self.engine = Engine(
            setting, seed, list(self.pools.values()), self.timeline, self.tally, self._wait_for
        )
        #: Orders and cancellations that the engine has not been told of.
        self._unseen: dict[str, list[Order]] = {shop.name: [] for shop in setting.shops}
        #: Cancellations that lie ahead, of sales and of what one stock would have sold.
        self._to_cancel = 0
        self._phase = {shop.name: self.random.uniform(0, shop.rules.poll_s) for shop in setting.shops}
        self._asked: set[str] = set()
        self._waiting: dict[str, dict[Pool, None]] = {shop.name: {} for shop in setting.shops}
        self._coming_buyers = self._drawn() if setting.buyers is None else iter(setting.buyers(seed))

    @property
    def now(self) -> float:
        """The second of the run."""
        return self.timeline.now

    def play(self) -> Tally:
        """Run until the time is over or all that can be sold is sold."""
        self.timeline.at(0.0, self.engine.open)
        self._await_next_buyer()
        ends, to_the_end = self.setting.seconds, self.setting.to_the_end
        while (when := self.timeline.next) is not None and when <= ends:
            if not to_the_end and self._is_sold_out():
                break
            self._note_until(when)
            self.timeline.advance()
        if to_the_end:
            self.timeline.now = ends
        self._note_until(math.inf)
        self.tally.pulls = sum(self._turns(shop) for shop in self.setting.shops)
        return self.tally

    def _is_sold_out(self) -> bool:
        """Whether no visit and no pull can change anything any more."""
        articles = self.setting.articles
        if any(covers(self.there, one) or covers(self.common, one) for one in articles):
            return False
        if self._to_cancel or any(self._unseen.values()):
            return False
        return all(pool.number < 1 and not pool.pushes for pool in self.pools.values())

    def _note_until(self, when: float) -> None:
        """The course goes on as it is until something happens."""
        course, step = self.tally.course, self.setting.seconds / SAMPLES
        while len(course) < SAMPLES and len(course) * step < when:
            left = self.there.values()
            course.append(Moment(sum(max(0, one) for one in left), sum(max(0, -one) for one in left)))

    # --- buyers

    def _drawn(self) -> Iterator[Visit]:
        """A Poisson stream, by the shares of the shops and articles."""
        shops, articles, at = self.setting.shops, self.setting.articles, 0.0
        while True:
            at += self.random.expovariate(self.setting.visitors_per_h / 3600)
            shop = self.random.choices(shops, [shop.popularity for shop in shops])[0]
            article = self.random.choices(articles, [one.wanted for one in articles])[0]
            yield Visit(at, shop.name, article.sku)

    def _await_next_buyer(self) -> None:
        buyer = next(self._coming_buyers, None)
        if buyer is not None:
            self.timeline.at(buyer.at_s, lambda: self._visit(buyer))

    def _visit(self, buyer: Visit) -> None:
        self._await_next_buyer()
        pool = self.pools[buyer.shop, buyer.sku]
        order = self._order(pool, buyer.units)
        self._sell_from_one_stock(order)
        self.tally.came += 1
        there = covers(self.there, pool.article, order.units)
        enough = all(self.there[part] >= len(self.setting.shops) for part in pool.article.recipe)
        self.tally.enough[buyer.shop] += enough
        self.tally.visits[buyer.shop] += there
        if pool.number >= order.units:
            self._sell(order)
        elif there:
            self.tally.turned_away[buyer.shop] += 1
            self.tally.turned_away_with_enough[buyer.shop] += enough

    def _order(self, pool: Pool, units: int) -> Order:
        """What becomes of it if it is placed; drawn for every visit, so that no policy changes who came and what they do."""
        upsets, now = self.setting.upsets, self.now
        order = Order(pool, units, now, now + self.random.uniform(*pool.shop.visibility_s))
        if upsets.late_listings and self._upsets.random() < upsets.late_listings:
            order.listed, order.is_late = now + upsets.late_by_s, True
        if upsets.cancelled and self._upsets.random() < upsets.cancelled:
            order.cancelled = now + self._upsets.uniform(*upsets.cancelled_after_s)
            usual = order.cancelled + self._upsets.uniform(*pool.shop.visibility_s)
            order.cancel_listed = max(order.listed, usual)
            order.restocks = self._upsets.random() < upsets.restocked and not pool.shop.rules.own_number
        return order

    def _sell_from_one_stock(self, order: Order) -> None:
        """What one stock that all buyers see at once would do."""
        if not covers(self.common, order.pool.article, order.units):
            return
        self.tally.common_sold += order.units
        consume(self.common, order.pool.article, order.units)
        if order.cancelled is not None:
            self._to_cancel += 1
            self.timeline.at(order.cancelled, lambda: self._common_cancelled(order))

    def _common_cancelled(self, order: Order) -> None:
        self._to_cancel -= 1
        self.tally.common_sold -= order.units
        consume(self.common, order.pool.article, -order.units)

    def _sell(self, order: Order) -> None:
        pool = order.pool
        pool.number -= order.units
        self.tally.bought += 1
        self.tally.late_listings += order.is_late
        self.tally.sold += order.units
        consume(self.there, pool.article, order.units)
        for part in pool.article.recipe:
            self.tally.short[part] = max(self.tally.short[part], -self.there[part])
        if order.cancelled is not None:
            self._to_cancel += 1
            self.timeline.at(order.cancelled, lambda: self._cancel(order))
        if pool.shop.rules.own_number:
            self.engine.told(order, is_cancelled=False)
            self.engine.plan([pool])
        else:
            self._unseen[pool.shop.name].append(order)
            self._wake(pool.shop)

    def _cancel(self, order: Order) -> None:
        pool = order.pool
        self._to_cancel -= 1
        self.tally.cancelled += 1
        self.tally.sold -= order.units
        consume(self.there, pool.article, -order.units)
        if order.restocks:
            pool.number += order.units
        if pool.shop.rules.own_number:
            self.engine.told(order, is_cancelled=True)
            self.engine.plan([pool])
            return
        if order not in self._unseen[pool.shop.name]:
            self._unseen[pool.shop.name].append(order)
        self._wake(pool.shop)

    # --- pulls

    def _wait_for(self, pool: Pool) -> None:
        """A pull has to settle it, or let it go on."""
        self._waiting[pool.shop.name][pool] = None
        self._wake(pool.shop)

    def _wake(self, shop: Shop) -> None:
        """The shop has to be asked again: at its next turn. Turns at which nothing could be told are only counted."""
        rules, phase = shop.rules, self._phase[shop.name]
        if rules.own_number or shop.name in self._asked:
            return
        turns = max(0, math.ceil((self.now - phase) / rules.poll_s))
        if phase + turns * rules.poll_s <= self.now:
            turns += 1
        self._asked.add(shop.name)
        self.timeline.at(phase + turns * rules.poll_s, partial(self._pull, shop))

    def _turns(self, shop: Shop) -> int:
        """How often it was asked by now."""
        if shop.rules.own_number or self.now < self._phase[shop.name]:
            return 0
        return 1 + int((self.now - self._phase[shop.name]) / shop.rules.poll_s)

    def _pull(self, shop: Shop) -> None:
        self.engine.sequence += 1
        proof = PullProof(sequence=self.engine.sequence, began_at=self.timeline.clock, whole=True)
        unseen = self._unseen[shop.name]
        told = [(order, order.is_cancelled(self.now)) for order in unseen if order.is_listed(self.now)]
        kept = [order for order in unseen if not order.is_listed(self.now)]
        # One that is listed as live comes again once its cancellation is listed.
        again = [order for order, is_over in told if not is_over and order.was_cancelled(self.now)]
        self._unseen[shop.name] = kept + again
        self.timeline.at(self.now + shop.latency_s, lambda: self._ingest(shop, told, proof))

    def _ingest(self, shop: Shop, told: Sequence[tuple[Order, bool]], proof: PullProof) -> None:
        self._asked.discard(shop.name)
        changed: dict[Pool, None] = {}
        for order, is_cancelled in told:
            if self.engine.told(order, is_cancelled=is_cancelled):
                changed[order.pool] = None
        waiting, self._waiting[shop.name] = self._waiting[shop.name], {}
        for pool in waiting:
            if self.engine.settle(pool, proof):
                changed[pool] = None
            if pool.bound.pending is not None or pool.held_back:
                self._waiting[shop.name][pool] = None
        if self._unseen[shop.name] or self._waiting[shop.name]:
            self._wake(shop)
        self.engine.plan(changed)
