"""How does the world of the simulations run under a plan? Workers that die, freeze and run beside each other, hints that stray.

Everything is drawn from streams named after the seed and the trouble, so that leaving one out does not shift the others.
It judges nothing.
"""

from __future__ import annotations

import functools
import heapq
import random
import sqlite3
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from syncworker.connector import Channel, PushResult, QuantityPush
from syncworker.core.model import Policy
from syncworker.ledger import ManualClock, open_ledger
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.upgrade import upgrade
from syncworker.sandbox.catalogue import parse_catalogue
from syncworker.sandbox.history import Event
from syncworker.sandbox.model import Marketplace
from syncworker.sync.tick import tick
from tests.invariants import check_rule
from tests.simulation.shop import settings_of
from tests.simulation.world import JOBS, START, World, set_up_channel, stock_up
from tests.soak.broken import BrokenError, KilledError
from tests.soak.plan import UNCOUNTED, Plan
from tests.statements import share_compiled

#: What a connector raises that was not written with care.
RUDE: tuple[Exception, ...] = (ValueError("nonsense"), RecursionError(), TimeoutError("late"), KeyError("id"))


class LostCommitError(sqlite3.OperationalError):
    """The connection broke in the middle of a commit that took place."""


@dataclass(slots=True)
class Business(World):
    """A world with a plan. Make it with :func:`open_business`."""

    plan: Plan = field(kw_only=True)
    #: How often each kind of trouble and each deed has struck.
    fired: Counter[str] = field(default_factory=Counter)
    #: Goods in and what left without a shop, for the referee.
    outside: list[Event] = field(default_factory=list)
    #: Units of parts that were lost or given away without anybody having promised them.
    lost: Counter[str] = field(default_factory=Counter)
    #: Called before a batch leaves and after its answer is there.
    on_push: list[Callable[[str, Sequence[QuantityPush], bool], None]] = field(default_factory=list)
    #: Chances of the troubles that may strike now.
    chances: dict[str, float] = field(default_factory=dict)
    #: 0 in the worker itself, 1 in one that runs while it waits or is frozen.
    depth: int = 0
    is_calm: bool = True
    streams: dict[str, random.Random] = field(default_factory=dict)
    count: int = 0
    #: A connection that is not the engine's: it sees what is committed.
    raw: sqlite3.Connection = field(kw_only=True)
    copy: sqlite3.Connection | None = None
    #: How much of ``outside`` the copy knows.
    copied_at: int = 0

    @property
    def is_counted(self) -> bool:
        """Whether the logs tell all that the outside took without us; lies of a shop about time are not in them."""
        return not any(spec.kind in UNCOUNTED for _, spec in self.plan.shop_faults)

    # ---------------------------------------------------------------- chance

    def stream(self, name: str) -> random.Random:
        """The random stream of this name."""
        if name not in self.streams:
            self.streams[name] = random.Random(f"{self.seed}:{name}")
        return self.streams[name]

    def strikes(self, kind: str, *, at: str = "") -> bool:
        """Whether this trouble strikes now, of those that may come in any order the one ``at``; counted if it does."""
        chance = self.chances.get(kind, 0.0)
        if self.is_calm or not chance or self.stream(kind + at).random() >= chance:
            return False
        self.fired[kind] += 1
        return True

    def die_by(self, kind: str) -> None:
        """Perhaps the process is killed here."""
        if self.strikes(kind):
            raise KilledError(kind)

    # ---------------------------------------------------------------- the outside

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        self.count += 1
        moment = START + timedelta(seconds=seconds)
        heapq.heappush(self.acts, (moment, self.count, lambda: self.undisturbed(act)))

    def undisturbed(self, act: Callable[[], object]) -> None:
        """Do something that is not what the troubles are about."""
        before, self.is_calm = self.is_calm, True
        try:
            act()
        finally:
            self.is_calm = before

    # ---------------------------------------------------------------- workers

    def open(self, name: str) -> Channel:
        channel = World.open(self, name)
        return TroubledChannel(self, name, channel)

    def hint(self, name: str, kind: JobKind) -> None:
        at = f" {name} {kind}"
        if self.strikes("hint_lost", at=at):
            return
        if self.strikes("hint_late", at=at):
            delay_s = self.stream("delay" + at).choice((1.0, self.plan.poll_s, 3600.0))
            self.at(self.elapsed_s + delay_s, lambda: self.hints.append((name, kind)))
            return
        if (name, kind) not in self.hints or self.strikes("hint_doubled", at=at):
            self.hints.append((name, kind))

    def step(self) -> None:
        """One beat, the work that it hints, and the time until the next one."""
        began = self.clock.time
        if not self.strikes("beat_missed"):
            self.guarded(lambda: tick(self.context))
        if self.strikes("beat_doubled"):
            self.guarded(lambda: tick(self.context))
        self.work()
        spent = (self.clock.time - began).total_seconds()
        self.advance(max(0.0, self.tick_s - spent) or 0.001)

    def work(self) -> None:
        """Run hinted jobs, in an order that the seed shuffles, until no hint is left."""
        for _ in range(200):
            if not self.hints:
                return
            # The engine tells of several channels in no certain order.
            name, kind = self.stream("order").choice(sorted(self.hints))
            self.hints.remove((name, kind))
            self.run_job(name, kind)

    def run_job(self, name: str, kind: JobKind) -> None:
        """One task of a worker, until it is done or the worker is dead."""
        self.guarded(lambda: JOBS[kind](self.context, name))

    def guarded(self, task: Callable[[], object]) -> None:
        """A task; only a death that was ordered may leave it, and a lost commit."""
        try:
            task()
        except KilledError:
            self.hints.clear()
        except sa.exc.OperationalError as error:
            if not isinstance(error.orig, LostCommitError):
                raise BrokenError("I14", f"a task was left by {told(error)}") from error
        except Exception as error:
            raise BrokenError("I14", f"a task was left by {told(error)}") from error

    def meanwhile(self, kind: str) -> None:
        """Another worker does a job, or time passes and all others go on while this one is frozen."""
        if self.depth or not self.strikes(kind):
            return
        self.depth += 1
        try:
            rng = self.stream("meanwhile")
            if kind == "second_worker":
                name, job = rng.choice([*self.shops]), rng.choice([*JOBS])
                self.run_job(name, job)
                return
            longest = max(profile.request_horizon_s for profile in self.plan.profiles)
            until = self.elapsed_s + rng.choice((0.5, 1.0, 2.0)) * (longest + 12.0)
            while self.elapsed_s < until:
                self.step()
        finally:
            self.depth -= 1

    # ---------------------------------------------------------------- the database

    def watch_database(self) -> None:
        """Have the troubles of the database strike at every commit and every statement."""
        sa.event.listen(self.ledger.engine, "before_cursor_execute", self._statement)
        sa.event.listen(self.ledger.engine, "commit", self._commit)
        self.ledger.before_commit.append(lambda _tx: self.die_by("killed_before_commit"))
        self.ledger.after_commit.append(lambda: self.die_by("killed_after_commit"))
        self.ledger.after_commit.append(lambda: self.meanwhile("frozen"))

    def _statement(self, connection: sa.Connection, _cursor: object, statement: str, *_: object) -> None:
        if self.is_calm or statement.startswith("PRAGMA"):
            return
        self.die_by("killed_in_statement")
        # Who only reads is in nobody's way.
        if not connection.info.get("query_only") and self.strikes("database_busy"):
            busy = sqlite3.OperationalError("database is locked")
            busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise sa.exc.OperationalError("statement", {}, busy)

    def _commit(self, connection: sa.Connection) -> None:
        if self.strikes("commit_lost"):
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            raw.commit()
            raise sa.exc.OperationalError("COMMIT", {}, LostCommitError("the connection was lost"))

    def back_up(self) -> None:
        """Keep a copy of the ledger as it is."""
        self.copy = sqlite3.connect(":memory:")
        self.copied_at = len(self.outside)
        self.raw.backup(self.copy)


