"""A shop with one product, on Flask: the visit is captured, a purchase is reported."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flask import Flask, Request, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from tiktok_events import Client, Money, purchase
from tiktok_events.web import WebEvents, visit_of
from tiktok_events.web.flask import TikTokEvents

app = Flask(__name__, static_folder="../static")
events = WebEvents(Client(), identify=True)  # one for the whole process
orders: dict[str, dict[str, Any] | None] = {}  # what the pages report; in a database, really


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
    """Keep the visitor's answer; a no takes back what is held of an earlier yes."""
    answer = request.form.get("ads", "no")
    if answer != "yes":
        events.withdraw()
    response = redirect(url_for("product"), 303)
    response.set_cookie("ads", answer, samesite="Lax")
    return response


@app.post("/checkout")
def checkout() -> Response:
    """Sell the mug, and report it as far as the visitor agreed."""
    order_id = uuid4().hex
    report = events.track(
        purchase(
            event_id=f"order-{order_id}",
            value=Money(25.0, "EUR"),
            contents=[{"content_id": "mug-1", "content_name": "Mug", "price": 12.5, "quantity": 2}],
            order_id=order_id,
            user={"email": request.form.get("email", "")},
        ),
        visit_of(request),
    )
    orders[order_id] = report.pixel
    return redirect(url_for("thanks", order_id=order_id), 303)


@app.get("/thanks/<order_id>")
def thanks(order_id: str) -> str:
    """The thank-you page, where the Pixel reports the same event."""
    return render_template("thanks.html", pixel=orders[order_id])
