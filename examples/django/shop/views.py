"""The pages of the shop."""

from __future__ import annotations

import logging
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tiktok_events import Client, TikTokEventsError
from tiktok_events.web import chosen_setup, with_capture

client = Client()  # one for the whole process; settings come from the environment
orders: dict[str, dict[str, Any] | None] = {}  # order → what to report; in a database, really


def product(request: HttpRequest) -> HttpResponse:
    """The product page."""
    return render(request, "product.html", {"asked": "ads" in request.COOKIES})


@require_POST
def consent(request: HttpRequest) -> HttpResponse:
    """Keep the visitor's answer."""
    response = HttpResponseRedirect(reverse("product"))
    response.set_cookie("ads", request.POST.get("ads", "no"), samesite="Lax")
    return response


@require_POST
def checkout(request: HttpRequest) -> HttpResponse:
    """Sell the mug, and report it if the visitor agreed."""
    order_id = uuid4().hex
    event = orders[order_id] = purchase(order_id) if request.tiktok_events else None
    if event and chosen_setup().has_api:
        with_email = {**event, "user": {"email": request.POST.get("email")}}
        report(with_capture(with_email, request.tiktok_events))
    return HttpResponseRedirect(reverse("thanks", args=[order_id]))


def thanks(request: HttpRequest, order_id: str) -> HttpResponse:
    """The thank-you page, where the Pixel reports the same event."""
    return render(request, "thanks.html", {"event": orders[order_id]})


def purchase(order_id: str) -> dict[str, Any]:
    """The event, with an id that the server and the page share."""
    mug = {"content_id": "mug-1", "content_name": "Mug", "price": 12.5, "quantity": 2}
    return {
        "event": "Purchase",
        "event_id": f"order-{order_id}",
        "properties": {
            "value": 25.0,
            "currency": "EUR",
            "content_type": "product",
            "contents": [mug],
            "order_id": order_id,
        },
    }


def report(event: dict[str, Any]) -> None:
    """Hand the event over; a sale is worth more than its report."""
    try:
        client.track(event)
    except TikTokEventsError:
        logging.getLogger("shop").exception("the purchase is not reported")
