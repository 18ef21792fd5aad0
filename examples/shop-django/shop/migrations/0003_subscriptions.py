"""Create subscriptions and their renewals; mails get a language."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_payments")]

    operations = [
        migrations.CreateModel(
            name="Subscription",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("customer", models.ForeignKey(on_delete=models.PROTECT, to="shop.customer")),
                ("product", models.ForeignKey(on_delete=models.PROTECT, to="shop.product")),
                ("status", models.CharField(default="active", max_length=20)),
                ("started_on", models.DateField()),
                ("cancelled_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "subscriptions"},
        ),
        migrations.CreateModel(
            name="Renewal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="renewals", to="shop.subscription"
                    ),
                ),
                ("order", models.OneToOneField(on_delete=models.PROTECT, to="shop.order")),
                ("period_start", models.DateField()),
                ("period_end", models.DateField()),
            ],
            options={"db_table": "renewals", "ordering": ["period_start"]},
        ),
        migrations.AddField(
            model_name="customer", name="locale", field=models.CharField(default="en-GB", max_length=10)
        ),
    ]
