"""Create the stock of the warehouse, and refunds."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("shop", "0005_channels")]

    operations = [
        migrations.CreateModel(
            name="StockLevel",
            fields=[
                (
                    "product",
                    models.OneToOneField(
                        on_delete=models.PROTECT,
                        primary_key=True,
                        serialize=False,
                        related_name="stock",
                        to="shop.product",
                    ),
                ),
                ("on_hand", models.IntegerField()),
                ("reserved", models.IntegerField(default=0)),
            ],
            options={"db_table": "stock_levels"},
        ),
        migrations.AddConstraint(
            model_name="stocklevel",
            constraint=models.CheckConstraint(
                condition=models.Q(reserved__gte=0) & models.Q(reserved__lte=models.F("on_hand")),
                name="stock_levels_reserved_check",
            ),
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(on_delete=models.PROTECT, related_name="refunds", to="shop.payment"),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=10)),
                ("reason", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(db_default=Now())),
            ],
            options={"db_table": "refunds"},
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(condition=models.Q(amount__gt=0), name="refunds_amount_check"),
        ),
    ]
