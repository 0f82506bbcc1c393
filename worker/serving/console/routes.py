"""The console's routes: its places behind their guard, the sign-in, and what pages load."""

from __future__ import annotations

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from worker.serving.console.desk import Desk
from worker.serving.console.guard import AT_ONCE, guarded
from worker.serving.console.pages import HEADERS, HERE, plain_page
from worker.serving.console.places import PLACES
from worker.serving.console.signin import SignIn
from worker.serving.site import Site


async def nowhere(_: Request, __: Exception) -> Response:
    """What answers where nothing is."""
    sentence = "There is no page at this address."
    response = plain_page("refused.html", 404, heading="Nothing here", sentence=sentence)
    response.headers.update(HEADERS)
    return response


def console_routes(site: Site) -> list[BaseRoute]:
    """What answers for the console of a site."""
    desk, threads = Desk(site), anyio.CapacityLimiter(AT_ONCE)
    door = SignIn(desk)
    return [
        Route("/signin", door.ask),
        Route("/signin", door.sign_in, methods=["POST"]),
        Route("/signout", door.sign_out, methods=["POST"]),
        Mount("/static", StaticFiles(directory=HERE / "static")),
        *(
            Route(
                place.path,
                guarded(place, desk, threads),
                methods=["POST" if place.posts else "GET"],
            )
            for place in PLACES
        ),
    ]
