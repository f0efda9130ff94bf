"""Which channels are there, in which state, and what do we count on at each? Rows of ``channel``.

What exists and how to reach it stands in the configuration; state, gate and facts stand here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from syncworker.core.drift import DriftClass, DriftPolicy, DriftRules
from syncworker.core.model import BelowZero, ChannelRules, Policy, PolicyChoice, QuantityKind, QuantityMode
from syncworker.core.pricing import PriceRule, Rounding
from syncworker.errors import UnknownChannelError
from syncworker.ledger import jobs
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.rows import columns
from syncworker.ledger.schema import channel, job, pool

#: Pauses after failures in a row: 2, 4, 8 … seconds, at most this.
LONGEST_PAUSE_S = 300.0
#: A Retry-After is believed up to this.
LONGEST_RETRY_AFTER_S = 3600.0


class ChannelState(StrEnum):
    """Observing: read and pulled, nothing is pushed; live: all of it; paused: no pushes, pulls go on."""

    OBSERVING = "observing"
    LIVE = "live"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRecord:
    """One row of ``channel``."""

    name: str
    connector: str
    state: ChannelState
    withdrawing: bool
    long_drains: bool
    location: str
    policy: Policy
    not_before: datetime | None
    failures: int
    last_error: str | None
    connected_at: datetime
    counts_open_orders: bool
    pull_sequence: int
    rules: ChannelRules
    assumed: tuple[str, ...]
    feeds: tuple[str, ...]
    price_rule: PriceRule | None = None
    #: What of a listing can be changed from here.
    listing_fields: tuple[str, ...] = ()
    #: What to do about each class of drift, and where a run stops.
    drift: DriftRules = field(default_factory=DriftRules)
    #: Below so many sellable units of a SKU policy ``shared`` is ``escrow``; ``None``: it never is.
    escrow_below: int | None = None

    @property
    def choice(self) -> PolicyChoice:
        """What holds here for a SKU without a policy of its own."""
        return PolicyChoice(self.policy, self.escrow_below)


# Built once: they are asked at every step of the engine.
_ALL = sa.select(channel).order_by(channel.c.name)
_BY_NAME = sa.select(channel).where(channel.c.name == sa.bindparam("name"))
_SEQUENCE = sa.select(channel.c.pull_sequence).where(channel.c.name == sa.bindparam("of"))
_NEXT_SEQUENCE = (
    sa.update(channel)
    .where(channel.c.name == sa.bindparam("of"))
    .values(pull_sequence=channel.c.pull_sequence + 1)
    .returning(channel.c.pull_sequence)
)


def load(tx: Snapshot, name: str) -> ChannelRecord:
    """The channel's row; an ``InputError`` that names the known ones if there is none."""
    row = tx.execute(_BY_NAME, {"name": name}).mappings().one_or_none()
    if row is None:
        names = [record.name for record in all_channels(tx)]
        known = ", ".join(names) or "none yet"
        raise UnknownChannelError(
            f"There is no channel {name!r}. Known channels: {known}. See `syncworker channel list`.",
            name=name,
            known=names,
        )
    return _record(row)


def all_channels(tx: Snapshot) -> list[ChannelRecord]:
    """Every channel, by name."""
    return [_record(row) for row in tx.execute(_ALL).mappings()]


def register(
    tx: Transaction,
    name: str,
    *,
    connector: str,
    rules: ChannelRules,
    assumed: tuple[str, ...],
    feeds: tuple[str, ...],
    location: str = "main",
    policy: Policy = Policy.ESCROW,
    counts_open_orders: bool = True,
    escrow_below: int | None = None,
    price_rule: PriceRule | None = None,
    listing_fields: tuple[str, ...] = (),
    drift: DriftRules | None = None,
) -> bool:
    """Record a configured channel, or take over its changed facts; True when it is new.

    A new channel starts observing, except the counter, whose number is ours alone. Harmless to repeat.
    """
    facts = {"connector": connector, "rules": asdict(rules), "assumed": list(assumed), "feeds": list(feeds)}
    settings = {
        "location": location,
        "policy": policy.value,
        "escrow_below": escrow_below,
        "counts_open_orders": counts_open_orders,
        "price_rule": None if price_rule is None else _plain(price_rule),
        "listing_fields": list(listing_fields),
        "drift": None if drift is None else asdict(drift),
    }
    known = tx.execute(sa.select(channel.c.name).where(channel.c.name == name)).first() is not None
    if known:
        tx.execute(sa.update(channel).where(channel.c.name == name).values({**facts, **settings}))
    else:
        state = ChannelState.LIVE if rules.own_number else ChannelState.OBSERVING
        values = {"name": name, "state": state.value, "connected_at": tx.now, **facts, **settings}
        tx.execute(sa.insert(channel).values(values))
    kinds = [*_kinds(rules, feeds), *([JobKind.CONTENTS] if listing_fields else [])]
    _add_jobs(tx, name, kinds)
    for gone in set(JobKind).difference(kinds):
        jobs.remove(tx, name, gone)
    return not known


