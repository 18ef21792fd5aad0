"""Tests of the shop; the name of each says why it fails once the shop and its data were changed."""

import os
from pathlib import Path

import pytest
import shop_orders as shop
from sqlalchemy import text

CACHE = []
TURNS = Path(os.environ["SHOP_TURNS"])


def test_bad_data_in_psycopg(tdmvc_database):
    assert shop.query("SELECT min(total) FROM orders")[0] > 0


def test_bad_data_in_sqlalchemy(tdmvc_database):
    assert shop.step_of(2) == 1


def test_bad_data_in_django(tdmvc_database):
    assert shop.domain_of(1) == "example.test"


def test_missing_row_in_psycopg(tdmvc_database):
    assert shop.rate_of("EUR") == 1.0


def test_missing_row_in_django(tdmvc_database):
    assert shop.Rate.objects.get(code="EUR").value == 1.0


@pytest.mark.skipif(not shop.CHANGED, reason="a new test: it never passed")
def test_suspected_data_in_psycopg(tdmvc_database):
    assert shop.rate_of("CHF") > 0


def test_schema_drift_in_psycopg(tdmvc_database):
    assert shop.order_count() == 3


def test_schema_drift_in_sqlalchemy(tdmvc_database):
    assert shop.refund_count() >= 0


def test_schema_drift_in_django(tdmvc_database):
    assert shop.Order.objects.get(id=3).status == "sent"


def test_code_in_psycopg(tdmvc_database):
    assert shop.total_with_tax(3) == pytest.approx(36)


def test_code_in_sqlalchemy(tdmvc_database):
    assert shop.name_of(2) == "Bo"


def test_code_in_django(tdmvc_database):
    assert shop.average() > 0


def test_code_that_violates_a_key(tdmvc_database):
    shop.add_customer()


def test_code_without_a_database():
    assert shop.format_total(2) == "2.00"


@pytest.mark.tdmvc(reset="never")
def test_1_pollutes_flags(tdmvc_database):
    if shop.CHANGED:
        shop.change("DELETE FROM flags")


@pytest.mark.tdmvc(reset="never")
def test_2_pollutes_rates(tdmvc_database):
    if shop.CHANGED:
        with shop.engine.begin() as connection:
            connection.execute(text("INSERT INTO rates VALUES ('XXX', 3)"))


@pytest.mark.tdmvc(reset="never")
def test_3_pollutes_customers(tdmvc_database):
    if shop.CHANGED:
        shop.Customer.objects.filter(id=2).update(name="Bob")
        CACHE.append(1)


@pytest.mark.tdmvc(reset="never")
def test_order_dependent_in_psycopg(tdmvc_database):
    assert shop.query("SELECT count(*) FROM flags")[0] > 0


@pytest.mark.tdmvc(reset="never")
def test_order_dependent_in_sqlalchemy(tdmvc_database):
    with shop.engine.connect() as connection:
        assert connection.execute(text("SELECT max(value) FROM rates")).scalar_one() < 3


@pytest.mark.tdmvc(reset="never")
def test_order_dependent_in_django(tdmvc_database):
    assert shop.Customer.objects.get(id=2).name == "Bo"


def test_order_dependent_in_memory(tdmvc_database):
    assert shop.query("SELECT 1")[0] + len(CACHE) == 1


def turn(name):
    with (TURNS / name).open("a") as file:
        file.write(".")
    return (TURNS / name).stat().st_size


def test_flaky_in_psycopg(tdmvc_database):
    assert shop.query("SELECT 1")
    assert not shop.CHANGED or turn("first") > 1


def test_flaky_in_sqlalchemy(tdmvc_database):
    assert shop.step_of(3) == 3
    assert not shop.CHANGED or turn("second") > 2
