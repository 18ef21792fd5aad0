"""Say where orders came from, make product codes unique, and call a full name so."""

import sqlalchemy as sa
from alembic import op

revision = "c3f1774a08be"
down_revision = "a96e03b7c5d1"


def upgrade() -> None:
    op.add_column("orders", sa.Column("channel", sa.String(20), nullable=False, server_default="web"))
    op.execute("UPDATE orders SET channel = 'subscription' WHERE id IN (SELECT order_id FROM renewals)")
    op.create_unique_constraint("products_sku_key", "products", ["sku"])
    op.alter_column("customers", "name", new_column_name="full_name")


def downgrade() -> None:
    op.alter_column("customers", "full_name", new_column_name="name")
    op.drop_constraint("products_sku_key", "products")
    op.drop_column("orders", "channel")
