"""Create subscriptions and their renewals; mails get a language."""

import sqlalchemy as sa
from alembic import op

revision = "8d52c19f7e04"
down_revision = "4b0f8e6d31aa"


def upgrade() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("customer_id", sa.BigInteger, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("product_id", sa.BigInteger, sa.ForeignKey("products.id"), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("started_on", sa.Date, nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("status IN ('active', 'cancelled')"),
    )
    op.create_table(
        "renewals",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("subscription_id", sa.BigInteger, sa.ForeignKey("subscriptions.id"), nullable=False),
        sa.Column("order_id", sa.BigInteger, sa.ForeignKey("orders.id"), nullable=False, unique=True),
        sa.Column("period_start", sa.Date, nullable=False),
        sa.Column("period_end", sa.Date, nullable=False),
        sa.CheckConstraint("period_end > period_start"),
    )
    op.add_column("customers", sa.Column("locale", sa.String(10), nullable=False, server_default="en-GB"))


def downgrade() -> None:
    op.drop_column("customers", "locale")
    op.drop_table("renewals")
    op.drop_table("subscriptions")
