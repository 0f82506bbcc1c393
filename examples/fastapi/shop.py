"""A shop with one product, on FastAPI: the visit is captured, a purchase is reported."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs
from uuid import uuid4

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.requests import HTTPConnection

from tiktok_events import Client, Money, purchase
from tiktok_events.web import Visit, WebEvents
from tiktok_events.web.jinja import GLOBALS
from tiktok_events.web.starlette import CaptureMiddleware, visit

HERE = Path(__file__).parent


def may_advertise(request: HTTPConnection) -> bool:
    """What the visitor answered to the question on the product page."""
    return request.cookies.get("ads") == "yes"


app = FastAPI()
app.add_middleware(CaptureMiddleware, consent=may_advertise)
app.mount("/static", StaticFiles(directory=HERE.parent / "static"), name="static")
templates = Jinja2Templates(HERE / "templates")
templates.env.globals.update(GLOBALS)
events = WebEvents(Client(), identify=True)  # one for the whole process
orders: dict[str, dict[str, Any] | None] = {}  # what the pages report; in a database, really


async def form(request: Request) -> dict[str, str]:
    """The fields of a form that was sent."""
    fields = parse_qs((await request.body()).decode())
    return {name: values[0] for name, values in fields.items()}


Form = Annotated[dict[str, str], Depends(form)]
Visited = Annotated[Visit, Depends(visit)]


@app.get("/")
def product(request: Request) -> HTMLResponse:
    """The product page."""
    return templates.TemplateResponse(request, "product.html", {"asked": "ads" in request.cookies})


@app.post("/consent")
def consent(form: Form) -> Response:
    """Keep the visitor's answer; a no takes back what is held of an earlier yes."""
    answer = form.get("ads", "no")
    if answer != "yes":
        events.withdraw()
    response = RedirectResponse("/", 303)
    response.set_cookie("ads", answer, samesite="lax")
    return response


@app.post("/checkout")
def checkout(form: Form, visit: Visited) -> Response:
    """Sell the mug, and report it as far as the visitor agreed."""
    order_id = uuid4().hex
    report = events.track(
        purchase(
            event_id=f"order-{order_id}",
            value=Money(25.0, "EUR"),
            contents=[{"content_id": "mug-1", "content_name": "Mug", "price": 12.5, "quantity": 2}],
            order_id=order_id,
            user={"email": form.get("email", "")},
        ),
        visit,
    )
    orders[order_id] = report.pixel
    return RedirectResponse(f"/thanks/{order_id}", 303)


@app.get("/thanks/{order_id}")
def thanks(request: Request, order_id: str) -> HTMLResponse:
    """The thank-you page, where the Pixel reports the same event."""
    return templates.TemplateResponse(request, "thanks.html", {"pixel": orders[order_id]})
