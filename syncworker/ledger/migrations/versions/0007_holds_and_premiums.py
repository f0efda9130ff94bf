"""Holds of several SKUs that gather by part, and what is due to makers.

Revision 0007, after 0006. The table ``hold`` of 0001 was never written to: it is made anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syncworker.ledger.schema import Amount, Moment

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

REFUSAL = "what is due to makers is append-only: a later entry takes back an earlier one"


def upgrade() -> None:
    """Go forward; a ledger never goes back: restore a backup instead."""
    op.drop_table("hold")
    _create_holds()
    _create_premiums()
    if op.get_bind().dialect.name == "postgresql":
        _refuse_on_postgresql()
    else:
        _refuse_on_sqlite()


def _create_holds() -> None:
    op.create_table(
        "hold",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=True),
        sa.Column("created_by", sa.String(length=128), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("closed_by", sa.String(length=128), nullable=True),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        sa.UniqueConstraint("reference", name=op.f("uq_hold_reference")),
    )
    op.create_index(
        "ix_hold_open",
        "hold",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
        sqlite_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "hold_item",
        sa.Column("hold_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("recipe", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["hold_id"], ["hold.id"], name=op.f("fk_hold_item_hold_id_hold")),
        sa.ForeignKeyConstraint(["sku"], ["product.sku"], name=op.f("fk_hold_item_sku_product")),
        sa.PrimaryKeyConstraint("hold_id", "sku", name=op.f("pk_hold_item")),
    )
    op.create_table(
        "hold_part",
        sa.Column("hold_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.Column("gathered", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("step", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["hold_id"], ["hold.id"], name=op.f("fk_hold_part_hold_id_hold")),
        sa.ForeignKeyConstraint(["sku"], ["product.sku"], name=op.f("fk_hold_part_sku_product")),
        sa.PrimaryKeyConstraint("hold_id", "sku", name=op.f("pk_hold_part")),
    )


def _create_premiums() -> None:
    op.create_table(
        "premium",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=False),
        sa.Column("line", sa.String(length=255), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("amount", Amount(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("sold", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_premium")),
        sa.UniqueConstraint(
            "source",
            "reference",
            "line",
            "step",
            "sku",
            name=op.f("uq_premium_source_reference_line_step_sku"),
        ),
    )
    op.create_index("ix_premium_at", "premium", ["at"], unique=False)


def _refuse_on_sqlite() -> None:
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER premium_no_{change.lower()} BEFORE {change} ON premium"
            f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )


def _refuse_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION premium_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER premium_no_change BEFORE UPDATE OR DELETE ON premium"
        " FOR EACH ROW EXECUTE FUNCTION premium_is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER premium_no_truncate BEFORE TRUNCATE ON premium"
        " FOR EACH STATEMENT EXECUTE FUNCTION premium_is_append_only()"
    )
