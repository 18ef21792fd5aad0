"""Create the stock of the warehouse, and refunds."""

import sqlalchemy as sa
from alembic import op

revision = "e7a85d2c60f9"
down_revision = "c3f1774a08be"


def upgrade() -> None:
    op.create_table(
        "stock_levels",
        sa.Column("product_id", sa.BigInteger, sa.ForeignKey("products.id"), primary_key=True),
        sa.Column("on_hand", sa.Integer, nullable=False),
        sa.Column("reserved", sa.Integer, nullable=False, server_default="0"),
        sa.CheckConstraint("reserved BETWEEN 0 AND on_hand"),
    )
    op.create_table(
        "refunds",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("payment_id", sa.BigInteger, sa.ForeignKey("payments.id"), nullable=False),
        sa.Column("amount", sa.Numeric(10, 2), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("amount > 0"),
    )


def downgrade() -> None:
    op.drop_table("refunds")
    op.drop_table("stock_levels")