class TroubledChannel:
    """What stands between the engine and a shop: the process may die around every call, or another worker come first."""

    def __init__(self, business: Business, name: str, channel: Channel) -> None:
        self.business, self.name, self.channel = business, name, channel

    def __getattr__(self, name: str) -> Any:  # Any: whatever the channel has
        return getattr(self.channel, name)

    def list_orders(
        self, *args: object, **more: object
    ) -> Any:  # Any: a page, or what a rude connector returns
        return self._call("list_orders", *args, **more)

    def list_listings(self, **more: object) -> Any:  # Any: the same
        return self._call("list_listings", **more)

    def read_quantities(self, *args: object) -> Any:  # Any: the same
        return self._call("read_quantities", *args)

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        told = self.business.on_push
        for watch in told:
            watch(self.name, pushes, True)
        try:
            answers: Sequence[PushResult] = self._call("push_quantities", pushes)
        finally:
            for watch in told:
                watch(self.name, pushes, False)
        return answers

    def _call(self, method: str, *args: object, **more: object) -> Any:  # Any: see above
        business = self.business
        business.die_by("killed_before_request")
        business.meanwhile("second_worker")
        answer = getattr(self.channel, method)(*args, **more)
        business.die_by("killed_after_request")
        business.meanwhile("frozen")
        if business.strikes("connector_raises"):
            raise business.stream("rude").choice(RUDE)
        return None if business.strikes("connector_silent") else answer


def open_business(plan: Plan, folder: Path) -> Business:
    """The plan's shops with its catalogue published and on sale; nothing has gone wrong yet."""
    clock, database = ManualClock(START), folder / "ledger.db"
    database.write_bytes(_tables())
    ledger = open_ledger(f"sqlite:///{database}", clock)
    share_compiled(ledger.engine)
    if check_rule not in ledger.before_commit:
        ledger.before_commit.append(check_rule)
    shops = {
        profile.name: Marketplace(profile, rng=random.Random(f"{plan.seed}:{profile.name}"))
        for profile in plan.profiles
    }
    business = Business(
        seed=plan.seed,
        clock=clock,
        ledger=ledger,
        shops=shops,
        settings={name: settings_of(shop, poll_s=plan.poll_s) for name, shop in shops.items()},
        catalogue=parse_catalogue(plan.catalogue),
        tick_s=plan.tick_s,
        plan=plan,
        chances=dict(plan.troubles),
        raw=sqlite3.connect(database, isolation_level=None),
    )
    stock_up(business)
    for name in shops:
        set_up_channel(business, name, policy=Policy.ESCROW)
    business.watch_database()
    return business


def told(error: BaseException) -> str:
    """The error, and through what it came."""
    through = traceback.extract_tb(error.__traceback__)
    ours = [f"{Path(one.filename).name}:{one.lineno}" for one in through if "syncworker" in one.filename]
    return f"{error!r} at {' '.join(ours[-4:])}"


@functools.cache
def _tables() -> bytes:
    """A database with its tables and nothing in them, made once a process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        ledger = open_ledger(f"sqlite:///{path}")
        upgrade(ledger.engine)
        ledger.close()
        return path.read_bytes()
