"""Subscriptions: the same product every month."""

import calendar
from datetime import date

from django.db import transaction
from django.utils import timezone

from shop.models import Order, Renewal, Subscription
from shop.orders import place_order
from shop.payments import Gateway, pay


def add_months(day: date, months: int) -> date:
    """Return the same day of a later month, or its last day if it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def paid_until(subscription: Subscription) -> date:
    """Return the first day that is not paid for.

    It is counted from the first day of the subscription: one that began on the 31st comes back to it after February.
    """
    return add_months(subscription.started_on, subscription.renewals.count() + 1)


@transaction.atomic
def renew_due(today: date, gateway: Gateway) -> list[Renewal]:
    """Order and pay the next month of each active subscription whose paid time is over.

    A subscription whose payment fails three times ends.
    """
    made = []
    for subscription in Subscription.objects.select_for_update().filter(status="active").order_by("pk"):
        start = paid_until(subscription)
        if start > today:
            continue
        order = place_order(subscription.customer_id, {subscription.product.sku: 1}, "subscription")
        while order.status == Order.Status.PENDING:
            pay(order.pk, "sepa_debit", gateway)
            order.refresh_from_db()
        if order.status == Order.Status.PAID:
            end = add_months(subscription.started_on, subscription.renewals.count() + 2)
            renewal = subscription.renewals.create(order=order, period_start=start, period_end=end)
            made.append(renewal)
        else:
            subscription.status, subscription.cancelled_at = "cancelled", timezone.now()
            subscription.save()
    return made
