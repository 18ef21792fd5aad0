"""A payment fails, and the shop must not lose the order; see the scenario payment-retry of the golden data."""

from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.errors import NotPayableError, RefundTooHighError
from shop.models import Order, Payment, StockLevel
from shop.orders import place_order
from shop.payments import pay, refund
from tests.conftest import FakeGateway

IRIS, OTTO = 1001, 1002
SOY_CANDLE, DESK_LAMP = 2, 4


@pytest.fixture
def order(session: Session) -> Order:
    """Iris orders again what she ordered in the golden data."""
    order = place_order(session, IRIS, {"LUM-CND-02": 2, "LUM-LMP-01": 1})
    session.commit()
    return order


def test_iris_was_charged_once_although_she_tried_twice(session: Session) -> None:
    order = session.get_one(Order, 1001)

    assert order.status == "paid"
    assert [payment.status for payment in order.payments] == ["failed", "succeeded"]
    assert sum(p.amount for p in order.payments if p.status == "succeeded") == order.total == Decimal("88.00")


def test_a_declined_card_leaves_the_order_open_for_a_retry(
    session: Session, order: Order, gateway: FakeGateway
) -> None:
    gateway.answers = ["card_declined"]

    first = pay(session, order.id, "card", gateway)
    session.commit()
    assert (first.status, first.failure_code, order.status) == ("failed", "card_declined", "pending")

    second = pay(session, order.id, "card", gateway)
    session.commit()
    assert (second.attempt, second.status, order.status) == (2, "succeeded", "paid")
    assert gateway.charged == [Decimal("88.00")]


def test_after_the_third_failure_the_order_is_cancelled_and_others_can_buy_the_goods(
    session: Session, order: Order, gateway: FakeGateway
) -> None:
    gateway.answers = ["insufficient_funds"] * 3
    assert session.get_one(StockLevel, DESK_LAMP).reserved == 1

    for _ in range(3):
        pay(session, order.id, "card", gateway)
        session.commit()

    assert order.status == "cancelled"
    assert session.get_one(StockLevel, DESK_LAMP).reserved == 0
    assert gateway.charged == []


@pytest.mark.parametrize(("order_id", "status"), [(1001, "paid"), (1002, "cancelled")])
def test_nobody_pays_for_an_order_that_is_closed(
    session: Session, gateway: FakeGateway, order_id: int, status: str
) -> None:
    with pytest.raises(NotPayableError, match=status):
        pay(session, order_id, "card", gateway)
    assert gateway.charged == []


def test_a_paid_order_leaves_the_warehouse(session: Session, order: Order, gateway: FakeGateway) -> None:
    pay(session, order.id, "card", gateway)
    session.commit()

    level = session.get_one(StockLevel, SOY_CANDLE)
    assert (level.on_hand, level.reserved) == (23, 0)


def test_an_order_is_refunded_in_parts_but_never_twice(session: Session) -> None:
    refund(session, 1001, Decimal("24.00"), "two candles broke")
    refund(session, 1001, Decimal("64.00"), "the lamp came back")
    session.commit()

    with pytest.raises(RefundTooHighError):
        refund(session, 1001, Decimal("0.01"), "one cent more")


def test_goods_that_come_back_are_in_stock_again(session: Session) -> None:
    refund(session, 1001, Decimal("88.00"), "did not like them", goods_came_back=True)
    session.commit()

    assert session.get_one(StockLevel, DESK_LAMP).on_hand == 7


def test_an_order_that_was_never_paid_is_not_refunded(session: Session) -> None:
    with pytest.raises(RefundTooHighError):
        refund(session, 1002, Decimal("1.00"), "Otto asks for money that he never paid")


def test_new_payments_get_numbers_after_those_of_the_dataset(
    session: Session, order: Order, gateway: FakeGateway
) -> None:
    highest = max(session.scalars(select(Payment.id)))

    assert pay(session, order.id, "card", gateway).id > highest
