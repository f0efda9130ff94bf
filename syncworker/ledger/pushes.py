"""Which quantities were sent, why, and what became of each? A row stands before its request leaves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from syncworker.core.exposure import OpenPush, PushState
from syncworker.core.model import QuantityMode
from syncworker.ledger.keys import is_among
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.rows import columns, parameters
from syncworker.ledger.schema import pool, push

#: The reason of a row that stands for whatever was sent after a restored backup was made.
STANDS_IN = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRecord:
    """One row of ``push``."""

    id: str
    pool_id: str
    channel: str
    kind: QuantityMode
    value: int
    expected: int | None
    raised: int
    restocked_before: int
    state: PushState
    reason: str
    stored_at: datetime
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    echo: int | None = None
    message: str = ""

    @property
    def open(self) -> OpenPush:
        """As far as the bound depends on it."""
        return OpenPush(
            state=self.state,
            raised=self.raised,
            restocked_before=self.restocked_before,
            stored_at=self.stored_at,
            acknowledged_at=self.answered_at if self.state is PushState.ACKNOWLEDGED else None,
            echo=self.echo if self.state is PushState.ACKNOWLEDGED else None,
            stands_in=self.reason == STANDS_IN,
        )


# Built once: they are asked at every step of the engine.
_IS_OPEN = push.c.closed_at.is_(None)
_BY_ID = sa.select(push).where(is_among(push.c.id, "ids"))
_OPEN_OF = (
    sa.select(push).where(is_among(push.c.pool_id, "pools"), _IS_OPEN).order_by(push.c.stored_at, push.c.id)
)
_UNANSWERED = (
    sa.select(push)
    .where(_IS_OPEN, push.c.state.in_([PushState.SENDING.value, PushState.UNKNOWN.value]))
    .order_by(push.c.stored_at)
)
_ACKNOWLEDGED_DIFFERENCES = sa.select(push).where(
    _IS_OPEN, push.c.state == PushState.ACKNOWLEDGED.value, push.c.kind != QuantityMode.SET.value
)
_ANSWER = (
    sa.update(push)
    .where(push.c.id == sa.bindparam("b_id"), _IS_OPEN)
    .values(parameters("state", "echo", "message", "answered_at", "closed_at"))
)
_CLOSE = (
    sa.update(push)
    .where(is_among(push.c.id, "ids"), _IS_OPEN)
    .values(state=PushState.SETTLED.value, closed_at=sa.bindparam("closed_at"))
)


def store(tx: Transaction, records: Sequence[PushRecord]) -> None:
    """Record pushes that are about to leave; their raise is saved in the same transaction."""
    if records:
        tx.execute(sa.insert(push), [_values(record) for record in records])


def load(tx: Snapshot, push_ids: Iterable[str]) -> dict[str, PushRecord]:
    """These pushes by id."""
    rows = tx.execute(_BY_ID, {"ids": push_ids}).mappings()
    return {record.id: record for record in map(_record, rows)}


def open_of(tx: Snapshot, pool_ids: Iterable[str]) -> Mapping[str, list[PushRecord]]:
    """Open pushes by pool, oldest first."""
    rows = tx.execute(_OPEN_OF, {"pools": pool_ids}).mappings()
    found: dict[str, list[PushRecord]] = defaultdict(list)
    for row in rows:
        record = _record(row)
        found[record.pool_id].append(record)
    return found


def unanswered(tx: Snapshot, *, channel: str | None = None) -> list[PushRecord]:
    """Pushes of which no answer is known, oldest first."""
    query = _UNANSWERED if channel is None else _UNANSWERED.where(push.c.channel == channel)
    return [_record(row) for row in tx.execute(query).mappings()]


def acknowledged_differences(tx: Snapshot) -> list[PushRecord]:
    """Adjustments and compare-and-sets that were accepted and are not in force yet, as far as was known."""
    return [_record(row) for row in tx.execute(_ACKNOWLEDGED_DIFFERENCES).mappings()]


def acknowledged_and_settled(tx: Snapshot) -> list[PushRecord]:
    """Accepted sets whose base is settled, that only an unanswered push beside them kept open, and it is gone now."""
    return [_record(row) for row in tx.execute(_acknowledged_and_settled()).mappings()]


def history(tx: Snapshot, pool_id: str, *, most: int = 20) -> list[PushRecord]:
    """The latest pushes of a pool, newest first."""
    query = sa.select(push).where(push.c.pool_id == pool_id).order_by(push.c.stored_at.desc()).limit(most)
    return [_record(row) for row in tx.execute(query).mappings()]


def told_at(tx: Snapshot, pool_ids: Iterable[str]) -> dict[str, datetime]:
    """By pool, when the request left whose answer last told the channel's number; pools without one are left out."""
    return {row.pool_id: row.at for row in tx.execute(_told_at(), {"pools": pool_ids})}


