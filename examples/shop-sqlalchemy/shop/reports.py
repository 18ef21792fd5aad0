"""Reports in plain SQL, for which the ORM would only be in the way."""

from decimal import Decimal

import psycopg

REVENUE = """
SELECT to_char(payments.created_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month,
       sum(payments.amount - coalesce(refunded.amount, 0)) AS revenue
FROM payments
LEFT JOIN (SELECT payment_id, sum(amount) AS amount FROM refunds GROUP BY payment_id) AS refunded
       ON refunded.payment_id = payments.id
WHERE payments.status = 'succeeded'
GROUP BY month
ORDER BY month
"""


def revenue_by_month(connection: psycopg.Connection) -> dict[str, Decimal]:
    """Return what was paid and not refunded, by month of the payment."""
    return dict(connection.execute(REVENUE).fetchall())
