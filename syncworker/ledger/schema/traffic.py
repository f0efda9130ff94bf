"""What went out and what came in? Pushes, pulls, read-backs, orders and how far they are recorded. Tables; no query."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import JSON

from syncworker.ledger.schema.kinds import (
    Amount,
    BigId,
    ChannelName,
    ExternalId,
    Moment,
    Sku,
    Units,
    metadata,
)

push = Table(
    "push",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("pool_id", String(36), ForeignKey("pool.id"), nullable=False),
    Column("channel", ChannelName, nullable=False),
    #: set, adjust, compare_and_set
    Column("kind", String(16), nullable=False),
    Column("value", Units, nullable=False),
    Column("expected", Units, nullable=True),
    #: Units by which the bound was raised before the request left.
    Column("raised", Units, nullable=False),
    Column("restocked_before", Units, nullable=False),
    #: sending, unknown, acknowledged, refused, settled
    Column("state", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("stored_at", Moment, nullable=False),
    Column("answered_at", Moment, nullable=True),
    Column("closed_at", Moment, nullable=True),
    Column("echo", Units, nullable=True),
    Column("message", Text, nullable=False, server_default=""),
)
Index("ix_push_pool", push.c.pool_id, push.c.stored_at)
Index(
    "ix_push_open",
    push.c.channel,
    postgresql_where=push.c.closed_at.is_(None),
    sqlite_where=push.c.closed_at.is_(None),
)

pull = Table(
    "pull",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("channel", ChannelName, ForeignKey("channel.name"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("began_at", Moment, nullable=False),
    #: Per feed: since, cursor of the next page, done.
    Column("progress", JSON, nullable=False),
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("orders", Integer, nullable=False, server_default="0"),
    Column("whole", Boolean, nullable=False, server_default=sa.false()),
    Column("finished_at", Moment, nullable=True),
    Column("error", Text, nullable=True),
    UniqueConstraint("channel", "sequence"),
)

read = Table(
    "read",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("pool_id", String(36), ForeignKey("pool.id"), nullable=False),
    Column("channel", ChannelName, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("exposure", Units, nullable=True),
    Column("raised", Units, nullable=False),
    Column("restocked", Units, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("answered_at", Moment, nullable=True),
    Column("answer", Units, nullable=True),
    #: base, too_fresh, absent, drift, failed
    Column("outcome", String(16), nullable=True),
    #: What was expected when the answer came, and why it was not that (core.drift.DriftClass).
    Column("expected", Units, nullable=True),
    Column("drift", String(16), nullable=True),
)
Index("ix_read_pool", read.c.pool_id, read.c.began_at)

order = Table(
    "order",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("channel", ChannelName, nullable=False),
    Column("external_id", ExternalId, nullable=False),
    #: live, shipped, cancelled, unknown
    Column("status", String(16), nullable=False),
    Column("raw_status", String(64), nullable=False),
    Column("placed_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    #: Placed before the channel was connected: what it had shipped by then is not in the count.
    Column("is_history", Boolean, nullable=False),
    UniqueConstraint("channel", "external_id"),
    Index("ix_order_recorded", "recorded_at"),
)

order_line = Table(
    "order_line",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("order_id", BigId, ForeignKey("order.id"), nullable=False),
    Column("line_id", ExternalId, nullable=False),
    Column("listing_id", ExternalId, nullable=True),
    Column("remote_sku", ExternalId, nullable=True),
    #: Our SKU, pool and recipe as they were when the line was first applied; empty while it is in quarantine.
    Column("sku", Sku, nullable=True),
    Column("pool_id", String(36), nullable=True),
    Column("recipe", JSON, nullable=True),
    #: applied, quarantined, ignored
    Column("state", String(16), nullable=False),
    Column("ordered", Units, nullable=False),
    Column("cancelled", Units, nullable=False),
    Column("shipped", Units, nullable=False),
    Column("returned", Units, nullable=False),
    Column("counts_down", String(8), nullable=False),
    Column("restocked", String(8), nullable=False),
    Column("returned_restocked", String(8), nullable=False),
    Column("unit_price", Amount, nullable=True),
    Column("currency", String(3), nullable=True),
    #: Grows with each change that was applied; the ``step`` of its movements.
    Column("step", Integer, nullable=False, server_default="0"),
    UniqueConstraint("order_id", "line_id"),
)
Index(
    "ix_order_line_quarantined",
    order_line.c.order_id,
    postgresql_where=order_line.c.state == "quarantined",
    sqlite_where=order_line.c.state == "quarantined",
)
Index("ix_order_line_pool", order_line.c.pool_id)

cursor = Table(
    "cursor",
    metadata,
    Column("channel", ChannelName, ForeignKey("channel.name"), primary_key=True),
    Column("feed", String(64), primary_key=True),
    #: Everything changed up to here is recorded; the next pull starts an overlap earlier.
    Column("watermark", Moment, nullable=False),
)
