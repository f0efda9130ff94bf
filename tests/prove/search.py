"""Can anything ever go wrong in a small world? Breadth-first over every state it can reach, so the first story is the shortest.

Three invariants: nothing is oversold, every bound holds, and the bounds together never take more than is available.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from syncworker.core import availability, hold
from tests.prove import canonical, channel, engine
from tests.prove.values import Move, Pool, Shop, start, unseen_of


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Shops that sell the same parts."""

    name: str
    #: The clause that bites here.
    clause: str
    shops: tuple[Shop, ...]
    on_hand: tuple[int, ...] = (1,)
    #: Units of each part that a hold wants; empty where nobody holds anything.
    holds: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a search saw."""

    states: int
    pools: int
    moves: int
    #: Every state that can ever be reached was seen; else the nearest ones, in the order of the length of their story.
    whole: bool
    #: The broken invariant and the shortest story that leads to it.
    broken: str | None = None
    story: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """The story, one line each."""
        return "\n".join([str(self.broken), *self.story])


Step = tuple[str, int, int, int, int, bool]
#: Pools, what our side calls available, what is truly left, and what the hold has gathered.
State = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]


class Machine:
    """All states of one pool that were met so far, each worked out once."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.pools: list[Pool] = []
        self.numbers: dict[Pool, int] = {}
        self.broken: list[str | None] = []
        self.shows: list[int] = []
        self.exposures: list[int | None] = []
        self.steps: dict[int, list[Step]] = {}
        self.later: dict[int, int] = {}

    def number(self, pool: Pool) -> int:
        """The number of a state."""
        pool = canonical.merged(self.shop, pool)
        found = self.numbers.get(pool)
        if found is None:
            found = self.numbers[pool] = len(self.pools)
            self.pools.append(pool)
            self.broken.append(bound_broken(self.shop, pool))
            self.shows.append(max(0, pool.shows))
            self.exposures.append(pool.limit.exposure)
        return found

    def next_steps(self, number: int) -> list[Step]:
        """What may happen to it, the clock apart."""
        steps = self.steps.get(number)
        if steps is None:
            pool = self.pools[number]
            steps = self.steps[number] = [
                step
                for source in (channel.moves(self.shop, pool), engine.moves(self.shop, pool))
                for step in map(self._step, source)
                if step[1] != number
            ]
        return steps

    def _step(self, move: Move) -> Step:
        return (move.label, self.number(move.pool), move.need, move.available, move.left, move.outside)

    def tick(self, number: int) -> int:
        """One tick later; -1 while something must happen first."""
        later = self.later.get(number)
        if later is None:
            pool = canonical.ticked(self.shop, self.pools[number])
            later = self.later[number] = -1 if pool is None else self.number(pool)
        return later


def bound_broken(shop: Shop, pool: Pool) -> str | None:
    """I2: what the pool sells, has sold unseen, or may yet be raised by is within its bound."""
    exposure = pool.limit.exposure
    if exposure is None:
        return None
    unseen = unseen_of(pool)
    coming = sum(request.up for request in pool.requests if channel.can_land(shop, request))
    reach = max(0, pool.shows) + unseen + coming
    if reach <= max(0, exposure) + pool.gift:
        return None
    return f"I2: shows {pool.shows}, unseen {unseen}, may land {coming}, but the bound is {exposure}"


