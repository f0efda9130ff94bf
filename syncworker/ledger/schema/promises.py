"""What is gathered for whom, and what is due to makers? Holds, and premiums as they were earned. Tables; no query."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint
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

hold = Table(
    "hold",
    metadata,
    #: Counted up; people type it, and movements carry it as their reference.
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("party", Text, nullable=False),
    Column("location", String(64), nullable=False),
    Column("reference", ExternalId, nullable=True, unique=True),
    Column("created_by", String(128), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    #: fulfilled, cancelled, expired; empty while it is open
    Column("outcome", String(16), nullable=True),
    Column("closed_by", String(128), nullable=True),
    Column("closed_at", Moment, nullable=True),
)
Index(
    "ix_hold_open",
    hold.c.expires_at,
    postgresql_where=hold.c.closed_at.is_(None),
    sqlite_where=hold.c.closed_at.is_(None),
)

hold_item = Table(
    "hold_item",
    metadata,
    Column("hold_id", BigId, ForeignKey("hold.id"), primary_key=True, autoincrement=False),
    Column("sku", Sku, ForeignKey("product.sku"), primary_key=True),
    Column("units", Units, nullable=False),
    #: What one of it consumed when the hold was created.
    Column("recipe", JSON, nullable=False),
)

hold_part = Table(
    "hold_part",
    metadata,
    Column("hold_id", BigId, ForeignKey("hold.id"), primary_key=True, autoincrement=False),
    Column("sku", Sku, ForeignKey("product.sku"), primary_key=True),
    Column("wanted", Units, nullable=False),
    #: Reserved for the hold; what it had at the end, once it is closed.
    Column("gathered", Units, nullable=False, server_default="0"),
    #: The how-manieth movement for it this is.
    Column("step", Integer, nullable=False, server_default="0"),
)

premium = Table(
    "premium",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    #: The change of a line that earned or took back something, named as its movements are.
    Column("source", ChannelName, nullable=False),
    Column("reference", ExternalId, nullable=False),
    Column("line", ExternalId, nullable=False),
    Column("step", Integer, nullable=False),
    Column("sku", Sku, nullable=False),
    #: Maker and premium of one unit as they were at the sale.
    Column("maker", Text, nullable=False),
    Column("amount", Amount, nullable=False),
    Column("currency", String(3), nullable=True),
    Column("sold", Units, nullable=False),
    Column("cancelled", Units, nullable=False),
    Column("returned", Units, nullable=False),
    #: What decides the month: when it was sold, or when we learned that it was taken back.
    Column("at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    UniqueConstraint("source", "reference", "line", "step", "sku"),
)
Index("ix_premium_at", premium.c.at)
