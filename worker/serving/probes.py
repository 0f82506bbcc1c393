"""Whether this process lives: for an orchestrator, which needs no token."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route


async def live(_request: Request) -> Response:
    """It answers, so it lives."""
    return PlainTextResponse("live\n")


ROUTES: Final[tuple[BaseRoute, ...]] = (Route("/live", live),)
