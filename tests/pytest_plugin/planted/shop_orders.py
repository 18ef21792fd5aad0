"""The application's code, with raw psycopg, SQLAlchemy and Django. `CHANGED` is the next version of it, with faults."""

import os
from functools import cache

import psycopg
import sqlalchemy
from django.conf import settings
from sqlalchemy import text

URL = os.environ["DATABASE_URL"]
CHANGED = os.environ.get("SHOP_CHANGED") == "yes"
engine = sqlalchemy.create_engine(URL.replace("postgresql://", "postgresql+psycopg://"))
parts = sqlalchemy.make_url(URL)
if not settings.configured:
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": parts.host,
                "PORT": parts.port,
                "USER": parts.username,
                "PASSWORD": parts.password,
                "NAME": parts.database,
            }
        }
    )
    import django

    django.setup()
from django.db import models  # noqa: E402


class Order(models.Model):
    customer_id = models.IntegerField()
    status = models.TextField()
    total = models.FloatField()
    if CHANGED:
        currency = models.TextField()

    class Meta:
        app_label = "shop"
        managed = False
        db_table = "orders"


class Customer(models.Model):
    name = models.TextField()
    email = models.TextField(null=True)

    class Meta:
        app_label = "shop"
        managed = False
        db_table = "customers"


class Rate(models.Model):
    code = models.TextField(primary_key=True)
    value = models.FloatField()

    class Meta:
        app_label = "shop"
        managed = False
        db_table = "rates"


def query(statement, *values):
    with psycopg.connect(URL) as connection:
        return connection.execute(statement, values).fetchone()


def change(statement, *values):
    with psycopg.connect(URL) as connection:
        connection.execute(statement, values)


def total_with_tax(order):
    (total,) = query("SELECT total FROM orders WHERE id = %s", order)
    return total * (1.25 if CHANGED else 1.2)


@cache
def status_steps():
    return {"open": 1, "paid": 2, "sent": 3}


def step_of(order):
    with engine.connect() as connection:
        return status_steps()[
            connection.execute(text("SELECT status FROM orders WHERE id = :id"), {"id": order}).scalar_one()
        ]


def domain_of(customer):
    return Customer.objects.get(id=customer).email.split("@")[1]


def rate_of(code):
    return query("SELECT value FROM rates WHERE code = %s", code)[0]


def order_count():
    return query("SELECT count(*) FROM orders" + (" WHERE discount = 0" if CHANGED else ""))[0]


def refund_count():
    with engine.connect() as connection:
        table = "refunds" if CHANGED else "orders"
        return connection.execute(text(f"SELECT count(*) FROM {table} WHERE total < 0")).scalar_one()


def name_of(customer):
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT name FROM customers WHERE id = :id"), {"id": customer + 900 * CHANGED}
        ).first()
        return found.name


def average():
    count = Customer.objects.filter(name="nobody").count() if CHANGED else Customer.objects.count()
    return sum(len(one.name) for one in Customer.objects.all()) / count


def add_customer():
    number = 1 if CHANGED else 77
    change("INSERT INTO customers (id, name) VALUES (%s, 'New')", number)


def format_total(total):
    return f"{total:.1f}" if CHANGED else f"{total:.2f}"
