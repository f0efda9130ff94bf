"""Which rows are the truth? Every table of the ledger; the migrations build exactly this.

Holds no query. Times are aware UTC, quantities whole units, money an exact decimal with its currency.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware UTC time: ``timestamptz`` on PostgreSQL, sortable ISO text with microseconds on SQLite."""

    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime] | TypeEngine[str]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.DateTime(timezone=True))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.isoformat(timespec="microseconds")

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return None if value is None else value.astimezone(UTC)


class Amount(TypeDecorator[Decimal]):
    """An exact amount of money: NUMERIC(18, 4) on PostgreSQL, its decimal text on SQLite, which would round it."""

    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Decimal] | TypeEngine[str]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.Numeric(18, 4))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | str | None:
        return str(value) if value is not None and dialect.name != "postgresql" else value

    def process_result_value(self, value: Decimal | str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else Decimal(value).normalize() + 0


#: Big integer keys that also auto-increment on SQLite.
BigId = sa.BigInteger().with_variant(Integer(), "sqlite")
#: Whole units. 64 bits, since sums of many large quantities must never make the database refuse a recorded sale.
Units = sa.BigInteger()
Sku = String(128)
ChannelName = String(64)
ExternalId = String(255)

product = Table(
    "product",
    metadata,
    Column("sku", Sku, primary_key=True),
    Column("title", Text, nullable=False),
    Column("price", Amount, nullable=True),
    Column("currency", String(3), nullable=True),
    Column("maker", Text, nullable=True),
    Column("maker_premium", Amount, nullable=True),
    #: Units that no channel is shown.
    Column("safety_stock", Units, nullable=False, server_default="0"),
    #: escrow or shared, where it differs from the channel's.
    Column("policy", String(16), nullable=True),
    Column("created_at", Moment, nullable=False),
)

product_part = Table(
    "product_part",
    metadata,
    Column("sku", Sku, ForeignKey("product.sku"), primary_key=True),
    Column("part", Sku, ForeignKey("product.sku"), primary_key=True),
    Column("units", Units, nullable=False),
    CheckConstraint("units > 0", name="units_positive"),
)

stock = Table(
    "stock",
    metadata,
    Column("sku", Sku, ForeignKey("product.sku"), primary_key=True),
    Column("location", String(64), primary_key=True),
    Column("on_hand", Units, nullable=False),
    Column("reserved", Units, nullable=False),
    #: Grows by one with each movement, so that a lost update shows as a gap.
    Column("version", Integer, nullable=False),
    # The only constraint: nothing here may ever reject a recorded sale.
    CheckConstraint("reserved >= 0", name="reserved_not_negative"),
)

movement = Table(
    "movement",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("sku", Sku, nullable=False),
    Column("location", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    #: reserve, release, ship, receive, adjust, count, hold, unhold
    Column("kind", String(16), nullable=False),
    Column("on_hand_before", Units, nullable=False),
    Column("on_hand_after", Units, nullable=False),
    Column("reserved_before", Units, nullable=False),
    Column("reserved_after", Units, nullable=False),
    #: The channel's name for an order, else "operator", "import", "hold".
    Column("source", ChannelName, nullable=False),
    Column("reference", ExternalId, nullable=False),
    Column("line", ExternalId, nullable=False),
    #: The how-manieth change of that line this is: an effect happens once.
    Column("step", Integer, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("at", Moment, nullable=False),
    UniqueConstraint("source", "reference", "line", "step", "sku", "location", "kind"),
    UniqueConstraint("sku", "location", "version"),
)

channel = Table(
    "channel",
    metadata,
    Column("name", ChannelName, primary_key=True),
    Column("connector", String(64), nullable=False),
    #: observing, live, paused
    Column("state", String(16), nullable=False),
    #: Operator asked to stop selling here: every pool is set to 0.
    Column("withdrawing", Boolean, nullable=False, server_default=sa.false()),
    #: Operator allows drains that leave a pool dark for longer than five minutes.
    Column("long_drains", Boolean, nullable=False, server_default=sa.false()),
    Column("location", String(64), nullable=False),
    Column("policy", String(16), nullable=False),
    #: Nothing is sent or asked before this moment (Retry-After, repeated failures).
    Column("not_before", Moment, nullable=True),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("last_error", Text, nullable=True),
    Column("connected_at", Moment, nullable=False),
    #: Whether the goods of orders placed before that were still in the count.
    Column("counts_open_orders", Boolean, nullable=False, server_default=sa.true()),
    #: The number of the latest pull that has begun.
    Column("pull_sequence", Integer, nullable=False, server_default="0"),
    #: Declared facts with every undeclared one at its pessimistic value, and the names of the assumed ones.
    Column("rules", JSON, nullable=False),
    Column("assumed", JSON, nullable=False),
    Column("feeds", JSON, nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("channel", ChannelName, ForeignKey("channel.name"), primary_key=True),
    #: pull, push, read
    Column("kind", String(16), primary_key=True),
    Column("due_at", Moment, nullable=False),
    Column("lease_token", String(36), nullable=True),
    Column("lease_until", Moment, nullable=True),
    Column("started_at", Moment, nullable=True),
    Column("finished_at", Moment, nullable=True),
)

listing = Table(
    "listing",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("channel", ChannelName, ForeignKey("channel.name"), nullable=False),
    Column("external_id", ExternalId, nullable=False),
    Column("pool_key", ExternalId, nullable=False),
    #: The channel's own SKU text, as found there.
    Column("remote_sku", ExternalId, nullable=True),
    Column("title", Text, nullable=False, server_default=""),
    #: Our SKU once linked.
    Column("sku", Sku, ForeignKey("product.sku"), nullable=True),
    Column("pool_id", String(36), ForeignKey("pool.id"), nullable=True),
    #: found, linked, ignored
    Column("state", String(16), nullable=False),
    Column("price", Amount, nullable=True),
    Column("currency", String(3), nullable=True),
    Column("seen_at", Moment, nullable=False),
    UniqueConstraint("channel", "external_id"),
)

pool = Table(
    "pool",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("channel", ChannelName, ForeignKey("channel.name"), nullable=False),
    Column("pool_key", ExternalId, nullable=False),
    Column("sku", Sku, ForeignKey("product.sku"), nullable=False),
    #: Whether the exposure counts: not so while the channel is observing.
    Column("in_sum", Boolean, nullable=False),
    # --- the bound (core.exposure.Bound) ---
    Column("exposure", Units, nullable=True),
    Column("pending", Units, nullable=True),
    Column("base_kind", String(8), nullable=True),
    Column("base_at", Moment, nullable=True),
    Column("base_sequence", Integer, nullable=True),
    Column("settled_at", Moment, nullable=True),
    Column("raised", Units, nullable=False, server_default="0"),
    Column("restocked", Units, nullable=False, server_default="0"),
    Column("risen_at", Moment, nullable=True),
    Column("fallen_at", Moment, nullable=True),
    # --- what we believe is shown, for people and for compare-and-set ---
    Column("shown", Units, nullable=True),
    Column("remote_reserved", Units, nullable=False, server_default="0"),
    # --- what is to be done ---
    Column("wanted_version", Integer, nullable=False, server_default="1"),
    Column("planned_version", Integer, nullable=False, server_default="0"),
    Column("target", Units, nullable=True),
    #: Why the allocator left it as it is, or what it decided (core.allocator.Reason).
    Column("reason", String(32), nullable=True),
    #: When the allocator last looked.
    Column("planned_at", Moment, nullable=True),
    Column("not_before", Moment, nullable=True),
    Column("drained_at", Moment, nullable=True),
    #: A read-back is wanted from this moment on.
    Column("read_due_at", Moment, nullable=True),
    #: To be shown as 0 until that is settled (going live, an outcome nobody can read back).
    Column("withdraw", Boolean, nullable=False, server_default=sa.false()),
    #: Refusals in a row, for the pause before the next try.
    Column("refusals", Integer, nullable=False, server_default="0"),
    #: First of two read-backs that did not find the pool.
    Column("absent_at", Moment, nullable=True),
    #: Why nothing but a person can go on with it, in the channel's own words.
    Column("parked", Text, nullable=True),
    UniqueConstraint("channel", "pool_key"),
    Index("ix_pool_sku", "sku"),
)
Index(
    "ix_pool_dirty",
    pool.c.channel,
    postgresql_where=pool.c.wanted_version > pool.c.planned_version,
    sqlite_where=pool.c.wanted_version > pool.c.planned_version,
)
Index(
    "ix_pool_read_due",
    pool.c.channel,
    pool.c.read_due_at,
    postgresql_where=pool.c.read_due_at.is_not(None),
    sqlite_where=pool.c.read_due_at.is_not(None),
)
Index(
    "ix_pool_broken",
    pool.c.channel,
    postgresql_where=pool.c.exposure < 0,
    sqlite_where=pool.c.exposure < 0,
)
Index(
    "ix_pool_pending",
    pool.c.channel,
    postgresql_where=pool.c.pending.is_not(None),
    sqlite_where=pool.c.pending.is_not(None),
)

limit = Table(
    "limit",
    metadata,
    Column("channel", ChannelName, primary_key=True),
    Column("sku", Sku, primary_key=True),
    Column("pause", Boolean, nullable=False, server_default=sa.false()),
    Column("at_most", Units, nullable=True),
    Column("fixed", Units, nullable=True),
    Column("at_least", Units, nullable=True),
    Column("share", Integer, nullable=True),
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

hold = Table(
    "hold",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("sku", Sku, ForeignKey("product.sku"), nullable=False),
    Column("location", String(64), nullable=False),
    Column("wanted", Units, nullable=False),
    Column("gathered", Units, nullable=False, server_default="0"),
    Column("note", Text, nullable=False, server_default=""),
    Column("actor", String(128), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=True),
    Column("closed_at", Moment, nullable=True),
)

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
)

run_item = Table(
    "run_item",
    metadata,
    Column("run_id", String(36), ForeignKey("run.id"), primary_key=True),
    Column("subject", ExternalId, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("details", JSON, nullable=False),
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
