"""Subscriptions: the same product every month."""

import calendar
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import Renewal, Subscription
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
    return add_months(subscription.started_on, len(subscription.renewals) + 1)


def renew_due(session: Session, today: date, gateway: Gateway) -> list[Renewal]:
    """Order and pay the next month of each active subscription whose paid time is over.

    A subscription whose payment fails three times ends.
    """
    made = []
    for subscription in session.scalars(
        select(Subscription)
        .where(Subscription.status == "active")
        .order_by(Subscription.id)
        .with_for_update()
    ):
        start = paid_until(subscription)
        if start > today:
            continue
        order = place_order(session, subscription.customer_id, {subscription.product.sku: 1}, "subscription")
        while order.status == "pending":
            pay(session, order.id, "sepa_debit", gateway)
        if order.status == "paid":
            end = add_months(subscription.started_on, len(subscription.renewals) + 2)
            renewal = Renewal(order_id=order.id, period_start=start, period_end=end)
            subscription.renewals.append(renewal)
            made.append(renewal)
        else:
            subscription.status, subscription.cancelled_at = "cancelled", datetime.now(UTC)
    session.flush()
    return made
