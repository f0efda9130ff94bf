"""What does a quantity push do to this shop's numbers, now or late, once or twice? It knows no orders."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from syncworker.sandbox.log import EventLog, LogLine
from syncworker.sandbox.pools import Decision, ItemResult, Pool, PoolReading, QuantityItem, decide
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.refusal import RefusedError
from syncworker.sandbox.state import Landing, ShopState

#: The log's word for a push, by the shop's mode.
_KINDS = {"set": "set", "compare_and_set": "compare_and_set", "delta": "adjust"}
_SHAPES = {
    "set": "pool_id and quantity",
    "compare_and_set": "pool_id, quantity and expected",
    "delta": "pool_id and delta",
}
#: Larger numbers are refused as mistakes.
LARGEST = 2**31 - 1
#: Answer remembered for an idempotency key: until when, of which request, what.
_Remembered = tuple[datetime, Hashable, object]


class PushDesk(ShopState):
    """Quantity pushes and read-backs."""

    def __init__(self, profile: ShopProfile, *, rng: random.Random, log: EventLog | None = None) -> None:
        super().__init__(profile, rng=rng, log=log)
        self._remembered: OrderedDict[str, _Remembered] = OrderedDict()

    def push_quantities(
        self, items: Sequence[QuantityItem], *, now: datetime, key: str | None = None
    ) -> tuple[ItemResult, ...]:
        """Take one batch. Each item has its own result; an item may be missing from it (fault `item_missing`).

        A repeat with the same `key` inside the retention answers as the first time and does nothing.
        `RefusedError`: the batch as a whole was refused and nothing was changed.
        """
        return self._take_push(tuple(items), key, self._begin(now), late=False)

    def push_all_or_nothing(self, items: Sequence[QuantityItem], *, now: datetime) -> tuple[ItemResult, ...]:
        """Take one batch whole: if an item is refused, the refusals alone are answered and no number was changed."""
        now = self._begin(now)
        batch = tuple(items)
        self._check_batch(batch)
        judged = [(item, *self._judge(item, now)) for item in batch]
        refused = [
            self._settled(item, pool, decision, None, now, late=False)
            for item, pool, decision in judged
            if decision.quantity is None
        ]
        if refused:
            return tuple(refused)
        done = [self._settled(item, pool, decision, None, now, late=False) for item, pool, decision in judged]
        return tuple(
            result for result in done if self._fire("item_missing", "quantities", now, result.pool_id) is None
        )

    def land_later(
        self, items: Sequence[QuantityItem], *, now: datetime, after_s: float, key: str | None = None
    ) -> None:
        """Take a batch off the wire only `after_s` seconds from now; its sender never hears of it.

        It is judged by what stands there when it lands; a key that was used by then makes it do nothing.
        """
        now = self._begin(now)
        batch = tuple(items)
        self._check_batch(batch)

        def deed(due: datetime) -> None:
            with suppress(RefusedError):
                self._take_push(batch, key, due, late=True)

        what: LogLine = {
            "late_request": [_asked(item) | {"pool_id": item.pool_id} for item in batch],
            "key": key,
        }
        self._schedule(now + timedelta(seconds=after_s), Landing(what, deed))

    def read_quantities(self, pool_ids: Sequence[str], *, now: datetime) -> tuple[PoolReading, ...]:
        """Read numbers back, as old as the shop's read lag (or the fault `stale_read`) makes them."""
        now = self._begin(now)
        if not self.profile.readable:
            raise RefusedError(404, "not_readable", "this shop does not let its numbers be read")
        if len(pool_ids) > self.profile.batch_max:
            raise _too_large(len(pool_ids), self.profile.batch_max)
        readings = tuple(self._read(pool_id, now) for pool_id in pool_ids)
        self.log.append("read", now, {"answers": [reading.as_json() for reading in readings]})
        return readings

    def _numbers_told(self, pool: Pool, now: datetime, extra_s: float = 0.0) -> tuple[int, int]:
        lag = self.profile.read_lag_s + extra_s
        if not lag:
            return pool.quantity, pool.reserved
        return pool.numbers_at(now - timedelta(seconds=lag))

    def _read(self, pool_id: str, now: datetime) -> PoolReading:
        pool = self.pools.get(pool_id)
        if pool is None:
            return PoolReading(pool_id=pool_id, code="unknown_pool")
        stale = self._fire("stale_read", "read", now, pool_id)
        quantity, reserved = self._numbers_told(pool, now, stale.seconds if stale else 0.0)
        return PoolReading(pool_id=pool_id, quantity=quantity, reserved=reserved)

    def _take_push(
        self, items: tuple[QuantityItem, ...], key: str | None, now: datetime, *, late: bool
    ) -> tuple[ItemResult, ...]:
        known = self._recall(key, items, now)
        if isinstance(known, tuple):
            return known
        self._check_batch(items)
        told: list[ItemResult] = []
        for item in items:
            result = self._take_item(item, key, now, late=late)
            if result is not None:
                told.append(result)
        results = tuple(told)
        self._keep_answer(key, items, results, now)
        return results

    def _take_item(
        self, item: QuantityItem, key: str | None, now: datetime, *, late: bool
    ) -> ItemResult | None:
        missing = self._fire("item_missing", "quantities", now, item.pool_id)
        if missing is None:
            return self._apply(item, key, now, late=late)
        applied = missing.spec.applied
        if applied is None:
            applied = self.faults.stream("item_missing").random() < 0.5
        if applied:
            self._apply(item, key, now, late=late)
        return None

    def _apply(self, item: QuantityItem, key: str | None, now: datetime, *, late: bool) -> ItemResult:
        pool, decision = self._judge(item, now)
        return self._settled(item, pool, decision, key, now, late=late)

    def _judge(self, item: QuantityItem, now: datetime) -> tuple[Pool | None, Decision]:
        """What would become of this item; nothing is changed yet."""
        pool = self.pools.get(item.pool_id)
        if pool is None:
            return None, Decision(None, "unknown_pool", f"there is no pool {item.pool_id!r}")
        refusal = self._fire("item_refused", "quantities", now, item.pool_id)
        if refusal is not None:
            code = refusal.spec.code or "listing_rejected"
            return pool, Decision(None, code, f"the shop refuses this item ({code})")
        return pool, decide(self.profile, pool, item)

    def _settled(
        self,
        item: QuantityItem,
        pool: Pool | None,
        decision: Decision,
        key: str | None,
        now: datetime,
        *,
        late: bool,
    ) -> ItemResult:
        """Do what was decided."""
        if pool is None:
            return ItemResult(
                pool_id=item.pool_id, status="refused", code=decision.code, message=decision.message
            )
        fields: LogLine = {"key": key, "late": late, **_asked(item)}
        if decision.quantity is None:
            return self._refuse(pool, decision, fields, now)
        return self._carry_out(pool, decision, decision.quantity, fields, now)

    def _refuse(self, pool: Pool, decision: Decision, fields: LogLine, now: datetime) -> ItemResult:
        outcome: LogLine = {"status": "refused", "code": decision.code}
        self._change(pool, self._kind, now, fields=fields | outcome)
        return ItemResult(
            pool_id=pool.pool_id,
            status="refused",
            code=decision.code,
            message=decision.message,
            current=pool.quantity,
        )

    def _carry_out(
        self, pool: Pool, decision: Decision, number: int, fields: LogLine, now: datetime
    ) -> ItemResult:
        """Change the number now, or schedule that where the shop (or a fault) applies sets later."""
        lag = self.profile.apply_lag_s
        if self.profile.quantity_mode == "set":
            longer = self._fire("apply_late", "quantities", now, pool.pool_id)
            lag += longer.seconds if longer else 0.0
        if lag:
            self._apply_later(pool, number, fields, now, lag)
        else:
            outcome: LogLine = {"status": "applied", "code": decision.code}
            self._change(pool, self._kind, now, quantity=number - pool.quantity, fields=fields | outcome)
        if self.profile.apply_lag_s:
            return ItemResult(
                pool_id=pool.pool_id, status="accepted", code=decision.code, message=decision.message
            )
        return ItemResult(
            pool_id=pool.pool_id,
            status="applied",
            quantity=number,
            code=decision.code,
            message=decision.message,
        )

    def _apply_later(self, pool: Pool, number: int, fields: LogLine, now: datetime, lag_s: float) -> None:
        due = now + timedelta(seconds=lag_s)
        lands = due.isoformat(timespec="microseconds")
        outcome: LogLine = {"status": "accepted", "number": number, "lands_at": lands}
        accepted = self._change(pool, self._kind, now, fields=fields | outcome)

        def deed(at: datetime) -> None:
            landed: LogLine = {"asked": number, "key": fields["key"], "of_seq": accepted["seq"]}
            self._change(pool, "late_apply", at, quantity=number - pool.quantity, fields=landed)

        self._schedule(due, Landing({"pool_id": pool.pool_id, "number": number}, deed))

    @property
    def _kind(self) -> str:
        return _KINDS[self.profile.quantity_mode]

    def _check_batch(self, items: tuple[QuantityItem, ...]) -> None:
        if not items:
            raise RefusedError(422, "empty_batch", "a batch needs at least one item")
        if len(items) > self.profile.batch_max:
            raise _too_large(len(items), self.profile.batch_max)
        if len({item.pool_id for item in items}) < len(items):
            raise RefusedError(422, "duplicate_pool", "a pool may occur once in a batch")
        mode = self.profile.quantity_mode
        for item in items:
            given = (item.quantity is not None, item.expected is not None, item.delta is not None)
            if given != (mode != "delta", mode == "compare_and_set", mode == "delta"):
                shape = _SHAPES[mode]
                raise RefusedError(422, "wrong_quantity_mode", f"this shop takes items of {shape}")
            _check_number(item)

    def _recall(self, key: str | None, request: Hashable, now: datetime) -> object | None:
        """The first answer to this key if it is still remembered; forgets what has run out."""
        while self._remembered and next(iter(self._remembered.values()))[0] <= now:
            self._remembered.popitem(last=False)
        if key is None or key not in self._remembered:
            return None
        _, first, answer = self._remembered[key]
        if first != request:
            sentence = "this idempotency key came with another request before"
            raise RefusedError(422, "idempotency_key_reused", sentence)
        return answer

    def _keep_answer(self, key: str | None, request: Hashable, answer: object, now: datetime) -> None:
        if key is not None and self.profile.idempotency_retention_s:
            until = now + timedelta(seconds=self.profile.idempotency_retention_s)
            self._remembered[key] = (until, request, answer)


def _asked(item: QuantityItem) -> LogLine:
    if item.delta is not None:
        return {"delta": item.delta}
    if item.expected is not None:
        return {"asked": item.quantity, "expected": item.expected}
    return {"asked": item.quantity}


def _check_number(item: QuantityItem) -> None:
    lowest = -LARGEST if item.delta is not None else 0
    number = item.delta if item.delta is not None else item.quantity
    if number is None or not lowest <= number <= LARGEST:
        raise RefusedError(422, "invalid_quantity", f"{number} is no quantity ({item.pool_id})")


def _too_large(length: int, batch_max: int) -> RefusedError:
    sentence = f"a batch has at most {batch_max} items, not {length}"
    return RefusedError(413, "batch_too_large", sentence, batch_max=batch_max)
