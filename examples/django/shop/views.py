"""The pages of the shop."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tiktok_events import Client, Money, purchase
from tiktok_events.web import WebEvents
from tiktok_events.web.django.request import VisitRequest

events = WebEvents(Client(), identify=True)  # one for the whole process
orders: dict[str, dict[str, Any] | None] = {}  # what the pages report; in a database, really


def product(request: HttpRequest) -> HttpResponse:
    """The product page."""
    return render(request, "product.html", {"asked": "ads" in request.COOKIES})


@require_POST
def consent(request: HttpRequest) -> HttpResponse:
    """Keep the visitor's answer; a no takes back what is held of an earlier yes."""
    answer = request.POST.get("ads", "no")
    if answer != "yes":
        events.withdraw()
    response = HttpResponseRedirect(reverse("product"))
    response.set_cookie("ads", answer, samesite="Lax")
    return response


@require_POST
def checkout(request: VisitRequest) -> HttpResponse:
    """Sell the mug, and report it as far as the visitor agreed."""
    order_id = uuid4().hex
    report = events.track(
        purchase(
            event_id=f"order-{order_id}",
            value=Money(25.0, "EUR"),
            contents=[{"content_id": "mug-1", "content_name": "Mug", "price": 12.5, "quantity": 2}],
            order_id=order_id,
            user={"email": request.POST.get("email", "")},
        ),
        request.tiktok_events,
    )
    orders[order_id] = report.pixel
    return HttpResponseRedirect(reverse("thanks", args=[order_id]))


def thanks(request: HttpRequest, order_id: str) -> HttpResponse:
    """The thank-you page, where the Pixel reports the same event."""
    return render(request, "thanks.html", {"pixel": orders[order_id]})
