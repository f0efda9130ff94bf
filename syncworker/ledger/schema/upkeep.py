"""What needs a person, what was run, and which installation is this? Tables; no query."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
)
from sqlalchemy.types import JSON

from syncworker.ledger.schema.kinds import BigId, ExternalId, Moment, metadata

incident = Table(
    "incident",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    #: oversold, deficit, drift, parked, failing, quarantine, unknown_status, not_protected
    Column("kind", String(32), nullable=False),
    #: What it is about: a SKU, "channel/…", "pool/…", "order/…".
    Column("subject", ExternalId, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment, nullable=True),
    #: Facts by name, for people and programs.
    Column("details", JSON, nullable=False),
)
Index(
    "uq_incident_open",
    incident.c.kind,
    incident.c.subject,
    unique=True,
    postgresql_where=incident.c.closed_at.is_(None),
    sqlite_where=incident.c.closed_at.is_(None),
)

run = Table(
    "run",
    metadata,
    Column("id", String(36), primary_key=True),
    #: resync, import, reconcile, go_live
    Column("kind", String(16), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment, nullable=True),
    Column("details", JSON, nullable=False),
    Index("ix_run_started", "started_at", "id"),
)

run_item = Table(
    "run_item",
    metadata,
    Column("run_id", String(36), ForeignKey("run.id"), primary_key=True),
    Column("subject", ExternalId, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("details", JSON, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("actor", String(128), nullable=False),
    #: As it is typed: "stock set".
    Column("command", String(64), nullable=False),
    #: What was given, by name; never a secret.
    Column("arguments", JSON, nullable=False),
    #: done, or the error's kind; empty while it goes on, or after it was killed.
    Column("outcome", String(64), nullable=True),
    Column("finished_at", Moment, nullable=True),
)

heartbeat = Table(
    "heartbeat",
    metadata,
    #: "tick", "prune", or a worker's own name.
    Column("name", String(255), primary_key=True),
    #: tick, worker, prune, told
    Column("kind", String(16), nullable=False),
    #: The computer it ran on.
    Column("host", String(128), nullable=False),
    #: What a worker takes: channels, or none where it takes everything.
    Column("takes", JSON(none_as_null=True), nullable=True),
    #: When it was; for "told" how far sales were counted.
    Column("at", Moment, nullable=False),
)

told = Table(
    "told",
    metadata,
    #: How it was told: set, set_raise, drain, adjust, compare_and_set.
    Column("kind", String(16), primary_key=True),
    #: The how-manieth bound of ledger.told it fell under.
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("sales", BigInteger, nullable=False),
    #: From the sale to the channel's acknowledgement, added up.
    Column("seconds", Float, nullable=False),
)

installation = Table(
    "installation",
    metadata,
    #: Always 1: one row.
    Column("id", Integer, primary_key=True),
    Column("token", String(36), nullable=False),
    #: Grows with each start, and while running; the witness file beside the database holds the same number.
    Column("starts", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("backed_up_at", Moment, nullable=True),
)
