"""Faults for the sample shop: each breaks one rule of its contract, and nothing else."""

from dataclasses import dataclass

WORLD = """
INSERT INTO customers VALUES ({n}, 'c{n}@example.test', 'Customer {n}', 'DE', '2026-01-01T00:00:00Z', 'de-DE');
INSERT INTO orders VALUES ({n}, {n}, 'paid', 10.00, '2026-01-02T00:00:00Z', 'web');
INSERT INTO order_items VALUES ({n}, 1, 1, 1, 10.00);
INSERT INTO payments VALUES ({n}, {n}, 1, 'card', 'succeeded', 10.00, NULL, '2026-01-02T00:01:00Z');
"""
"""What each fault is planted in: a customer with an order that is paid."""
INVOICE = """
INSERT INTO invoices VALUES
    ({n}, {n}, 'LUM-2026-{n:06}', 'EUR', 1.00000000, 10.00, 10.00, '2026-01-02T00:02:00Z');
INSERT INTO invoice_lines VALUES ({n}, 1, 'Candle', 1, 10.00, 10.00);
"""
SUBSCRIPTION = """
INSERT INTO subscriptions VALUES ({n}, {n}, 8, 'active', '2026-01-02', NULL);
INSERT INTO renewals VALUES ({n}, {n}, {n}, '2026-02-02', '2026-03-02');
"""
RETRY = (
    "INSERT INTO payments VALUES ({m}, {n}, 2, 'card', 'failed', 10.00, 'declined', '2026-01-02T00:00:30Z');"
)
"""Another attempt to pay, which failed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in the rows of one customer."""

    rule: str
    """The id of the only rule that names it."""
    sql: str
    """What plants it; `{n}` is the number of the customer and of what belongs to it, `{m}` a free number."""
    rows: tuple[str, ...] = ("id={n}",)
    """The keys of the rows that are named."""


