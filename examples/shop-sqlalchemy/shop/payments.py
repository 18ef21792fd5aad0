"""Payments and refunds. Each attempt to pay has a row of its own, so that a retry leaves a trace."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.errors import NotPayableError, RefundTooHighError
from shop.models import Order, Payment, Refund
from shop.orders import release_stock, restock, ship_stock

MOST_ATTEMPTS: Final = 3


class Gateway(Protocol):
    """The provider that moves the money."""

    def charge(self, method: str, amount: Decimal) -> str | None:
        """Charge the customer, and return why it failed, or None."""


def pay(session: Session, order_id: int, method: str, gateway: Gateway) -> Payment:
    """Try to pay a pending order. After the third failure, it is cancelled."""
    order = session.get_one(Order, order_id, with_for_update=True)
    if order.status != "pending":
        raise NotPayableError(f"order {order_id} is {order.status}")
    failure = gateway.charge(method, order.total)
    payment = Payment(
        attempt=len(order.payments) + 1,
        method=method,
        status="failed" if failure else "succeeded",
        amount=order.total,
        failure_code=failure,
        created_at=datetime.now(UTC),
    )
    order.payments.append(payment)
    if failure is None:
        order.status = "paid"
        ship_stock(session, order)
    elif payment.attempt == MOST_ATTEMPTS:
        order.status = "cancelled"
        release_stock(session, order)
    session.flush()
    return payment


def refund(
    session: Session, order_id: int, amount: Decimal, reason: str, *, goods_came_back: bool = False
) -> Refund:
    """Pay back a part of an order, or all of it, but never more than was paid."""
    order = session.get_one(Order, order_id, with_for_update=True)
    paid = next((payment for payment in order.payments if payment.status == "succeeded"), None)
    if paid is None or amount > paid.amount - _refunded(session, paid):
        raise RefundTooHighError(f"order {order_id}: {amount}")
    made = Refund(payment_id=paid.id, amount=amount, reason=reason)
    session.add(made)
    if goods_came_back:
        restock(session, order)
    session.flush()
    return made


def _refunded(session: Session, payment: Payment) -> Decimal:
    total = select(func.coalesce(func.sum(Refund.amount), 0)).where(Refund.payment_id == payment.id)
    return session.scalars(total).one()
