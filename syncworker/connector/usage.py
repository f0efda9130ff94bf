"""How much of what a channel allows is used up now? Read from where the calls are counted; takes no slot.

For monitors alone: nothing may decide by it, for it is old when it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import redis

from syncworker.connector import pace

_KEY = re.compile(
    r"syncworker:pace:\{(?P<account>.*)\}:(?P<name>(?P<calls>\d+)-[a-z0-9-]+):(?P<part>taken|free)"
)
#: Keys that are looked at; there are a few for each account.
_MOST = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """One allowance of one account."""

    account: str
    #: Calls and seconds, as in ``10-1``.
    allowance: str
    calls: int
    used: int


def usage() -> list[Usage]:
    """Every allowance of which a call was counted lately; none while the shared count cannot be reached."""
    counted: dict[tuple[str, str], int] = {}
    try:
        for account, name, used in _slots():
            counted[account, name] = counted.get((account, name), 0) + used
    except redis.RedisError:
        return []
    return [
        Usage(account=account, allowance=name, calls=int(name.partition("-")[0]), used=used)
        for (account, name), used in sorted(counted.items())
    ]


def _slots() -> Iterator[tuple[str, str, int]]:
    shared = pace.shared_slots()
    if shared is None:
        yield from pace.own_slots().in_use()
        return
    for key, used in shared.in_use(most=_MOST):
        found = _KEY.fullmatch(key)
        if found is not None:
            yield found["account"], found["name"], used
