"""Invoices in three currencies; see the scenario multi-currency-invoice for why these amounts."""

from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.invoices import issue_invoice
from shop.models import Invoice, InvoiceLine


@pytest.mark.parametrize(
    ("order_id", "currency", "lines", "total"),
    [
        (3001, "EUR", ["25.50", "27.50"], "53.00"),
        (3002, "USD", ["27.29", "29.43"], "56.72"),
        (3003, "JPY", ["4157", "4483"], "8640"),
    ],
)
def test_each_line_is_converted_and_rounded_half_up(
    session: Session, order_id: int, currency: str, lines: list[str], total: str
) -> None:
    invoice = issue_invoice(session, order_id, currency)
    session.commit()

    assert [line.amount for line in invoice.lines] == [Decimal(line) for line in lines]
    assert (invoice.total, invoice.total_eur) == (Decimal(total), Decimal("53.00"))


def test_the_invoices_of_the_golden_data_would_be_written_the_same_way(session: Session) -> None:
    for golden in session.scalars(select(Invoice).order_by(Invoice.id)).all():
        again = issue_invoice(session, golden.order_id, golden.currency)
        assert _facts(again) == _facts(golden)


def test_numbers_continue_without_a_gap(session: Session) -> None:
    numbers = [issue_invoice(session, order_id, "EUR").number for order_id in (1001, 2001)]
    session.commit()

    assert numbers == ["LUM-2026-000004", "LUM-2026-000005"]


def test_the_rate_is_the_last_one_before_the_order(session: Session) -> None:
    assert issue_invoice(session, 1001, "USD").exchange_rate == Decimal("1.055")


def _facts(invoice: Invoice) -> tuple[object, ...]:
    def line_facts(line: InvoiceLine) -> tuple[object, ...]:
        return line.line_number, line.description, line.quantity, line.amount, line.amount_eur

    return (
        invoice.currency,
        invoice.exchange_rate,
        invoice.total,
        invoice.total_eur,
        *(line_facts(line) for line in invoice.lines),
    )
