"""A shop with one product, on FastAPI: the visit is captured, a purchase is reported."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs
from uuid import uuid4

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.requests import HTTPConnection

from tiktok_events import Client, TikTokEventsError
from tiktok_events.web import Capture, PairedEvent, pair, with_capture
from tiktok_events.web.starlette import CaptureMiddleware, captured

HERE = Path(__file__).parent


def may_advertise(request: HTTPConnection) -> bool:
    """What the visitor answered to the question on the product page."""
    return request.cookies.get("ads") == "yes"


app = FastAPI()
app.add_middleware(CaptureMiddleware, consent=may_advertise)
app.mount("/static", StaticFiles(directory=HERE.parent / "static"), name="static")
templates = Jinja2Templates(HERE / "templates")
client = Client()  # one for the whole process; settings come from the environment
orders: dict[str, str] = {}  # order → the script of its page; in a database, really


async def form(request: Request) -> dict[str, str]:
    """The fields of a form that was sent."""
    fields = parse_qs((await request.body()).decode())
    return {name: values[0] for name, values in fields.items()}


Form = Annotated[dict[str, str], Depends(form)]
Captured = Annotated[Capture, Depends(captured)]


@app.get("/")
def product(request: Request) -> HTMLResponse:
    """The product page."""
    return templates.TemplateResponse(request, "product.html", {"asked": "ads" in request.cookies})


@app.post("/consent")
def consent(form: Form) -> Response:
    """Keep the visitor's answer."""
    response = RedirectResponse("/", 303)
    response.set_cookie("ads", form.get("ads", "no"), samesite="lax")
    return response


@app.post("/checkout")
def checkout(form: Form, visit: Captured) -> Response:
    """Sell the mug, and report it if the visitor agreed."""
    order_id = uuid4().hex
    orders[order_id] = report(purchase(order_id, form, visit)).script if visit else ""
    return RedirectResponse(f"/thanks/{order_id}", 303)


@app.get("/thanks/{order_id}")
def thanks(request: Request, order_id: str) -> HTMLResponse:
    """The thank-you page, where the Pixel reports the same event."""
    return templates.TemplateResponse(request, "thanks.html", {"script": orders[order_id]})


def purchase(order_id: str, form: dict[str, str], visit: Capture) -> PairedEvent:
    """The event for the server and the script for the page, with one id."""
    mug = {"content_id": "mug-1", "content_name": "Mug", "price": 12.5, "quantity": 2}
    event = {
        "event": "Purchase",
        "event_id": f"order-{order_id}",
        "user": {"email": form.get("email")},
        "properties": {
            "value": 25.0,
            "currency": "EUR",
            "content_type": "product",
            "contents": [mug],
            "order_id": order_id,
        },
    }
    return pair(with_capture(event, visit))


def report(paired: PairedEvent) -> PairedEvent:
    """Hand the event over; a sale is worth more than its report."""
    try:
        if paired.event is not None:
            client.track(paired.event)
    except TikTokEventsError:
        logging.getLogger("shop").exception("the purchase is not reported")
    return paired