_ITEM = ("order_id={n}, line_number=1",)
_ATTEMPT = ("id={m}",)
FAULTS = (
    Fault("customers.email.email_form", "UPDATE customers SET email = 'nobody' WHERE id = {n}"),
    Fault("customers.country.country_code", "UPDATE customers SET country = 'de' WHERE id = {n}"),
    Fault("customers.locale.locale_tag", "UPDATE customers SET locale = 'german' WHERE id = {n}"),
    Fault("customers.country.required", "UPDATE customers SET country = NULL WHERE id = {n}"),
    Fault("customers.full_name.length", "UPDATE customers SET full_name = repeat('x', 121) WHERE id = {n}"),
    Fault(
        "customers.email.unique",
        "INSERT INTO customers VALUES ({m}, 'c{n}@example.test', 'Twin', 'DE', '2026-01-01T00:00:00Z', 'de-DE')",
        ("id={n}", "id={m}"),
    ),
    Fault("products.price.range", "INSERT INTO products VALUES ({n}, 'LUM-CND-90', 'Gift', 0.00, true)"),
    Fault("products.sku.sku_form", "INSERT INTO products VALUES ({n}, 'CANDLE', 'Candle', 1.00, true)"),
    Fault(
        "products.sku.unique",
        "INSERT INTO products VALUES ({n}, 'LUM-CND-91', 'One', 1.00, true), ({m}, 'LUM-CND-91', 'Two', 1.00, true)",
        ("id={n}", "id={m}"),
    ),
    Fault("orders.channel.invalidValues", "UPDATE orders SET channel = 'fax' WHERE id = {n}"),
    Fault(
        "orders.status.invalidValues",
        "UPDATE orders SET status = 'lost' WHERE id = {n}; DELETE FROM payments WHERE id = {n}",
    ),
    Fault("orders.customer_id.references", "UPDATE orders SET customer_id = 99999 WHERE id = {n}"),
    Fault(
        "orders.total_is_sum",
        "UPDATE orders SET total = 11.00 WHERE id = {n}; UPDATE payments SET amount = 11.00 WHERE id = {n}",
    ),
    Fault("orders.paid_in_full", "UPDATE payments SET amount = 9.99 WHERE id = {n}"),
    Fault("orders.no_negative_balance", "UPDATE orders SET status = 'cancelled' WHERE id = {n}"),
    Fault(
        "order_items.quantity.range",
        "INSERT INTO order_items VALUES ({n}, 2, 1, 0, 1.00)",
        ("order_id={n}, line_number=2",),
    ),
    Fault(
        "order_items.unit_price.range",
        "UPDATE order_items SET unit_price = 11.00 WHERE order_id = {n};"
        " INSERT INTO order_items VALUES ({n}, 2, 1, 1, -1.00)",
        ("order_id={n}, line_number=2",),
    ),
    Fault(
        "order_items.line_number.range",
        "UPDATE order_items SET line_number = 0 WHERE order_id = {n}",
        ("order_id={n}, line_number=0",),
    ),
    Fault(
        "order_items.product_id.references",
        "UPDATE order_items SET product_id = 999 WHERE order_id = {n}",
        _ITEM,
    ),
    Fault(
        "order_items.order_id.references",
        "INSERT INTO order_items VALUES ({m}, 1, 1, 1, 1.00)",
        ("order_id={m}, line_number=1",),
    ),
    Fault("payments.attempt.range", RETRY + "UPDATE payments SET attempt = 0 WHERE id = {m}", _ATTEMPT),
    Fault(
        "payments.method.invalidValues",
        RETRY + "UPDATE payments SET method = 'cash' WHERE id = {m}",
        _ATTEMPT,
    ),
    Fault(
        "payments.status.invalidValues",
        RETRY + "UPDATE payments SET status = 'unknown', failure_code = NULL WHERE id = {m}",
        _ATTEMPT,
    ),
    Fault("payments.amount.range", RETRY + "UPDATE payments SET amount = 0.00 WHERE id = {m}", _ATTEMPT),
    Fault(
        "payments.failure_has_code",
        RETRY + "UPDATE payments SET failure_code = NULL WHERE id = {m}",
        _ATTEMPT,
    ),
    Fault(
        "payments.attempt_unique",
        RETRY + "UPDATE payments SET attempt = 1 WHERE id = {m}",
        ("id={n}", "id={m}"),
    ),
    Fault(
        "payments.order_id.references",
        RETRY + "UPDATE payments SET order_id = 99999 WHERE id = {m}",
        _ATTEMPT,
    ),
    Fault(
        "subscriptions.status.invalidValues",
        SUBSCRIPTION + "UPDATE subscriptions SET status = 'x' WHERE id = {n}",
    ),
    Fault(
        "subscriptions.cancelled_has_time",
        SUBSCRIPTION + "UPDATE subscriptions SET status = 'cancelled' WHERE id = {n}",
    ),
    Fault(
        "renewals.period_has_days",
        SUBSCRIPTION + "UPDATE renewals SET period_end = period_start WHERE id = {n}",
    ),
    Fault(
        "renewals.no_overlap",
        SUBSCRIPTION
        + "INSERT INTO orders VALUES ({m}, {n}, 'pending', 0.00, '2026-03-01T00:00:00Z', 'subscription');"
        + "INSERT INTO renewals VALUES ({m}, {n}, {m}, '2026-03-01', '2026-04-01')",
        ("id={n}", "id={m}"),
    ),
    Fault(
        "renewals.order_id.unique",
        SUBSCRIPTION + "INSERT INTO renewals VALUES ({m}, {n}, {n}, '2026-04-01', '2026-05-01')",
        ("id={n}", "id={m}"),
    ),
    Fault(
        "renewals.subscription_id.references",
        SUBSCRIPTION + "UPDATE renewals SET subscription_id = 99999 WHERE id = {n}",
    ),
    Fault("invoices.currency.currency_code", INVOICE + "UPDATE invoices SET currency = 'eur' WHERE id = {n}"),
    Fault("invoices.number.number_form", INVOICE + "UPDATE invoices SET number = 'INV-{n}' WHERE id = {n}"),
    Fault(
        "invoices.exchange_rate.range",
        INVOICE + "UPDATE invoices SET exchange_rate = 0.00000000 WHERE id = {n}",
    ),
    Fault("invoices.total_is_sum", INVOICE + "UPDATE invoices SET total = 10.01 WHERE id = {n}"),
    Fault(
        "invoices.total_eur_is_sum",
        INVOICE + "UPDATE invoice_lines SET amount_eur = 10.01 WHERE invoice_id = {n}",
    ),
    Fault(
        "invoices.payments_sum_to_invoice",
        INVOICE + "UPDATE payments SET amount = 10.01 WHERE id = {n}",
    ),
    Fault(
        "invoice_lines.quantity.range",
        INVOICE + "UPDATE invoice_lines SET quantity = 0 WHERE invoice_id = {n}",
        ("invoice_id={n}, line_number=1",),
    ),
)
