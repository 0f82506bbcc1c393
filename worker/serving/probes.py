"""What machines ask: whether this process lives and is ready, the figures, and how many workers.

The first two need no token: an orchestrator has none, and they tell nothing.
"""

from __future__ import annotations

from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from worker.serving.access import authorize
from worker.serving.exposition import content_type
from worker.serving.site import site_of
from worker.serving.tokens import Role
from worker.serving.watch import FRESH_S, Look

UNAVAILABLE: Final = 503
_BLIND: Final = f"Redis could not be read for {FRESH_S:g} s\n"


async def live(request: Request) -> Response:
    """It answers and looks, so it lives, whatever Redis does."""
    if site_of(request).watch.broken:
        return PlainTextResponse("it looks no more\n", UNAVAILABLE)
    return PlainTextResponse("live\n")


async def ready(request: Request) -> Response:
    """Whether it has something to show."""
    return _blind() if site_of(request).watch.latest() is None else PlainTextResponse("ready\n")


def metrics(request: Request) -> Response:
    """The figures for Prometheus, in the format that is accepted."""
    authorize(request, Role.VIEW)
    site, type_ = site_of(request), content_type(request.headers.get("accept", ""))
    return Response(
        site.exposition.text(site.watch.latest(), type_), headers={"Content-Type": type_}
    )


def scale(request: Request) -> Response:
    """How many workers are wanted, and why."""
    look = _seen(request)
    return _blind() if look is None else _json(look.scale.as_dict())


def status(request: Request) -> Response:
    """What `tiktok-events status --json` said when the figures were read."""
    authorize(request, Role.VIEW)
    document = site_of(request).watch.status()
    return _blind() if document is None else _json(document)


def _seen(request: Request) -> Look | None:
    authorize(request, Role.VIEW)
    return site_of(request).watch.latest()


def _blind() -> Response:
    return PlainTextResponse(_BLIND, UNAVAILABLE)


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")


ROUTES: Final[tuple[BaseRoute, ...]] = (
    Route("/live", live),
    Route("/ready", ready),
    Route("/metrics", metrics),
    Route("/scale", scale),
    Route("/status", status),
)
