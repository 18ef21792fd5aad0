"""The shop over HTTP, in JSON."""

import json
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from shop.errors import ShopError
from shop.invoices import issue_invoice
from shop.models import Order
from shop.orders import place_order
from shop.payments import SandboxGateway, pay


@require_GET
def show_order(request: HttpRequest, order_id: int) -> JsonResponse:
    return JsonResponse(_order(get_object_or_404(Order, pk=order_id)))


@csrf_exempt
@require_POST
def create_order(request: HttpRequest) -> JsonResponse:
    wanted = json.loads(request.body)
    try:
        order = place_order(wanted["customer"], wanted["basket"], channel="app")
    except ShopError as error:
        return _refused(error)
    return JsonResponse(_order(order), status=201)


@csrf_exempt
@require_POST
def create_payment(request: HttpRequest, order_id: int) -> JsonResponse:
    get_object_or_404(Order, pk=order_id)
    try:
        payment = pay(order_id, json.loads(request.body)["method"], SandboxGateway())
    except ShopError as error:
        return _refused(error)
    return JsonResponse(_order(payment.order), status=201 if payment.failure_code is None else 402)


@csrf_exempt
@require_POST
def create_invoice(request: HttpRequest, order_id: int) -> JsonResponse:
    get_object_or_404(Order, pk=order_id)
    invoice = issue_invoice(order_id, json.loads(request.body)["currency"])
    return JsonResponse({"number": invoice.number, "total": str(invoice.total)}, status=201)


def _order(order: Order) -> dict[str, Any]:
    return {
        "id": order.pk,
        "status": order.status,
        "total": str(order.total),
        "items": [{"product": item.product.name, "quantity": item.quantity} for item in order.items.all()],
        "payments": [payment.status for payment in order.payments.all()],
    }


def _refused(error: ShopError) -> JsonResponse:
    return JsonResponse({"error": type(error).__name__, "detail": str(error)}, status=409)
