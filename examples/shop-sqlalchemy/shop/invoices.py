"""Invoices in the buyer's currency."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.models import Currency, ExchangeRate, Invoice, InvoiceLine, Order


def issue_invoice(session: Session, order_id: int, currency: str) -> Invoice:
    """Write the invoice of an order, at the rate of the day of the order or the last one before it.

    Each line is converted and rounded half up, to the places that the currency has; the total is the sum of
    the lines.
    """
    order = session.get_one(Order, order_id)
    rate = session.scalars(
        select(ExchangeRate.rate)
        .where(ExchangeRate.currency == currency, ExchangeRate.day <= order.placed_at.astimezone(UTC).date())
        .order_by(ExchangeRate.day.desc())
        .limit(1)
    ).one()
    unit = Decimal(1).scaleb(-session.get_one(Currency, currency).minor_units)
    lines = [
        InvoiceLine(
            line_number=item.line_number,
            description=item.product.name,
            quantity=item.quantity,
            amount=(item.quantity * item.unit_price * rate).quantize(unit, ROUND_HALF_UP),
            amount_eur=item.quantity * item.unit_price,
        )
        for item in order.items
    ]
    invoice = Invoice(
        order_id=order.id,
        number=_next_number(session, order.placed_at.year),
        currency=currency,
        exchange_rate=rate,
        total=sum(line.amount for line in lines),
        total_eur=order.total,
        issued_at=datetime.now(UTC),
        lines=lines,
    )
    session.add(invoice)
    session.flush()
    return invoice


def _next_number(session: Session, year: int) -> str:
    """Numbers have no gaps, so they do not come from a sequence."""
    prefix = f"LUM-{year}-"
    session.execute(select(func.pg_advisory_xact_lock(year)))
    last = session.scalars(select(func.max(Invoice.number)).where(Invoice.number.startswith(prefix))).one()
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:06}"
