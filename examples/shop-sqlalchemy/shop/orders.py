"""Orders and the stock that they reserve."""

from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shop.errors import NotForSaleError, OutOfStockError
from shop.models import Order, OrderItem, Product, StockLevel


def place_order(session: Session, customer_id: int, basket: dict[str, int], channel: str = "web") -> Order:
    """Order products, given as sku → quantity, and reserve them until the order is paid or cancelled."""
    products = {
        product.sku: product for product in session.scalars(select(Product).where(Product.sku.in_(basket)))
    }
    for sku in basket:
        if sku not in products or not products[sku].is_active:
            raise NotForSaleError(sku)
    items = [
        OrderItem(
            line_number=number, product_id=products[sku].id, quantity=quantity, unit_price=products[sku].price
        )
        for number, (sku, quantity) in enumerate(basket.items(), start=1)
    ]
    # Always in the same order, so that two orders never wait for each other.
    for item in sorted(items, key=lambda item: item.product_id):
        _reserve(session, item)
    order = Order(
        customer_id=customer_id,
        status="pending",
        total=sum(item.quantity * item.unit_price for item in items),
        placed_at=datetime.now(UTC),
        channel=channel,
        items=items,
    )
    session.add(order)
    session.flush()
    return order


def _reserve(session: Session, item: OrderItem) -> None:
    found = session.execute(
        update(StockLevel)
        .where(StockLevel.product_id == item.product_id)
        .where(StockLevel.on_hand - StockLevel.reserved >= item.quantity)
        .values(reserved=StockLevel.reserved + item.quantity)
    )
    if not found.rowcount:
        raise OutOfStockError(item.product_id)


def release_stock(session: Session, order: Order) -> None:
    """Let others order what a cancelled order had reserved."""
    for item in order.items:
        _stock_level(session, item).reserved -= item.quantity


def ship_stock(session: Session, order: Order) -> None:
    """Take what an order had reserved out of the warehouse."""
    for item in order.items:
        level = _stock_level(session, item)
        level.on_hand -= item.quantity
        level.reserved -= item.quantity


def restock(session: Session, order: Order) -> None:
    """Put what came back into the warehouse again."""
    for item in order.items:
        _stock_level(session, item).on_hand += item.quantity


def _stock_level(session: Session, item: OrderItem) -> StockLevel:
    return session.get_one(StockLevel, item.product_id, with_for_update=True, populate_existing=True)
