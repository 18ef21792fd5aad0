"""Create currencies, their rates, and invoices in the buyer's currency."""

import sqlalchemy as sa
from alembic import op

revision = "a96e03b7c5d1"
down_revision = "8d52c19f7e04"


def upgrade() -> None:
    op.create_table(
        "currencies",
        sa.Column("code", sa.CHAR(3), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("minor_units", sa.Integer, nullable=False),
    )
    op.create_table(
        "exchange_rates",
        sa.Column("currency", sa.CHAR(3), sa.ForeignKey("currencies.code"), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("rate", sa.Numeric(18, 8), nullable=False),
    )
    op.create_table(
        "invoices",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("order_id", sa.BigInteger, sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("number", sa.String(20), nullable=False, unique=True),
        sa.Column("currency", sa.CHAR(3), sa.ForeignKey("currencies.code"), nullable=False),
        sa.Column("exchange_rate", sa.Numeric(18, 8), nullable=False),
        sa.Column("total", sa.Numeric(12, 2), nullable=False),
        sa.Column("total_eur", sa.Numeric(12, 2), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("exchange_rate > 0"),
    )
    op.create_table(
        "invoice_lines",
        sa.Column("invoice_id", sa.BigInteger, sa.ForeignKey("invoices.id"), primary_key=True),
        sa.Column("line_number", sa.Integer, primary_key=True),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("amount", sa.Numeric(12, 2), nullable=False),
        sa.Column("amount_eur", sa.Numeric(12, 2), nullable=False),
        sa.CheckConstraint("quantity > 0"),
    )


def downgrade() -> None:
    for table in ("invoice_lines", "invoices", "exchange_rates", "currencies"):
        op.drop_table(table)
