"""Invoices in the buyer's currency."""

from datetime import UTC
from decimal import ROUND_HALF_UP, Decimal

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from shop.models import Currency, ExchangeRate, Invoice, InvoiceLine, Order


@transaction.atomic
def issue_invoice(order_id: int, currency: str) -> Invoice:
    """Write the invoice of an order, at the rate of the day of the order or the last one before it.

    Each line is converted and rounded half up, to the places that the currency has; the total is the sum of
    the lines.
    """
    order = Order.objects.get(pk=order_id)
    day = order.placed_at.astimezone(UTC).date()
    rate = ExchangeRate.objects.filter(currency_id=currency, day__lte=day).latest("day").rate
    unit = Decimal(1).scaleb(-Currency.objects.get(pk=currency).minor_units)
    lines = [
        InvoiceLine(
            line_number=item.line_number,
            description=item.product.name,
            quantity=item.quantity,
            amount=(item.quantity * item.unit_price * rate).quantize(unit, ROUND_HALF_UP),
            amount_eur=item.quantity * item.unit_price,
        )
        for item in order.items.select_related("product")
    ]
    invoice = Invoice.objects.create(
        order=order,
        number=_next_number(order.placed_at.year),
        currency_id=currency,
        exchange_rate=rate,
        total=sum(line.amount for line in lines),
        total_eur=order.total,
        issued_at=timezone.now(),
    )
    for line in lines:
        line.invoice = invoice
    InvoiceLine.objects.bulk_create(lines)
    return invoice


def _next_number(year: int) -> str:
    """Numbers have no gaps, so they do not come from a sequence."""
    prefix = f"LUM-{year}-"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [year])
    last = Invoice.objects.filter(number__startswith=prefix).aggregate(last=Max("number"))["last"]
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:06}"
