"""Which misfortune strikes this call? Faults to order, drawn from a seeded stream of their own; it does no I/O.

Each kind has its own random stream, so switching one fault off does not shift what the others do.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal, get_args

#: Strike before the request has an effect.
BeforeKind = Literal["delay", "rate_limited", "server_error", "timeout_before", "unauthorized"]
#: Strike a quantity push on its way: it lands `seconds` later, the client hears nothing.
LateKind = Literal["late"]
#: Strike after the effect: the client does not learn of it.
AfterKind = Literal["timeout_after", "error_after", "cut_after"]
#: Spoil the answer's text.
AnswerKind = Literal["truncated_json", "html_ok", "nan", "missing_field"]
#: Change what the shop does or says; drawn inside the model.
ModelKind = Literal[
    "listed_late",
    "duplicate_rows",
    "reorder_rows",
    "repeat_page",
    "unknown_status",
    "item_refused",
    "item_missing",
    "apply_late",
    "stale_read",
    "oversell",
]
#: Strike a call of the shop to its seller.
CallKind = Literal["call_lost", "call_late", "call_twice", "call_forged"]
FaultKind = Literal[BeforeKind, LateKind, AfterKind, AnswerKind, ModelKind, CallKind]
Operation = Literal[
    "shop", "listings", "publish", "patch", "read", "quantities", "orders", "cancellations", "buy"
]
RetryAfter = Literal["none", "seconds", "date"]

BEFORE_KINDS: tuple[BeforeKind, ...] = get_args(BeforeKind)
AFTER_KINDS: tuple[AfterKind, ...] = get_args(AfterKind)
TRANSPORT_KINDS: tuple[FaultKind, ...] = (
    *BEFORE_KINDS,
    "late",
    *AFTER_KINDS,
    *get_args(AnswerKind),
)
ALL_KINDS: tuple[FaultKind, ...] = (*TRANSPORT_KINDS, *get_args(ModelKind), *get_args(CallKind))
WRITES: frozenset[Operation] = frozenset(("publish", "patch", "quantities"))


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpec:
    """One ordered fault: how often it strikes, which calls, and how hard."""

    kind: FaultKind
    #: Chance per matching call.
    probability: float = 1.0
    #: Strike at most so many times, then be gone; None = until cleared.
    count: int | None = None
    #: Only calls of this operation; None = every operation the kind can strike.
    operation: Operation | None = None
    #: Only items of this pool (`item_refused`, `item_missing`, `apply_late`, `stale_read`).
    pool_id: str | None = None
    #: Length of the delay, wait, lateness or staleness; with `up_to_s` drawn evenly between the two.
    seconds: float = 0.0
    up_to_s: float | None = None
    #: `late`: the client is kept waiting this long before its connection is cut.
    hold_s: float = 0.0
    #: HTTP status of `server_error` and `error_after`; 502 is answered with an HTML page.
    status: int = 503
    #: How `rate_limited` says when to come back: `seconds` long from now.
    retry_after: RetryAfter = "seconds"
    #: Refusal code of `item_refused`, status word of `unknown_status`.
    code: str = ""
    #: Field that `missing_field` removes or `nan` spoils, wherever it occurs.
    field: str = ""
    #: `item_missing`: whether the unmentioned item took effect; None = drawn.
    applied: bool | None = None

    def __post_init__(self) -> None:
        if self.kind not in ALL_KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; known are {', '.join(ALL_KINDS)}")
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError("a probability lies between 0 and 1")
        if self.count is not None and self.count < 1:
            raise ValueError("a count is at least 1")
        if min(self.seconds, self.hold_s) < 0 or (self.up_to_s is not None and self.up_to_s < self.seconds):
            raise ValueError("0 <= seconds <= up_to_s must hold")


@dataclass(frozen=True, slots=True)
class FiredFault:
    """A fault that strikes now, with its length drawn."""

    spec: FaultSpec
    seconds: float

    @property
    def kind(self) -> FaultKind:
        """The spec's kind."""
        return self.spec.kind


class _Ordered:
    """A spec and how many strikes it has left."""

    __slots__ = ("left", "spec")

    def __init__(self, spec: FaultSpec) -> None:
        self.spec = spec
        self.left = spec.count


class Faults:
    """The faults ordered for one shop. Not thread safe: the shop's lock guards it."""

    def __init__(self, rng: random.Random) -> None:
        self._base = rng.getrandbits(64)
        self._streams: dict[str, random.Random] = {}
        self._ordered: dict[FaultKind, list[_Ordered]] = {}

    def order(self, spec: FaultSpec) -> None:
        """Add a fault beside those ordered before; of one kind the oldest that strikes wins."""
        self._ordered.setdefault(spec.kind, []).append(_Ordered(spec))

    def clear(self, kind: FaultKind | None = None) -> None:
        """Take back all faults, or those of one kind. What was already scheduled to land still lands."""
        if kind is None:
            self._ordered.clear()
        else:
            self._ordered.pop(kind, None)

    def active(self) -> tuple[FaultSpec, ...]:
        """The specs that may still strike."""
        return tuple(entry.spec for entries in self._ordered.values() for entry in entries)

    def draw(self, kind: FaultKind, operation: Operation, pool_id: str | None = None) -> FiredFault | None:
        """Does a fault of this kind strike this call (or this item of it)? Uses up one of its counted strikes."""
        entries = self._ordered.get(kind)
        if not entries:
            return None
        rng = self.stream(kind)
        for entry in entries:
            spec = entry.spec
            if spec.operation not in (None, operation) or spec.pool_id not in (None, pool_id):
                continue
            if spec.probability < 1.0 and rng.random() >= spec.probability:
                continue
            self._use_up(entries, entry)
            seconds = spec.seconds if spec.up_to_s is None else rng.uniform(spec.seconds, spec.up_to_s)
            return FiredFault(spec, seconds)
        return None

    def draw_transport(self, operation: Operation) -> tuple[FiredFault, ...]:
        """The transport faults that strike one call: at most one `delay` and one other, in order of the kinds."""
        if not self._ordered:
            return ()
        fired: list[FiredFault] = []
        for kind in TRANSPORT_KINDS:
            if kind == "late" and operation != "quantities":
                continue
            strike = self.draw(kind, operation)
            if strike is not None:
                fired.append(strike)
                if kind != "delay":
                    break
        return tuple(fired)

    def stream(self, kind: str) -> random.Random:
        """The random stream of one kind, for the choices that a strike still has to make."""
        if kind not in self._streams:
            self._streams[kind] = random.Random(f"{self._base}:{kind}")
        return self._streams[kind]

    def _use_up(self, entries: list[_Ordered], entry: _Ordered) -> None:
        if entry.left is not None:
            entry.left -= 1
            if entry.left == 0:
                entries.remove(entry)
