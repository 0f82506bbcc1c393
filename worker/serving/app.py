"""The application: a table of its routes."""

from __future__ import annotations

from starlette.applications import Starlette

from worker.serving import probes
from worker.serving.console.routes import console_routes, nowhere
from worker.serving.site import Site


def create_app(site: Site) -> Starlette:
    """The application that answers for this site."""
    routes = [*probes.ROUTES, *console_routes(site)]
    app = Starlette(routes=routes, exception_handlers={404: nowhere})
    app.state.site = site
    return app
