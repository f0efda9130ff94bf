"""Which calls does a channel still count? Slots of a moving window, in Redis for all workers or in this process alone.

A slot is taken when a call leaves and its window begins when the answer is there: the channel counted the call at some
moment in between, so however long it was on its way, no window at the channel ever holds more than its calls. A window
that begins when the call leaves is overrun whenever one call is slower than the next. Nothing here waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol
from uuid import uuid4

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

#: A call whose worker died counts as answered after so long: longer than any request may take.
LOST_S = 30.0
#: Between two looks while the earliest slot waits for its answer.
LOOK_S = 0.02
#: Seconds until a Redis that does not answer counts as away.
_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """So many calls in any window of so many seconds."""

    name: str
    calls: int
    seconds: float


class SlotStore(Protocol):
    """Where the slots of one channel account (``key``) are counted."""

    def take(self, key: str, allowances: Sequence[Allowance]) -> str | float:
        """The slot's name if every allowance has one free, else seconds until it is worth asking again."""

    def answered(self, key: str, allowances: Sequence[Allowance], slot: str) -> None:
        """From now on the slot's windows run."""


@dataclass(slots=True)
class _Window:
    """One allowance's slots: when those on their way were taken, when the answered ones are free again."""

    taken_at: dict[str, float]
    free_at: dict[str, float]

    def wait_s(self, allowance: Allowance, now: float) -> float:
        """0 if a slot is free."""
        self.free_at = {slot: at for slot, at in self.free_at.items() if at > now}
        lost = now - LOST_S - allowance.seconds
        self.taken_at = {slot: at for slot, at in self.taken_at.items() if at > lost}
        if len(self.free_at) + len(self.taken_at) < allowance.calls:
            return 0.0
        earliest = min((*self.free_at.values(), *(at + allowance.seconds for at in self.taken_at.values())))
        return max(earliest - now, LOOK_S)


class ProcessSlots:
    """Slots counted in this process alone; shared by its threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._windows: dict[tuple[str, str], _Window] = {}

    def take(self, key: str, allowances: Sequence[Allowance]) -> str | float:
        """As the protocol says."""
        slot, now = uuid4().hex, self._clock()
        with self._lock:
            windows = [self._window(key, each) for each in allowances]
            longest = max(
                (window.wait_s(each, now) for window, each in zip(windows, allowances, strict=True)),
                default=0.0,
            )
            if longest > 0:
                return longest
            for window in windows:
                window.taken_at[slot] = now
        return slot

    def answered(self, key: str, allowances: Sequence[Allowance], slot: str) -> None:
        """As the protocol says."""
        with self._lock:
            for each in allowances:
                window = self._window(key, each)
                window.taken_at.pop(slot, None)
                window.free_at[slot] = self._clock() + each.seconds

    def in_use(self) -> list[tuple[str, str, int]]:
        """Slots that count now, by key and allowance."""
        now = self._clock()
        with self._lock:
            return [
                (key, name, len(window.taken_at) + sum(at > now for at in window.free_at.values()))
                for (key, name), window in self._windows.items()
            ]

    def _window(self, key: str, allowance: Allowance) -> _Window:
        return self._windows.setdefault((key, allowance.name), _Window({}, {}))


# Two sorted sets for each allowance: slots on their way by when they were taken, answered ones by when they are free.
# Times are Redis's own, in microseconds, so that workers' clocks do not matter.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local longest = 0
for i = 1, #KEYS, 2 do
  local taken, free = KEYS[i], KEYS[i + 1]
  local calls, window = tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4])
  redis.call('ZREMRANGEBYSCORE', free, '-inf', string.format('%.0f', now))
  redis.call('ZREMRANGEBYSCORE', taken, '-inf', string.format('%.0f', now - ARGV[2] - window))
  if redis.call('ZCARD', taken) + redis.call('ZCARD', free) >= calls then
    local wait = window
    local first = redis.call('ZRANGE', free, 0, 0, 'WITHSCORES')
    if first[2] then wait = math.min(wait, first[2] - now) end
    first = redis.call('ZRANGE', taken, 0, 0, 'WITHSCORES')
    if first[2] then wait = math.min(wait, first[2] + window - now) end
    longest = math.max(longest, wait, tonumber(ARGV[3]))
  end
end
if longest > 0 then return math.ceil(longest) end
for i = 1, #KEYS, 2 do
  redis.call('ZADD', KEYS[i], string.format('%.0f', now), ARGV[1])
  redis.call('PEXPIRE', KEYS[i], math.ceil((ARGV[2] + ARGV[i + 4]) / 1000) + 1000)
end
return 0
"""
_ANSWERED = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
for i = 1, #KEYS, 2 do
  local window = tonumber(ARGV[(i + 1) / 2 + 1])
  redis.call('ZREM', KEYS[i], ARGV[1])
  redis.call('ZADD', KEYS[i + 1], string.format('%.0f', now + window), ARGV[1])
  redis.call('PEXPIRE', KEYS[i + 1], math.ceil(window / 1000) + 1000)
end
return 0
"""


class RedisSlots:
    """Slots counted at one Redis for all workers. Raises ``redis.RedisError`` while it is away."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._take, self._answered = client.register_script(_TAKE), client.register_script(_ANSWERED)

    @classmethod
    def at(cls, url: str) -> RedisSlots:
        """At ``redis://…``, ``rediss://…`` or ``unix://…``; connects with the first call."""
        client = redis.Redis.from_url(
            url, socket_timeout=_PATIENCE_S, socket_connect_timeout=_PATIENCE_S, retry=Retry(NoBackoff(), 1)
        )
        return cls(client)

    def take(self, key: str, allowances: Sequence[Allowance]) -> str | float:
        """As the protocol says."""
        slot = uuid4().hex
        numbers = [number for each in allowances for number in (each.calls, _micros(each.seconds))]
        arguments: list[str | int] = [slot, _micros(LOST_S), _micros(LOOK_S), *numbers]
        wait = int(self._take(keys=_keys(key, allowances), args=arguments))
        return wait / 1_000_000 if wait else slot

    def answered(self, key: str, allowances: Sequence[Allowance], slot: str) -> None:
        """As the protocol says."""
        windows = [_micros(each.seconds) for each in allowances]
        self._answered(keys=_keys(key, allowances), args=[slot, *windows])

    def in_use(self, *, most: int) -> list[tuple[str, int]]:
        """Slots that count now, by their key at the Redis; of so many keys at most."""
        keys = list(islice(self._client.scan_iter(match="syncworker:pace:*", count=500), most))
        seconds, micros = self._client.time()
        asked = self._client.pipeline(transaction=False)
        for key in keys:
            asked.zcount(
                key, f"({seconds * 1_000_000 + micros}" if key.endswith(b":free") else "-inf", "+inf"
            )
        return [(key.decode(), int(used)) for key, used in zip(keys, asked.execute(), strict=True)]


def _keys(key: str, allowances: Sequence[Allowance]) -> list[str]:
    # The braces keep an account's keys on one node of a cluster.
    return [
        f"syncworker:pace:{{{key}}}:{each.name}:{part}" for each in allowances for part in ("taken", "free")
    ]


def _micros(seconds: float) -> int:
    return round(seconds * 1_000_000)
