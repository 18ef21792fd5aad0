"""Payments and refunds. Each attempt to pay has a row of its own, so that a retry leaves a trace."""

from decimal import Decimal
from functools import partial
from typing import Final, Protocol

from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from shop.errors import NotPayableError, RefundTooHighError
from shop.models import Order, Payment, Refund
from shop.orders import release_stock, restock, ship_stock

MOST_ATTEMPTS: Final = 3


class Gateway(Protocol):
    """The provider that moves the money."""

    def charge(self, method: str, amount: Decimal) -> str | None:
        """Charge the customer, and return why it failed, or None."""


class SandboxGateway:
    """The gateway of a shop that is not open yet: the method `declined` fails, all others succeed."""

    def charge(self, method: str, amount: Decimal) -> str | None:
        return "card_declined" if method == "declined" else None


@transaction.atomic
def pay(order_id: int, method: str, gateway: Gateway) -> Payment:
    """Try to pay a pending order. After the third failure, it is cancelled. A mail confirms what was paid."""
    order = Order.objects.select_for_update().get(pk=order_id)
    if order.status != Order.Status.PENDING:
        raise NotPayableError(f"order {order_id} is {order.status}")
    failure = gateway.charge(method, order.total)
    payment = Payment.objects.create(
        order=order,
        attempt=order.payments.count() + 1,
        method=method,
        status=Payment.Status.FAILED if failure else Payment.Status.SUCCEEDED,
        amount=order.total,
        failure_code=failure,
        created_at=timezone.now(),
    )
    if failure is None:
        order.status = Order.Status.PAID
        ship_stock(order)
        transaction.on_commit(partial(_confirm, order))
    elif payment.attempt == MOST_ATTEMPTS:
        order.status = Order.Status.CANCELLED
        release_stock(order)
    order.save(update_fields=["status"])
    return payment


def _confirm(order: Order) -> None:
    send_mail(f"Order {order.pk}", "Thank you for your order.", "shop@example.test", [order.customer.email])


@transaction.atomic
def refund(order_id: int, amount: Decimal, reason: str, *, goods_came_back: bool = False) -> Refund:
    """Pay back a part of an order, or all of it, but never more than was paid."""
    order = Order.objects.select_for_update().get(pk=order_id)
    paid = order.payments.filter(status=Payment.Status.SUCCEEDED).first()
    if paid is None or amount > paid.amount - (paid.refunds.aggregate(sum=Sum("amount"))["sum"] or 0):
        raise RefundTooHighError(f"order {order_id}: {amount}")
    if goods_came_back:
        restock(order)
    return Refund.objects.create(payment=paid, amount=amount, reason=reason)
