"""A report in plain SQL, read with psycopg, beside what the ORM writes and commits."""

from decimal import Decimal

import psycopg
from sqlalchemy.orm import Session

from shop.payments import refund
from shop.reports import revenue_by_month


def test_revenue_is_what_was_paid_by_month(tdmvc_url: str) -> None:
    with psycopg.connect(tdmvc_url) as connection:
        assert revenue_by_month(connection) == {
            "2026-01": Decimal("19.90"),
            "2026-02": Decimal("39.80"),
            "2026-03": Decimal("127.80"),
            "2026-04": Decimal("19.90"),
            "2026-06": Decimal("159.00"),
        }


def test_a_refund_lowers_the_revenue_of_the_month_of_the_payment(session: Session, tdmvc_url: str) -> None:
    refund(session, 1001, Decimal("24.00"), "two candles broke")
    session.commit()

    with psycopg.connect(tdmvc_url) as connection:
        assert revenue_by_month(connection)["2026-03"] == Decimal("103.80")
