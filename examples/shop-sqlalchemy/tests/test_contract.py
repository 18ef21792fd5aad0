"""What the shop writes keeps the contract of the golden data: the books balance after each story."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from shop.invoices import issue_invoice
from shop.models import Order
from shop.orders import place_order
from shop.payments import pay
from shop.subscriptions import renew_due
from tests.conftest import FakeGateway

IRIS = 1001


def test_a_day_in_the_shop_keeps_every_rule(
    session: Session, gateway: FakeGateway, tdmvc_workspace: Any, tdmvc_url: str
) -> None:
    order = place_order(session, IRIS, {"LUM-CND-02": 2, "LUM-LMP-01": 1})
    gateway.answers = ["card_declined"]
    for _ in range(2):
        pay(session, order.id, "card", gateway)
    issue_invoice(session, order.id, "USD")
    renew_due(session, date(2026, 5, 31), gateway)
    session.commit()

    tdmvc_workspace.assert_valid("golden", database=tdmvc_url)


def test_a_bug_that_keeps_the_money_of_a_cancelled_order_has_a_name(
    session: Session, tdmvc_workspace: Any, tdmvc_url: str
) -> None:
    session.get_one(Order, 1001).status = "cancelled"
    session.commit()

    with pytest.raises(AssertionError, match="orders row id=1001: breaks the rule: Nobody pays for"):
        tdmvc_workspace.assert_valid("golden", tables=["orders"], database=tdmvc_url)
