"""Does it run? Ledger and broker reached, the tick fresh, a worker alive: asked from outside, for whoever restarts it.

Changes nothing, upgrades no table, and answers within seconds whatever is broken.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from syncworker.errors import LedgerError, SyncworkerError
from syncworker.ledger import channels, heartbeats, open_ledger
from syncworker.ledger.engine import database_path
from syncworker.ledger.heartbeats import Heartbeat, Sign
from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.upgrade import pending
from syncworker.settings import Settings
from syncworker.tasks.app import create_celery
from syncworker.tasks.pulse import TICK_SIGN_S, WORKER_SIGN_S
from syncworker.tasks.queues import TICK

R = TypeVar("R")

#: Signs that were missed until one counts as gone.
MISSED = 4
#: A broker, or a database, that has not answered for so long is not there.
ANSWER_S = 8.0


class Part(StrEnum):
    """What is looked at."""

    LEDGER = "ledger"
    BROKER = "broker"
    TICK = "tick"
    WORKER = "worker"


class Found(StrEnum):
    """How it is."""

    FINE = "fine"
    #: The broker lives inside the one process that uses it.
    INSIDE = "inside"
    UNREACHABLE = "unreachable"
    #: The tables are of an older version: `up` or `db upgrade` brings them up to date.
    OLD_TABLES = "old_tables"
    NEVER = "never"
    LATE = "late"
    #: Workers are there, but none takes the work of some channels.
    UNATTENDED = "unattended"
    #: Not looked at, for what stands before it is broken.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One part as it is."""

    part: Part
    found: Found
    #: Seconds since its last sign.
    age_s: int | None = None
    workers: int | None = None
    #: What nobody takes.
    unattended: tuple[str, ...] = ()
    error: str | None = None

    @property
    def healthy(self) -> bool:
        """Whether nothing has to be done."""
        return self.found in {Found.FINE, Found.INSIDE}


@dataclass(slots=True)
class _Signs:
    now: datetime
    ticks: list[Heartbeat]
    workers: list[Heartbeat]
    names: set[str] = field(default_factory=set)


def examine(
    settings: Settings, parts: Collection[Part] = tuple(Part), *, host: str | None = None
) -> list[Finding]:
    """The parts that are asked for, in order. With ``host`` only a worker of that computer counts."""
    findings = {}
    signs: _Signs | None = None
    if set(parts) - {Part.BROKER}:
        findings[Part.LEDGER], signs = _ledger(settings)
    if Part.BROKER in parts:
        findings[Part.BROKER] = _broker(settings)
    if Part.TICK in parts:
        findings[Part.TICK] = _unknown(Part.TICK) if signs is None else _tick(signs, settings)
    if Part.WORKER in parts:
        findings[Part.WORKER] = _unknown(Part.WORKER) if signs is None else _worker(signs, host)
    return [findings[part] for part in Part if part in parts]


def _ledger(settings: Settings) -> tuple[Finding, _Signs | None]:
    try:
        signs = _within(lambda: _read(settings))
    except SyncworkerError as error:
        return Finding(part=Part.LEDGER, found=Found.UNREACHABLE, error=str(error)), None
    except Exception as error:  # noqa: BLE001 - whatever it is, it cannot be worked with
        return Finding(part=Part.LEDGER, found=Found.UNREACHABLE, error=_short(error)), None
    if signs is None:
        return Finding(part=Part.LEDGER, found=Found.OLD_TABLES), None
    return Finding(part=Part.LEDGER, found=Found.FINE), signs


def _read(settings: Settings) -> _Signs | None:
    with closing(open_ledger(settings.database_url)) as ledger:
        path = database_path(ledger.engine)
        if path is not None and not path.exists():
            raise LedgerError(f"There is no ledger at {path} yet; `syncworker up` makes one.")
        if pending(ledger.engine):
            return None
        with ledger.snapshot() as tx:
            return _signs(tx)


def _signs(tx: Snapshot) -> _Signs:
    since = tx.now - timedelta(seconds=MISSED * WORKER_SIGN_S)
    return _Signs(
        tx.now,
        heartbeats.latest(tx, Sign.TICK),
        heartbeats.latest(tx, Sign.WORKER, since=since),
        {record.name for record in channels.all_channels(tx)},
    )


def _broker(settings: Settings) -> Finding:
    if settings.is_embedded:
        return Finding(part=Part.BROKER, found=Found.INSIDE)
    try:
        _within(lambda: _ask_broker(settings))
    except Exception as error:  # noqa: BLE001 - whatever it is, nothing goes through it
        return Finding(part=Part.BROKER, found=Found.UNREACHABLE, error=_short(error))
    return Finding(part=Part.BROKER, found=Found.FINE)


def _ask_broker(settings: Settings) -> None:
    """Connecting asks it something, whichever it is."""
    with create_celery(settings).connection_for_write(connect_timeout=ANSWER_S / 2) as connection:
        connection.ensure_connection(max_retries=1, interval_start=1, timeout=int(ANSWER_S / 2))
        connection.default_channel  # noqa: B018 - made when first asked for, and Redis is asked then


def _tick(signs: _Signs, settings: Settings) -> Finding:
    if not signs.ticks:
        return Finding(part=Part.TICK, found=Found.NEVER)
    age = _age(signs, signs.ticks[0])
    limit = MISSED * (TICK_SIGN_S + settings.tick_s)
    return Finding(part=Part.TICK, found=Found.FINE if age <= limit else Found.LATE, age_s=int(age))


def _worker(signs: _Signs, host: str | None) -> Finding:
    there = [one for one in signs.workers if host is None or one.host == host]
    if not there:
        return Finding(part=Part.WORKER, found=Found.LATE, workers=0)
    age = int(_age(signs, there[0]))
    alone = _unattended(signs) if host is None else ()
    found = Found.UNATTENDED if alone else Found.FINE
    return Finding(part=Part.WORKER, found=found, age_s=age, workers=len(there), unattended=alone)


def _unattended(signs: _Signs) -> tuple[str, ...]:
    if any(one.takes is None for one in signs.workers):
        return ()
    taken = {name for one in signs.workers for name in one.takes or ()}
    return tuple(sorted({TICK, *signs.names} - taken))


def _age(signs: _Signs, one: Heartbeat) -> float:
    """A sign from the future, by a clock that was set back since, is as old: whoever is alive soon gives another one."""
    return abs((signs.now - one.at).total_seconds())


def _unknown(part: Part) -> Finding:
    return Finding(part=part, found=Found.UNKNOWN)


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _within(work: Callable[[], R]) -> R:
    """What it gives, or TimeoutError; a thread that hangs is left behind and ends with the process."""
    given: list[R] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            given.append(work())
        except Exception as error:  # noqa: BLE001 - raised again below
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(ANSWER_S)
    if raised:
        raise raised[0]
    if not given:
        raise TimeoutError(f"no answer within {ANSWER_S:.0f} s")
    return given[0]
