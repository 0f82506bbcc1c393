"""A shop with one product, on Flask: the visit is captured, a purchase is reported."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flask import Flask, Request, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from tiktok_events import Client, TikTokEventsError
from tiktok_events.web import chosen_setup, with_capture
from tiktok_events.web.flask import TikTokEvents

app = Flask(__name__, static_folder="../static")
client = Client()  # one for the whole process; settings come from the environment
orders: dict[str, dict[str, Any] | None] = {}  # order → what to report; in a database, really


def may_advertise(request: Request) -> bool:
    """What the visitor answered to the question on the product page."""
    return request.cookies.get("ads") == "yes"


TikTokEvents(app, consent=may_advertise)


@app.get("/")
def product() -> str:
    """The product page."""
    return render_template("product.html", asked="ads" in request.cookies)


@app.post("/consent")
def consent() -> Response:
    """Keep the visitor's answer."""
    response = redirect(url_for("product"), 303)
    response.set_cookie("ads", request.form.get("ads", "no"), samesite="Lax")
    return response


@app.post("/checkout")
def checkout() -> Response:
    """Sell the mug, and report it if the visitor agreed."""
    order_id = uuid4().hex
    event = orders[order_id] = purchase(order_id) if g.tiktok_events else None
    if event and chosen_setup().has_api:
        report({**event, "user": {"email": request.form.get("email")}})
    return redirect(url_for("thanks", order_id=order_id), 303)


@app.get("/thanks/<order_id>")
def thanks(order_id: str) -> str:
    """The thank-you page, where the Pixel reports the same event."""
    return render_template("thanks.html", event=orders[order_id])


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
        client.track(with_capture(event, g.tiktok_events))
    except TikTokEventsError:
        app.logger.exception("the purchase is not reported")
