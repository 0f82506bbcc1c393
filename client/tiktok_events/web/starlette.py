"""Starlette and FastAPI: a middleware, and the visit as a dependency."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp

from tiktok_events.web.asgi import ASGIMiddleware, Scope
from tiktok_events.web.look import Answer
from tiktok_events.web.settings import WebSettings
from tiktok_events.web.visit import Visit, visit_of


class CaptureMiddleware(ASGIMiddleware):
    """`ASGIMiddleware` whose consent callable takes Starlette's request.

    Example:
        >>> app.add_middleware(CaptureMiddleware, consent=may_advertise)  # doctest: +SKIP

    Args:
        app: the application to wrap.
        consent: takes the request and returns whether the visitor has agreed, or a `Policy`. It
            must not be a coroutine.
        settings: default: those of the environment.

    Raises:
        InvalidSetting: a setting has a value that is not allowed.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        consent: Callable[[HTTPConnection], Answer],
        settings: WebSettings | None = None,
    ) -> None:
        def of_scope(scope: Scope) -> Answer:
            return consent(HTTPConnection(scope))

        super().__init__(app, consent=of_scope, settings=settings)


def visit(request: HTTPConnection) -> Visit:
    """Return the visit of a request; for FastAPI, ``Annotated[Visit, Depends(visit)]``."""
    return visit_of(request)