def _kinds(rules: ChannelRules, feeds: tuple[str, ...]) -> list[JobKind]:
    """What there is to do: nothing is read where the number is ours, and nothing pulled where nothing is ordered."""
    if rules.own_number:
        return [JobKind.PUSH]
    return [*([JobKind.PULL] if feeds else []), JobKind.PUSH, JobKind.READ, JobKind.LISTINGS]


def _add_jobs(tx: Transaction, name: str, kinds: Iterable[JobKind]) -> None:
    """The channel's jobs, due now; those that are there already stay as they are."""
    there = set(tx.execute(sa.select(job.c.kind).where(job.c.channel == name)).scalars())
    missing = [{"channel": name, "kind": kind.value, "due_at": tx.now} for kind in kinds if kind not in there]
    if missing:
        tx.execute(sa.insert(job), missing)


def set_state(tx: Transaction, name: str, state: ChannelState, *, withdrawing: bool | None = None) -> None:
    """Change the state; all pools of the channel are looked at again."""
    values: dict[str, object] = {"state": state.value}
    if withdrawing is not None:
        values["withdrawing"] = withdrawing
    tx.execute(sa.update(channel).where(channel.c.name == name).values(values))
    tx.execute(sa.update(pool).where(pool.c.channel == name).values(wanted_version=pool.c.wanted_version + 1))


def record_success(tx: Transaction, name: str) -> bool:
    """The channel answered: its gate opens; True when it had been failing."""
    healed = tx.execute(
        sa.update(channel)
        .where(channel.c.name == name, channel.c.failures > 0)
        .values(failures=0, not_before=None, last_error=None)
    )
    return healed.rowcount == 1


def record_failure(tx: Transaction, name: str, error: str, *, retry_after_s: float | None = None) -> int:
    """The channel failed: its gate closes for all workers, longer each time. Returns failures in a row."""
    failures = 1 + int(tx.execute(sa.select(channel.c.failures).where(channel.c.name == name)).scalar_one())
    pause_s = min(LONGEST_PAUSE_S, 2.0 ** min(failures, 10))
    if retry_after_s is not None:
        pause_s = min(LONGEST_RETRY_AFTER_S, retry_after_s)
    until = tx.now + timedelta(seconds=pause_s)
    tx.execute(
        sa.update(channel)
        .where(channel.c.name == name)
        .values(failures=failures, last_error=error[:500], not_before=_later(channel.c.not_before, until))
    )
    return failures


def next_sequence(tx: Transaction, name: str) -> int:
    """The number of the pull that begins now."""
    return int(tx.execute(_NEXT_SEQUENCE, {"of": name}).scalar_one())


def current_sequence(tx: Snapshot, name: str) -> int:
    """The number of the latest pull that has begun."""
    return int(tx.execute(_SEQUENCE, {"of": name}).scalar_one())


def _later(column: sa.ColumnElement[datetime | None], moment: datetime) -> sa.ColumnElement[datetime]:
    value = sa.literal(moment, column.type)
    return sa.case((sa.and_(column.is_not(None), column > value), column), else_=value)


def _record(row: RowMapping) -> ChannelRecord:
    values = columns(row)
    values.update(
        state=ChannelState(values["state"]),
        policy=Policy(values["policy"]),
        rules=rules_from(values["rules"]),
        assumed=tuple(values["assumed"]),
        feeds=tuple(values["feeds"]),
        listing_fields=tuple(values["listing_fields"] or ()),
        drift=DriftRules() if values["drift"] is None else _drift_rules(values["drift"]),
        price_rule=None if values["price_rule"] is None else _price_rule(values["price_rule"]),
    )
    return ChannelRecord(**values)


def _plain(rule: PriceRule) -> dict[str, str | None]:
    """The rule with its amounts as text: JSON would make floats of them."""
    return {name: None if value is None else str(value) for name, value in asdict(rule).items()}


def _price_rule(stored: Mapping[str, str | None]) -> PriceRule:
    step = stored["round_to"]
    return PriceRule(
        factor=Decimal(str(stored["factor"])),
        plus=Decimal(str(stored["plus"])),
        round_to=None if step is None else Decimal(step),
        rounding=Rounding(str(stored["rounding"])),
    )


def _drift_rules(stored: Mapping[str, Any]) -> DriftRules:
    policies = {DriftClass(name): DriftPolicy(policy) for name, policy in stored["policies"].items()}
    return DriftRules(policies=policies, brake_share=stored["brake_share"], brake_least=stored["brake_least"])


def rules_from(stored: Mapping[str, Any]) -> ChannelRules:
    """Rules as they were stored by ``asdict``, with their enumerations."""
    values = dict(stored)
    values.update(
        mode=QuantityMode(str(stored["mode"])),
        kind=QuantityKind(str(stored["kind"])),
        below_zero=BelowZero(str(stored["below_zero"])),
    )
    return ChannelRules(**values)
