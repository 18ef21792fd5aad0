"""What only shows if several connections commit, as several customers do."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import mail
from django.db import connection

from shop.errors import OutOfStockError
from shop.models import Order, StockLevel
from shop.orders import place_order
from shop.payments import pay
from tests.gateway import FakeGateway

pytestmark = pytest.mark.usefixtures("committing")

IRIS, OTTO = 1001, 1002
BULB = 6


def in_own_connection(work: Callable[[int], bool]) -> Callable[[int], bool]:
    def run(customer_id: int) -> bool:
        try:
            return work(customer_id)
        finally:
            connection.close()

    return run


def test_two_customers_want_the_last_bulb_and_one_gets_it() -> None:
    def order(customer_id: int) -> bool:
        try:
            place_order(customer_id, {"LUM-BLB-01": 1})
        except OutOfStockError:
            return False
        return True

    with ThreadPoolExecutor() as pool:
        results = list(pool.map(in_own_connection(order), [IRIS, OTTO]))

    assert sorted(results) == [False, True]
    assert StockLevel.objects.get(pk=BULB).reserved == 1


def test_the_last_bulb_is_there_again_in_the_next_test() -> None:
    level = StockLevel.objects.get(pk=BULB)

    assert (level.on_hand, level.reserved) == (1, 0)
    assert Order.objects.count() == 11


def test_the_mail_is_sent_once_the_payment_is_committed() -> None:
    order = place_order(OTTO, {"LUM-CND-01": 1})

    pay(order.pk, "card", FakeGateway())

    assert [message.to for message in mail.outbox] == [["otto.wick@example.test"]]
