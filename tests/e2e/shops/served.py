"""A shop that servers of all kinds start: each request reports a lead, and says what came of it."""

from __future__ import annotations

import sys
from typing import Any

from celery import Celery
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tiktok_events import AsyncClient, Client
from tiktok_events.web import AsyncWebEvents, WebEvents, WSGIMiddleware, visit_of
from tiktok_events.web.starlette import CaptureMiddleware

events = WebEvents(Client(event_source_id="C0SERVED"))
async_events = AsyncWebEvents(AsyncClient(event_source_id="C0SERVED"))
if "--preload" in sys.argv:
    events.track({"event": "Lead"})  # so that a connection is open before the fork


def answer(_environ: Any, start_response: Any) -> list[bytes]:
    """Report in the request."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [events.track({"event": "Lead"}).answers["C0SERVED"].encode()]


wsgi = WSGIMiddleware(answer, consent=lambda _: True)


async def awaited(_request: Request) -> PlainTextResponse:
    """Report in a coroutine."""
    report = await async_events.track({"event": "Lead"})
    return PlainTextResponse(report.answers["C0SERVED"])


def threaded(_request: Request) -> PlainTextResponse:
    """Report in a thread."""
    return PlainTextResponse(events.track({"event": "Lead"}).answers["C0SERVED"])


async def afterwards(request: Request) -> PlainTextResponse:
    """Report when the answer is out, of the visit of this request."""
    task = BackgroundTask(events.track, {"event": "Lead"}, visit_of(request))
    return PlainTextResponse("enqueued", background=task)


asgi = Starlette(routes=[Route(f"/{one.__name__}", one) for one in (awaited, threaded, afterwards)])
asgi.add_middleware(CaptureMiddleware, consent=lambda _: True)

celery = Celery("shop", set_as_current=False)


@celery.task(name="shop.order", ignore_result=True)
def order() -> None:
    """Report in a task, outside of any page."""
    events.track({"event": "Lead"})
