"""What is there, and why? Products, their parts, counts and movements. Tables; no query."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

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
    Column("description", Text, nullable=True),
    #: Addresses of pictures, one a line, the first one shown first.
    Column("images", Text, nullable=False, server_default=""),
    #: With a policy of its own: below so many sellable units nothing is shared any more.
    Column("escrow_below", Units, nullable=True),
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