def answer(
    tx: Transaction,
    push_id: str,
    state: PushState,
    *,
    echo: int | None = None,
    message: str = "",
    closed: bool,
) -> bool:
    """Record what became of a push; False, and nothing changed, if it was closed meanwhile."""
    values = {
        "state": state.value,
        "echo": echo,
        "message": message[:500],
        "answered_at": tx.now,
        "closed_at": tx.now if closed else None,
    }
    return tx.execute(_ANSWER, {"b_id": push_id, **values}).rowcount == 1


def close(tx: Transaction, push_ids: Iterable[str]) -> None:
    """These pushes bind nothing any more: what they raised is settled or proven."""
    ids = sorted(set(push_ids))
    if ids:
        tx.execute(_CLOSE, {"ids": ids, "closed_at": tx.now})


@cache
def _acknowledged_and_settled() -> sa.Select[*tuple[object, ...]]:
    beside = push.alias("beside")
    unanswered = sa.select(beside.c.id).where(
        beside.c.pool_id == push.c.pool_id,
        beside.c.closed_at.is_(None),
        beside.c.state.in_([PushState.SENDING.value, PushState.UNKNOWN.value]),
    )
    return (
        sa.select(push)
        .join(pool, pool.c.id == push.c.pool_id)
        .where(
            _IS_OPEN,
            push.c.state == PushState.ACKNOWLEDGED.value,
            push.c.kind == QuantityMode.SET.value,
            pool.c.pending.is_(None),
            push.c.answered_at <= pool.c.settled_at,
            ~sa.exists(unanswered),
        )
    )


@cache
def _told_at() -> sa.Select[str, datetime]:
    accepted = push.c.state.in_([PushState.ACKNOWLEDGED.value, PushState.SETTLED.value])
    tells = push.c.kind.in_([QuantityMode.SET.value, QuantityMode.COMPARE_AND_SET.value])
    # A compare-and-set is refused with the number that stands there instead.
    mismatch = sa.and_(
        push.c.state == PushState.REFUSED.value, push.c.kind == QuantityMode.COMPARE_AND_SET.value
    )
    return (
        sa.select(push.c.pool_id, sa.func.max(push.c.stored_at, type_=push.c.stored_at.type).label("at"))
        .where(
            is_among(push.c.pool_id, "pools"),
            sa.or_(sa.and_(accepted, sa.or_(tells, push.c.echo.is_not(None))), mismatch),
        )
        .group_by(push.c.pool_id)
    )


def _values(record: PushRecord) -> dict[str, object]:
    names = (
        "id",
        "pool_id",
        "channel",
        "value",
        "expected",
        "raised",
        "restocked_before",
        "reason",
        "stored_at",
    )
    values: dict[str, object] = {name: getattr(record, name) for name in names}
    values.update(kind=record.kind.value, state=record.state.value)
    values.update(answered_at=record.answered_at, closed_at=record.closed_at)
    return values


def _record(row: RowMapping) -> PushRecord:
    values = columns(row)
    values.update(kind=QuantityMode(values["kind"]), state=PushState(values["state"]))
    return PushRecord(**values)
