"""The web helpers as shops use them: both type checkers must accept every line."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI
from flask import Flask, Request, request
from starlette.requests import HTTPConnection

from tiktok_events import AsyncClient, Client, Money, Policy, purchase
from tiktok_events.web import AsyncWebEvents, Report, Visit, WebEvents, base_code, visit_of
from tiktok_events.web.django.request import VisitRequest
from tiktok_events.web.flask import TikTokEvents
from tiktok_events.web.signals import ConsentSignals
from tiktok_events.web.starlette import CaptureMiddleware, visit

events = WebEvents(Client(), identify=True)
async_events = AsyncWebEvents(AsyncClient())


def may_advertise(request: Request) -> Policy | bool:
    """An answer that is a policy, or yes, or no."""
    return Policy("limit") if "limit" in request.cookies else request.cookies.get("ads") == "yes"


TikTokEvents(Flask(__name__), consent=may_advertise)
signals = ConsentSignals(purposes=(1, 7), vendor=12, otherwise=lambda _: True)
app = FastAPI()
app.add_middleware(CaptureMiddleware, consent=signals)


def in_django(request: VisitRequest) -> str:
    """A view whose request the middleware has seen."""
    seen: Visit = request.tiktok_events
    report = events.track({"event": "Contact", "user": {"email": "jo@example.com"}}, seen)
    return report.script(nonce="abc") + base_code("C0PIXEL", cookie=False)


def in_flask() -> bool:
    """A view that looks up the visit."""
    seen = visit_of(request)
    report: Report = events.track(purchase(value=Money(1, "EUR")), seen, pixels=["C0A", "C0B"])
    events.withdraw({"email": "jo@example.com"})
    return seen.consented and report.answers["C0A"] == "enqueued"


@app.post("/checkout")
async def in_fastapi(seen: Annotated[Visit, Depends(visit)]) -> dict[str, object]:
    """A coroutine."""
    report = await async_events.track({"event": "Lead", "page": {"url": "https://x.example"}}, seen)
    return {"pixel": report.pixel}


def agreed(connection: HTTPConnection) -> bool:
    """What Starlette's requests and WebSockets have in common."""
    return "ads" in connection.cookies


CaptureMiddleware(app, consent=agreed)
