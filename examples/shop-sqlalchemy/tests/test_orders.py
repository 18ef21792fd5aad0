"""Orders and stock. Several sessions commit here, as several customers would."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.orm import Session

from shop.database import Session as new_session
from shop.errors import NotForSaleError, OutOfStockError
from shop.models import StockLevel
from shop.orders import place_order

IRIS, OTTO = 1001, 1002
BULB = 6


def test_an_order_reserves_what_it_needs(session: Session) -> None:
    order = place_order(session, OTTO, {"LUM-CND-01": 4, "LUM-LMP-02": 1})
    session.commit()

    assert [(item.line_number, item.product.name, item.quantity) for item in order.items] == [
        (1, "Beeswax candle", 4),
        (2, "Paper lantern", 1),
    ]
    assert session.get_one(StockLevel, 1).reserved == 4


def test_the_pillar_candle_is_sold_out(session: Session) -> None:
    with pytest.raises(OutOfStockError):
        place_order(session, IRIS, {"LUM-CND-01": 1, "LUM-CND-03": 1})
    session.rollback()

    assert session.get_one(StockLevel, 1).reserved == 0, "the candle that was there is reserved no longer"


@pytest.mark.parametrize("sku", ["LUM-CND-04", "LUM-XYZ-99"], ids=["withdrawn", "unknown"])
def test_what_is_not_for_sale_cannot_be_ordered(session: Session, sku: str) -> None:
    with pytest.raises(NotForSaleError, match=sku):
        place_order(session, IRIS, {sku: 1})


def test_two_customers_want_the_last_bulb_and_one_gets_it(session: Session) -> None:
    def order(customer_id: int) -> bool:
        with new_session() as own:
            try:
                place_order(own, customer_id, {"LUM-BLB-01": 1})
            except OutOfStockError:
                return False
            own.commit()
            return True

    with ThreadPoolExecutor() as pool:
        results = list(pool.map(order, [IRIS, OTTO]))

    assert sorted(results) == [False, True]
    assert session.get_one(StockLevel, BULB).reserved == 1


def test_the_last_bulb_is_there_again_in_the_next_test(session: Session) -> None:
    level = session.get_one(StockLevel, BULB)

    assert (level.on_hand, level.reserved) == (1, 0)
