"""Which account holds which token? Sealed texts with their dates, and who renews one just now; nothing is opened here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.schema import token
from syncworker.ledger.upsert import insert_for


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedToken:
    """One row of ``token``."""

    channel: str
    sealed: str
    generation: int
    expires_at: datetime | None
    ends_at: datetime | None


_COLUMNS: sa.Select[tuple[object, ...]] = sa.select(
    token.c.channel, token.c.sealed, token.c.generation, token.c.expires_at, token.c.ends_at
)
_ENDING = _COLUMNS.where(token.c.ends_at < sa.bindparam("before")).order_by(token.c.channel)


def load(tx: Snapshot, channel: str) -> SealedToken | None:
    """The token of one account; ``None`` until it was connected."""
    row = tx.execute(_COLUMNS.where(token.c.channel == channel)).one_or_none()
    return None if row is None else _sealed(row)


def ending_before(tx: Snapshot, moment: datetime) -> Sequence[SealedToken]:
    """Tokens whose consent ends before that, by channel."""
    return [_sealed(row) for row in tx.execute(_ENDING, {"before": moment})]


def save(
    tx: Transaction,
    channel: str,
    sealed: str,
    *,
    expires_at: datetime | None,
    ends_at: datetime | None,
    over: int | None = None,
) -> bool:
    """Store a token, or replace the one that is there; a renewal that is under way loses its lease.

    With ``over`` only that generation is replaced: False, and nothing is stored, if a newer one is there. 0 replaces none.
    """
    values = {
        "sealed": sealed,
        "expires_at": expires_at,
        "ends_at": ends_at,
        "lease_token": None,
        "lease_until": None,
    }
    insert = insert_for(tx.dialect, token).values(channel=channel, generation=1, **values)
    stored = tx.execute(
        insert.on_conflict_do_update(
            index_elements=["channel"],
            set_={**values, "generation": token.c.generation + 1},
            where=None if over is None else token.c.generation == over,
        ).returning(token.c.generation)
    )
    return stored.first() is not None


def claim_renewal(tx: Transaction, channel: str, generation: int, *, lease: str, for_s: float) -> bool:
    """Be the one who renews this generation, for so long; ``False`` if somebody else is, or it was renewed already."""
    claimed = tx.execute(
        sa.update(token)
        .where(
            token.c.channel == channel,
            token.c.generation == generation,
            sa.or_(token.c.lease_until.is_(None), token.c.lease_until <= tx.now),
        )
        .values(lease_token=lease, lease_until=tx.now + timedelta(seconds=for_s))
    )
    return claimed.rowcount == 1


def release_renewal(tx: Transaction, channel: str, lease: str) -> None:
    """Let others try: this renewal failed."""
    tx.execute(
        sa.update(token)
        .where(token.c.channel == channel, token.c.lease_token == lease)
        .values(lease_token=None, lease_until=None)
    )


def _sealed(row: sa.Row[tuple[object, ...]]) -> SealedToken:
    return SealedToken(
        channel=row.channel,
        sealed=row.sealed,
        generation=row.generation,
        expires_at=row.expires_at,
        ends_at=row.ends_at,
    )
