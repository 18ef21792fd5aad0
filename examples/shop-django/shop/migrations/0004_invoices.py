"""Create currencies, their rates, and invoices in the buyer's currency."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0003_subscriptions")]

    operations = [
        migrations.CreateModel(
            name="Currency",
            fields=[
                ("code", models.CharField(max_length=3, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60)),
                ("minor_units", models.IntegerField()),
            ],
            options={"db_table": "currencies"},
        ),
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "currency", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "currency",
                    models.ForeignKey(db_column="currency", on_delete=models.PROTECT, to="shop.currency"),
                ),
                ("day", models.DateField()),
                ("rate", models.DecimalField(decimal_places=8, max_digits=18)),
            ],
            options={"db_table": "exchange_rates"},
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(on_delete=models.PROTECT, related_name="invoices", to="shop.order"),
                ),
                ("number", models.CharField(max_length=20, unique=True)),
                (
                    "currency",
                    models.ForeignKey(db_column="currency", on_delete=models.PROTECT, to="shop.currency"),
                ),
                ("exchange_rate", models.DecimalField(decimal_places=8, max_digits=18)),
                ("total", models.DecimalField(decimal_places=2, max_digits=12)),
                ("total_eur", models.DecimalField(decimal_places=2, max_digits=12)),
                ("issued_at", models.DateTimeField()),
            ],
            options={"db_table": "invoices"},
        ),
        migrations.CreateModel(
            name="InvoiceLine",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "invoice_id",
                        "line_number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(on_delete=models.PROTECT, related_name="lines", to="shop.invoice"),
                ),
                ("line_number", models.IntegerField()),
                ("description", models.CharField(max_length=200)),
                ("quantity", models.PositiveIntegerField()),
                ("amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("amount_eur", models.DecimalField(decimal_places=2, max_digits=12)),
            ],
            options={"db_table": "invoice_lines", "ordering": ["line_number"]},
        ),
    ]
