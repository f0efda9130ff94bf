"""The first tables.

Revision 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syncworker.ledger.schema import Amount, Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; a ledger never goes back: restore a backup instead."""
    op.create_table(
        "channel",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("connector", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("withdrawing", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("long_drains", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("policy", sa.String(length=16), nullable=False),
        sa.Column("not_before", Moment(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("connected_at", Moment(), nullable=False),
        sa.Column("counts_open_orders", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("pull_sequence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("assumed", sa.JSON(), nullable=False),
        sa.Column("feeds", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_channel")),
    )
    op.create_table(
        "incident",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    op.create_index(
        "uq_incident_open",
        "incident",
        ["kind", "subject"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
        sqlite_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=36), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("backed_up_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "limit",
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("pause", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("at_most", sa.BigInteger(), nullable=True),
        sa.Column("fixed", sa.BigInteger(), nullable=True),
        sa.Column("at_least", sa.BigInteger(), nullable=True),
        sa.Column("share", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("channel", "sku", name=op.f("pk_limit")),
    )
    op.create_table(
        "movement",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("on_hand_before", sa.BigInteger(), nullable=False),
        sa.Column("on_hand_after", sa.BigInteger(), nullable=False),
        sa.Column("reserved_before", sa.BigInteger(), nullable=False),
        sa.Column("reserved_after", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=False),
        sa.Column("line", sa.String(length=255), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_movement")),
        sa.UniqueConstraint("sku", "location", "version", name=op.f("uq_movement_sku_location_version")),
        sa.UniqueConstraint(
            "source",
            "reference",
            "line",
            "step",
            "sku",
            "location",
            "kind",
            name=op.f("uq_movement_source_reference_line_step_sku_location_kind"),
        ),
    )
    op.create_table(
        "order",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("raw_status", sa.String(length=64), nullable=False),
        sa.Column("placed_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.Column("is_history", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order")),
        sa.UniqueConstraint("channel", "external_id", name=op.f("uq_order_channel_external_id")),
    )
    op.create_index("ix_order_recorded", "order", ["recorded_at"], unique=False)
    op.create_table(
        "product",
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("price", Amount(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("maker", sa.Text(), nullable=True),
        sa.Column("maker_premium", Amount(), nullable=True),
        sa.Column("safety_stock", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("policy", sa.String(length=16), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("sku", name=op.f("pk_product")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("finished_at", Moment(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_table(
        "cursor",
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("feed", sa.String(length=64), nullable=False),
        sa.Column("watermark", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["channel"], ["channel.name"], name=op.f("fk_cursor_channel_channel")),
        sa.PrimaryKeyConstraint("channel", "feed", name=op.f("pk_cursor")),
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.Column("gathered", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["sku"], ["product.sku"], name=op.f("fk_hold_sku_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_table(
        "job",
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("lease_token", sa.String(length=36), nullable=True),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("started_at", Moment(), nullable=True),
        sa.Column("finished_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["channel"], ["channel.name"], name=op.f("fk_job_channel_channel")),
        sa.PrimaryKeyConstraint("channel", "kind", name=op.f("pk_job")),
    )
    op.create_table(
        "order_line",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_id", sa.String(length=255), nullable=False),
        sa.Column("listing_id", sa.String(length=255), nullable=True),
        sa.Column("remote_sku", sa.String(length=255), nullable=True),
        sa.Column("sku", sa.String(length=128), nullable=True),
        sa.Column("pool_id", sa.String(length=36), nullable=True),
        sa.Column("recipe", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("ordered", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), nullable=False),
        sa.Column("shipped", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.Column("counts_down", sa.String(length=8), nullable=False),
        sa.Column("restocked", sa.String(length=8), nullable=False),
        sa.Column("returned_restocked", sa.String(length=8), nullable=False),
        sa.Column("unit_price", Amount(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("step", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_order_line_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint("order_id", "line_id", name=op.f("uq_order_line_order_id_line_id")),
    )
    op.create_index("ix_order_line_pool", "order_line", ["pool_id"], unique=False)
    op.create_index(
        "ix_order_line_quarantined",
        "order_line",
        ["order_id"],
        unique=False,
        postgresql_where=sa.text("state = 'quarantined'"),
        sqlite_where=sa.text("state = 'quarantined'"),
    )
    op.create_table(
        "pool",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("pool_key", sa.String(length=255), nullable=False),
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("in_sum", sa.Boolean(), nullable=False),
        sa.Column("exposure", sa.BigInteger(), nullable=True),
        sa.Column("pending", sa.BigInteger(), nullable=True),
        sa.Column("base_kind", sa.String(length=8), nullable=True),
        sa.Column("base_at", Moment(), nullable=True),
        sa.Column("base_sequence", sa.Integer(), nullable=True),
        sa.Column("settled_at", Moment(), nullable=True),
        sa.Column("raised", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("restocked", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("risen_at", Moment(), nullable=True),
        sa.Column("fallen_at", Moment(), nullable=True),
        sa.Column("shown", sa.BigInteger(), nullable=True),
        sa.Column("remote_reserved", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("wanted_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("planned_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("planned_at", Moment(), nullable=True),
        sa.Column("not_before", Moment(), nullable=True),
        sa.Column("drained_at", Moment(), nullable=True),
        sa.Column("read_due_at", Moment(), nullable=True),
        sa.Column("withdraw", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("refusals", sa.Integer(), server_default="0", nullable=False),
        sa.Column("absent_at", Moment(), nullable=True),
        sa.Column("parked", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["channel"], ["channel.name"], name=op.f("fk_pool_channel_channel")),
        sa.ForeignKeyConstraint(["sku"], ["product.sku"], name=op.f("fk_pool_sku_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool")),
        sa.UniqueConstraint("channel", "pool_key", name=op.f("uq_pool_channel_pool_key")),
    )
    op.create_index(
        "ix_pool_dirty",
        "pool",
        ["channel"],
        unique=False,
        postgresql_where=sa.text("wanted_version > planned_version"),
        sqlite_where=sa.text("wanted_version > planned_version"),
    )
    op.create_index(
        "ix_pool_broken",
        "pool",
        ["channel"],
        unique=False,
        postgresql_where=sa.text("exposure < 0"),
        sqlite_where=sa.text("exposure < 0"),
    )
    op.create_index(
        "ix_pool_pending",
        "pool",
        ["channel"],
        unique=False,
        postgresql_where=sa.text("pending IS NOT NULL"),
        sqlite_where=sa.text("pending IS NOT NULL"),
    )
    op.create_index(
        "ix_pool_read_due",
        "pool",
        ["channel", "read_due_at"],
        unique=False,
        postgresql_where=sa.text("read_due_at IS NOT NULL"),
        sqlite_where=sa.text("read_due_at IS NOT NULL"),
    )
    op.create_index("ix_pool_sku", "pool", ["sku"], unique=False)
    op.create_table(
        "product_part",
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("part", sa.String(length=128), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("units > 0", name=op.f("ck_product_part_units_positive")),
        sa.ForeignKeyConstraint(["part"], ["product.sku"], name=op.f("fk_product_part_part_product")),
        sa.ForeignKeyConstraint(["sku"], ["product.sku"], name=op.f("fk_product_part_sku_product")),
        sa.PrimaryKeyConstraint("sku", "part", name=op.f("pk_product_part")),
    )
    op.create_table(
        "pull",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("pages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("orders", sa.Integer(), server_default="0", nullable=False),
        sa.Column("whole", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("finished_at", Moment(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["channel"], ["channel.name"], name=op.f("fk_pull_channel_channel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pull")),
        sa.UniqueConstraint("channel", "sequence", name=op.f("uq_pull_channel_sequence")),
    )
    op.create_table(
        "run_item",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_item_run_id_run")),
        sa.PrimaryKeyConstraint("run_id", "subject", name=op.f("pk_run_item")),
    )
    op.create_table(
        "stock",
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_stock_reserved_not_negative")),
        sa.ForeignKeyConstraint(["sku"], ["product.sku"], name=op.f("fk_stock_sku_product")),
        sa.PrimaryKeyConstraint("sku", "location", name=op.f("pk_stock")),
    )
    op.create_table(
        "listing",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("pool_key", sa.String(length=255), nullable=False),
        sa.Column("remote_sku", sa.String(length=255), nullable=True),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("sku", sa.String(length=128), nullable=True),
        sa.Column("pool_id", sa.String(length=36), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("price", Amount(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["channel"], ["channel.name"], name=op.f("fk_listing_channel_channel")),
        sa.ForeignKeyConstraint(["pool_id"], ["pool.id"], name=op.f("fk_listing_pool_id_pool")),
        sa.ForeignKeyConstraint(["sku"], ["product.sku"], name=op.f("fk_listing_sku_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing")),
        sa.UniqueConstraint("channel", "external_id", name=op.f("uq_listing_channel_external_id")),
    )
    op.create_table(
        "push",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("pool_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("expected", sa.BigInteger(), nullable=True),
        sa.Column("raised", sa.BigInteger(), nullable=False),
        sa.Column("restocked_before", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("stored_at", Moment(), nullable=False),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.Column("echo", sa.BigInteger(), nullable=True),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["pool_id"], ["pool.id"], name=op.f("fk_push_pool_id_pool")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push")),
    )
    op.create_index(
        "ix_push_open",
        "push",
        ["channel"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
        sqlite_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_push_pool", "push", ["pool_id", "stored_at"], unique=False)
    op.create_table(
        "read",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("pool_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("exposure", sa.BigInteger(), nullable=True),
        sa.Column("raised", sa.BigInteger(), nullable=False),
        sa.Column("restocked", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("answer", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["pool_id"], ["pool.id"], name=op.f("fk_read_pool_id_pool")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_read")),
    )
    op.create_index("ix_read_pool", "read", ["pool_id", "began_at"], unique=False)
