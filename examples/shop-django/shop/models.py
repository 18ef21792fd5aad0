"""The tables."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Now


class Customer(models.Model):
    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=120)
    country = models.CharField(max_length=2)
    created_at = models.DateTimeField(db_default=Now())
    locale = models.CharField(max_length=10, default="en-GB")

    class Meta:
        db_table = "customers"


class Product(models.Model):
    sku = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    is_active = models.BooleanField(default=True)

    class Meta:
        db_table = "products"
        constraints = [CheckConstraint(condition=Q(price__gte=0), name="products_price_check")]


class StockLevel(models.Model):
    """What the warehouse has of a product, and how much of it belongs to orders that are not paid yet."""

    product = models.OneToOneField(Product, models.PROTECT, primary_key=True, related_name="stock")
    on_hand = models.IntegerField()
    reserved = models.IntegerField(default=0)

    class Meta:
        db_table = "stock_levels"
        constraints = [
            CheckConstraint(
                condition=Q(reserved__gte=0) & Q(reserved__lte=F("on_hand")),
                name="stock_levels_reserved_check",
            )
        ]


class Order(models.Model):
    class Status(models.TextChoices):
        PENDING = "pending"
        PAID = "paid"
        CANCELLED = "cancelled"

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders")
    status = models.CharField(max_length=20, choices=Status, default=Status.PENDING)
    total = models.DecimalField(max_digits=10, decimal_places=2)
    placed_at = models.DateTimeField()
    channel = models.CharField(max_length=20, default="web")

    class Meta:
        db_table = "orders"


class OrderItem(models.Model):
    pk = models.CompositePrimaryKey("order_id", "line_number")
    order = models.ForeignKey(Order, models.PROTECT, related_name="items")
    line_number = models.IntegerField()
    product = models.ForeignKey(Product, models.PROTECT)
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        db_table = "order_items"
        ordering = ["line_number"]


class Payment(models.Model):
    """One attempt to pay an order."""

    class Status(models.TextChoices):
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments")
    attempt = models.IntegerField()
    method = models.CharField(max_length=20)
    status = models.CharField(max_length=20, choices=Status)
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    failure_code = models.CharField(max_length=40, null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "payments"
        ordering = ["attempt"]
        constraints = [
            UniqueConstraint("order", "attempt", name="payments_order_attempt_key"),
            CheckConstraint(
                condition=Q(status="failed", failure_code__isnull=False)
                | Q(status="succeeded", failure_code__isnull=True),
                name="payments_failure_check",
            ),
        ]


class Refund(models.Model):
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    reason = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "refunds"
        constraints = [CheckConstraint(condition=Q(amount__gt=0), name="refunds_amount_check")]


class Subscription(models.Model):
    """A product that is delivered every month. The first order starts it; each later one is a renewal."""

    customer = models.ForeignKey(Customer, models.PROTECT)
    product = models.ForeignKey(Product, models.PROTECT)
    status = models.CharField(max_length=20, default="active")
    started_on = models.DateField()
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "subscriptions"


class Renewal(models.Model):
    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="renewals")
    order = models.OneToOneField(Order, models.PROTECT)
    period_start = models.DateField()
    period_end = models.DateField()
    """The first day that is no longer paid for."""

    class Meta:
        db_table = "renewals"
        ordering = ["period_start"]


class Currency(models.Model):
    code = models.CharField(max_length=3, primary_key=True)
    name = models.CharField(max_length=60)
    minor_units = models.IntegerField()
    """How many decimal places its amounts have."""

    class Meta:
        db_table = "currencies"


class ExchangeRate(models.Model):
    """What one euro cost in a currency on a day."""

    pk = models.CompositePrimaryKey("currency", "day")
    currency = models.ForeignKey(Currency, models.PROTECT, db_column="currency")
    day = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=8)

    class Meta:
        db_table = "exchange_rates"


class Invoice(models.Model):
    """The books are kept in euro; the invoice shows the buyer's currency as well."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="invoices")
    number = models.CharField(max_length=20, unique=True)
    currency = models.ForeignKey(Currency, models.PROTECT, db_column="currency")
    exchange_rate = models.DecimalField(max_digits=18, decimal_places=8)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    total_eur = models.DecimalField(max_digits=12, decimal_places=2)
    issued_at = models.DateTimeField()

    class Meta:
        db_table = "invoices"


class InvoiceLine(models.Model):
    pk = models.CompositePrimaryKey("invoice_id", "line_number")
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="lines")
    line_number = models.IntegerField()
    description = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    amount_eur = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        db_table = "invoice_lines"
        ordering = ["line_number"]
