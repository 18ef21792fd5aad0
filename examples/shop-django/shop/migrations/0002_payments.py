"""Create payments: one row for each attempt."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_orders")]

    operations = [
        migrations.CreateModel(
            name="Payment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(on_delete=models.PROTECT, related_name="payments", to="shop.order"),
                ),
                ("attempt", models.IntegerField()),
                ("method", models.CharField(max_length=20)),
                (
                    "status",
                    models.CharField(
                        choices=[("succeeded", "Succeeded"), ("failed", "Failed")], max_length=20
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=10)),
                ("failure_code", models.CharField(max_length=40, null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={"db_table": "payments", "ordering": ["attempt"]},
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint("order", "attempt", name="payments_order_attempt_key"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(status="failed", failure_code__isnull=False)
                | models.Q(status="succeeded", failure_code__isnull=True),
                name="payments_failure_check",
            ),
        ),
    ]
