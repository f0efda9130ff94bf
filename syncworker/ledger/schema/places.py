"""Where is it sold? Channels, their jobs, listings, pools and limits. Tables; no query."""

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
    #: How its prices follow from the catalogue's; without one they are the same.
    Column("price_rule", JSON(none_as_null=True), nullable=True),
    #: What of a listing can be changed from here; none where nothing can.
    Column("listing_fields", JSON(none_as_null=True), nullable=True),
    #: Below so many sellable units of a SKU nothing is shared any more.
    Column("escrow_below", Units, nullable=True),
    #: What to do about each class of drift, and where a run stops; none: as usual.
    Column("drift", JSON(none_as_null=True), nullable=True),
)

job = Table(
    "job",
    metadata,
    Column("channel", ChannelName, ForeignKey("channel.name"), primary_key=True),
    #: pull, push, read, contents, listings
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
    #: Whether title, price and pictures there are ours to write.
    Column("managed", Boolean, nullable=False, server_default=sa.false()),
    #: Whether buyers shall see it, where an operator said so; otherwise that is left as it is there.
    Column("wanted_active", Boolean, nullable=True),
    #: Contents as the channel last accepted them.
    Column("sent", JSON(none_as_null=True), nullable=True),
    #: Contents that it refused, and in which words: not sent again as they are.
    Column("refused", JSON(none_as_null=True), nullable=True),
    Column("refusal", Text, nullable=True),
    #: Above ``contents_done``: something that the contents follow from has changed.
    Column("contents_wanted", Integer, nullable=False, server_default="0"),
    Column("contents_done", Integer, nullable=False, server_default="0"),
    #: To be linked to nothing once nothing can be sold from its number, by an operator's word.
    Column("unlinking", Boolean, nullable=False, server_default=sa.false()),
    UniqueConstraint("channel", "external_id"),
    Index("ix_listing_sku", "sku", "channel"),
    Index("ix_listing_pool", "pool_id"),
    Index("ix_listing_number", "channel", "pool_key"),
    Index("ix_listing_currency", "channel", "currency"),
)
Index(
    "ix_listing_contents",
    listing.c.channel,
    postgresql_where=listing.c.contents_wanted > listing.c.contents_done,
    sqlite_where=listing.c.contents_wanted > listing.c.contents_done,
)

Index(
    "ix_listing_refused",
    listing.c.channel,
    postgresql_where=listing.c.refusal.is_not(None),
    sqlite_where=listing.c.refusal.is_not(None),
)

publication = Table(
    "publication",
    metadata,
    #: Stored before a product is listed, gone once the listing is linked or surely was not made.
    Column("channel", ChannelName, ForeignKey("channel.name"), primary_key=True),
    Column("sku", Sku, ForeignKey("product.sku"), primary_key=True),
    #: Sales that listing it may allow by itself (the channel's floor): counted like a bound until its pool is there.
    Column("units", Units, nullable=False),
    Column("began_at", Moment, nullable=False),
)

price = Table(
    "price",
    metadata,
    Column("channel", ChannelName, primary_key=True),
    Column("sku", Sku, primary_key=True),
    #: Stands whatever the channel's rule says.
    Column("amount", Amount, nullable=False),
    Column("currency", String(3), nullable=False),
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
    #: To be shown as 0 because an operator hid every listing that sells from it.
    Column("hidden", Boolean, nullable=False, server_default=sa.false()),
    #: Units that the channel does not let us take back (a campaign), and until when that is believed.
    Column("locked", Units, nullable=True),
    Column("locked_until", Moment, nullable=True),
    UniqueConstraint("channel", "pool_key"),
    Index("ix_pool_sku", "sku"),
    Index("ix_pool_waiting", "reason", "planned_at"),
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

Index(
    "ix_pool_parked",
    pool.c.channel,
    postgresql_where=pool.c.parked.is_not(None),
    sqlite_where=pool.c.parked.is_not(None),
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

token = Table(
    "token",
    metadata,
    #: By name alone: an account is connected before the engine first registers the channel.
    Column("channel", ChannelName, primary_key=True),
    #: Encrypted outside: whoever has the ledger alone can read nothing of it.
    Column("sealed", Text, nullable=False),
    #: Counts the renewals.
    Column("generation", Integer, nullable=False),
    Column("expires_at", Moment, nullable=True),
    #: When a person has to consent again, whatever is renewed meanwhile.
    Column("ends_at", Moment, nullable=True),
    Column("lease_token", String(36), nullable=True),
    Column("lease_until", Moment, nullable=True),
)
