"""Say where orders came from, make product codes unique, and call a full name so."""

from django.db import migrations, models


def mark_renewals(apps, schema_editor):
    renewals = apps.get_model("shop", "Renewal").objects.values("order_id")
    apps.get_model("shop", "Order").objects.filter(pk__in=renewals).update(channel="subscription")


class Migration(migrations.Migration):
    dependencies = [("shop", "0004_invoices")]

    operations = [
        migrations.AddField(
            model_name="order", name="channel", field=models.CharField(default="web", max_length=20)
        ),
        migrations.RunPython(mark_renewals, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="product", name="sku", field=models.CharField(max_length=20, unique=True)
        ),
        migrations.RenameField(model_name="customer", old_name="name", new_name="full_name"),
    ]
