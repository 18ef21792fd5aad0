"""The tables."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    CHAR,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Numeric,
    String,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    type_annotation_map = {Decimal: Numeric(10, 2), datetime: DateTime(timezone=True)}


def _id() -> Mapped[int]:
    return mapped_column(BigInteger, Identity(), primary_key=True)


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = _id()
    email: Mapped[str] = mapped_column(String(254), unique=True)
    full_name: Mapped[str] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(CHAR(2))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    locale: Mapped[str] = mapped_column(String(10), server_default="en-GB")


class Product(Base):
    __tablename__ = "products"
    __table_args__ = (CheckConstraint("price >= 0"),)

    id: Mapped[int] = _id()
    sku: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    price: Mapped[Decimal]
    is_active: Mapped[bool] = mapped_column(server_default="true")


class StockLevel(Base):
    """What the warehouse has of a product, and how much of it belongs to orders that are not paid yet."""

    __tablename__ = "stock_levels"
    __table_args__ = (CheckConstraint("reserved BETWEEN 0 AND on_hand"),)

    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    on_hand: Mapped[int]
    reserved: Mapped[int] = mapped_column(server_default="0")


class Order(Base):
    __tablename__ = "orders"
    __table_args__ = (CheckConstraint("status IN ('pending', 'paid', 'cancelled')"),)

    id: Mapped[int] = _id()
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[str] = mapped_column(String(20))
    total: Mapped[Decimal]
    placed_at: Mapped[datetime]
    channel: Mapped[str] = mapped_column(String(20), server_default="web")

    customer: Mapped[Customer] = relationship()
    items: Mapped[list["OrderItem"]] = relationship(order_by="OrderItem.line_number")
    payments: Mapped[list["Payment"]] = relationship(order_by="Payment.attempt")


class OrderItem(Base):
    __tablename__ = "order_items"
    __table_args__ = (CheckConstraint("quantity > 0"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    line_number: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    unit_price: Mapped[Decimal]

    product: Mapped[Product] = relationship()


class Payment(Base):
    """One attempt to pay an order."""

    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("order_id", "attempt"),
        CheckConstraint("status IN ('succeeded', 'failed')"),
        CheckConstraint("(status = 'failed') = (failure_code IS NOT NULL)"),
    )

    id: Mapped[int] = _id()
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    attempt: Mapped[int]
    method: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20))
    amount: Mapped[Decimal]
    failure_code: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime]


class Refund(Base):
    __tablename__ = "refunds"
    __table_args__ = (CheckConstraint("amount > 0"),)

    id: Mapped[int] = _id()
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"))
    amount: Mapped[Decimal]
    reason: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Subscription(Base):
    """A product that is delivered every month. The first order starts it; each later one is a renewal."""

    __tablename__ = "subscriptions"
    __table_args__ = (CheckConstraint("status IN ('active', 'cancelled')"),)

    id: Mapped[int] = _id()
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    status: Mapped[str] = mapped_column(String(20))
    started_on: Mapped[date]
    cancelled_at: Mapped[datetime | None]

    product: Mapped[Product] = relationship()
    renewals: Mapped[list["Renewal"]] = relationship(order_by="Renewal.period_start")


class Renewal(Base):
    __tablename__ = "renewals"
    __table_args__ = (CheckConstraint("period_end > period_start"),)

    id: Mapped[int] = _id()
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), unique=True)
    period_start: Mapped[date]
    period_end: Mapped[date]
    """The first day that is no longer paid for."""


class Currency(Base):
    __tablename__ = "currencies"

    code: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    minor_units: Mapped[int]
    """How many decimal places its amounts have."""


class ExchangeRate(Base):
    """What one euro cost in a currency on a day."""

    __tablename__ = "exchange_rates"

    currency: Mapped[str] = mapped_column(ForeignKey("currencies.code"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    rate: Mapped[Decimal] = mapped_column(Numeric(18, 8))


class Invoice(Base):
    """The books are kept in euro; the invoice shows the buyer's currency as well."""

    __tablename__ = "invoices"
    __table_args__ = (CheckConstraint("exchange_rate > 0"),)

    id: Mapped[int] = _id()
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    number: Mapped[str] = mapped_column(String(20), unique=True)
    currency: Mapped[str] = mapped_column(ForeignKey("currencies.code"))
    exchange_rate: Mapped[Decimal] = mapped_column(Numeric(18, 8))
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    total_eur: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    issued_at: Mapped[datetime]

    lines: Mapped[list["InvoiceLine"]] = relationship(order_by="InvoiceLine.line_number")


class InvoiceLine(Base):
    __tablename__ = "invoice_lines"
    __table_args__ = (CheckConstraint("quantity > 0"),)

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), primary_key=True)
    line_number: Mapped[int] = mapped_column(primary_key=True)
    description: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[int]
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    amount_eur: Mapped[Decimal] = mapped_column(Numeric(12, 2))
