"""The shop over HTTP, with pytest-django's fixtures."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

JSON = "application/json"
BASKET = {"customer": 1002, "basket": {"LUM-CND-01": 4, "LUM-LMP-02": 1}}


def test_an_order_of_the_golden_data_is_shown(client: Client) -> None:
    assert client.get("/orders/1001/").json() == {
        "id": 1001,
        "status": "paid",
        "total": "88.00",
        "items": [{"product": "Soy wax candle", "quantity": 2}, {"product": "Desk lamp Alba", "quantity": 1}],
        "payments": ["failed", "succeeded"],
    }


def test_an_unknown_order_is_not_found(client: Client) -> None:
    assert client.get("/orders/9999/").status_code == 404


def test_otto_orders_again_and_this_time_he_pays(client: Client) -> None:
    order = client.post("/orders/", BASKET, JSON).json()
    assert (order["status"], order["total"]) == ("pending", "61.50")

    declined = client.post(f"/orders/{order['id']}/payments/", {"method": "declined"}, JSON)
    assert (declined.status_code, declined.json()["status"]) == (402, "pending")

    paid = client.post(f"/orders/{order['id']}/payments/", {"method": "card"}, JSON)
    assert (paid.status_code, paid.json()["status"]) == (201, "paid")
    assert paid.json()["payments"] == ["failed", "succeeded"]


@pytest.mark.parametrize(
    ("sku", "error"),
    [
        ("LUM-CND-03", "OutOfStockError"),
        ("LUM-CND-04", "NotForSaleError"),
        ("LUM-XYZ-99", "NotForSaleError"),
    ],
    ids=["sold out", "withdrawn", "unknown"],
)
def test_what_the_shop_does_not_have_is_refused(client: Client, sku: str, error: str) -> None:
    refused = client.post("/orders/", {"customer": 1001, "basket": {sku: 1}}, JSON)

    assert (refused.status_code, refused.json()["error"]) == (409, error)


@pytest.mark.parametrize(
    ("order_id", "currency", "total"),
    [(3001, "EUR", "53.00"), (3002, "USD", "56.72"), (3003, "JPY", "8640")],
)
def test_an_invoice_is_in_the_currency_of_the_buyer(
    client: Client, order_id: int, currency: str, total: str
) -> None:
    invoice = client.post(f"/orders/{order_id}/invoices/", {"currency": currency}, JSON)

    assert invoice.json() == {"number": "LUM-2026-000004", "total": total}
