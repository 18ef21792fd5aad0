"""Orders and the stock that they reserve."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from shop.errors import NotForSaleError, OutOfStockError
from shop.models import Order, OrderItem, Product, StockLevel


@transaction.atomic
def place_order(customer_id: int, basket: dict[str, int], channel: str = "web") -> Order:
    """Order products, given as sku → quantity, and reserve them until the order is paid or cancelled."""
    products = {product.sku: product for product in Product.objects.filter(sku__in=basket, is_active=True)}
    for sku in basket:
        if sku not in products:
            raise NotForSaleError(sku)
    # Always in the same order, so that two orders never wait for each other.
    for sku in sorted(basket, key=lambda sku: products[sku].pk):
        free = StockLevel.objects.filter(product=products[sku], on_hand__gte=F("reserved") + basket[sku])
        if not free.update(reserved=F("reserved") + basket[sku]):
            raise OutOfStockError(sku)
    order = Order.objects.create(
        customer_id=customer_id,
        total=sum(products[sku].price * quantity for sku, quantity in basket.items()),
        placed_at=timezone.now(),
        channel=channel,
    )
    OrderItem.objects.bulk_create(
        OrderItem(
            order=order,
            line_number=number,
            product=products[sku],
            quantity=quantity,
            unit_price=products[sku].price,
        )
        for number, (sku, quantity) in enumerate(basket.items(), start=1)
    )
    return order


def release_stock(order: Order) -> None:
    """Let others order what a cancelled order had reserved."""
    for item in order.items.all():
        StockLevel.objects.filter(product_id=item.product_id).update(reserved=F("reserved") - item.quantity)


def ship_stock(order: Order) -> None:
    """Take what an order had reserved out of the warehouse."""
    for item in order.items.all():
        StockLevel.objects.filter(product_id=item.product_id).update(
            on_hand=F("on_hand") - item.quantity, reserved=F("reserved") - item.quantity
        )


def restock(order: Order) -> None:
    """Put what came back into the warehouse again."""
    for item in order.items.all():
        StockLevel.objects.filter(product_id=item.product_id).update(on_hand=F("on_hand") + item.quantity)
