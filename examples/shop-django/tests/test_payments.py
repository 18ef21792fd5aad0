"""A payment fails, and the shop must not lose the order; see the scenario payment-retry of the golden data.

These are Django's own test cases: each runs in a transaction that is rolled back.
"""

from decimal import Decimal

from django.core import mail
from django.test import TestCase

from shop.errors import NotPayableError, RefundTooHighError
from shop.models import Order, Payment, StockLevel
from shop.orders import place_order
from shop.payments import pay, refund
from tests.gateway import FakeGateway

IRIS = 1001
SOY_CANDLE, DESK_LAMP = 2, 4


class GoldenOrders(TestCase):
    def test_iris_was_charged_once_although_she_tried_twice(self) -> None:
        order = Order.objects.get(pk=1001)

        self.assertEqual(order.status, "paid")
        self.assertEqual([p.status for p in order.payments.all()], ["failed", "succeeded"])

    def test_nobody_pays_for_an_order_that_is_closed(self) -> None:
        gateway = FakeGateway()
        for order_id in (1001, 1002):
            with self.subTest(order=order_id), self.assertRaises(NotPayableError):
                pay(order_id, "card", gateway)
        self.assertEqual(gateway.charged, [])

    def test_an_order_is_refunded_in_parts_but_never_twice(self) -> None:
        refund(1001, Decimal("24.00"), "two candles broke")
        refund(1001, Decimal("64.00"), "the lamp came back")

        with self.assertRaises(RefundTooHighError):
            refund(1001, Decimal("0.01"), "one cent more")

    def test_goods_that_come_back_are_in_stock_again(self) -> None:
        refund(1001, Decimal("88.00"), "did not like them", goods_came_back=True)

        self.assertEqual(StockLevel.objects.get(pk=DESK_LAMP).on_hand, 7)

    def test_an_order_that_was_never_paid_is_not_refunded(self) -> None:
        with self.assertRaises(RefundTooHighError):
            refund(1002, Decimal("1.00"), "Otto asks for money that he never paid")


class NewOrder(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.order = place_order(IRIS, {"LUM-CND-02": 2, "LUM-LMP-01": 1})

    def test_a_declined_card_leaves_the_order_open_for_a_retry(self) -> None:
        gateway = FakeGateway("card_declined")

        first = pay(self.order.pk, "card", gateway)
        self.assertEqual((first.status, first.failure_code), ("failed", "card_declined"))

        second = pay(self.order.pk, "card", gateway)
        self.order.refresh_from_db()
        self.assertEqual((second.attempt, second.status, self.order.status), (2, "succeeded", "paid"))
        self.assertEqual(gateway.charged, [Decimal("88.00")])

    def test_a_mail_confirms_what_was_paid(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            pay(self.order.pk, "card", FakeGateway())

        self.assertEqual(mail.outbox[0].to, ["iris.lantern@example.test"])

    def test_after_the_third_failure_the_order_is_cancelled_and_others_can_buy_the_goods(self) -> None:
        self.assertEqual(StockLevel.objects.get(pk=DESK_LAMP).reserved, 1)

        for _ in range(3):
            pay(self.order.pk, "card", FakeGateway("insufficient_funds"))

        self.order.refresh_from_db()
        self.assertEqual(self.order.status, "cancelled")
        self.assertEqual(StockLevel.objects.get(pk=DESK_LAMP).reserved, 0)

    def test_a_paid_order_leaves_the_warehouse(self) -> None:
        pay(self.order.pk, "card", FakeGateway())

        level = StockLevel.objects.get(pk=SOY_CANDLE)
        self.assertEqual((level.on_hand, level.reserved), (23, 0))

    def test_new_payments_get_numbers_after_those_of_the_dataset(self) -> None:
        highest = max(Payment.objects.values_list("pk", flat=True))

        self.assertGreater(pay(self.order.pk, "card", FakeGateway()).pk, highest)