class Search:
    """One walk through one world."""

    def __init__(self, world: World, most: int) -> None:
        self.world = world
        self.most = most
        machines = {shop: Machine(shop) for shop in set(world.shops)}
        self.machines = [machines[shop] for shop in world.shops]
        self.alike = len(machines) == 1 and len(world.shops) > 1
        self.recipes = [shop.recipe for shop in world.shops]
        self.seen: dict[State, tuple[State, str] | None] = {}
        self.waiting: deque[State] = deque()
        self.moves = 0
        self.broken: str | None = None
        self.last: State | None = None

    def run(self) -> Found:
        """Until everything was seen, or something broke."""
        ids = tuple(m.number(start(m.shop)) for m in self.machines)
        left = self.world.on_hand
        self._meet((ids, left, left, (0,) * len(self.world.holds)), None)
        while self.waiting and self.broken is None and len(self.seen) <= self.most:
            self._expand(self.waiting.popleft())
        pools = sum(len(m.pools) for m in set(self.machines))
        return Found(len(self.seen), pools, self.moves, not self.waiting, self.broken, self._story())

    def _meet(self, state: State, how: tuple[State, str] | None) -> None:
        if state in self.seen:
            return
        self.seen[state] = how
        self.waiting.append(state)
        if self.broken is None:
            self.broken = self._wrong(state)
            self.last = state

    def _wrong(self, state: State) -> str | None:
        ids, _, left, _ = state
        for machine, number in zip(self.machines, ids, strict=True):
            if machine.broken[number] is not None:
                return machine.broken[number]
        for part, units in enumerate(left):
            shown = sum(
                recipe[part] * machine.shows[number]
                for recipe, machine, number in zip(self.recipes, self.machines, ids, strict=True)
            )
            if shown > units:
                return f"I1: {shown} on sale, {units} left"
        return None

    def _taken(self, ids: tuple[int, ...], part: int) -> int | None:
        """Σ units × exposure, by the judge's own arithmetic; ``None`` when one is unknown."""
        taken = 0
        for recipe, machine, number in zip(self.recipes, self.machines, ids, strict=True):
            exposure = machine.exposures[number]
            if exposure is None and recipe[part]:
                return None
            taken += recipe[part] * max(0, exposure or 0)
        return taken

    def _free(self, ids: tuple[int, ...], available: tuple[int, ...]) -> tuple[int | None, ...]:
        """What the core calls free, per part."""
        return tuple(
            availability.free_of(
                units,
                [
                    (recipe[part], machine.exposures[number])
                    for recipe, machine, number in zip(self.recipes, self.machines, ids, strict=True)
                    if recipe[part]
                ],
            )
            for part, units in enumerate(available)
        )

    def _expand(self, state: State) -> None:
        ids, available, left, held = state
        taken = [self._taken(ids, part) for part in range(len(available))]
        free = self._free(ids, available)
        for place, machine in enumerate(self.machines):
            recipe = self.recipes[place]
            for step in machine.next_steps(ids[place]):
                if step[2] and not _is_free(recipe, step[2], free):
                    continue
                self._take(state, place, step, taken)
        if held:
            self._hold(state, free, taken)
        later = tuple(m.tick(number) for m, number in zip(self.machines, ids, strict=True))
        self.moves += 1
        if -1 not in later:
            self._meet((self._sorted(later), available, left, held), (state, "· a tick passes"))

    def _hold(self, state: State, free: tuple[int | None, ...], taken: list[int | None]) -> None:
        """The hold gathers, as much as it may or less, gives back where more is promised than is there, or is given up."""
        ids, available, _, held = state
        for part, wanted in enumerate(self.world.holds):
            units = hold.gathered([wanted - held[part]], free[part])[0]
            # The ledger's own guard: nothing is reserved that is not there.
            for n in range(1, min(units, available[part]) + 1):
                new = self._moved(state, part, n)
                is_new = new not in self.seen
                self._meet(new, (state, f"· the hold gathers {n} of part {part}"))
                if is_new and self.broken is None:
                    self._compare(taken, available, ids, new[1])
            back = hold.given_back([held[part]], available[part])[0]
            if back:
                self._meet(self._moved(state, part, -back), (state, f"· the hold gives {back} back"))
            if held[part]:
                self._meet(self._moved(state, part, -held[part]), (state, "· the hold is given up"))

    def _moved(self, state: State, part: int, units: int) -> State:
        ids, available, left, held = state
        self.moves += 1

        def plus(counts: tuple[int, ...], more: int) -> tuple[int, ...]:
            return (*counts[:part], counts[part] + more, *counts[part + 1 :])

        return (ids, plus(available, -units), plus(left, -units), plus(held, units))

    def _take(self, state: State, place: int, step: Step, taken: list[int | None]) -> None:
        label, number, _, available, left, outside = step
        ids, before, units, held = state
        recipe = self.recipes[place]
        self.moves += 1
        after_ids = (*ids[:place], number, *ids[place + 1 :])
        after = before
        if available:
            after = tuple(a + available * n for a, n in zip(before, recipe, strict=True))
        if left:
            units = tuple(u + left * n for u, n in zip(units, recipe, strict=True))
        new: State = (self._sorted(after_ids), after, units, held)
        if new in self.seen:
            return
        how = (state, f"{'ABC'[place]}: {label}")
        self._meet(new, how)
        if not outside and self.broken is None:
            self._compare(taken, before, after_ids, after)

    def _compare(
        self, taken: list[int | None], before: tuple[int, ...], ids: tuple[int, ...], after: tuple[int, ...]
    ) -> None:
        """I3: what the pools may take never grows beyond what is available."""
        for part, units in enumerate(after):
            now = self._taken(ids, part)
            then = taken[part]
            if now is None or then is None:
                continue
            if now > units and now - units > max(0, then - before[part]):
                self.broken = f"I3: the bounds take {now} of {units} available"

    def _sorted(self, ids: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(ids)) if self.alike else ids

    def _story(self) -> tuple[str, ...]:
        if self.broken is None or self.last is None:
            return ()
        lines: list[str] = []
        state: State | None = self.last
        while state is not None:
            how = self.seen[state]
            lines.append(how[1] if how else "at first")
            state = how[0] if how else None
        return tuple(reversed(lines))


def _is_free(recipe: tuple[int, ...], need: int, free: tuple[int | None, ...]) -> bool:
    return all(
        not units or (left is not None and units * need <= left)
        for units, left in zip(recipe, free, strict=True)
    )


def search(world: World, most: int = 2_000_000) -> Found:
    """Walk through every state of the world, the nearest ones first; at most about ``most`` of them."""
    return Search(world, most).run()
