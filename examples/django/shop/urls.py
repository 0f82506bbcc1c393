"""Where the pages are."""

from __future__ import annotations

from django.urls import path

from shop import views

urlpatterns = [
    path("", views.product, name="product"),
    path("consent", views.consent, name="consent"),
    path("checkout", views.checkout, name="checkout"),
    path("thanks/<str:order_id>", views.thanks, name="thanks"),
]
