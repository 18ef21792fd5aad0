"""Create payments: one row for each attempt."""

import sqlalchemy as sa
from alembic import op

revision = "4b0f8e6d31aa"
down_revision = "1c7e4d90a2b3"


def upgrade() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("order_id", sa.BigInteger, sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("amount", sa.Numeric(10, 2), nullable=False),
        sa.Column("failure_code", sa.String(40)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("order_id", "attempt"),
        sa.CheckConstraint("status IN ('succeeded', 'failed')"),
        sa.CheckConstraint("(status = 'failed') = (failure_code IS NOT NULL)"),
    )


def downgrade() -> None:
    op.drop_table("payments")
