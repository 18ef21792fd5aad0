"""The addresses of the shop."""

from django.urls import path

from shop import views

urlpatterns = [
    path("orders/", views.create_order),
    path("orders/<int:order_id>/", views.show_order),
    path("orders/<int:order_id>/payments/", views.create_payment),
    path("orders/<int:order_id>/invoices/", views.create_invoice),
]
